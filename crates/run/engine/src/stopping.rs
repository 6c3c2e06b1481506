//! Stopping what runs, so that nothing is undone beside it.
//!
//! A job is stopped by its host's supervisor and seen gone there; a command on this machine is stopped by its group; an
//! upload is given up. Only then are their steps closed.

use crate::backend::BackendError;
use crate::dispatcher::Dispatcher;
use crate::error::Error;
use crate::flight::{Message, Part, Side, Task};
use std::time::Duration;
use windlass_job::{CancelEnd, CancelReport};
use windlass_journal::{Attempt, Record};
use windlass_model::{CommandEnd, HostName, JobKey, StepOutcome};

impl Dispatcher {
    /// Stops every job whose end is not known. What runs on this machine is stopped too; an upload or
    /// a pause is given up. What a host that keeps the release still does goes on.
    pub(crate) fn stop_open(&mut self) -> Result<(), Error> {
        let flying: Vec<(JobKey, HostName)> = self
            .flights
            .iter()
            .filter(|(key, flight)| {
                flight.side == Side::Forward
                    && !flight.failed
                    && !self.is_last_word(&flight.host, &flight.parts)
                    && !self.stopping.contains_key(*key)
                    && !self.gone.contains(*key)
            })
            .map(|(key, flight)| (key.clone(), flight.host.clone()))
            .collect();
        for (key, host) in flying {
            self.stop_flight(&key, &host)?;
        }
        for (key, host) in self.orphans() {
            if self.is_well(&host) && !self.is_busy(&host) {
                self.stop_orphan(&key, &host)?;
            }
        }
        Ok(())
    }

    fn stop_flight(&mut self, key: &JobKey, host: &HostName) -> Result<(), Error> {
        let Some(flight) = self.flights.get(key) else {
            return Ok(());
        };
        if flight.is_job {
            self.stop(key, host);
        } else if flight.is_local {
            self.stop_local(key, host);
        } else {
            // What was uploaded so far lies under a name of its own and harms nobody; of a pause nothing is left.
            let parts = flight.parts.clone();
            self.abandon(key);
            self.close_parts(&parts)?;
        }
        Ok(())
    }

    /// A job that nobody follows is stopped first. Then it is followed: its key is claimed by now, so that this starts
    /// nothing and tells how each of its commands ended.
    fn stop_orphan(&mut self, key: &JobKey, host: &HostName) -> Result<(), Error> {
        let Some(unit) = self.rebuilt(key) else {
            return Ok(());
        };
        match unit.task {
            Task::Job(_) if self.gone.contains(key) || self.is_last_word(host, &unit.parts) => {
                self.follow(unit);
            }
            Task::Job(_) => self.stop(key, host),
            Task::Local(_) if !self.gone.contains(key) => self.stop_local(key, host),
            Task::Push(_) | Task::Local(_) | Task::Pause(_) => self.close_parts(&unit.parts)?,
        }
        Ok(())
    }

    pub(crate) fn stopped(
        &mut self,
        key: JobKey,
        host: &HostName,
        result: Result<CancelReport, BackendError>,
    ) {
        self.stopping.remove(&key);
        match result.map(|report| report.end) {
            Ok(CancelEnd::Cancelled | CancelEnd::AlreadyEnded(_)) => {
                self.gone.insert(key);
            }
            Ok(CancelEnd::Stuck(pids)) => {
                let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
                let reason = format!(
                    "`{}` does not end, not even killed (process {}); nothing was undone beside it",
                    key.step,
                    pids.join(", ")
                );
                self.stuck.insert(host.clone(), reason);
                self.abandon(&key);
            }
            Err(error) => {
                let whose = match error {
                    BackendError::GaveUp { .. } => &mut self.doubt,
                    _ => &mut self.stuck,
                };
                whose.insert(host.clone(), error.reason().to_owned());
                self.abandon(&key);
            }
        }
    }

    /// Stops following; the work itself is left alone.
    pub(crate) fn abandon(&mut self, key: &JobKey) {
        if let Some(abort) = self.flights.remove(key).and_then(|flight| flight.abort) {
            abort.abort();
        }
    }

    /// Closes steps that nothing can be running of any more, and of which more is not known.
    pub(crate) fn close_parts(&mut self, parts: &[Part]) -> Result<(), Error> {
        for part in parts {
            let open = self.state.step(&part.step).is_some_and(Attempt::is_open);
            if open {
                self.record(Record::Outcome {
                    step: part.step.clone(),
                    attempt: part.attempt,
                    outcome: StepOutcome::Failed {
                        end: CommandEnd::Cancelled,
                    },
                    duration: Duration::ZERO,
                })?;
            }
        }
        Ok(())
    }

    /// Asks for the boot id of a host that was started anew, so that what comes next is meant for its present boot.
    pub(crate) fn ask_boot(&mut self, host: &HostName) {
        if !self.asking.insert(host.clone()) {
            return;
        }
        let (backend, outbox) = (self.run.backend.clone(), self.outbox.clone());
        let host = host.clone();
        self.aside(async move {
            let result = backend.boot_id(&host).await;
            outbox.send(Message::Boot { host, result }).ok();
        });
    }
}
