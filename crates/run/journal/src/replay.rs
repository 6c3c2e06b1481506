//! Records in, state out. The only place that knows which record may follow which.
//!
//! The engine keeps the same [`State`] while it runs that `resume` reads back after it died: there is one account of a
//! deploy, and it is made here.

use crate::error::Illegal;
use crate::record::{Decision, Record};
use crate::subject::Subject;
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_model::event::DeployEnd;
use windlass_model::plan::UNLOCK;
use windlass_model::{HostName, JobKey, Plan, StepId, StepOutcome, TaskName};

/// What the records of a deploy come to.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and they are not exclusive"
)]
pub struct State {
    /// The latest attempt of every step that was ever intended.
    pub steps: BTreeMap<StepId, Attempt>,
    /// The latest attempt of every undo that was ever intended; `unlock@<host>` stands for the freeing of the lock.
    pub undos: BTreeMap<StepId, Attempt>,
    /// Whether publishing was decided.
    pub publishing: bool,
    /// The decision to undo, where it was taken.
    pub undo: Option<Decision>,
    /// The decision to leave a failure to a person, where it holds.
    pub paused: Option<Decision>,
    /// Hosts that failed and that the deploy goes on without, each with what failed.
    pub spared: BTreeMap<HostName, String>,
    /// Whether the deploy counts as done.
    pub done: bool,
    /// Whether somebody asked for it to be cancelled.
    pub cancel_requested: bool,
    /// Whether it rests: parked, and not taken up again.
    pub parked: bool,
    /// How it ended, where it did.
    pub end: Option<DeployEnd>,
    /// The deploy's number at each host's root, where it is not the plan's any more: it was taken over.
    pub fences: BTreeMap<HostName, u64>,
}

/// The latest attempt of a step or of its undo.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// The job that carries it out.
    pub job: JobKey,
    /// How far it came.
    pub progress: Progress,
    /// Whether an earlier attempt may have done something.
    pub begun_before: bool,
    /// Whether it failed and a person wants it tried again.
    pub again: bool,
}

/// How far an attempt came.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Intended; its end is not known.
    Open,
    /// Its job ended before coming to it.
    NotReached,
    /// It ended.
    Ended {
        /// How.
        outcome: StepOutcome,
        /// How long it took.
        duration: Duration,
    },
}

impl Attempt {
    /// Whether it was intended and its end is not known.
    pub fn is_open(&self) -> bool {
        self.progress == Progress::Open
    }

    /// How it ended, where that is known.
    pub fn outcome(&self) -> Option<&StepOutcome> {
        match &self.progress {
            Progress::Ended { outcome, .. } => Some(outcome),
            Progress::Open | Progress::NotReached => None,
        }
    }

    /// Whether it ended well.
    pub fn is_fine(&self) -> bool {
        self.outcome().is_some_and(StepOutcome::is_fine)
    }

    /// Whether this attempt or an earlier one may have done something.
    pub fn has_begun(&self) -> bool {
        let now = match &self.progress {
            Progress::Open => true,
            Progress::NotReached => false,
            Progress::Ended { outcome, .. } => outcome.may_have_begun(),
        };
        self.begun_before || now
    }
}

impl State {
    /// The latest attempt of a step.
    pub fn step(&self, step: &StepId) -> Option<&Attempt> {
        self.steps.get(step)
    }

    /// Whether anything of the step may have been done.
    pub fn has_begun(&self, step: &StepId) -> bool {
        self.steps.get(step).is_some_and(Attempt::has_begun)
    }

    /// What was decided for all hosts and holds: which hosts are gone on without, that a person is waited for, that it is undone.
    pub fn decisions(&self) -> Vec<Decision> {
        let spared = self.spared.iter().map(|(host, reason)| Decision::Spare {
            host: host.clone(),
            reason: reason.clone(),
        });
        let rest = [self.paused.clone(), self.undo.clone()];
        spared.chain(rest.into_iter().flatten()).collect()
    }

    /// The hosts that keep the release although others are undone.
    pub fn kept(&self) -> &[HostName] {
        match &self.undo {
            Some(Decision::Undo { kept, .. }) => kept,
            _ => &[],
        }
    }

    /// Takes one record in, or says why it cannot follow.
    pub fn apply(&mut self, subject: &Subject, record: &Record) -> Result<(), Illegal> {
        self.allowed(subject, record)?;
        match record {
            Record::Intent { step, attempt, job } => {
                known(subject, step)?;
                open(&mut self.steps, step, *attempt, job)
            }
            Record::Outcome {
                step,
                attempt,
                outcome,
                duration,
            } => close(&mut self.steps, step, *attempt, ended(outcome, *duration)),
            Record::NotReached { step, attempt } => {
                close(&mut self.steps, step, *attempt, Progress::NotReached)
            }
            Record::UndoIntent { step, attempt, job } => {
                self.undoable(subject, step)?;
                open(&mut self.undos, step, *attempt, job)
            }
            Record::UndoOutcome {
                step,
                attempt,
                outcome,
                duration,
            } => close(&mut self.undos, step, *attempt, ended(outcome, *duration)),
            Record::Decision(decision) => self.decide(decision),
            Record::CancelRequested
            | Record::Parked
            | Record::Resumed
            | Record::TakenOver { .. }
            | Record::Ended { .. } => {
                self.turn(record);
                Ok(())
            }
        }
    }

    /// The records about the whole deploy.
    fn turn(&mut self, record: &Record) {
        match record {
            Record::CancelRequested => self.cancel_requested = true,
            Record::Parked => self.parked = true,
            Record::Resumed => (self.parked, self.end) = (false, None),
            Record::TakenOver { fences } => self.fences.clone_from(fences),
            Record::Ended { end } => self.end = Some(*end),
            _ => {}
        }
    }

