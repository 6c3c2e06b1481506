//! The way forward: steps start as they may, until everything is done or something says otherwise.

use crate::Control;
use crate::dispatcher::{Dispatcher, Turn};
use crate::error::Error;
use crate::schedule::{is_complete, is_done, ready};
use crate::step_machine::{Verdict, verdict};
use std::time::Duration;
use windlass_journal::{Attempt, Decision, Record};
use windlass_model::event::DeployEnd;
use windlass_model::plan::Plan;
use windlass_model::{Action, CommandEnd, Phase, Step, StepOutcome};

impl Dispatcher {
    /// Goes forward until nothing is left to do, or until it must be decided otherwise.
    pub(crate) async fn forward(&mut self) -> Result<Turn, Error> {
        self.look_back()?;
        loop {
            self.heed()?;
            let resting = self.comes_to_rest()?;
            if let Some(turn) = self.turn.take_if(|_| !resting) {
                return Ok(turn);
            }
            if self.draining {
                self.stop_open()?;
            } else if self.wanted() != Control::Park && !resting {
                self.take_up_orphans()?;
                self.start_ready()?;
            }
            self.end_turn().await?;
            if self.is_quiet() {
                return Ok(self.turn.take().unwrap_or_else(|| self.conclusion()));
            }
            self.wait().await?;
        }
    }

    /// What an earlier run of the engine left: failures that it had no time to answer, hosts that were started anew.
    fn look_back(&mut self) -> Result<(), Error> {
        for host in self.rebooted_hosts() {
            self.ask_boot(&host);
        }
        let plan = self.plan.clone();
        for step in &plan.steps {
            let Some(attempt) = self.state.step(&step.id).cloned() else {
                continue;
            };
            if let Some(outcome) = attempt.outcome().filter(|_| !attempt.again) {
                // The lock is tried again whenever the deploy is taken up.
                let again = verdict(step, attempt.number, outcome);
                if again == Verdict::Fail || again == Verdict::Fenced {
                    self.judge(step, attempt.number, outcome)?;
                }
            }
        }
        self.note_done()
    }

    /// Takes notice of what a person wants.
    fn heed(&mut self) -> Result<(), Error> {
        match self.wanted() {
            Control::Park if self.may_park() => self.turn = Some(Turn::Parked),
            Control::Go | Control::Park => {}
            Control::Cancel if self.draining => {}
            Control::Cancel if self.state.done => self.say_too_late(),
            Control::Cancel => {
                if !self.state.cancel_requested {
                    self.record(Record::CancelRequested)?;
                }
                self.cancel();
            }
        }
        Ok(())
    }

    /// A job that frees the lock at its end may just have done so; then there is nothing to be undone any more. So such
    /// a job is stopped first, and what has become of it decides.
    fn cancel(&mut self) {
        let may_be_closing = self.plan.steps.iter().any(|step| {
            Plan::is_closing(step) && self.state.step(&step.id).is_some_and(Attempt::is_open)
        });
        if may_be_closing {
            self.draining = true;
        } else {
            self.turn.get_or_insert_with(cancelled);
        }
    }

    fn conclusion(&self) -> Turn {
        if self.draining && !is_done(&self.plan, &self.state) && self.doubt.is_empty() {
            cancelled()
        } else {
            Turn::Arrived
        }
    }

    /// Follows again what an earlier run of the engine sent.
    pub(crate) fn take_up_orphans(&mut self) -> Result<(), Error> {
        for (key, host) in self.orphans() {
            if !self.is_well(&host) || self.is_busy(&host) {
                continue;
            }
            let step = self.plan.steps.iter().find(|step| {
                self.state
                    .step(&step.id)
                    .is_some_and(|attempt| attempt.job == key)
            });
            match step.cloned() {
                Some(step) if matches!(step.action, Action::Local { .. }) => {
                    if self.gone.contains(&key) {
                        self.lost_here(&step)?;
                    } else {
                        self.stop_local(&key, &host);
                    }
                }
                Some(_) => {
                    if let Some(unit) = self.rebuilt(&key) {
                        self.follow(unit);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Nobody follows a command on this machine but its engine. It was ended now if it still ran; what it did is not
    /// known.
    fn lost_here(&mut self, step: &Step) -> Result<(), Error> {
        let Some(attempt) = self.state.step(&step.id).map(|attempt| attempt.number) else {
            return Ok(());
        };
        let outcome = StepOutcome::Failed {
            end: CommandEnd::Lost,
        };
        self.record(Record::Outcome {
            step: step.id.clone(),
            attempt,
            outcome: outcome.clone(),
            duration: Duration::ZERO,
        })?;
        self.judge(step, attempt, &outcome)
    }

    /// Starts what may start.
    fn start_ready(&mut self) -> Result<(), Error> {
        self.note_done()?;
        if self.turn.is_some() {
            return Ok(());
        }
        let plan = self.plan.clone();
        let groups = ready(&plan, &self.state, |host| {
            self.is_well(host) && !self.is_busy(host)
        });
        for group in groups {
            let publishes = group.iter().any(|step| step.phase >= Phase::Publishing);
            // Another machine must be able to go on with it from here.
            if publishes && !self.custody.leaving.is_empty() {
                continue;
            }
            if publishes && !self.state.publishing {
                self.record(Record::Decision(Decision::Publish))?;
            }
            if let Some(unit) = self.next_unit(&group) {
                self.intend(unit)?;
            }
        }
        Ok(())
    }

    /// Once everything but the locks is done, nothing is undone any more.
    pub(crate) fn note_done(&mut self) -> Result<(), Error> {
        let done =
            !self.state.done && self.state.undo.is_none() && is_done(&self.plan, &self.state);
        if !done || self.plan.steps.is_empty() {
            return Ok(());
        }
        if self.state.spared.is_empty() {
            return self.record(Record::Decision(Decision::Done));
        }
        self.turn.get_or_insert(Turn::Spared);
        Ok(())
    }

    /// The end of the way forward.
    pub(crate) fn arrive(&mut self) -> Result<DeployEnd, Error> {
        self.note_done()?;
        if is_complete(&self.plan, &self.state) {
            return Ok(DeployEnd::Deployed);
        }
        Ok(DeployEnd::Stuck)
    }
}

fn cancelled() -> Turn {
    Turn::Undo {
        reason: "cancelled".to_owned(),
        failed: None,
        cancelled: true,
    }
}
