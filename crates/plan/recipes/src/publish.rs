//! `current` moves: by a rename, with the old target kept verbatim for the way back.

use crate::restart;
use crate::script::{COMMON, body, values};
use windlass_facts::ReleaseFacts;
use windlass_model::plan::{PUBLISH, Phase};
use windlass_model::{Command, DeployKind, Revision, Undo};
use windlass_planner::{Draft, Recipe, Scope, ScopeHost, TaskSpec};

const FLIP: &str = include_str!("sh/publish.sh");
const BACK: &str = include_str!("sh/flip_back.sh");

/// Publishes releases.
pub(crate) struct Publish;

impl Recipe for Publish {
    fn name(&self) -> &'static str {
        "publish"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let drafts = scope.file_hosts().map(|host| publish(scope, host));
        vec![
            TaskSpec::new(PUBLISH, Phase::Publishing)
                .after_all()
                .with(drafts),
        ]
    }
}

fn publish(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let taken_over = taken_over(host);
    let name = taken_over.map_or("", |release| release.name.as_str());
    let revision = taken_over.and_then(|release| release.revision.as_ref());
    let script = flip_values(scope, host)
        .var("taken_over", name)
        .var("its_revision", revision.map_or("", Revision::as_str))
        .with(&body(&[COMMON, FLIP]));
    let mut commands = vec![flip_back(scope, host)];
    commands.extend(restart::after_flip_back(scope, host));
    let undo = Undo::Commands {
        commands,
        repeatable: true,
        show: undo_show(host),
    };
    let show = format!("current → {}", scope.release);
    Draft::command(host.name(), scope.own(host, script), undo, show)
}

/// The live release, where it is Capistrano's: once it is not live any more, there may be no line in revisions.log to say
/// that it was completed.
fn taken_over<'a>(host: &ScopeHost<'a>) -> Option<&'a ReleaseFacts> {
    let live = host.facts.release(host.facts.live.as_ref()?)?;
    live.record.is_none().then_some(live)
}

fn flip_values(scope: &Scope<'_>, host: &ScopeHost<'_>) -> windlass_model::Script {
    // The state of the release is noted by the host that made it: those that share its root would speak at once.
    let new = scope.kind() == DeployKind::Deploy && !host.shares_root;
    values(scope, host).var("new", if new { "1" } else { "" })
}

/// Puts the old target back where this deploy moved the link. Any host of a shared root may do it.
pub(crate) fn flip_back(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Command {
    let place = scope
        .hosts
        .iter()
        .position(|other| other.name() == host.name())
        .unwrap_or(0);
    let script = flip_values(scope, host).var("place", &format!("back-{place}"));
    scope.own(host, script.with(&body(&[COMMON, BACK])))
}

/// `current → 20260101000000`, in the words of the plan.
fn undo_show(host: &ScopeHost<'_>) -> String {
    match (&host.facts.live, host.previous_target()) {
        (Some(live), _) => format!("current → {live}"),
        (None, Some(target)) => format!("current → {target}"),
        (None, None) => "remove current".to_owned(),
    }
}
