//! Tasks and hosts to steps: the order on each host, and where hosts wait for each other.

use crate::recipe::{Barrier, TaskSpec};
use std::collections::BTreeSet;
use windlass_model::plan::Phase;
use windlass_model::{Action, HostName, Step, StepId};

/// The steps of tasks that are in their order. Where hosts share a deploy root, those without file steps of their own wait
/// for the host that does them.
pub(crate) fn steps(
    order: Vec<(Phase, TaskSpec)>,
    hosts: &[HostName],
    share_a_root: bool,
) -> Vec<Step> {
    let mut waiting = Waiting {
        share_a_root,
        ..Waiting::default()
    };
    let mut steps = Vec::new();
    for (phase, spec) in order {
        let barrier = waiting.barrier(&spec) && hosts.len() > 1 && !spec.drafts.is_empty();
        for host in hosts {
            for draft in spec.drafts.iter().filter(|draft| &draft.host == host) {
                steps.push(Step {
                    id: StepId::of(&spec.name, host),
                    task: spec.name.clone(),
                    phase,
                    host: host.clone(),
                    action: draft.action.clone(),
                    undo: draft.undo.clone(),
                    barrier,
                    retries: draft.retries,
                    repeatable: draft.repeatable,
                    advisory: draft.advisory,
                    show: draft.show.clone(),
                });
            }
        }
    }
    steps
}

/// Where the tasks since the last barrier ran, as far as a later one may count on them.
#[derive(Default)]
struct Waiting {
    share_a_root: bool,
    ran_on: Option<BTreeSet<HostName>>,
    ran_here: bool,
}

impl Waiting {
    /// Whether hosts wait for each other before `spec`.
    fn barrier(&mut self, spec: &TaskSpec) -> bool {
        if spec.drafts.is_empty() {
            return false;
        }
        let hosts: BTreeSet<HostName> =
            spec.drafts.iter().map(|draft| draft.host.clone()).collect();
        let local = spec
            .drafts
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
