//! Jobs for tests, and what was heard of them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use windlass_job::{Host, JobCommand, JobEvent, JobReport, JobSpec, Place, Tie};
use windlass_model::{Command, CommandEnd, DeployId, ExitStatus, HostName, JobKey, StepId, Stream};

pub(crate) const EXIT: fn(u8) -> CommandEnd = |status| CommandEnd::Exited(ExitStatus(status));

/// The deploy of all jobs of this process. Another run of these tests has another one: jobs know each other by their keys.
pub(crate) fn deploy() -> &'static str {
    static DEPLOY: OnceLock<String> = OnceLock::new();
    DEPLOY.get_or_init(|| format!("d-{:08x}", fastrand::u32(..)))
}

/// The claim of a job in a directory of records.
pub(crate) fn claim(records: &Path, name: &str) -> PathBuf {
    records.join(format!("{},{name}@web1,web1,1.claim", deploy()))
}

pub(crate) fn key(name: &str) -> JobKey {
    JobKey {
        deploy: DeployId::new(deploy()),
        step: format!("{name}@web1"),
        host: HostName::new("web1"),
        attempt: 1,
    }
}

/// A job of commands as given.
pub(crate) fn job_of(name: &str, commands: Vec<Command>) -> JobSpec {
    let command = |(index, command)| JobCommand {
        step: StepId::new(format!("{name}{index}@web1")),
        attempt: 1,
        command,
        advisory: false,
    };
    JobSpec {
        key: key(name),
        spends_reserve: false,
        place: Place::Home,
        commands: commands.into_iter().enumerate().map(command).collect(),
    }
}

/// A job of plain scripts.
pub(crate) fn job(name: &str, scripts: &[&str]) -> JobSpec {
    job_of(
        name,
        scripts
            .iter()
            .map(|script| Command::script(*script))
            .collect(),
    )
}

/// All that a job told.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) events: Vec<JobEvent>,
}

impl Heard {
    pub(crate) fn take(&mut self, event: JobEvent) {
        if let JobEvent::Output { stream, bytes, .. } = &event {
            match stream {
                Stream::Stdout => self.stdout.extend(bytes),
                Stream::Stderr => self.stderr.extend(bytes),
            }
        }
        self.events.push(event);
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Runs a job to its end.
pub(crate) async fn run<T: Tie>(host: &Host<T>, spec: &JobSpec) -> (JobReport, Heard) {
    let mut heard = Heard::default();
    let mut sink = |event| heard.take(event);
    let work = host.run(spec, &[], &mut sink);
    let report = tokio::time::timeout(Duration::from_secs(180), work)
        .await
        .expect("in time")
        .expect("a report");
    (report, heard)
}

pub(crate) async fn wait_until(what: &str, reached: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !reached() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The lines of a file; none if it is not there.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
