//! From events to everything that keeps or shows them: the reporter, and the record beside the journal from which
//! `attach` and `show` tell a run again.

use crate::args::Global;
use crate::error::{Failure, OrFail as _};
use crate::world::World;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use windlass_facts::HostFacts;
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::{
    CommandEnd, DeployId, Event, EventBody, ExitCode, ExitStatus, HostName, Plan, Secret,
    StepOutcome,
};
use windlass_reporter::{Mode, Options, Output, Reporter};

/// What is told besides the screen.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    /// How the screen shows it.
    pub mode: Mode,
    /// The full log for people.
    pub log: Option<PathBuf>,
    /// The record for `attach` and `show`.
    pub record: Option<PathBuf>,
    /// Values that appear nowhere.
    pub secrets: Vec<Secret>,
    /// Nothing on the screen: the engine of a detached deploy.
    pub quiet: bool,
    /// Where each host looks for commands, where its facts are known.
    pub searched: BTreeMap<HostName, Searched>,
}

/// Where a host looks for commands.
#[derive(Clone, Debug)]
pub(crate) struct Searched {
    /// Its PATH.
    pub path: String,
    /// The version managers it has.
    pub version_managers: Vec<String>,
}

impl Searched {
    /// What the facts of hosts say about it.
    pub(crate) fn of(facts: &BTreeMap<HostName, HostFacts>) -> BTreeMap<HostName, Self> {
        let searched = facts.iter().map(|(host, facts)| {
            let searched = Self {
                path: facts.path.clone(),
                version_managers: facts.version_managers.clone(),
            };
            (host.clone(), searched)
        });
        searched.collect()
    }

    fn warning(&self, host: &HostName) -> EventBody {
        let managers = match self.version_managers.as_slice() {
            [] => "no version manager was seen there".to_owned(),
            seen => format!("version managers seen there: {}", seen.join(", ")),
        };
        EventBody::Warning {
            host: Some(host.clone()),
            message: format!(
                "status 127 means that a command was not found; searched was {}; {managers}",
                self.path
            ),
            hint: Some("the setting `path` adds directories in front".to_owned()),
        }
    }
}

/// What is worth saying right after an event: where a command that was not found was searched.
fn remark(searched: &BTreeMap<HostName, Searched>, event: &Event) -> Option<Event> {
    let EventBody::StepEnded { host, outcome, .. } = &event.body else {
        return None;
    };
    let not_found = StepOutcome::Failed {
        end: CommandEnd::Exited(ExitStatus(127)),
    };
    let searched = searched.get(host).filter(|_| *outcome == not_found)?;
    Some(Event {
        at: event.at,
        deploy: event.deploy.clone(),
        body: searched.warning(host),
    })
}

/// Where a run's events are recorded.
pub(crate) fn record_path(world: &World, deploy: &DeployId) -> PathBuf {
    world
        .state_dir()
        .join("logs")
        .join(format!("{deploy}.events"))
}

/// The outputs of this process as the reporter wants them.
pub(crate) fn output(world: &World, global: &Global, quiet: bool) -> Output {
    if quiet {
        return Output {
            stdout: Box::new(std::io::sink()),
            stderr: Box::new(std::io::sink()),
            terminal: false,
            width: world.width,
            color: false,
            json: false,
        };
    }
    Output {
        stdout: Box::new(std::io::stdout()),
        stderr: Box::new(std::io::stderr()),
        terminal: world.terminal && !global.json,
        width: world.width,
        color: world.color && !global.no_color,
        json: global.json,
    }
}

/// A reporter for this process.
pub(crate) fn reporter(
    world: &World,
    global: &Global,
    telling: &Telling,
) -> Result<Reporter, Failure> {
    let options = Options {
        mode: telling.mode,
        verbose: global.verbose,
        interactive: world.interactive,
        log: telling.log.clone(),
        secrets: telling.secrets.clone(),
        ..Options::default()
    };
    Reporter::new(output(world, global, telling.quiet), options).or_fail(ExitCode::Internal)
}

/// Tells events while a run goes on.
pub(crate) struct Teller {
    task: JoinHandle<Result<(), windlass_reporter::Error>>,
    stop: oneshot::Sender<()>,
}

/// How often the screen is brought up to date without an event.
const TICK: Duration = Duration::from_millis(100);

/// Begins to tell. The plan, where there is one, lets the screen know which hosts a task is waited for on.
pub(crate) fn tell(
    world: &World,
    global: &Global,
    telling: &Telling,
    plan: Option<&Plan>,
    mut events: mpsc::UnboundedReceiver<Event>,
) -> Result<Teller, Failure> {
    let mut reporter = reporter(world, global, telling)?;
    if let Some(plan) = plan {
        reporter.expect(plan);
    }
    let mut record = match &telling.record {
        Some(path) => Some(recorder(path, &telling.secrets)?),
        None => None,
    };
    let searched = telling.searched.clone();
    let (stop, mut stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut first = Ok(());
        let mut ticks = tokio::time::interval(TICK);
        loop {
            let event = tokio::select! {
                biased;
                event = events.recv() => event,
                // Dropping the sender stops it as well. What was sent before is told first.
                _ = &mut stopped => events.try_recv().ok(),
                _ = ticks.tick() => {
                    first = first.and(reporter.tick(SystemClock.now()));
                    continue;
                }
            };
            let Some(event) = event else { break };
            let after = remark(&searched, &event);
            for event in std::iter::once(event).chain(after) {
                keep(&mut record, &event);
                first = first.and(reporter.handle(&event));
            }
        }
        while let Ok(event) = events.try_recv() {
            keep(&mut record, &event);
            first = first.and(reporter.handle(&event));
        }
        first.and(reporter.finish())
    });
    Ok(Teller { task, stop })
}

impl Teller {
    /// Tells what was sent so far and ends; the first error of an output is the result.
    pub(crate) async fn finish(self) -> Result<(), Failure> {
        // Where the task has ended already there is nothing to stop.
        let _ended_already = self.stop.send(()).is_err();
        self.task
            .await
            .or_fail(ExitCode::Internal)?
            .map_err(|error| crate::carry_out::report_failure(&error))
    }
}

/// The record is what `--json` prints, in a file of this user alone: one masked event a line.
fn recorder(path: &Path, secrets: &[Secret]) -> Result<Reporter, Failure> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            Failure::new(
                ExitCode::Internal,
                format!("cannot write {}: {error}", path.display()),
            )
        })?;
    let output = Output {
        stdout: Box::new(file),
        stderr: Box::new(std::io::sink()),
        terminal: false,
        width: 100,
        color: false,
        json: true,
    };
    let options = Options {
        secrets: secrets.to_vec(),
        ..Options::default()
    };
    Reporter::new(output, options).or_fail(ExitCode::Internal)
}

/// Recording must never fail a run: the first failure is told, the rest of the record is given up.
fn keep(record: &mut Option<Reporter>, event: &Event) {
    let kept = record
        .as_mut()
        .map_or(Ok(()), |record| record.handle(event));
    if let Err(error) = kept {
        crate::screen::say(&format!(
            "the record for `windlass show` is incomplete: {error}"
        ));
        *record = None;
    }
}