    /// Whether the deploy is in a condition for this kind of record.
    fn allowed(&self, subject: &Subject, record: &Record) -> Result<(), Illegal> {
        match (self.end, self.parked, record) {
            (Some(DeployEnd::Stuck | DeployEnd::Fenced) | None, _, Record::Resumed)
            | (
                Some(DeployEnd::Stuck),
                _,
                Record::Ended {
                    end: DeployEnd::GivenUp,
                },
            ) => Ok(()),
            (Some(DeployEnd::Stuck), _, _) | (None, true, _) => Err(Illegal::Resting),
            (Some(_), _, _) => Err(Illegal::Over),
            (None, false, Record::Intent { step, .. }) if self.paused.is_some() => {
                Err(Illegal::Paused(step.clone()))
            }
            (None, false, Record::Intent { step, .. }) if self.is_spared(subject, step) => {
                Err(Illegal::Spared(step.clone()))
            }
            (None, false, Record::Intent { step, .. })
                if self.undo.is_some() && !self.ends_a_kept_host(subject, step) =>
            {
                Err(Illegal::Unwinding(step.clone()))
            }
            (None, false, Record::UndoIntent { step, .. }) if self.undo.is_none() => {
                Err(Illegal::NotUnwinding(step.clone()))
            }
            (None, false, _) => Ok(()),
        }
    }

    /// Whether it is something that a host which keeps the release still does.
    fn ends_a_kept_host(&self, subject: &Subject, step: &StepId) -> bool {
        let step = subject.plan().and_then(|plan| plan.step(step));
        step.is_some_and(|step| self.kept().contains(&step.host) && Plan::is_last_word(step))
    }

    fn is_spared(&self, subject: &Subject, step: &StepId) -> bool {
        let step = || subject.plan().and_then(|plan| plan.step(step));
        !self.spared.is_empty() && step().is_some_and(|step| self.spared.contains_key(&step.host))
    }

    fn undoable(&self, subject: &Subject, step: &StepId) -> Result<(), Illegal> {
        let plan = subject.plan();
        let unlock = TaskName::new(UNLOCK);
        let mut hosts = plan.iter().flat_map(|plan| &plan.hosts);
        let frees_lock_of = hosts
            .find(|host| &StepId::of(&unlock, &host.target.name) == step)
            .map(|host| &host.target.name);
        let on = || plan.and_then(|plan| Some(&plan.step(step)?.host));
        if let Some(host) = frees_lock_of.or_else(on)
            && self.kept().contains(host)
        {
            return Err(Illegal::Kept(step.clone()));
        }
        if frees_lock_of.is_some() {
            return Ok(());
        }
        known(subject, step)?;
        if self.has_begun(step) {
            Ok(())
        } else {
            Err(Illegal::NeverBegun(step.clone()))
        }
    }

    fn decide(&mut self, decision: &Decision) -> Result<(), Illegal> {
        let open = self.undo.is_none() && !self.done;
        let fits = match decision {
            Decision::Publish => open && !self.publishing,
            Decision::Pause { .. } | Decision::Done => open && self.paused.is_none(),
            Decision::Undo { .. } | Decision::Retry => open,
            Decision::Spare { host, .. } => {
                open && self.paused.is_none() && !self.spared.contains_key(host)
            }
        };
        if !fits {
            return Err(Illegal::Decided);
        }
        match decision {
            Decision::Publish => self.publishing = true,
            Decision::Undo { .. } => {
                self.undo = Some(decision.clone());
                self.paused = None;
            }
            Decision::Pause { .. } => self.paused = Some(decision.clone()),
            Decision::Retry => self.try_again(),
            Decision::Spare { host, reason } => {
                self.spared.insert(host.clone(), reason.clone());
            }
            Decision::Done => self.done = true,
        }
        Ok(())
    }

    fn try_again(&mut self) {
        self.paused = None;
        self.spared.clear();
        for attempt in self.steps.values_mut() {
            attempt.again = attempt.outcome().is_some_and(|outcome| !outcome.is_fine());
        }
    }
}

fn known(subject: &Subject, step: &StepId) -> Result<(), Illegal> {
    if subject.has_step(step) {
        Ok(())
    } else {
        Err(Illegal::UnknownStep(step.clone()))
    }
}

fn ended(outcome: &StepOutcome, duration: Duration) -> Progress {
    Progress::Ended {
        outcome: outcome.clone(),
        duration,
    }
}

fn open(
    attempts: &mut BTreeMap<StepId, Attempt>,
    step: &StepId,
    number: u32,
    job: &JobKey,
) -> Result<(), Illegal> {
    let before = attempts.get(step);
    let next = before.map_or(1, |attempt| attempt.number.saturating_add(1));
    if number != next || before.is_some_and(Attempt::is_open) {
        return Err(Illegal::NotNext {
            step: step.clone(),
            attempt: number,
        });
    }
    let begun_before = before.is_some_and(Attempt::has_begun);
    attempts.insert(
        step.clone(),
        Attempt {
            number,
            job: job.clone(),
            progress: Progress::Open,
            begun_before,
            again: false,
        },
    );
    Ok(())
}

fn close(
    attempts: &mut BTreeMap<StepId, Attempt>,
    step: &StepId,
    number: u32,
    progress: Progress,
) -> Result<(), Illegal> {
    match attempts.get_mut(step) {
        Some(attempt) if attempt.number == number && attempt.is_open() => {
            attempt.progress = progress;
            Ok(())
        }
        _ => Err(Illegal::NotOpen {
            step: step.clone(),
            attempt: number,
        }),
    }
}
