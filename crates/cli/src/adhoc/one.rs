//! The job of a run on one host: started, followed, its end written down, told, and its record on the host removed.

use super::{Follow, Stand};
use crate::error::{Failure, OrFail as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use windlass_job::{CancelEnd, CommandResult, Error, Host, JobEvent, JobReport, JobSpec};
use windlass_journal::{Journal, Record, Store as _};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::{
    CommandEnd, Event, EventBody, ExitCode, HostName, Secret, StepId, StepOutcome, TaskName,
};

/// The job on one host.
pub(super) struct One {
    pub(super) spec: JobSpec,
    pub(super) step: StepId,
    pub(super) task: TaskName,
    pub(super) show: String,
    pub(super) journal: Arc<Journal>,
    pub(super) events: mpsc::UnboundedSender<Event>,
}

/// A host and how it stands; an error is one of this machine, not of the host.
pub(super) type Followed = (HostName, Result<Stand, Failure>);

impl One {
    /// Follows the job as far as it can be followed, or until it runs where it is only to be started.
    pub(super) async fn followed(
        self,
        jobs: Host,
        secrets: Vec<(String, Secret)>,
        how: Follow,
    ) -> Followed {
        self.tell(EventBody::StepStarted {
            step: self.step.clone(),
            task: self.task.clone(),
            host: self.host(),
            attempt: 1,
            show: self.show.clone(),
        });
        if how == Follow::Stop {
            return (self.host(), self.stopped(&jobs).await);
        }
        let (running, mut is_running) = mpsc::unbounded_channel();
        let mut sink = |event| self.hear(event, &running);
        let followed = async {
            if how == Follow::Again {
                jobs.follow(&self.spec, &mut sink).await
            } else {
                jobs.run(&self.spec, &secrets, &mut sink).await
            }
        };
        let report = tokio::select! {
            report = followed => report,
            _ = is_running.recv(), if how == Follow::Detach => {
                return (self.host(), Ok(Stand::Started));
            }
        };
        let stand = match report {
            Ok(report) => self.ended(&jobs, &report).await,
            Err(error) => {
                self.given_up(&error, is_running.try_recv().is_ok());
                Ok(Stand::GivenUp)
            }
        };
        (self.host(), stand)
    }

    /// Stops the job, then follows it: what it said until then belongs to the record, which begins anew.
    async fn stopped(&self, jobs: &Host) -> Result<Stand, Failure> {
        let spec = &self.spec;
        let end = match jobs.cancel(&spec.key, &spec.place).await {
            Ok(report) => match report.end {
                CancelEnd::Cancelled => CommandEnd::Cancelled,
                CancelEnd::AlreadyEnded(end) => end,
                CancelEnd::Stuck(pids) => return Ok(self.stuck(&pids)),
            },
            Err(error) => return Ok(self.not_stopped(&error)),
        };
        let (running, _) = mpsc::unbounded_channel();
        let mut sink = |event| self.hear(event, &running);
        match jobs.follow(spec, &mut sink).await {
            Ok(report) => self.ended(jobs, &report).await,
            // The host has no record of it: it was never started, or its record is gone. How it ended was just said.
            Err(Error::Answer(_)) => {
                let commands = Vec::new();
                self.ended(jobs, &JobReport { commands, end }).await
            }
            Err(error) => Ok(self.not_stopped(&error)),
        }
    }

    fn stuck(&self, pids: &[u32]) -> Stand {
        let next = format!("windlass cancel {} tries again", self.spec.key.deploy);
        self.warn(super::unkillable(pids), Some(next));
        Stand::Stuck
    }

    fn not_stopped(&self, error: &Error) -> Stand {
        let reason = Failure::from_error(ExitCode::Unreachable, error).line(None);
        self.warn(
            format!("{reason}; whether the command was stopped there is not known"),
            Some(super::next_line(&self.spec.key.deploy, Follow::Stop)),
        );
        Stand::GivenUp
    }

    fn warn(&self, message: String, hint: Option<String>) {
        self.tell(EventBody::Warning {
            host: Some(self.host()),
            message,
            hint,
        });
    }

    fn host(&self) -> HostName {
        self.spec.key.host.clone()
    }

    fn tell(&self, body: EventBody) {
        let event = Event {
            at: SystemClock.now(),
            deploy: Some(self.spec.key.deploy.clone()),
            body,
        };
        // Where nobody listens any more, the run is over.
        drop(self.events.send(event));
    }

    fn hear(&self, event: JobEvent, running: &mpsc::UnboundedSender<()>) {
        match event {
            JobEvent::Output { stream, bytes, .. } => self.tell(EventBody::Output {
                step: self.step.clone(),
                host: self.host(),
                stream,
                bytes,
            }),
            JobEvent::Pulse { pulse, .. } => self.tell(EventBody::StepPulse {
                step: self.step.clone(),
                host: self.host(),
                pulse,
            }),
            JobEvent::Running { .. } => drop(running.send(())),
            _ => {}
        }
    }

    /// The end is written down before it is shown, and the record on the host goes last: a run that is cut short
    /// between them can be attached to.
    async fn ended(&self, jobs: &Host, report: &JobReport) -> Result<Stand, Failure> {
        let outcome = StepOutcome::from(report.end);
        let duration = match report.commands.first().map(|command| &command.result) {
            Some(CommandResult::Ended { duration, .. }) => *duration,
            _ => Duration::ZERO,
        };
        let record = Record::Outcome {
            step: self.step.clone(),
            attempt: 1,
            outcome: outcome.clone(),
            duration,
        };
        let deploy = &self.spec.key.deploy;
        tokio::task::block_in_place(|| self.journal.append(deploy, SystemClock.now(), &[record]))
            .or_fail(ExitCode::Internal)?;
        self.tell(EventBody::StepEnded {
            step: self.step.clone(),
            task: self.task.clone(),
            host: self.host(),
            outcome: outcome.clone(),
            duration,
            note: None,
            advisory: false,
        });
        if let Err(error) = jobs.sweep(&self.spec.place, Some(&self.spec.key)).await {
            tracing::debug!(%error, "the record of an ad hoc job was not removed");
        }
        Ok(Stand::Over(outcome))
    }

    /// Tells that the host is followed no further, and what is known to go on there.
    fn given_up(&self, error: &Error, is_running: bool) {
        let fate = match error {
            _ if is_running => "; the command goes on there",
            Error::Session(_) => "; whether the command was started there is not known",
            Error::Answer(_) => "",
        };
        let reason = Failure::from_error(ExitCode::Unreachable, error).line(None);
        let next = || super::next_line(&self.spec.key.deploy, Follow::Again);
        self.warn(format!("{reason}{fate}"), (!fate.is_empty()).then(next));
    }
}
