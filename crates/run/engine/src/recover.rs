//! What another controller did of a deploy, read from the records of its jobs on the hosts.
//!
//! The records are written into this machine's journal as if it had been there; after that the deploy is resumed like any
//! other. What ended well is taken as ended; what runs, or ended otherwise, is left open, so that it is followed again: its
//! output is heard and its end is judged. Guarantees: nothing that has a record is ever begun a second time, and the records
//! follow from each other. What leaves no record on a host, a push or a command on the controller, is known only by what
//! came after it; where nothing did, that is said and not guessed.

mod told;

use std::time::Duration;
use told::{Attempts, Told, Trace, Trail};
use windlass_job::JobInfo;
use windlass_journal::{Attempt, Decision, Illegal, Record, State, Subject};
use windlass_model::plan::UNLOCK;
use windlass_model::{Action, CommandEnd, JobKey, Phase, Plan, Step, StepId, StepOutcome};

/// What undo jobs are called by, before the name of the first step that they undo.
pub(crate) const UNDO: &str = "undo.";

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovered {
    /// What this journal lacks, in an order in which it can be written.
    pub records: Vec<Record>,
    /// Commands on the machine of the controller that may have been begun there, and may not be repeated.
    pub unknown: Vec<StepId>,
}

/// What of it is heard again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// What did not end well, or has not ended yet.
    Open,
    /// All of it, by whoever looks on from the beginning.
    All,
}

/// What the hosts show of a deploy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Its jobs; those of other deploys must not be among them.
    pub jobs: Vec<JobInfo>,
    /// What was decided for all hosts, where that was left on one.
    pub decided: Vec<Decision>,
}

/// What the account of a deploy lacks of what the hosts show.
pub fn recover(subject: &Subject, state: &State, shown: &Shown) -> Result<Recovered, Illegal> {
    recover_as(subject, state, shown, Heard::Open)
}

/// The same, with all or some of it left open.
pub(crate) fn recover_as(
    subject: &Subject,
    state: &State,
    shown: &Shown,
    heard: Heard,
) -> Result<Recovered, Illegal> {
    let Some(plan) = subject.plan() else {
        return Ok(Recovered::default());
    };
    let mut account = Account {
        subject,
        plan,
        state: state.clone(),
        heard,
        is_paused: shown.decided.iter().any(is_pause),
        is_undone: shown.decided.iter().any(is_undo),
        found: Recovered::default(),
    };
    let told = Told::of(&shown.jobs);
    account.forward(&told)?;
    account.decided(&told, &shown.decided)?;
    account.undone(&told)?;
    Ok(account.found)
}

fn is_undo(decision: &Decision) -> bool {
    matches!(decision, Decision::Undo { .. })
}

fn is_pause(decision: &Decision) -> bool {
    matches!(decision, Decision::Pause { .. })
}

/// The account as it grows.
struct Account<'a> {
    subject: &'a Subject,
    plan: &'a Plan,
    state: State,
    heard: Heard,
    /// Whether a failure was left to a person: then what failed is known, and not judged again.
    is_paused: bool,
    /// Whether it was decided to undo it.
    is_undone: bool,
    found: Recovered,
}

