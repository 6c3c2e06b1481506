//! A deploy that is left to a background process of this machine, and `attach`, which watches from its record.

use crate::args::Global;
use crate::carry_out::report_failure;
use crate::error::{Failure, OrFail as _};
use crate::screen::say;
use crate::secrets::hand_over;
use crate::telling::record_path;
use crate::world::World;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use windlass_journal::Journal;
use windlass_model::{DeployId, Event, EventBody, ExitCode, HostName, Secrets};
use windlass_reporter::Reporter;

/// Starts an engine that goes on with the deploy in a process group of its own, away from this terminal, and waits until
/// the deploy is its own: `attach` finds it from then on.
pub(crate) fn go_on_in_background(
    world: &World,
    global: &Global,
    deploy: &DeployId,
    secrets: &Secrets,
) -> Result<(), Failure> {
    let program = std::env::current_exe().or_fail(ExitCode::Internal)?;
    let mut command = Command::new(program);
    command
        .arg("engine")
        .arg(deploy.as_str())
        .arg("-C")
        .arg(&world.directory);
    if let Some(config) = &global.config {
        command.arg("--config").arg(config);
    }
    for setting in &global.set {
        command.arg("--set").arg(setting);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    begun(&mut command, secrets, &record_path(world, deploy)).map_err(|why| {
        let text = format!("the process that was to go on with {deploy} did not begin: {why}");
        Failure::new(ExitCode::Parked, text).hint(format!("windlass resume {deploy}"))
    })?;
    let ways = "detached; windlass attach {} shows it, windlass cancel {} undoes it";
    say(&global.typed(&ways.replace("{}", deploy.as_str())));
    Ok(())
}

/// Starts the process and waits until the deploy is its own: what it writes into the record first says so.
fn begun(command: &mut Command, secrets: &Secrets, record: &Path) -> Result<(), String> {
    let before = length(record);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(stdin) = child.stdin.take() {
        // A process that ended before it read them says why; that it did is seen below.
        drop(hand_over(secrets, stdin));
    }
    let began = Instant::now();
    while length(record) <= before && began.elapsed() < BEGIN {
        let status = child.try_wait().map_err(|error| error.to_string())?;
        if let Some(status) = status {
            let mut said = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                let read = stderr.read_to_string(&mut said);
                read.map_err(|error| error.to_string())?;
            }
            return Err(format!("{status}\n{}", said.trim_end()));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// The length of a file; of one that is not there yet, nothing.
fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// How long a background process is waited for until it has taken the deploy over; a slow one goes on all the same.
const BEGIN: Duration = Duration::from_secs(30);

/// How often the record is looked at while it grows.
const LOOK: Duration = Duration::from_millis(150);

/// Tells a run again from the beginning and follows it while a process of this machine works on it; where hosts are
/// named, only what is about them. Gives the last event that ended or parked it, where there was one.
pub(crate) fn replay(
    world: &World,
    journal: &Journal,
    deploy: &DeployId,
    reporter: &mut Reporter,
    hosts: &[HostName],
) -> Result<Option<Event>, Failure> {
    let mut record = Recorded::open(world, deploy)?;
    let (mut end, mut is_whole) = (None, false);
    loop {
        let Some(event) = record.next()? else {
            if is_whole {
                break;
            }
            // What was written until nobody worked on it is read before the record counts as whole.
            is_whole = !worked_on(journal, deploy);
            if !is_whole {
                std::thread::sleep(LOOK);
            }
            continue;
        };
        if is_about(&event, hosts) {
            reporter
                .handle(&event)
                .map_err(|error| report_failure(&error))?;
        }
        let ended = matches!(event.body, EventBody::DeployEnded { .. });
        // Something after an end means that the deploy was taken up again.
        end = ended.then_some(event);
    }
    reporter.finish().map_err(|error| report_failure(&error))?;
    Ok(end)
}

fn is_about(event: &Event, hosts: &[HostName]) -> bool {
    hosts.is_empty() || event.body.host().is_some_and(|host| hosts.contains(host))
}

/// The record of a run, read event by event.
pub(crate) struct Recorded {
    reader: BufReader<File>,
    line: String,
}

impl Recorded {
    /// Opens the record of a run.
    pub(crate) fn open(world: &World, deploy: &DeployId) -> Result<Self, Failure> {
        let file = File::open(record_path(world, deploy)).map_err(|error| {
            Failure::new(
                ExitCode::Failed,
                format!("there is no record of {deploy}: {error}"),
            )
        })?;
        Ok(Self {
            reader: BufReader::new(file),
            line: String::new(),
        })
    }

    /// The next event; none where no whole line follows, as yet. A line that is no event, of another version or cut
    /// short by a crash, is passed over.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Failure> {
        loop {
            self.reader
                .read_line(&mut self.line)
                .or_fail(ExitCode::Internal)?;
            if !self.line.ends_with('\n') {
                return Ok(None);
            }
            let event = serde_json::from_str(&self.line).ok();
            self.line.clear();
            if event.is_some() {
                return Ok(event);
            }
        }
    }
}

/// Whether an engine of this machine works on the deploy now.
pub(crate) fn worked_on(journal: &Journal, deploy: &DeployId) -> bool {
    windlass_journal::Store::own(journal, deploy).is_err()
}
