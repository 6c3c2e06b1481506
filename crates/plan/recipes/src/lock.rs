//! The deploy lock: taken while the facts are asked, freed as the very last thing.

use crate::script::{COMMON, body, values};
use windlass_model::plan::{Phase, UNLOCK};
use windlass_model::{Command, DeployId, Script, Undo};
use windlass_planner::{Draft, Recipe, Scope, ScopeHost, TaskSpec};

const GOOD: &str = include_str!("sh/unlock_good.sh");
const CLOSE: &str = include_str!("sh/close.sh");
const ABANDON: &str = include_str!("sh/abandon.sh");

/// How many deploys leave their records on a host.
const KEPT_DEPLOYS: usize = 10;

/// The place of the lock among the tasks; it is taken before there is a plan.
pub(crate) struct DeployLock;

impl Recipe for DeployLock {
    fn name(&self) -> &'static str {
        "lock"
    }

    fn tasks(&self, _scope: &Scope<'_>) -> Vec<TaskSpec> {
        vec![TaskSpec::new("lock", Phase::Starting)]
    }

    fn unlock_after_undo(&self, scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Command> {
        // Those that share a root hold one lock; whoever freed it first would do so under the others.
        if host.shares_root {
            return None;
        }
        let script = closing_values(scope, host).var("decision", "undone");
        Some(scope.own(host, script.with(&body(&[COMMON, CLOSE]))))
    }
}

/// Ends a deploy that went well.
pub(crate) struct Unlock;

impl Recipe for Unlock {
    fn name(&self) -> &'static str {
        UNLOCK
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let drafts = scope.root_keepers().map(|host| unlock(scope, host));
        vec![
            TaskSpec::new(UNLOCK, Phase::Finished)
                .after_all()
                .with(drafts),
        ]
    }
}

fn unlock(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let text = if host.files {
        body(&[COMMON, GOOD, CLOSE])
    } else {
        body(&[COMMON, CLOSE])
    };
    let script = closing_values(scope, host)
        .var("decision", "done")
        .with(&text);
    let undo = Undo::None {
        reason: "the deploy is over".to_owned(),
    };
    let show = "the release is good; free the deploy lock";
    Draft::command(host.name(), scope.own(host, script), undo, show).repeatable()
}

fn closing_values(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Script {
    let others: Vec<&DeployId> = host
        .facts
        .deploys
        .iter()
        .map(|deploy| &deploy.id)
        .filter(|id| **id != scope.request.deploy)
        .collect();
    let surplus = (others.len() + 1).saturating_sub(KEPT_DEPLOYS);
    let old: Vec<&DeployId> = others.into_iter().take(surplus).collect();
    values(scope, host).each("each_old_deploy", &old)
}

/// The script that ends a deploy whose controller is gone, after it was taken over and its jobs were stopped: its
/// unpublished release is moved aside, a published one stays; then the lock is freed. It is for `sh -e`, and does nothing
/// where another deploy holds the lock.
pub fn unlock_script(root: &str, deploy: &DeployId) -> String {
    of_another(root, deploy)
        .each("each_old_deploy", &[] as &[&str])
        .var("decision", "unlocked")
        .with(&body(&[COMMON, ABANDON, CLOSE]))
}

/// The values about a deploy of which only the lock is known.
fn of_another(root: &str, deploy: &DeployId) -> Script {
    Script::new()
        .path("root", root)
        .var("deploy", deploy.as_str())
        .var("release", "")
        .var("revision", "")
}