impl Account<'_> {
    fn add(&mut self, record: Record) -> Result<(), Illegal> {
        // A deploy that rests is taken up before anything of this is written.
        self.state.parked = false;
        self.state.end = None;
        self.state.apply(self.subject, &record)?;
        self.found.records.push(record);
        Ok(())
    }

    fn forward(&mut self, told: &Told) -> Result<(), Illegal> {
        for (position, step) in self.plan.steps.iter().enumerate() {
            let is_kept = self.state.kept().contains(&step.host) && Plan::is_last_word(step);
            let is_spared = self.state.spared.contains_key(&step.host);
            if is_spared || (self.state.undo.is_some() && !is_kept) {
                continue;
            }
            match told.steps.get(&step.id) {
                Some(attempts) => self.attempts(step, attempts)?,
                None if matches!(step.action, Action::Command { .. }) => {}
                None => self.without_record(position, step, told)?,
            }
        }
        let publishes =
            self.plan.steps.iter().any(|step| {
                step.phase >= Phase::Publishing && self.state.steps.contains_key(&step.id)
            });
        if publishes && !self.state.publishing {
            self.add(Record::Decision(Decision::Publish))?;
        }
        Ok(())
    }

    /// The attempts of a step that are not in the account. The last one stays open unless it ended well.
    fn attempts(&mut self, step: &Step, attempts: &Attempts) -> Result<(), Illegal> {
        let last = attempts.keys().next_back().copied().unwrap_or_default();
        let known = self.state.step(&step.id).map_or(0, |known| known.number);
        if last > known {
            if self.heard == Heard::All && self.state.step(&step.id).is_some_and(Attempt::is_open) {
                // Its end is heard first.
                return Ok(());
            }
            self.close_known(step)?;
        }
        for attempt in known.saturating_add(1)..=last {
            let trace = attempts.get(&attempt);
            let job = trace.map_or_else(|| self.key(step, attempt), |trace| trace.job.clone());
            self.add(Record::Intent {
                step: step.id.clone(),
                attempt,
                job,
            })?;
            let is_known =
                |trace: &Trace| trace.is_fine() || (self.is_paused && trace.end.is_some());
            let is_silent = self.heard == Heard::Open && trace.is_some_and(is_known);
            if attempt < last || is_silent {
                self.close(step, attempt, trace)?;
            }
        }
        Ok(())
    }

    /// A later attempt says that this one was over.
    fn close_known(&mut self, step: &Step) -> Result<(), Illegal> {
        match self.state.step(&step.id) {
            Some(known) if known.is_open() => {
                let number = known.number;
                self.close(step, number, None)
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, step: &Step, attempt: u32, trace: Option<&Trace>) -> Result<(), Illegal> {
        let step = step.id.clone();
        self.add(match trace.and_then(|trace| trace.end.clone()) {
            Some(Trail::NotReached) => Record::NotReached { step, attempt },
            Some(Trail::Ended(outcome, duration)) => Record::Outcome {
                step,
                attempt,
                outcome,
                duration,
            },
            None => Record::Outcome {
                step,
                attempt,
                outcome: StepOutcome::Failed {
                    end: CommandEnd::Lost,
                },
                duration: Duration::ZERO,
            },
        })
    }

    /// A step that leaves no record on its host: whether it was done is known by what came after it.
    fn without_record(&mut self, at: usize, step: &Step, told: &Told) -> Result<(), Illegal> {
        let known = self.state.step(&step.id);
        if known.is_some_and(Attempt::is_fine) {
            return Ok(());
        }
        let is_open = known.is_some_and(Attempt::is_open);
        let attempt = known.map_or(1, |known| known.number.saturating_add(u32::from(!is_open)));
        let intent = Record::Intent {
            step: step.id.clone(),
            attempt,
            job: self.key(step, attempt),
        };
        let is_done = self.is_passed(at, step, told);
        let is_local = matches!(step.action, Action::Local { .. });
        if is_done || (is_local && self.may_have_begun(at, step)) {
            if !is_open {
                self.add(intent)?;
            }
            if is_done {
                return self.add(Record::Outcome {
                    step: step.id.clone(),
                    attempt,
                    outcome: StepOutcome::Succeeded,
                    duration: Duration::ZERO,
                });
            }
            // While it is undone it does not matter whether it was begun: its undo may find nothing.
            if !step.repeatable && !self.is_undone && told.undos.is_empty() {
                self.found.unknown.push(step.id.clone());
            }
        }
        Ok(())
    }

    /// Whether anything was begun that waits for this step.
    fn is_passed(&self, at: usize, step: &Step, told: &Told) -> bool {
        let later = self.plan.steps.iter().skip(at.saturating_add(1));
        later
            .filter(|later| told.steps.contains_key(&later.id))
            .any(|later| {
                let publishes = later.phase >= Phase::Publishing && step.phase < Phase::Publishing;
                later.host == step.host || later.barrier || publishes
            })
    }

    /// Whether everything that the step waits for on its host is done.
    fn may_have_begun(&self, at: usize, step: &Step) -> bool {
        let before = self.plan.steps.get(..at).unwrap_or_default();
        let mut own = before.iter().filter(|earlier| earlier.host == step.host);
        own.all(|earlier| crate::schedule::is_settled(earlier, &self.state))
    }

    /// What was decided for all hosts. That it is being undone is seen by the undos too, should nobody have left word of it.
    fn decided(&mut self, told: &Told, decided: &[Decision]) -> Result<(), Illegal> {
        for decision in decided {
            let is_new = match decision {
                Decision::Spare { host, .. } => {
                    self.state.undo.is_none() && !self.state.spared.contains_key(host)
                }
                Decision::Pause { .. } => self.state.undo.is_none() && self.state.paused.is_none(),
                Decision::Undo { .. } => self.state.undo.is_none(),
                Decision::Publish | Decision::Retry | Decision::Done => false,
            };
            if is_new {
                self.add(Record::Decision(decision.clone()))?;
            }
        }
        if self.state.undo.is_some() || told.undos.is_empty() {
            return Ok(());
        }
        self.add(Record::Decision(Decision::Undo {
            reason: "another controller was undoing it".to_owned(),
            failed: None,
            cancelled: false,
            kept: Vec::new(),
        }))
    }

    fn undone(&mut self, told: &Told) -> Result<(), Illegal> {
        for (step, attempts) in &told.undos {
            let frees_lock = step.as_str().starts_with(UNLOCK) && self.plan.step(step).is_none();
            if frees_lock || self.state.has_begun(step) {
                self.undo_attempts(step, attempts)?;
            }
        }
        Ok(())
    }

    fn undo_attempts(&mut self, step: &StepId, attempts: &Attempts) -> Result<(), Illegal> {
        let last = attempts.keys().next_back().copied().unwrap_or_default();
        let known = self.state.undos.get(step).map_or(0, |known| known.number);
        let known_is_open = self.state.undos.get(step).is_some_and(Attempt::is_open);
        if last > known && known_is_open {
            if self.heard == Heard::All {
                return Ok(());
            }
            self.close_undo(step, known, None)?;
        }
        for attempt in known.saturating_add(1)..=last {
            // An earlier attempt that left no record was kept from starting.
            let trace = attempts.get(&attempt);
            let later = attempts.values().next_back().map(|trace| JobKey {
                attempt,
                ..trace.job.clone()
            });
            let Some(job) = trace.map(|trace| trace.job.clone()).or(later) else {
                return Ok(());
            };
            self.add(Record::UndoIntent {
                step: step.clone(),
                attempt,
                job,
            })?;
            let is_fine = trace.is_some_and(Trace::is_fine);
            if attempt < last || (self.heard == Heard::Open && is_fine) {
                self.close_undo(step, attempt, trace)?;
            }
        }
        Ok(())
    }

    fn close_undo(
        &mut self,
        step: &StepId,
        attempt: u32,
        trace: Option<&Trace>,
    ) -> Result<(), Illegal> {
        let (outcome, duration) = match trace.and_then(|trace| trace.end.clone()) {
            Some(Trail::Ended(outcome, duration)) => (outcome, duration),
            Some(Trail::NotReached) => (CommandEnd::NotStarted.into(), Duration::ZERO),
            None => (CommandEnd::Lost.into(), Duration::ZERO),
        };
        self.add(Record::UndoOutcome {
            step: step.clone(),
            attempt,
            outcome,
            duration,
        })
    }

    fn key(&self, step: &Step, attempt: u32) -> JobKey {
        JobKey {
            deploy: self.plan.deploy.clone(),
            step: step.id.as_str().to_owned(),
            host: step.host.clone(),
            attempt,
        }
    }
}
