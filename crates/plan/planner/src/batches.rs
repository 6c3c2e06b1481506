//! Which hosts go out together, from the setting `batches`.
//!
//! Only hosts with something to do between the first flip and the last are counted: a canary on which nothing is published
//! would prove nothing. Hosts that share a deploy root have one `current` and are never parted. Every batch has a host, and
//! together they have all.

use crate::recipe::TaskSpec;
use crate::scope::Scope;
use std::collections::BTreeSet;
use windlass_model::HostName;
use windlass_model::plan::Phase;
use windlass_model::rollout::Reach;

/// Whether what stands in a phase goes out batch by batch.
pub(crate) fn goes_out(phase: Phase) -> bool {
    matches!(phase, Phase::Publishing | Phase::Published)
}

/// The hosts of each batch, in the order of the inventory.
pub(crate) fn batches(scope: &Scope<'_>, order: &[(Phase, TaskSpec)]) -> Vec<Vec<HostName>> {
    let out = order.iter().filter(|(phase, _)| goes_out(*phase));
    let busy: BTreeSet<&HostName> = out
        .flat_map(|(_, spec)| spec.drafts.iter().map(|draft| &draft.host))
        .collect();
    let settings = &scope.request.inventory.settings.rollout;
    cut(&settings.batches, together(scope, &busy))
}

/// The hosts of each deploy root that are busy.
fn together(scope: &Scope<'_>, busy: &BTreeSet<&HostName>) -> Vec<Vec<HostName>> {
    let mut groups: Vec<(Option<&String>, Vec<HostName>)> = Vec::new();
    for host in scope.hosts.iter().filter(|host| busy.contains(host.name())) {
        let root = host.facts.root_id.as_ref();
        let same = groups
            .iter_mut()
            .find(|(other, _)| root.is_some() && *other == root);
        match same {
            Some((_, group)) => group.push(host.name().clone()),
            None => groups.push((root, vec![host.name().clone()])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Each batch reaches as far as it says, and at least one host farther than the one before; a last one has the rest.
fn cut(reaches: &[Reach], groups: Vec<Vec<HostName>>) -> Vec<Vec<HostName>> {
    let all = groups.iter().map(Vec::len).sum();
    let mut groups = groups.into_iter();
    let mut so_far = 0_usize;
    let mut batches = Vec::new();
    for reach in reaches.iter().copied().chain([Reach::Percent(100)]) {
        let wanted = reach.of(all).max(so_far.saturating_add(1));
        let mut batch = Vec::new();
        while so_far < wanted {
            let Some(group) = groups.next() else { break };
            so_far = so_far.saturating_add(group.len());
            batch.extend(group);
        }
        if !batch.is_empty() {
            batches.push(batch);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(reaches: &[&str], groups: &[usize]) -> Vec<usize> {
        let mut number = 0..;
        let groups = groups.iter().map(|size| {
            let names = number.by_ref().take(*size);
            names.map(|n| HostName::new(format!("web{n}"))).collect()
        });
        let reaches: Vec<Reach> = reaches
            .iter()
            .map(|text| Reach::parse(text).unwrap())
            .collect();
        cut(&reaches, groups.collect())
            .iter()
            .map(Vec::len)
            .collect()
    }

    #[test]
    fn a_canary_a_tenth_and_the_rest() {
        assert_eq!(sizes(&["1", "10%", "100%"], &[1; 50]), [1, 4, 45]);
        assert_eq!(sizes(&["1", "10%", "100%"], &[1; 4]), [1, 1, 2]);
        assert_eq!(sizes(&["1", "10%", "100%"], &[1; 2]), [1, 1]);
        assert_eq!(sizes(&["1", "10%", "100%"], &[1]), [1]);
    }

    #[test]
    fn what_does_not_reach_all_is_completed_and_without_batches_all_go_together() {
        assert_eq!(sizes(&["1", "50%"], &[1; 10]), [1, 4, 5]);
        assert_eq!(sizes(&[], &[1; 10]), [10]);
        assert_eq!(sizes(&["200"], &[1; 10]), [10]);
        assert_eq!(sizes(&["1"], &[]), [0_usize; 0]);
    }

    #[test]
    fn hosts_that_share_a_root_are_never_parted() {
        assert_eq!(sizes(&["1", "2", "100%"], &[3, 1, 1]), [3, 1, 1]);
        assert_eq!(sizes(&["1", "100%"], &[1, 3]), [1, 3]);
    }
}
