//! Migrations: once, on the primary of a role, when every host is ready and none has published.

use super::{nowhere, rails};
use windlass_model::plan::Phase;
use windlass_model::technology::Migrate;
use windlass_model::{DeployKind, Script, Undo, shell};
use windlass_planner::{Draft, Note, Scope, ScopeHost, TaskSpec};

const TASK: &str = "rails:migrate";
const RUN: &str = "rake \"$task\"\n";

/// The task; without a step where nothing is to be migrated.
pub(super) fn task(scope: &Scope<'_>) -> TaskSpec {
    let host = wanted(scope).then(|| host(scope).ok()).flatten();
    // A host that cannot be made ready must not leave a database behind that is ahead of all hosts.
    TaskSpec::new(TASK, Phase::Updated)
        .after_all()
        .for_all()
        .with(host.map(|host| migrate(scope, host)))
}

/// That nothing is migrated, and why.
pub(super) fn note(scope: &Scope<'_>) -> Option<Note> {
    if !wanted(scope) || scope.kind() == DeployKind::Rollback {
        return None;
    }
    let reason = host(scope).err()?;
    let hint = "`migration_role` in [rails] names the role; `migrate = \"never\"` turns it off";
    Some(nowhere(TASK, &reason, hint))
}

fn wanted(scope: &Scope<'_>) -> bool {
    scope.request.inventory.settings.rails.migrate != Migrate::Never
}

/// The primary of the role, or why there is none. A filter never moves migrations to another host.
fn host<'s, 'a>(scope: &'s Scope<'a>) -> Result<&'s ScopeHost<'a>, String> {
    let role = &scope.request.inventory.settings.rails.migration_role;
    let primary = scope.request.inventory.primaries.get(role);
    let Some(primary) = primary else {
        return Err(format!("no host has the role `{role}`"));
    };
    match scope.host(primary) {
        Some(host) if host.release() => Ok(host),
        Some(_) => Err(format!("{primary} makes no releases")),
        None => Err(format!("{primary} is not part of this run")),
    }
}

fn migrate(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let settings = &host.settings().rails;
    let values = Script::new().var("task", &settings.migration_command);
    let mut command = rails(scope, host, &values, &[RUN]);
    let mut show = format!("rake {}", settings.migration_command);
    if settings.migrate == Migrate::IfChanged {
        let new = format!("{}/db", scope.release_path(host));
        let live = format!("{}/db", host.layout.current());
        let compared = shell::join(["diff", "-qr", &new, &live]);
        command.when = Some(format!("! {compared} >/dev/null 2>&1\n"));
        show.push_str(", where db differs from the live one");
    }
    let undo = Undo::None {
        reason: "a migration is not taken back".to_owned(),
    };
    Draft::command(host.name(), command, undo, show)
}
