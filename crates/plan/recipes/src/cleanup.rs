//! Old releases go: only completed ones count for keep, and what is live, was live or would be gone back to stays.

use crate::script::{COMMON, GIT, body, count, values};
use std::collections::BTreeSet;
use windlass_facts::HostFacts;
use windlass_model::plan::Phase;
use windlass_model::release::ReleaseState;
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
}

fn clean(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let settings = host.settings();
    let keep = usize::try_from(settings.keep_releases).unwrap_or(usize::MAX);
    let victims = victims(host.facts, keep);
    let newest_failed = host.facts.failed.len().saturating_sub(1);
    let old_failed: Vec<&ReleaseName> = host.facts.failed.iter().take(newest_failed).collect();
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
        .each("each_victim", &victims)
        .each("each_failed", &old_failed)
        .each("each_ref", &refs)
        .with(&body(&[COMMON, GIT, CLEAN]));
    let show = format!("{} (keep_releases {keep})", show(&victims));
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

/// The releases to remove, oldest first, beside the one that this deploy brings.
///
/// Of the completed ones the newest stay. One of which nothing is known stays as long as Capistrano would have kept it: as
/// one of the newest of all. One that was left unfinished by a deploy that is over goes.
fn victims(facts: &HostFacts, keep: usize) -> Vec<ReleaseName> {
    let beside_the_new_one = keep.saturating_sub(1);
    let classified = facts.classified();
    let newest = |states: &[ReleaseState]| -> BTreeSet<&ReleaseName> {
        let names = classified
            .iter()
            .rev()
            .filter(|release| states.contains(&release.state));
        names
            .take(beside_the_new_one)
            .map(|release| &release.name)
            .collect()
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
    classified
        .iter()
        .filter(|release| match release.state {
            ReleaseState::Good | ReleaseState::Live => !good.contains(&release.name),
            ReleaseState::Unknown => !known_or_not.contains(&release.name),
            ReleaseState::Building | ReleaseState::Ready | ReleaseState::Failed => true,
        })
        .map(|release| &release.name)
        .filter(|name| facts.live.as_ref() != Some(name) && rollback_target != Some(name))
        .cloned()
        .collect()
}
