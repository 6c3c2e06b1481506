//! What the records of jobs tell, by step and attempt.

use super::UNDO;
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_job::{CommandState, JobInfo, JobState};
use windlass_model::{CommandEnd, JobKey, StepId, StepOutcome};

/// What one attempt of a step, or of its undo, came to by a job's record.
#[derive(Clone)]
pub(super) struct Trace {
    pub(super) job: JobKey,
    /// None = its end is not noted, or the job is still under way.
    pub(super) end: Option<Trail>,
}

/// How an attempt ended.
#[derive(Clone)]
pub(super) enum Trail {
    NotReached,
    Ended(StepOutcome, Duration),
}

pub(super) type Attempts = BTreeMap<u32, Trace>;

/// All that the jobs tell, by step.
#[derive(Default)]
pub(super) struct Told {
    pub(super) steps: BTreeMap<StepId, Attempts>,
    pub(super) undos: BTreeMap<StepId, Attempts>,
}

impl Told {
    pub(super) fn of(jobs: &[JobInfo]) -> Self {
        let mut told = Self::default();
        for job in jobs {
            let (side, first) = match job.key.step.strip_prefix(UNDO) {
                Some(first) => (&mut told.undos, first),
                None => (&mut told.steps, job.key.step.as_str()),
            };
            if job.state == JobState::NeverStarts {
                let attempts = side.entry(StepId::new(first)).or_default();
                attempts.insert(job.key.attempt, Trace::kept_from_starting(job));
            }
            for command in &job.commands {
                let attempts = side.entry(command.step.clone()).or_default();
                // An undo may have several commands.
                let trace = attempts
                    .entry(command.attempt)
                    .or_insert_with(|| Trace::begun(job));
                trace.add(command.state);
            }
        }
        told
    }
}

impl Trace {
    fn begun(job: &JobInfo) -> Self {
        Self {
            job: job.key.clone(),
            end: Some(Trail::Ended(StepOutcome::Skipped, Duration::ZERO)),
        }
    }

    fn kept_from_starting(job: &JobInfo) -> Self {
        let outcome = StepOutcome::Failed {
            end: CommandEnd::NotStarted,
        };
        Self {
            job: job.key.clone(),
            end: Some(Trail::Ended(outcome, Duration::ZERO)),
        }
    }

    /// Takes in one more of its commands.
    fn add(&mut self, state: CommandState) {
        self.end = match (self.end.take(), state) {
            (None, _) | (_, CommandState::Open) => None,
            (Some(Trail::Ended(StepOutcome::Skipped, _)), CommandState::NotReached) => {
                Some(Trail::NotReached)
            }
            // Of an undo that has several commands, the rest.
            (Some(Trail::Ended(StepOutcome::Succeeded, before)), CommandState::NotReached) => {
                Some(Trail::Ended(CommandEnd::NotStarted.into(), before))
            }
            (Some(Trail::Ended(so_far, before)), CommandState::Ended { end, duration }) => {
                let is_first_failure = so_far.is_fine();
                let outcome = if is_first_failure { end.into() } else { so_far };
                Some(Trail::Ended(outcome, before.saturating_add(duration)))
            }
            (so_far, _) => so_far,
        };
    }

    pub(super) fn is_fine(&self) -> bool {
        matches!(&self.end, Some(Trail::Ended(outcome, _)) if outcome.is_fine())
    }
}
