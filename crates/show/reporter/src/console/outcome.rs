//! Outcomes in words.

use crate::words::duration;
use std::time::Duration;
use windlass_model::event::DeployEnd;
use windlass_model::{CommandEnd, StepOutcome};

/// What a step did, after its name: `succeeded after 0.4 s`, `failed after 1m48s: exit status 1`.
pub(crate) fn sentence(outcome: &StepOutcome, took: Duration) -> String {
    let after = duration::prose(took);
    match outcome {
        StepOutcome::Succeeded => format!("succeeded after {after}"),
        StepOutcome::Skipped => "was skipped: nothing to do".to_owned(),
        StepOutcome::Broken { reason } => format!("failed after {after}: {reason}"),
        StepOutcome::Failed { end } => failed(*end, &after),
    }
}

fn failed(end: CommandEnd, after: &str) -> String {
    match end {
        CommandEnd::Exited(status) if status.signal().is_none() => {
            format!("failed after {after}: {end}")
        }
        CommandEnd::Exited(_) | CommandEnd::Cancelled | CommandEnd::Rebooted => {
            format!("was {end} after {after}")
        }
        CommandEnd::TimedOut | CommandEnd::IdleTimedOut => format!("was {end} ({after})"),
        CommandEnd::Lost => format!("is {end}"),
        CommandEnd::NotStarted
        | CommandEnd::NoSpace
        | CommandEnd::Fenced
        | CommandEnd::OtherHost => {
            format!("was {end}")
        }
    }
}

/// How a step failed, behind its mark: `exit status 1`. Nothing where it did not.
pub(crate) fn brief(outcome: &StepOutcome) -> Option<String> {
    match outcome {
        StepOutcome::Succeeded => None,
        StepOutcome::Skipped => Some("skipped".to_owned()),
        StepOutcome::Failed { end } => Some(end.to_string()),
        StepOutcome::Broken { reason } => Some(reason.clone()),
    }
}

/// How a deploy ended, in a word or three.
pub(crate) fn end_word(end: DeployEnd) -> &'static str {
    match end {
        DeployEnd::Deployed => "deployed",
        DeployEnd::Undone => "failed and undone",
        DeployEnd::CancelledUndone => "cancelled and undone",
        DeployEnd::Stopped => "stopped part way",
        DeployEnd::Stuck => "stuck",
        DeployEnd::Parked => "parked",
        DeployEnd::Fenced => "ended by another controller",
        DeployEnd::GivenUp => "given up",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_model::ExitStatus;

    #[test]
    fn every_outcome_reads_as_a_sentence() {
        let took = Duration::from_secs(108);
        let ends = [
            CommandEnd::Exited(ExitStatus(0)),
            CommandEnd::Exited(ExitStatus(1)),
            CommandEnd::Exited(ExitStatus(137)),
            CommandEnd::Exited(ExitStatus(200)),
            CommandEnd::TimedOut,
            CommandEnd::IdleTimedOut,
            CommandEnd::Cancelled,
            CommandEnd::NotStarted,
            CommandEnd::NoSpace,
            CommandEnd::Lost,
            CommandEnd::Rebooted,
            CommandEnd::Fenced,
            CommandEnd::OtherHost,
        ];
        let mut text: Vec<String> = ends
            .map(|end| sentence(&StepOutcome::from(end), took))
            .to_vec();
        text.push(sentence(&StepOutcome::Skipped, took));
        let reason = "no answer from `git`".to_owned();
        text.push(sentence(&StepOutcome::Broken { reason }, took));
        insta::assert_snapshot!(text.join("\n"), @r"
succeeded after 1m48s
failed after 1m48s: exit status 1
was killed by SIGKILL (often the out-of-memory killer) after 1m48s
failed after 1m48s: exit status 200
was stopped after its timeout (1m48s)
was stopped after saying nothing for its idle_timeout (1m48s)
was cancelled after 1m48s
was not started
was not started: no space left on the host for its record
is lost: its process is gone and left no exit status
was cut short by a reboot of the host after 1m48s
was not started: another controller has taken over
was not started: another machine answers under this name
was skipped: nothing to do
failed after 1m48s: no answer from `git`
");
    }
}
