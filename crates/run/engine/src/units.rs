//! Groups of steps as units that can be handed to the backend, new or as they were sent before.

use crate::dispatcher::Dispatcher;
use crate::flight::{Part, Side, Task, Unit};
use windlass_job::{JobCommand, JobSpec, Place};
use windlass_model::{Action, HostName, JobKey, Step};

impl Dispatcher {
    /// Where the job records of a host lie, and by what it is known again.
    pub(crate) fn place(&self, host: &HostName) -> Place {
        let known = self.plan.host(host);
        let boot = self.boots.get(host);
        let taken_over = self.state.fences.get(host).copied();
        Place::Deploy {
            root: known.map(|host| host.root.clone()).unwrap_or_default(),
            deploy: self.plan.deploy.clone(),
            boot_id: boot
                .or(known.map(|host| &host.boot_id))
                .cloned()
                .unwrap_or_default(),
            root_id: known.map(|host| host.root_id.clone()).unwrap_or_default(),
            fence: taken_over
                .or(known.map(|host| host.fence))
                .unwrap_or_default(),
        }
    }

    /// The unit that an intent in the journal stands for, exactly as it was sent.
    pub(crate) fn rebuilt(&self, key: &JobKey) -> Option<Unit> {
        let mut steps = Vec::new();
        let mut parts = Vec::new();
        for step in &self.plan.steps {
            if let Some(attempt) = self
                .state
                .step(&step.id)
                .filter(|attempt| &attempt.job == key)
            {
                steps.push(step);
                parts.push(part(step, attempt.number));
            }
        }
        self.unit(key.clone(), &steps, parts)
    }

    /// A group of steps of one host as a unit, each in its next attempt.
    pub(crate) fn next_unit(&self, steps: &[&Step]) -> Option<Unit> {
        let number = |step: &Step| {
            let before = self.state.step(&step.id);
            before.map_or(1, |attempt| attempt.number.saturating_add(1))
        };
        let first = steps.first()?;
        let key = JobKey {
            deploy: self.plan.deploy.clone(),
            step: first.id.as_str().to_owned(),
            host: first.host.clone(),
            attempt: number(first),
        };
        let parts = steps.iter().map(|step| part(step, number(step))).collect();
        self.unit(key, steps, parts)
    }

    fn unit(&self, key: JobKey, steps: &[&Step], parts: Vec<Part>) -> Option<Unit> {
        let first = steps.first()?;
        let task = match &first.action {
            Action::Push { .. } => Task::Push(Box::new((*first).clone())),
            Action::Local { command } => Task::Local(vec![command.clone()]),
            Action::Pause { length } => Task::Pause(self.left_of(first, *length)),
            Action::Command { .. } => Task::Job(JobSpec {
                key: key.clone(),
                spends_reserve: false,
                place: self.place(&first.host),
                commands: steps
                    .iter()
                    .zip(&parts)
                    .filter_map(|(step, part)| job_command(step, part.attempt))
                    .collect(),
            }),
        };
        Some(Unit {
            host: first.host.clone(),
            key,
            side: Side::Forward,
            parts,
            task,
        })
    }
}

fn part(step: &Step, attempt: u32) -> Part {
    Part {
        step: step.id.clone(),
        attempt,
        commands: 1,
    }
}

fn job_command(step: &Step, attempt: u32) -> Option<JobCommand> {
    let Action::Command { command } = &step.action else {
        return None;
    };
    Some(JobCommand {
        step: step.id.clone(),
        attempt,
        command: command.clone(),
        advisory: step.advisory,
    })
}
