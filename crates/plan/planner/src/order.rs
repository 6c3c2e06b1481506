//! Tasks and hosts to steps: the order on each host, where hosts wait for each other, and what goes out with which batch.
//!
//! Batches are nothing but an order: all that is done to the hosts of one, between the first flip and the last, stands
//! together, and what comes first waits for all that stands before it.

use crate::batches::goes_out;
use crate::recipe::{Barrier, Draft, TaskSpec};
use std::collections::BTreeSet;
use std::time::Duration;
use windlass_model::plan::{PAUSE, Phase};
use windlass_model::units::show_duration;
use windlass_model::{Action, HostName, Step, StepId, TaskName, Undo};

/// How the hosts of a plan stand to each other.
#[derive(Clone, Copy)]
pub(crate) struct Company<'a> {
    /// All of them, in the order of the inventory.
    pub(crate) hosts: &'a [HostName],
    /// Those with something to publish, batch by batch.
    pub(crate) batches: &'a [Vec<HostName>],
    /// How long is waited between two batches.
    pub(crate) pause: Duration,
    /// Whether hosts share a deploy root. Those without file steps of their own then wait for the host that does them.
    pub(crate) share_a_root: bool,
}

/// The steps of tasks that are in their order.
pub(crate) fn steps(order: &[(Phase, TaskSpec)], company: Company<'_>) -> Vec<Step> {
    let mut line = Line::new(company);
    for (phase, spec) in order.iter().filter(|(phase, _)| *phase < Phase::Publishing) {
        line.task(*phase, spec, company.hosts, None);
    }
    for (batch, hosts) in company.batches.iter().enumerate() {
        let number = u32::try_from(batch).unwrap_or(u32::MAX);
        line.begin(number, hosts);
        for (phase, spec) in order.iter().filter(|(phase, _)| goes_out(*phase)) {
            line.task(*phase, spec, hosts, Some(number));
        }
    }
    line.all_wait = company.batches.len() > 1;
    let after = |phase: Phase| phase > Phase::Publishing && !goes_out(phase);
    for (phase, spec) in order.iter().filter(|(phase, _)| after(*phase)) {
        line.task(*phase, spec, company.hosts, None);
    }
    line.steps
}

/// The steps so far.
struct Line<'a> {
    company: Company<'a>,
    steps: Vec<Step>,
    waiting: Waiting,
    /// Whether what comes next waits for all hosts, whatever it is.
    all_wait: bool,
}

impl<'a> Line<'a> {
    fn new(company: Company<'a>) -> Self {
        Self {
            company,
            steps: Vec::new(),
            waiting: Waiting {
                share_a_root: company.share_a_root,
                ..Waiting::default()
            },
            all_wait: false,
        }
    }

    /// A batch begins; the first one when every host is ready, as publishing does in any case.
    fn begin(&mut self, batch: u32, hosts: &[HostName]) {
        self.all_wait = batch > 0;
        if let Some(first) = hosts.first().filter(|_| batch > 0)
            && !self.company.pause.is_zero()
        {
            self.steps.push(pause(first, batch, self.company.pause));
        }
    }

    /// A task on these hosts.
    fn task(&mut self, phase: Phase, spec: &TaskSpec, hosts: &[HostName], batch: Option<u32>) {
        let mut drafts: Vec<&Draft> = Vec::new();
        for host in hosts {
            drafts.extend(spec.drafts.iter().filter(|draft| &draft.host == host));
        }
        if drafts.is_empty() {
            return;
        }
        let waits = self.waiting.barrier(spec, &drafts);
        let barrier = (waits || self.all_wait) && self.company.hosts.len() > 1;
        self.all_wait = false;
        self.steps.extend(drafts.into_iter().map(|draft| Step {
            id: StepId::of(&spec.name, &draft.host),
            task: spec.name.clone(),
            phase,
            host: draft.host.clone(),
            batch,
            action: draft.action.clone(),
            undo: draft.undo.clone(),
            barrier,
            retries: draft.retries,
            repeatable: draft.repeatable,
            advisory: draft.advisory,
            show: draft.show.clone(),
        }));
    }
}

/// The wait before a batch, on behalf of the batch's first host.
fn pause(host: &HostName, batch: u32, length: Duration) -> Step {
    let task = TaskName::new(format!("{PAUSE}{}", batch.saturating_add(1)));
    Step {
        id: StepId::of(&task, host),
        task,
        phase: Phase::Publishing,
        host: host.clone(),
        batch: Some(batch),
        action: Action::Pause { length },
        undo: Undo::None {
            reason: "nothing is done".to_owned(),
        },
        barrier: true,
        retries: 0,
        repeatable: true,
        advisory: false,
        show: format!("wait {}", show_duration(length)),
    }
}

/// Where the tasks since the last barrier ran, as far as a later one may count on them.
#[derive(Default)]
struct Waiting {
    share_a_root: bool,
    ran_on: Option<BTreeSet<HostName>>,
    ran_here: bool,
}

impl Waiting {
    /// Whether hosts wait for each other before these steps of a task.
    fn barrier(&mut self, spec: &TaskSpec, drafts: &[&Draft]) -> bool {
        let hosts: BTreeSet<HostName> = drafts.iter().map(|draft| draft.host.clone()).collect();
        let local = drafts
            .iter()
            .any(|draft| matches!(draft.action, Action::Local { .. }));
        let barrier = match spec.barrier {
            Barrier::Never => {
                if self.share_a_root {
                    self.ran_on = Some(hosts);
                }
                return false;
            }
            Barrier::Always => true,
            Barrier::WhereHostsDiffer => {
                local || self.ran_here || self.ran_on.as_ref().is_some_and(|on| *on != hosts)
            }
        };
        // After a gate whatever hosts a task has are other ones.
        self.ran_on = Some(if spec.gate { BTreeSet::new() } else { hosts });
        self.ran_here = local;
        barrier
    }
}
