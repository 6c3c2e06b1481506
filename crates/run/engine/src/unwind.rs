//! The way back: every step that was begun is undone, on each host in reverse order; the locks are freed last. Hosts that
//! keep the release say their last words meanwhile.
//!
//! A host's undo begins when nothing of ours runs there any more, and never beside what it undoes. An undo that fails does
//! not keep the others from running; then the deploy is stuck, and the next `resume` tries what is left.

use crate::Control;
use crate::dispatcher::{Dispatcher, Turn};
use crate::error::Error;
use crate::flight::{Part, Side, Task, Unit};
use crate::recover::UNDO;
use crate::twins::Twins;
use std::time::Duration;
use windlass_job::{JobCommand, JobSpec};
use windlass_journal::{Attempt, Decision};
use windlass_model::event::DeployEnd;
use windlass_model::plan::UNLOCK;
use windlass_model::{
    Command, CommandEnd, HostName, JobKey, Step, StepId, StepOutcome, TaskName, Undo,
};

/// The name under which the journal keeps the freeing of a host's lock after an undo.
pub(crate) fn lock_step(host: &HostName) -> StepId {
    StepId::of(&TaskName::new(UNLOCK), host)
}

/// An undo in a few words.
pub(crate) fn undo_shown(step: &Step) -> String {
    match &step.undo {
        Undo::Commands { show, .. } | Undo::Local { show, .. } => show.clone(),
        Undo::None { reason } => reason.clone(),
    }
}

impl Dispatcher {
    /// Undoes what was begun, frees the locks, and says how it ended.
    pub(crate) async fn unwind(&mut self) -> Result<DeployEnd, Error> {
        self.draining = false;
        for host in self.rebooted_hosts() {
            self.ask_boot(&host);
        }
        loop {
            let parking = self.wanted() == Control::Park;
            if parking && self.may_park() {
                return Ok(DeployEnd::Parked);
            }
            if matches!(self.turn, Some(Turn::Fenced)) {
                return Ok(DeployEnd::Fenced);
            }
            self.stop_open()?;
            let hosts = self.plan.hosts.iter().map(|host| &host.target.name);
            let (kept, hosts): (Vec<HostName>, Vec<HostName>) =
                hosts.cloned().partition(|host| self.keeps(host));
            let waiting = parking || self.is_deciding();
            for host in kept.iter().filter(|_| !waiting) {
                self.finish_next(host)?;
            }
            let mut undoing = waiting;
            for host in hosts.iter().filter(|_| !waiting) {
                undoing |= self.undo_next(host)?;
            }
            if !undoing {
                for host in &hosts {
                    self.free_lock(host)?;
                }
            }
            self.end_turn().await?;
            if self.is_quiet() {
                return Ok(self.verdict());
            }
            self.wait().await?;
        }
    }

    pub(crate) fn verdict(&self) -> DeployEnd {
        let whole = self.doubt.is_empty() && self.stuck.is_empty() && self.undo_failed.is_empty();
        match &self.state.undo {
            _ if !whole => DeployEnd::Stuck,
            Some(Decision::Undo {
                cancelled: true, ..
            }) => DeployEnd::CancelledUndone,
            Some(Decision::Undo {
                kept, failed: None, ..
            }) if !kept.is_empty() && self.all_others_keep() => DeployEnd::Deployed,
            Some(Decision::Undo { kept, .. }) if !kept.is_empty() => DeployEnd::Stopped,
            _ => DeployEnd::Undone,
        }
    }

    /// Starts the next undo of a host. Says whether the host is not through with its undos.
    fn undo_next(&mut self, host: &HostName) -> Result<bool, Error> {
        if !self.is_well(host) {
            return Ok(false);
        }
        if self.is_busy(host) {
            return Ok(true);
        }
        match self.twins_of(host) {
            Twins::AtRest => {}
            Twins::AtWork => return Ok(true),
            Twins::Unknown(twin) => {
                let reason =
                    format!("it shares its deploy_to with {twin}, where a step may still run");
                self.doubt.insert(host.clone(), reason);
                return Ok(false);
            }
        }
        let mut under_way = self.undo_under_way(host);
        if let Some(unit) = under_way.take_if(|unit| matches!(unit.task, Task::Local(_))) {
            // Nobody follows it any more, so it is ended first; what it did is not known then.
            if !self.gone.contains(&unit.key) {
                self.stop_local(&unit.key, host);
                return Ok(true);
            }
            self.lost_undo(&unit)?;
        }
        if let Some(unit) = under_way.or_else(|| self.next_undo(host)) {
            self.send(unit)?;
            return Ok(true);
        }
        // What is left, if anything, waits for another host at the same root.
        let mut steps = self.plan.steps.iter().filter(|step| &step.host == host);
        Ok(steps.any(|step| self.is_to_be_undone(step)))
    }

    fn lost_undo(&mut self, unit: &Unit) -> Result<(), Error> {
        let outcome = StepOutcome::Failed {
            end: CommandEnd::Lost,
        };
        for part in &unit.parts {
            self.undo_ended(part.clone(), outcome.clone(), Duration::ZERO)?;
        }
        Ok(())
    }

