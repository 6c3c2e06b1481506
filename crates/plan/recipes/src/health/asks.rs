//! What a check asks, as a command: the values, then a fixed text that asks, in the loop that waits.

use super::fetch::Fetch;
use crate::script::body;
use std::time::Duration;
use windlass_model::health::{AskedFrom, HOST, HealthCheck, Pace, Question, UrlQuestion};
use windlass_model::{Action, Command, Script};
use windlass_planner::{Scope, ScopeHost, one_line};

const LOOP: &str = include_str!("../sh/health.sh");
const ON_HOST: &str = include_str!("../sh/health_host.sh");
const HERE: &str = include_str!("../sh/health_here.sh");
const URL: &str = include_str!("../sh/health_url.sh");
const COMMAND: &str = include_str!("../sh/health_command.sh");
const UNIT: &str = include_str!("../sh/health_unit.sh");

/// What a check may take beyond its own limits before it is stopped from outside.
const SLACK: Duration = Duration::from_secs(60);

/// The check on one line, for people.
pub(super) fn show(host: &ScopeHost<'_>, check: &HealthCheck) -> String {
    match &check.question {
        Question::Url(asked) => {
            let codes: Vec<String> = asked.status.iter().map(ToString::to_string).collect();
            format!("{} answers {}", url(host, asked), codes.join(" or "))
        }
        Question::Command(script) => one_line(script),
        Question::Unit { unit, .. } => format!("{unit} stays active"),
    }
}

/// The URL for this host. Settings let no `{host}` pass but in one that the controller asks.
fn url(host: &ScopeHost<'_>, asked: &UrlQuestion) -> String {
    let address = &host.host.target.address;
    if address.contains(':') {
        return asked.url.replace(HOST, &format!("[{address}]"));
    }
    asked.url.replace(HOST, address)
}

/// Asks until all is well. On a host, what was answered lies meanwhile in files of this name in the deploy's directory.
pub(super) fn action(
    scope: &Scope<'_>,
    host: &ScopeHost<'_>,
    check: &HealthCheck,
    files: &str,
) -> Action {
    let pace = &check.pace;
    let files = format!("{}/{files}", host.layout.deploy(&scope.request.deploy));
    let here = paced(pace);
    let there = here.clone().var("files", &files);
    match &check.question {
        Question::Url(asked) if asked.from == AskedFrom::Controller => {
            let script = asking(here, asked, url(host, asked));
            let command = Command::script(script.with(&body(&[HERE, URL, LOOP])));
            let command = limited(command, pace);
            Action::Local { command }
        }
        Question::Url(asked) => {
            let fetch = Fetch::of(host.facts).map_or("", Fetch::script);
            let script = asking(there, asked, url(host, asked));
            let script = script.with(&body(&[ON_HOST, fetch, URL, LOOP]));
            on_host(scope.own(host, script), pace)
        }
        Question::Command(run) => {
            let words = [host.settings().shell.clone(), vec![format!("{files}.sh")]].concat();
            let script = there.var("script", run).words("with_script", &words);
            let script = script.with(&body(&[ON_HOST, COMMAND, LOOP]));
            on_host(users(scope, host, script), pace)
        }
        Question::Unit {
            unit,
            system,
            stays,
        } => {
            let system = if *system { "1" } else { "" };
            let script = there.var("unit", unit).var("system", system);
            let script = script.var("stays", &hundredths(*stays));
            let script = script.with(&body(&[ON_HOST, UNIT, LOOP]));
            on_host(scope.own(host, script), pace)
        }
    }
}

fn on_host(command: Command, pace: &Pace) -> Action {
    let command = limited(command, pace);
    Action::Command { command }
}

/// In the surroundings of a task, in what is live. The shell of the settings is for the script, not for the waiting.
fn users(scope: &Scope<'_>, host: &ScopeHost<'_>, script: String) -> Command {
    Command {
        shell: Vec::new(),
        dir: host.release().then(|| host.layout.current()),
        ..scope.users(host, script)
    }
}

fn limited(command: Command, pace: &Pace) -> Command {
    let times = [pace.start_delay, pace.within, pace.timeout, SLACK];
    let longest = times
        .iter()
        .fold(Duration::ZERO, |sum, time| sum.saturating_add(*time));
    Command {
        timeout: Some(longest),
        ..command
    }
}

fn paced(pace: &Pace) -> Script {
    let delay = Some(pace.start_delay).filter(|delay| !delay.is_zero());
    Script::new()
        .var("start_delay", &delay.map(seconds).unwrap_or_default())
        .var("interval", &seconds(pace.interval))
        .var("pause", &hundredths(pace.interval))
        .var("within", &hundredths(pace.within))
        .var("limit", &seconds(pace.timeout))
}

fn asking(script: Script, asked: &UrlQuestion, url: String) -> Script {
    let ranges = asked.status.iter();
    let ranges: Vec<String> = ranges
        .map(|range| format!("{}-{}", range.first, range.last))
        .collect();
    let mut words = Vec::new();
    for (name, value) in &asked.headers {
        words.extend(["--header".to_owned(), format!("{name}: {value}")]);
    }
    words.push(url);
    script
        .var("insecure", if asked.insecure { "1" } else { "" })
        .var("body", asked.body.as_deref().unwrap_or_default())
        .each("each_status", &ranges)
        .words("with_url", &words)
}

/// As `sleep` and `timeout` take it.
fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => time.as_secs().to_string(),
        millis => format!("{}.{millis:03}", time.as_secs()),
    }
}

/// As the shell can count: in the hundredths of a second of `/proc/uptime`.
fn hundredths(time: Duration) -> String {
    (time.as_millis() / 10).to_string()
}
