//! How the hosts of a run stand, and what that comes to: its end, its exit code, and what a person is told.

use crate::args::Global;
use crate::screen::say;
use std::collections::BTreeMap;
use windlass_model::event::DeployEnd;
use windlass_model::{CommandEnd, DeployId, ExitCode, HostName, StepOutcome};

/// How a host stands when its job is followed no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// The command ended.
    Over(StepOutcome),
    /// It runs and is left alone.
    Started,
    /// It could not be followed to its end.
    GivenUp,
    /// It was to be stopped, and processes of it are left.
    Stuck,
}

impl Stand {
    pub(super) fn is_fine(&self) -> bool {
        matches!(self, Self::Over(outcome) if outcome.is_fine())
    }

    /// Whether the command was started, whatever came of it.
    fn was_started(&self) -> bool {
        match self {
            Self::Started => true,
            Self::Over(outcome) => outcome.may_have_begun(),
            Self::GivenUp | Self::Stuck => false,
        }
    }
}

/// The hosts of a run and how they stand.
pub(crate) type Ends = BTreeMap<HostName, Stand>;

/// The end of a run that is over on all its hosts.
pub(super) fn end(ends: &Ends) -> DeployEnd {
    let is_cancelled = |stand: &Stand| {
        let end = CommandEnd::Cancelled;
        *stand == Stand::Over(StepOutcome::Failed { end })
    };
    if ends.values().all(Stand::is_fine) {
        DeployEnd::Deployed
    } else if ends.values().any(is_cancelled) {
        DeployEnd::CancelledUndone
    } else {
        DeployEnd::Undone
    }
}

/// On one host the command's own status, on several 1 if any failed.
pub(crate) fn code(ends: &Ends) -> ExitCode {
    if ends.values().all(Stand::is_fine) {
        return ExitCode::Done;
    }
    if ends.values().all(|stand| *stand == Stand::GivenUp) {
        return ExitCode::Unreachable;
    }
    match ends.values().next() {
        Some(Stand::Over(StepOutcome::Failed {
            end: CommandEnd::Exited(status),
        })) if ends.len() == 1 => ExitCode::Command(status.0),
        _ => ExitCode::Failed,
    }
}

/// A run that was cancelled has not done what it was for, whatever it came to.
pub(crate) fn stopped(ends: &Ends) -> ExitCode {
    let is_any = |wanted: Stand| ends.values().any(|stand| *stand == wanted);
    if is_any(Stand::Stuck) {
        ExitCode::Stuck
    } else if is_any(Stand::GivenUp) {
        ExitCode::Unreachable
    } else {
        ExitCode::Failed
    }
}

/// Says that processes of a job cannot be got rid of.
pub(crate) fn unkillable(pids: &[u32]) -> String {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    let pids = pids.join(", ");
    format!("the command does not end, not even killed (process {pids})")
}

/// What a person can do about a command that is left alone.
pub(super) fn ways(id: &DeployId) -> String {
    format!("windlass attach {id} shows it, windlass cancel {id} stops it")
}

/// Says where a command that is left alone was started. What kept it from being started was told by its host.
pub(super) fn announced(global: &Global, id: &DeployId, ends: &Ends) -> ExitCode {
    let started: Vec<&str> = ends
        .iter()
        .filter(|(_, stand)| stand.was_started())
        .map(|(host, _)| host.as_str())
        .collect();
    if started.is_empty() {
        return code(ends);
    }
    if started.len() == ends.len() {
        say(&global.typed_for_run(&format!("started; {}", ways(id))));
        return ExitCode::Parked;
    }
    let hosts = started.join(", ");
    say(&global.typed_for_run(&format!("started on {hosts} only; {}", ways(id))));
    ExitCode::Failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_model::ExitStatus;

    fn stand(end: CommandEnd) -> Stand {
        Stand::Over(StepOutcome::from(end))
    }

    fn on_hosts(stands: &[Stand]) -> Ends {
        let named = |(number, stand): (usize, &Stand)| {
            (HostName::new(format!("web{number}")), stand.clone())
        };
        stands.iter().enumerate().map(named).collect()
    }

    #[test]
    fn one_host_gives_its_status_and_several_say_whether_all_went_well() {
        let done = stand(CommandEnd::Exited(ExitStatus(0)));
        let seven = stand(CommandEnd::Exited(ExitStatus(7)));
        let cases = [
            (vec![done.clone()], ExitCode::Done),
            (vec![seven.clone()], ExitCode::Command(7)),
            (vec![seven, done.clone()], ExitCode::Failed),
            (vec![Stand::GivenUp], ExitCode::Unreachable),
            (vec![Stand::GivenUp, Stand::GivenUp], ExitCode::Unreachable),
            (vec![Stand::GivenUp, done], ExitCode::Failed),
        ];
        for (stands, expected) in cases {
            assert_eq!(code(&on_hosts(&stands)), expected, "{stands:?}");
        }
    }

    #[test]
    fn a_run_that_was_to_be_stopped_never_ends_with_0() {
        let done = stand(CommandEnd::Exited(ExitStatus(0)));
        let cases = [
            (vec![done.clone()], ExitCode::Failed),
            (vec![stand(CommandEnd::Cancelled)], ExitCode::Failed),
            (vec![Stand::GivenUp, done.clone()], ExitCode::Unreachable),
            (vec![Stand::GivenUp, Stand::Stuck, done], ExitCode::Stuck),
        ];
        for (stands, expected) in cases {
            assert_eq!(stopped(&on_hosts(&stands)), expected, "{stands:?}");
        }
    }

    #[test]
    fn a_command_without_room_for_its_record_was_not_started() {
        let id = DeployId::new("x-1");
        let ended = stand(CommandEnd::Exited(ExitStatus(7)));
        for end in [CommandEnd::NoSpace, CommandEnd::NotStarted] {
            let stands = [stand(end)];
            assert_eq!(
                announced(&Global::default(), &id, &on_hosts(&stands)),
                ExitCode::Failed
            );
            let stands = [Stand::Started, stand(end)];
            assert_eq!(
                announced(&Global::default(), &id, &on_hosts(&stands)),
                ExitCode::Failed
            );
        }
        let stands = [Stand::Started, ended];
        assert_eq!(
            announced(&Global::default(), &id, &on_hosts(&stands)),
            ExitCode::Parked
        );
    }
}
