//! What the end of an attempt means for its step. Pure; every transition is in one match.

use windlass_model::plan::Plan;
use windlass_model::{CommandEnd, Step, StepOutcome};

/// What follows from the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The step is done.
    Fine,
    /// The step is done as far as the deploy is concerned; a person should know that it failed.
    Warn,
    /// It is tried again under a new key.
    Retry,
    /// The deploy is to be undone.
    Fail,
    /// Only the lock was not freed; the deploy stands.
    LockLeft,
    /// Another controller has taken over.
    Fenced,
}

/// How often something repeatable whose fate is not known is attempted, unless `retries` allows more.
const REPEATS: u32 = 3;

/// The verdict on attempt `attempt` of `step`.
pub(crate) fn verdict(step: &Step, attempt: u32, outcome: &StepOutcome) -> Verdict {
    let again = attempt <= step.retries;
    match outcome {
        StepOutcome::Succeeded | StepOutcome::Skipped => Verdict::Fine,
        StepOutcome::Failed {
            end: CommandEnd::Fenced,
        } => Verdict::Fenced,
        StepOutcome::Failed { end } if may_retry(step, attempt, *end) => Verdict::Retry,
        StepOutcome::Broken { .. } if again => Verdict::Retry,
        StepOutcome::Failed { .. } | StepOutcome::Broken { .. } if Plan::is_closing(step) => {
            Verdict::LockLeft
        }
        StepOutcome::Failed {
            end: CommandEnd::OtherHost,
        } => Verdict::Fail,
        StepOutcome::Failed { .. } | StepOutcome::Broken { .. } if step.advisory => Verdict::Warn,
        StepOutcome::Failed { .. } | StepOutcome::Broken { .. } => Verdict::Fail,
    }
}

/// Whether a new attempt is allowed after this end. One whose fate is not known is repeated only where the step says
/// that this does no harm.
fn may_retry(step: &Step, attempt: u32, end: CommandEnd) -> bool {
    match end {
        CommandEnd::Exited(_)
        | CommandEnd::TimedOut
        | CommandEnd::IdleTimedOut
        | CommandEnd::NotStarted
        | CommandEnd::NoSpace => attempt <= step.retries,
        CommandEnd::Lost | CommandEnd::Rebooted => {
            step.repeatable && attempt < REPEATS.max(step.retries.saturating_add(1))
        }
        CommandEnd::Cancelled | CommandEnd::Fenced | CommandEnd::OtherHost => false,
    }
}

/// Whether an undo is tried again by itself: one that was not started always, one whose fate is not known only where it
/// may be repeated.
pub(crate) fn undo_again(
    attempt_of_this_run: u32,
    outcome: &StepOutcome,
    repeatable: bool,
) -> bool {
    let StepOutcome::Failed { end } = outcome else {
        return false;
    };
    let again = match end {
        CommandEnd::NotStarted => true,
        CommandEnd::Lost | CommandEnd::Rebooted => repeatable,
        _ => false,
    };
    again && attempt_of_this_run < REPEATS
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_model::{Action, ExitStatus, HostName, Phase, StepId, TaskName, Undo};

    fn step() -> Step {
        let (task, host) = (TaskName::new("build"), HostName::new("web1"));
        Step {
            id: StepId::of(&task, &host),
            task,
            phase: Phase::Updated,
            host,
            action: Action::Command {
                command: windlass_model::Command::script("true"),
            },
            undo: Undo::None {
                reason: "nothing stays".to_owned(),
            },
            batch: None,
            barrier: false,
            retries: 0,
            repeatable: false,
            advisory: false,
            show: "true".to_owned(),
        }
    }

    fn failed(end: CommandEnd) -> StepOutcome {
        StepOutcome::Failed { end }
    }

    #[test]
    fn a_lost_command_is_repeated_only_where_the_step_allows_it() {
        assert_eq!(
            verdict(&step(), 1, &failed(CommandEnd::Lost)),
            Verdict::Fail
        );
        let retried = Step {
            retries: 5,
            ..step()
        };
        assert_eq!(
            verdict(&retried, 1, &failed(CommandEnd::Lost)),
            Verdict::Fail
        );
        let repeatable = Step {
            repeatable: true,
            ..step()
        };
        assert_eq!(
            verdict(&repeatable, 1, &failed(CommandEnd::Lost)),
            Verdict::Retry
        );
        assert_eq!(
            verdict(&repeatable, 3, &failed(CommandEnd::Lost)),
            Verdict::Fail
        );
    }

    #[test]
    fn a_lost_undo_is_repeated_only_where_it_may_be() {
        let lost = failed(CommandEnd::Lost);
        assert!(undo_again(1, &lost, true));
        assert!(!undo_again(REPEATS, &lost, true));
        assert!(!undo_again(1, &lost, false));
        assert!(undo_again(1, &failed(CommandEnd::NotStarted), false));
        let exited = failed(CommandEnd::Exited(ExitStatus(1)));
        assert!(!undo_again(1, &exited, true));
    }

    #[test]
    fn retries_are_counted() {
        let end = failed(CommandEnd::Exited(ExitStatus(1)));
        let twice = Step {
            retries: 2,
            ..step()
        };
        assert_eq!(verdict(&twice, 2, &end), Verdict::Retry);
        assert_eq!(verdict(&twice, 3, &end), Verdict::Fail);
        assert_eq!(verdict(&step(), 1, &end), Verdict::Fail);
    }

    #[test]
    fn advisory_failures_warn_and_a_taken_over_deploy_stops() {
        let advisory = Step {
            advisory: true,
            ..step()
        };
        let end = failed(CommandEnd::Exited(ExitStatus(1)));
        assert_eq!(verdict(&advisory, 1, &end), Verdict::Warn);
        assert_eq!(
            verdict(&advisory, 1, &failed(CommandEnd::Fenced)),
            Verdict::Fenced
        );
    }

    #[test]
    fn the_lock_does_not_undo_a_deploy() {
        let unlock = Step {
            task: TaskName::new("unlock"),
            ..step()
        };
        for end in [CommandEnd::Exited(ExitStatus(1)), CommandEnd::OtherHost] {
            assert_eq!(verdict(&unlock, 1, &failed(end)), Verdict::LockLeft);
        }
    }
}
