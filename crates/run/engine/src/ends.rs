//! How steps and undos end: written down first, then told, then judged.

use crate::dispatcher::{Dispatcher, Turn};
use crate::error::Error;
use crate::flight::Part;
use crate::step_machine::{Verdict, undo_again, verdict};
use std::time::Duration;
use windlass_journal::{Attempt, Record};
use windlass_model::{CommandEnd, EventBody, HostName, JobKey, Step, StepId, StepOutcome};

impl Dispatcher {
    pub(crate) fn step_ended(
        &mut self,
        key: Option<&JobKey>,
        part: &Part,
        outcome: &StepOutcome,
        (duration, note): (Duration, Option<String>),
    ) -> Result<(), Error> {
        self.record(Record::Outcome {
            step: part.step.clone(),
            attempt: part.attempt,
            outcome: outcome.clone(),
            duration,
        })?;
        let Some(step) = self.plan.step(&part.step).cloned() else {
            return Ok(());
        };
        self.batch.tell(EventBody::StepEnded {
            step: step.id.clone(),
            task: step.task.clone(),
            host: step.host.clone(),
            outcome: outcome.clone(),
            duration,
            note,
            advisory: step.advisory,
        });
        let flight = key.and_then(|key| self.flights.get_mut(key));
        if let Some(flight) = flight.filter(|_| !outcome.is_fine() && !step.advisory) {
            flight.failed = true;
        }
        let forward = self.state.undo.is_none() || self.keeps(&step.host);
        if forward && !self.draining {
            self.judge(&step, part.attempt, outcome)?;
        }
        Ok(())
    }

    /// What the end of a step means for the deploy.
    pub(crate) fn judge(
        &mut self,
        step: &Step,
        attempt: u32,
        outcome: &StepOutcome,
    ) -> Result<(), Error> {
        match verdict(step, attempt, outcome) {
            Verdict::Fine => {}
            Verdict::Warn => self.batch.tell(EventBody::Warning {
                host: Some(step.host.clone()),
                message: format!("{}: {}", step.task, ended_as(outcome)),
                hint: None,
            }),
            Verdict::Retry => {
                if rebooted(outcome) {
                    self.ask_boot(&step.host);
                }
                self.batch.tell(EventBody::StepRetried {
                    step: step.id.clone(),
                    host: step.host.clone(),
                    attempt: attempt.saturating_add(1),
                });
            }
            Verdict::Fail => self.fail(step, &ended_as(outcome))?,
            Verdict::LockLeft => self.lock_left(&step.host, &ended_as(outcome)),
            Verdict::Fenced => self.ask_owner(&step.host),
        }
        Ok(())
    }

    /// A step failed: its host, as far as that is allowed, else the deploy.
    pub(crate) fn fail(&mut self, step: &Step, how: &str) -> Result<(), Error> {
        if !self.may_be_spared(step) {
            self.fail_all(step, how);
            return Ok(());
        }
        if self.state.spared.contains_key(&step.host) {
            return Ok(());
        }
        self.spare(step, how)
    }

    /// The first failure is the one that is named. Once the deploy is done, or its end decided, only locks are left to be
    /// freed, and what goes wrong with them concerns their host alone.
    pub(crate) fn fail_all(&mut self, step: &Step, how: &str) {
        if self.state.done || self.state.undo.is_some() {
            self.lock_left(&step.host, how);
            return;
        }
        self.turn.get_or_insert_with(|| Turn::Undo {
            reason: format!("{} on {}: {how}", step.task, step.host),
            failed: Some(step.id.clone()),
            cancelled: false,
        });
    }

    fn lock_left(&mut self, host: &HostName, how: &str) {
        let reason = format!("the lock was not freed: {how}");
        self.stuck.insert(host.clone(), reason);
    }

    pub(crate) fn undo_ended(
        &mut self,
        part: Part,
        outcome: StepOutcome,
        duration: Duration,
    ) -> Result<(), Error> {
        self.record(Record::UndoOutcome {
            step: part.step.clone(),
            attempt: part.attempt,
            outcome: outcome.clone(),
            duration,
        })?;
        let frees_lock = self.lock_owner(&part.step);
        let host = match (&frees_lock, self.plan.step(&part.step)) {
            (Some(host), _) => host.clone(),
            (None, Some(step)) => step.host.clone(),
            (None, None) => return Ok(()),
        };
        let runs = self.undo_runs.entry(part.step.clone()).or_insert(0);
        *runs = runs.saturating_add(1);
        // The freeing of a lock may be repeated like any undo of ours.
        let repeatable = match self.plan.step(&part.step) {
            Some(step) if frees_lock.is_none() => step.undo.may_repeat(),
            _ => true,
        };
        let again = undo_again(*runs, &outcome, repeatable);
        if rebooted(&outcome) && again {
            self.ask_boot(&host);
        }
        if fenced(&outcome) {
            self.ask_owner(&host);
        } else if !outcome.is_fine() && !again {
            self.undo_failed.insert(part.step.clone());
        }
        if frees_lock.is_none() {
            let step = part.step;
            self.batch.tell(EventBody::UndoEnded {
                step,
                host,
                outcome,
                duration,
            });
        }
        Ok(())
    }

    /// The host whose lock an undo of this name frees.
    pub(crate) fn lock_owner(&self, step: &StepId) -> Option<HostName> {
        let names = self.plan.hosts.iter().map(|host| &host.target.name);
        names
            .into_iter()
            .find(|host| &crate::unwind::lock_step(host) == step)
            .cloned()
    }

    /// Hosts that are known to have been started anew.
    pub(crate) fn rebooted_hosts(&self) -> Vec<HostName> {
        let attempts = self.state.steps.iter().chain(&self.state.undos);
        let mut hosts: Vec<HostName> = attempts
            .filter(|(_, attempt)| attempt.outcome().is_some_and(rebooted))
            .map(|(_, Attempt { job, .. })| job.host.clone())
            .collect();
        hosts.dedup();
        hosts
    }
}

fn fenced(outcome: &StepOutcome) -> bool {
    matches!(
        outcome,
        StepOutcome::Failed {
            end: CommandEnd::Fenced
        }
    )
}

fn rebooted(outcome: &StepOutcome) -> bool {
    matches!(
        outcome,
        StepOutcome::Failed {
            end: CommandEnd::Rebooted
        }
    )
}

/// How a step ended, for people.
pub(crate) fn ended_as(outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Succeeded => "succeeded".to_owned(),
        StepOutcome::Skipped => "nothing to do".to_owned(),
        StepOutcome::Failed { end } => end.to_string(),
        StepOutcome::Broken { reason } => reason.clone(),
    }
}
