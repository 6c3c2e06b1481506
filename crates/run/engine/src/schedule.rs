//! Which steps may start now. Pure: the plan and the account so far in, groups of steps out.
//!
//! On each host the steps run in the order of the plan, one group at a time. A group is one step that is no command on
//! the host, or as many consecutive commands as may be sent ahead as one job. A group ends before a barrier, and before
//! publishing begins: no host publishes before every host is ready.

use std::collections::BTreeMap;
use windlass_journal::{Attempt, Progress, State};
use windlass_model::plan::Plan;
use windlass_model::{Action, HostName, Phase, Step};

/// The steps that may start, as one group for each host that is free.
pub(crate) fn ready<'p>(
    plan: &'p Plan,
    state: &State,
    is_free: impl Fn(&HostName) -> bool,
) -> Vec<Vec<&'p Step>> {
    let gates = Gates::new(plan, state);
    let mut lanes: BTreeMap<&HostName, Lane<'p>> = BTreeMap::new();
    for (position, step) in plan.steps.iter().enumerate() {
        if is_settled(step, state) {
            continue;
        }
        let lane = lanes.entry(&step.host).or_default();
        if !lane.closed {
            lane.offer(step, &gates, position);
        }
    }
    // In the order of the plan's hosts, not of their names.
    let hosts = plan.hosts.iter().map(|host| &host.target.name);
    hosts
        .filter(|host| is_free(host))
        .filter_map(|host| lanes.remove(host))
        .map(|lane| lane.group)
        .filter(|group| !group.is_empty())
        .collect()
}

/// Whether the steps after this one may go on. A host that failed and is gone on without holds nobody up.
pub(crate) fn is_settled(step: &Step, state: &State) -> bool {
    let spared = !state.spared.is_empty() && state.spared.contains_key(&step.host);
    spared || ended(step, state)
}

fn ended(step: &Step, state: &State) -> bool {
    state.step(&step.id).is_some_and(|attempt| {
        attempt.is_fine() || (step.advisory && matches!(attempt.progress, Progress::Ended { .. }))
    })
}

/// Whether every step up to the freeing of the locks has ended well.
pub(crate) fn is_done(plan: &Plan, state: &State) -> bool {
    plan.steps
        .iter()
        .filter(|step| !Plan::is_closing(step))
        .all(|step| is_settled(step, state))
}

/// Whether every step has ended well.
pub(crate) fn is_complete(plan: &Plan, state: &State) -> bool {
    plan.steps.iter().all(|step| is_settled(step, state))
}

/// The group that is being put together for one host.
#[derive(Default)]
struct Lane<'p> {
    group: Vec<&'p Step>,
    closed: bool,
}

impl<'p> Lane<'p> {
    fn offer(&mut self, step: &'p Step, gates: &Gates<'_>, position: usize) {
        let fits = match self.group.last() {
            None => gates.is_open(step, position),
            Some(last) => gates.may_follow(last, step),
        };
        if fits {
            self.group.push(step);
        }
        self.closed = !fits || !matches!(step.action, Action::Command { .. });
    }
}

/// What holds hosts together, looked up once for a whole pass over the plan.
struct Gates<'a> {
    state: &'a State,
    plan: &'a Plan,
    /// The position of the first step that is not settled.
    front: usize,
    /// Whether every step before publishing is settled.
    prepared: bool,
    single_host: bool,
}

impl<'a> Gates<'a> {
    fn new(plan: &'a Plan, state: &'a State) -> Self {
        let unsettled = |step: &Step| !is_settled(step, state);
        let mut hosts = plan.steps.iter().map(|step| &step.host);
        let first = hosts.next();
        Self {
            state,
            plan,
            front: plan
                .steps
                .iter()
                .position(unsettled)
                .unwrap_or(plan.steps.len()),
            prepared: !plan
                .steps
                .iter()
                .any(|step| step.phase < Phase::Publishing && unsettled(step)),
            single_host: hosts.all(|host| Some(host) == first),
        }
    }

    /// Whether a group may begin with this step.
    fn is_open(&self, step: &Step, position: usize) -> bool {
        if self.state.step(&step.id).is_some_and(Attempt::is_open) {
            return false;
        }
        let prepared = self.prepared || step.phase < Phase::Publishing;
        prepared && (!step.barrier || self.front >= self.barrier_begin(step, position))
    }

    /// Whether a group that ends with `last` may go on with `step`.
    fn may_follow(&self, last: &Step, step: &Step) -> bool {
        matches!(step.action, Action::Command { .. })
            && (!step.barrier || self.single_host)
            && (last.phase < Phase::Publishing) == (step.phase < Phase::Publishing)
    }

    /// Steps of one task that stand together wait for what is before all of them, not for each other: so the links of
    /// all hosts of a batch move together.
    fn barrier_begin(&self, step: &Step, position: usize) -> usize {
        let before = self.plan.steps.get(..position).unwrap_or_default();
        let together = before
            .iter()
            .rev()
            .take_while(|other| {
                other.barrier && other.task == step.task && other.batch == step.batch
            })
            .count();
        position.saturating_sub(together)
    }
}
