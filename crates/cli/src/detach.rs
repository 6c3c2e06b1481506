//! A deploy that is left to a background process of this machine, and `attach`, which watches from its record.

use crate::args::Global;
use crate::error::{Failure, OrFail as _};
use crate::screen::say;
use crate::telling::{Telling, record_path, reporter};
use crate::world::World;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;
use windlass_journal::Journal;
use windlass_model::{DeployId, Event, EventBody, ExitCode, HostName};

/// Starts an engine that goes on with the deploy in a process group of its own, away from this terminal.
pub(crate) fn go_on_in_background(
    world: &World,
    global: &Global,
    deploy: &DeployId,
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
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command.spawn().or_fail(ExitCode::Internal)?;
    say(&format!(
        "detached; windlass attach {deploy} shows it, windlass cancel {deploy} undoes it"
    ));
    Ok(())
}

/// How often the record is looked at while it grows.
const LOOK: Duration = Duration::from_millis(150);

/// Tells a run again from the beginning and follows it while an engine of this machine works on it. Gives the last
/// event that ended or parked it, where there was one. Where hosts are named, what is about others is left out.
pub(crate) fn replay(
    world: &World,
    global: &Global,
    journal: &Journal,
    deploy: &DeployId,
    hosts: &[HostName],
) -> Result<Option<Event>, Failure> {
    let path = record_path(world, deploy);
    let file = std::fs::File::open(&path).map_err(|error| {
        Failure::new(
            ExitCode::Failed,
            format!("there is no record of {deploy}: {error}"),
        )
    })?;
    let mut reader = BufReader::new(file);
    let mut reporter = reporter(world, global, &Telling::default())?;
    let mut end = None;
    let mut line = String::new();
    loop {
        let read = reader.read_line(&mut line).or_fail(ExitCode::Internal)?;
        if line.ends_with('\n') {
            if let Ok(event) = serde_json::from_str::<Event>(&line) {
                let host = event.body.host();
                if hosts.is_empty() || host.is_none_or(|host| hosts.contains(host)) {
                    reporter
                        .handle(&event)
                        .map_err(|error| crate::carry_out::report_failure(&error))?;
                }
                let ended = matches!(event.body, EventBody::DeployEnded { .. });
                // Something after an end means that the deploy was taken up again.
                end = ended.then_some(event);
            }
            line.clear();
        } else if read == 0 {
            if !worked_on(journal, deploy) {
                break;
            }
            std::thread::sleep(LOOK);
        }
    }
    reporter
        .finish()
        .map_err(|error| crate::carry_out::report_failure(&error))?;
    Ok(end)
}

/// Whether an engine of this machine works on the deploy now.
pub(crate) fn worked_on(journal: &Journal, deploy: &DeployId) -> bool {
    windlass_journal::Store::own(journal, deploy).is_err()
}
