//! Work on its way: a group of steps, or of undos, that was handed to the backend and has not come back.

use crate::backend::{Backend, BackendError, JobSink};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use windlass_job::{CancelReport, CommandResult, JobEvent, JobReport, JobSpec, Owned};
use windlass_model::{
    Command, CommandEnd, ExitStatus, HostName, JobKey, Step, StepId, StepOutcome,
};

/// What is left on hosts for other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Left {
    Plan,
    Decision,
}

/// What comes back to the dispatcher.
pub(crate) enum Message {
    /// The work says something.
    Said { key: JobKey, event: JobEvent },
    /// The work is over, or can no longer be followed.
    Finished {
        key: JobKey,
        result: Result<Finish, BackendError>,
    },
    /// A job was to be stopped.
    Stopped {
        key: JobKey,
        host: HostName,
        result: Result<CancelReport, BackendError>,
    },
    /// Something was left on a host for other machines, or could not be.
    Left {
        host: HostName,
        what: (Left, u32),
        result: Result<(), BackendError>,
    },
    /// A host was told that this controller is there; whether the deploy is still its own.
    Held {
        host: HostName,
        result: Result<Owned, BackendError>,
    },
    /// A host was asked whose the deploy is.
    Owner {
        host: HostName,
        result: Result<Owned, BackendError>,
    },
    /// A host's boot id was asked for.
    Boot {
        host: HostName,
        result: Result<String, BackendError>,
    },
}

/// How work ended.
pub(crate) struct Finish {
    /// The end of each of its commands, in order.
    pub(crate) commands: Vec<End>,
    /// Its own end, which says why commands were not reached.
    pub(crate) end: CommandEnd,
    /// A few words for the screen.
    pub(crate) note: Option<String>,
}

/// How one command ended.
#[derive(Clone, Copy)]
pub(crate) enum End {
    NotReached,
    Skipped,
    Ended(CommandEnd, Duration),
}

/// Whether work carries steps out or undoes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Forward,
    Undo,
}

/// One step of a unit, or its undo.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) step: StepId,
    pub(crate) attempt: u32,
    /// How many commands belong to it; at least one.
    pub(crate) commands: usize,
}

/// Work that is handed to the backend at once.
pub(crate) struct Unit {
    pub(crate) host: HostName,
    pub(crate) key: JobKey,
    pub(crate) side: Side,
    pub(crate) parts: Vec<Part>,
    pub(crate) task: Task,
}

/// What the backend is asked to do.
pub(crate) enum Task {
    Job(JobSpec),
    Push(Box<Step>),
    Local(Vec<Command>),
    Pause(Duration),
}

/// A unit under way.
pub(crate) struct Flight {
    pub(crate) host: HostName,
    pub(crate) side: Side,
    pub(crate) parts: Vec<Part>,
    /// How many commands have been accounted for, in order.
    pub(crate) accounted: usize,
    /// What the present part has come to.
    pub(crate) tally: Tally,
    /// A command of it has failed, so that it ends by itself.
    pub(crate) failed: bool,
    /// Only a job on the host goes on when its following is given up.
    pub(crate) is_job: bool,
    pub(crate) is_local: bool,
    pub(crate) pid: Option<u32>,
    pub(crate) abort: Option<AbortHandle>,
}

/// The sum of the commands of one part.
#[derive(Clone)]
pub(crate) struct Tally {
    pub(crate) outcome: StepOutcome,
    pub(crate) duration: Duration,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            outcome: StepOutcome::Succeeded,
            duration: Duration::ZERO,
        }
    }
}

impl Tally {
    /// The first failure counts; skipped counts only where nothing else was done.
    pub(crate) fn add(&mut self, end: CommandEnd, duration: Duration) {
        self.duration = self.duration.saturating_add(duration);
        if self.outcome.is_fine() && !end.success() {
            self.outcome = StepOutcome::Failed { end };
        }
    }
}

impl Flight {
    pub(crate) fn of(unit: &Unit) -> Self {
        Self {
            host: unit.host.clone(),
            side: unit.side,
            parts: unit.parts.clone(),
            accounted: 0,
            tally: Tally::default(),
            failed: false,
            is_job: matches!(unit.task, Task::Job(_)),
            is_local: matches!(unit.task, Task::Local(_)),
            pid: None,
            abort: None,
        }
    }

    /// The part that a command belongs to.
    pub(crate) fn part_of(&self, command: usize) -> Option<Position> {
        let mut first = 0_usize;
        for part in &self.parts {
            let next = first.saturating_add(part.commands);
            if command < next {
                return Some(Position {
                    part: part.clone(),
                    is_first: command == first,
                    is_last: command.saturating_add(1) == next,
                });
            }
            first = next;
        }
        None
    }
}

/// Where a command stands within its flight.
pub(crate) struct Position {
    pub(crate) part: Part,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
}

