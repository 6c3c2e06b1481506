//! Whose the deploy is, and what another machine finds of it.

use super::{Job, World};
use std::collections::BTreeMap;
use windlass_engine::{
    CommandInfo, CommandResult, CommandState, JobInfo, JobState, Owned, Place, Shown, deposit,
};
use windlass_model::HostName;

impl World {
    /// Makes the caller the owner at every host; gives the numbers that it speaks with from now on.
    pub fn take_over(&self) -> BTreeMap<HostName, u64> {
        let mut inner = self.lock();
        for fence in inner.fences.values_mut() {
            *fence += 1;
        }
        inner.fences.clone()
    }

    /// A file that was left on a host for other machines: `plan` or `decided`.
    pub fn left(&self, host: &HostName, name: &str) -> Option<Vec<u8>> {
        self.lock()
            .left
            .get(&(host.clone(), name.to_owned()))
            .cloned()
    }

    /// What the hosts show another machine: all jobs, and the last decision that was left on any.
    pub fn shown(&self) -> Shown {
        let inner = self.lock();
        let mut decided = inner.left.iter().filter(|((_, name), _)| name == "decided");
        let decided = decided.find_map(|(_, bytes)| deposit::read_decisions(bytes).ok());
        Shown {
            jobs: inner.jobs.values().map(Job::info).collect(),
            decided: decided.unwrap_or_default(),
        }
    }

    pub(crate) fn leave(&self, host: &HostName, path: &str, bytes: &[u8]) {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        self.lock()
            .left
            .insert((host.clone(), name), bytes.to_vec());
    }

    pub(crate) fn owned(&self, host: &HostName, place: &Place) -> Owned {
        let inner = self.lock();
        let newest = inner.fences.get(host);
        if !inner.locked.contains(host) {
            return Owned::Over;
        }
        match place {
            Place::Deploy { fence, .. } if newest == Some(fence) => Owned::Ours,
            _ => Owned::Lost,
        }
    }
}

impl Job {
    fn info(&self) -> JobInfo {
        let report = self.report(&self.spec, windlass_model::CommandEnd::Lost);
        let commands = self.spec.commands.iter().zip(report.commands);
        let commands: Vec<CommandInfo> = commands
            .map(|(command, report)| CommandInfo {
                step: command.step.clone(),
                attempt: command.attempt,
                state: match report.result {
                    CommandResult::Ended { end, duration, .. } => {
                        CommandState::Ended { end, duration }
                    }
                    CommandResult::Skipped => CommandState::Skipped,
                    CommandResult::NotReached if self.end.is_some() => CommandState::NotReached,
                    CommandResult::NotReached => CommandState::Open,
                },
            })
            .collect();
        let state = match self.end {
            Some(_) if commands.is_empty() => JobState::NeverStarts,
            Some(end) => JobState::Ended(end),
            None => JobState::Running { pid: 1 },
        };
        JobInfo {
            key: self.spec.key.clone(),
            state,
            commands,
        }
    }
}