    /// Frees the lock of a host that is undone. One whose undo failed keeps it: a person is needed there first.
    fn free_lock(&mut self, host: &HostName) -> Result<(), Error> {
        let id = lock_step(host);
        let before = self.state.undos.get(&id);
        let freed = before.is_some_and(Attempt::is_fine) || self.undo_failed.contains(&id);
        if freed || !self.is_root_settled(host) {
            return Ok(());
        }
        let Some(command) = self.plan.host(host).and_then(|host| host.unlock.clone()) else {
            return Ok(());
        };
        let under_way = before.filter(|attempt| attempt.is_open());
        let number = under_way.map_or_else(|| attempt_number(before), |attempt| attempt.number);
        let part = Part {
            step: id,
            attempt: number,
            commands: 1,
        };
        let unit = self.undo_unit(host, vec![part], Task::Local(vec![command]), true);
        unit.map_or(Ok(()), |unit| self.send(unit))
    }

    fn send(&mut self, unit: Unit) -> Result<(), Error> {
        let is_open = |part: &Part| {
            self.state
                .undos
                .get(&part.step)
                .is_some_and(Attempt::is_open)
        };
        if unit.parts.iter().any(is_open) {
            self.follow(unit);
            Ok(())
        } else {
            self.intend(unit)
        }
    }

    /// An undo that an earlier run of the engine sent.
    pub(crate) fn undo_under_way(&self, host: &HostName) -> Option<Unit> {
        let open = |step: &&Step| {
            let attempt = self.state.undos.get(&step.id)?;
            (attempt.is_open() && &step.host == host).then(|| attempt.job.clone())
        };
        let key = self.plan.steps.iter().find_map(|step| open(&step))?;
        let steps = self.plan.steps.iter().rev();
        let parts = steps.filter(|step| &step.host == host).filter_map(|step| {
            let attempt = self.state.undos.get(&step.id)?;
            (attempt.job == key).then_some((step, attempt.number))
        });
        self.unit_of_undos(host, parts.collect())
    }

    /// The next undos of a host: as many as may travel together.
    fn next_undo(&self, host: &HostName) -> Option<Unit> {
        let wait = self.undone_before(host);
        let steps = self.plan.steps.iter().enumerate().rev();
        let wanted = steps
            .take_while(|(at, _)| wait.is_none_or(|wait| *at > wait))
            .map(|(_, step)| step)
            .filter(|step| &step.host == host && self.is_to_be_undone(step))
            .map(|step| (step, attempt_number(self.state.undos.get(&step.id))))
            .collect::<Vec<_>>();
        let local = matches!(wanted.first()?.0.undo, Undo::Local { .. });
        let together = wanted
            .into_iter()
            .take_while(|(step, _)| matches!(step.undo, Undo::Local { .. }) == local)
            .take(if local { 1 } else { usize::MAX })
            .collect();
        self.unit_of_undos(host, together)
    }

    /// Whether a step has an undo that is still to be carried out by this run.
    pub(crate) fn is_to_be_undone(&self, step: &Step) -> bool {
        self.state.has_begun(&step.id)
            && !undo_commands(step).is_empty()
            && !self.state.undos.get(&step.id).is_some_and(Attempt::is_fine)
            && !self.undo_failed.contains(&step.id)
    }

    fn unit_of_undos(&self, host: &HostName, undos: Vec<(&Step, u32)>) -> Option<Unit> {
        let mut local = false;
        let mut parts = Vec::new();
        let mut commands = Vec::new();
        for (step, attempt) in undos {
            local |= matches!(step.undo, Undo::Local { .. });
            let own = undo_commands(step);
            parts.push(Part {
                step: step.id.clone(),
                attempt,
                commands: own.len(),
            });
            commands.extend(own.iter().cloned());
        }
        parts.retain(|part| part.commands > 0);
        self.undo_unit(host, parts, Task::Local(commands), !local)
    }

    /// Puts a unit together; `commands` holds the commands of all parts in order.
    fn undo_unit(
        &self,
        host: &HostName,
        parts: Vec<Part>,
        commands: Task,
        on_host: bool,
    ) -> Option<Unit> {
        let first = parts.first()?;
        let key = JobKey {
            deploy: self.plan.deploy.clone(),
            step: format!("{UNDO}{}", first.step),
            host: host.clone(),
            attempt: first.attempt,
        };
        let task = match commands {
            Task::Local(commands) if on_host => Task::Job(JobSpec {
                key: key.clone(),
                spends_reserve: true,
                place: self.place(host),
                commands: named(&parts, commands),
            }),
            task => task,
        };
        Some(Unit {
            host: host.clone(),
            key,
            side: Side::Undo,
            parts,
            task,
        })
    }
}

/// One failing undo does not keep the later ones from running.
fn named(parts: &[Part], commands: Vec<Command>) -> Vec<JobCommand> {
    let owners = parts
        .iter()
        .flat_map(|part| std::iter::repeat_n(part, part.commands));
    owners
        .zip(commands)
        .map(|(part, command)| JobCommand {
            step: part.step.clone(),
            attempt: part.attempt,
            command,
            advisory: true,
        })
        .collect()
}

fn undo_commands(step: &Step) -> &[Command] {
    match &step.undo {
        Undo::Commands { commands, .. } | Undo::Local { commands, .. } => commands,
        Undo::None { .. } => &[],
    }
}

fn attempt_number(before: Option<&Attempt>) -> u32 {
    before.map_or(1, |attempt| attempt.number.saturating_add(1))
}
