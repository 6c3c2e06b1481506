//! Old releases go: only completed ones count for keep, and what is live, was live or would be gone back to stays.

use crate::script::{COMMON, GIT, body, count, values};
use std::collections::BTreeSet;
use windlass_facts::HostFacts;
use windlass_model::overview::{Removal, Stay, Why};
use windlass_model::plan::Phase;
use windlass_model::release::{Release, ReleaseState};
use windlass_model::{DeployKind, ReleaseName, Undo};
use windlass_planner::{Draft, Recipe, Scope, ScopeHost, TaskSpec};

const CLEAN: &str = include_str!("sh/cleanup.sh");

/// Removes old releases.
pub(crate) struct Cleanup;

impl Recipe for Cleanup {
    fn name(&self) -> &'static str {
        "cleanup"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let wanted = scope.kind() == DeployKind::Deploy;
        let hosts = scope.file_hosts().filter(|_| wanted);
        let drafts = hosts.map(|host| clean(scope, host));
        // Nothing is removed before the release is known to work everywhere.
        vec![
            TaskSpec::new("cleanup", Phase::Finishing)
                .after_all()
                .with(drafts),
        ]
    }

    fn removes(&self, scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Removal> {
        (scope.kind() == DeployKind::Deploy).then(|| removal(host))
    }
}

fn clean(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let removal = removal(host);
    let (victims, keep) = (&removal.removed, removal.keep);
    let kept = host
        .facts
        .repository
        .iter()
        .flat_map(|repository| &repository.kept);
    let refs: Vec<&ReleaseName> = kept
        .filter(|name| victims.contains(name) || host.facts.release(name).is_none())
        .filter(|name| **name != scope.release)
        .collect();
    let script = values(scope, host)
        .each("each_victim", victims)
        .each("each_failed", &removal.failed)
        .each("each_ref", &refs)
        .with(&body(&[COMMON, GIT, CLEAN]));
    let show = format!("{} (keep_releases {keep})", show(victims));
    let undo = Undo::None {
        reason: "what is removed is gone".to_owned(),
    };
    Draft::command(host.name(), scope.own(host, script), undo, show)
        .repeatable()
        .advisory()
}

fn show(victims: &[ReleaseName]) -> String {
    match victims {
        [] => "remove nothing".to_owned(),
        [one] => format!("remove {one}"),
        [first, .., last] => {
            format!(
                "remove {}, {first} to {last}",
                count(victims.len(), "release")
            )
        }
    }
}

/// What goes and what stays on a host.
fn removal(host: &ScopeHost<'_>) -> Removal {
    let (facts, keep) = (host.facts, host.settings().keep_releases);
    let newest_failed = facts.failed.len().saturating_sub(1);
    let mut removal = Removal {
        hosts: vec![host.name().clone()],
        keep,
        removed: Vec::new(),
        failed: facts.failed.iter().take(newest_failed).cloned().collect(),
        stays: Vec::new(),
    };
    for (release, why) in judged(facts, usize::try_from(keep).unwrap_or(usize::MAX)) {
        match why {
            Some(why) => removal.stays.push(Stay { release, why }),
            None => removal.removed.push(release),
        }
    }
    removal
}

/// The releases beside the one that this deploy brings, oldest first, each with the reason why it stays; none = it goes.
///
/// Of the completed ones the newest stay. One of which nothing is known stays as long as Capistrano would have kept it: as
/// one of the newest of all. One that was left unfinished by a deploy that is over goes.
fn judged(facts: &HostFacts, keep: usize) -> Vec<(ReleaseName, Option<Why>)> {
    let beside_the_new_one = keep.saturating_sub(1);
    let classified = facts.classified();
    let newest = |states: &[ReleaseState]| -> BTreeSet<&ReleaseName> {
        let newest = classified.iter().rev();
        let alike = newest.filter(|release| states.contains(&release.state));
        let names = alike.map(|release| &release.name);
        names.take(beside_the_new_one).collect()
    };
    let good = newest(&[ReleaseState::Good, ReleaseState::Live]);
    let known_or_not = newest(&[
        ReleaseState::Good,
        ReleaseState::Live,
        ReleaseState::Unknown,
    ]);
    let rollback_target = classified
        .iter()
        .rev()
        .find(|release| release.state == ReleaseState::Good)
        .map(|release| &release.name);
    let why = |release: &Release| {
        let among_the_newest = match release.state {
            ReleaseState::Good | ReleaseState::Live => good.contains(&release.name),
            ReleaseState::Unknown => known_or_not.contains(&release.name),
            ReleaseState::Building | ReleaseState::Ready | ReleaseState::Failed => false,
        };
        if facts.live.as_ref() == Some(&release.name) {
            Some(Why::Live)
        } else if rollback_target == Some(&release.name) {
            Some(Why::RollbackTarget)
        } else {
            among_the_newest.then_some(Why::Newest)
        }
    };
    let judged = classified.iter();
    judged
        .map(|release| (release.name.clone(), why(release)))
        .collect()
}