/// Has the backend do the work and sends what comes of it.
pub(crate) async fn fly(
    backend: Arc<dyn Backend>,
    key: JobKey,
    task: Task,
    host: HostName,
    outbox: UnboundedSender<Message>,
) {
    let result = match task {
        Task::Job(spec) => backend
            .run(spec, sink(&key, 0, &outbox))
            .await
            .map(Finish::from),
        Task::Push(step) => push(&*backend, &key, &host, &step, &outbox).await,
        Task::Local(commands) => local(&*backend, &key, &commands, &outbox).await,
        Task::Pause(length) => Ok(pause(&key, length, &outbox).await),
    };
    // The dispatcher is gone only when the engine is.
    outbox.send(Message::Finished { key, result }).ok();
}

/// A sink that shifts the events of a single command to its place among several.
fn sink(key: &JobKey, shift: usize, outbox: &UnboundedSender<Message>) -> JobSink {
    let (key, outbox) = (key.clone(), outbox.clone());
    Box::new(move |event| {
        let message = Message::Said {
            key: key.clone(),
            event: shifted(event, shift),
        };
        outbox.send(message).ok();
    })
}

async fn push(
    backend: &dyn Backend,
    key: &JobKey,
    host: &HostName,
    step: &Step,
    outbox: &UnboundedSender<Message>,
) -> Result<Finish, BackendError> {
    sink(key, 0, outbox)(JobEvent::CommandStarted { index: 0 });
    let begun = Instant::now();
    let note = backend.push(host, step).await?;
    let end = CommandEnd::Exited(ExitStatus(0));
    Ok(Finish {
        commands: vec![End::Ended(end, begun.elapsed())],
        end,
        note,
    })
}

/// Waits. It is given up by being dropped.
async fn pause(key: &JobKey, length: Duration, outbox: &UnboundedSender<Message>) -> Finish {
    sink(key, 0, outbox)(JobEvent::CommandStarted { index: 0 });
    tokio::time::sleep(length).await;
    let end = CommandEnd::Exited(ExitStatus(0));
    Finish {
        commands: vec![End::Ended(end, length)],
        end,
        note: None,
    }
}

/// Commands on this machine, one after another, stopping at the first failure.
async fn local(
    backend: &dyn Backend,
    key: &JobKey,
    commands: &[Command],
    outbox: &UnboundedSender<Message>,
) -> Result<Finish, BackendError> {
    let mut ends = Vec::new();
    let mut end = CommandEnd::Exited(ExitStatus(0));
    for (index, command) in commands.iter().enumerate() {
        if !end.success() {
            ends.push(End::NotReached);
            continue;
        }
        let mut say = sink(key, 0, outbox);
        say(JobEvent::CommandStarted { index });
        let begun = Instant::now();
        end = backend
            .local(command, key, sink(key, index, outbox))
            .await?;
        ends.push(End::Ended(end, begun.elapsed()));
    }
    Ok(Finish {
        commands: ends,
        end,
        note: None,
    })
}

/// Stops a job and sends what came of it.
pub(crate) async fn stop(
    backend: Arc<dyn Backend>,
    key: JobKey,
    host: HostName,
    place: windlass_job::Place,
    outbox: UnboundedSender<Message>,
) {
    let result = backend.cancel(&key, &place).await;
    outbox.send(Message::Stopped { key, host, result }).ok();
}

/// Stops what runs on this machine and sends what came of it.
pub(crate) async fn stop_local(
    backend: Arc<dyn Backend>,
    key: JobKey,
    host: HostName,
    outbox: UnboundedSender<Message>,
) {
    let result = backend.stop_local(&key).await;
    outbox.send(Message::Stopped { key, host, result }).ok();
}

impl From<JobReport> for Finish {
    fn from(report: JobReport) -> Self {
        let end_of = |result: &CommandResult| match result {
            CommandResult::NotReached => End::NotReached,
            CommandResult::Skipped => End::Skipped,
            CommandResult::Ended { end, duration, .. } => End::Ended(*end, *duration),
        };
        Self {
            commands: report
                .commands
                .iter()
                .map(|command| end_of(&command.result))
                .collect(),
            end: report.end,
            note: None,
        }
    }
}

fn shifted(event: JobEvent, by: usize) -> JobEvent {
    match event {
        JobEvent::Running { .. } => event,
        JobEvent::CommandStarted { index } => JobEvent::CommandStarted { index: index + by },
        JobEvent::Output {
            index,
            stream,
            offset,
            bytes,
        } => JobEvent::Output {
            index: index + by,
            stream,
            offset,
            bytes,
        },
        JobEvent::CommandEnded {
            index,
            end,
            duration,
        } => JobEvent::CommandEnded {
            index: index + by,
            end,
            duration,
        },
        JobEvent::Skipped { index } => JobEvent::Skipped { index: index + by },
        JobEvent::Pulse { index, pulse } => JobEvent::Pulse {
            index: index + by,
            pulse,
        },
    }
}
