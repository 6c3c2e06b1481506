//! Jobs for tests, and what was heard of them.

use std::path::Path;
use std::time::{Duration, Instant};
use windlass_job::{Host, JobCommand, JobEvent, JobReport, JobSpec, Place, Tie};
use windlass_model::{Command, CommandEnd, DeployId, ExitStatus, HostName, JobKey, StepId, Stream};

pub const EXIT: fn(u8) -> CommandEnd = |status| CommandEnd::Exited(ExitStatus(status));

pub fn key(name: &str) -> JobKey {
    JobKey {
        deploy: DeployId::new("d-test"),
        step: format!("{name}@web1"),
        host: HostName::new("web1"),
        attempt: 1,
    }
}

/// A job of commands as given.
pub fn job_of(name: &str, commands: Vec<Command>) -> JobSpec {
    let command = |(index, command)| JobCommand {
        step: StepId::new(format!("{name}{index}@web1")),
        command,
        advisory: false,
    };
    JobSpec {
        key: key(name),
        place: Place::Home,
        commands: commands.into_iter().enumerate().map(command).collect(),
    }
}

/// A job of plain scripts.
pub fn job(name: &str, scripts: &[&str]) -> JobSpec {
    job_of(
        name,
        scripts
            .iter()
            .map(|script| Command::script(*script))
            .collect(),
    )
}

/// All that a job told.
#[derive(Default)]
pub struct Heard {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub events: Vec<JobEvent>,
}

impl Heard {
    pub fn take(&mut self, event: JobEvent) {
        if let JobEvent::Output { stream, bytes, .. } = &event {
            match stream {
                Stream::Stdout => self.stdout.extend(bytes),
                Stream::Stderr => self.stderr.extend(bytes),
            }
        }
        self.events.push(event);
    }

    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Runs a job to its end.
pub async fn run<T: Tie>(host: &Host<T>, spec: &JobSpec) -> (JobReport, Heard) {
    let mut heard = Heard::default();
    let mut sink = |event| heard.take(event);
    let work = host.run(spec, &[], &mut sink);
    let report = tokio::time::timeout(Duration::from_secs(60), work)
        .await
        .expect("in time")
        .expect("a report");
    (report, heard)
}

pub async fn wait_until(what: &str, reached: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !reached() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The lines of a file; none if it is not there.
pub fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
