//! One job in the world: what it has told, and how it ended.

use super::Job;
use tokio::sync::watch;
use windlass_engine::{CommandReport, CommandResult, JobEvent, JobReport, JobSpec};
use windlass_model::{CommandEnd, ExitStatus};

impl Job {
    pub(super) fn new(spec: &JobSpec, end: Option<CommandEnd>) -> Self {
        Self {
            spec: spec.clone(),
            said: Vec::new(),
            end,
            changed: watch::channel(0).0,
            cancel: watch::channel(false).0,
        }
    }

    pub(super) fn tell(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// The command that has started and not ended.
    pub(super) fn running(&self) -> Option<usize> {
        match self.said.last() {
            Some(JobEvent::CommandStarted { index }) => Some(*index),
            _ => None,
        }
    }

    /// Advisory failures do not make a job fail.
    pub(super) fn whole(&self, last: CommandEnd) -> CommandEnd {
        let advisory = self
            .spec
            .commands
            .last()
            .is_some_and(|command| command.advisory);
        if advisory && matches!(last, CommandEnd::Exited(_)) {
            CommandEnd::Exited(ExitStatus(0))
        } else {
            last
        }
    }

    pub(super) fn report(&self, spec: &JobSpec, end: CommandEnd) -> JobReport {
        let ended = |wanted: usize| {
            self.said.iter().find_map(|event| match event {
                JobEvent::CommandEnded {
                    index,
                    end,
                    duration,
                } if *index == wanted => Some((*end, *duration)),
                _ => None,
            })
        };
        let commands = spec
            .commands
            .iter()
            .enumerate()
            .map(|(index, command)| CommandReport {
                step: command.step.clone(),
                result: match ended(index) {
                    Some((end, duration)) => CommandResult::Ended {
                        end,
                        duration,
                        stdout_len: 0,
                        stderr_len: 0,
                        truncated: false,
                    },
                    None => CommandResult::NotReached,
                },
            });
        JobReport {
            commands: commands.collect(),
            end,
        }
    }
}
