//! Compiled assets and their manifests.

use super::{nowhere, rails};
use crate::script::{COMMON, body, values};
use windlass_model::plan::Phase;
use windlass_model::{Command, DeployKind, Script, Undo};
use windlass_planner::{Draft, Note, Scope, ScopeHost, TaskSpec};

const MANIFESTS: &str = include_str!("../sh/manifests.sh");
const COMPILE: &str = include_str!("../sh/assets.sh");
const BACKUP: &str = include_str!("../sh/backup_manifest.sh");
const RESTORE: &str = include_str!("../sh/restore_manifest.sh");
const PUT_BACK: &str = "put_back \"$before\"\n";
const CLEAN: &str = "rake \"assets:clean[$keep]\"\n";
const NORMALIZE: &str = include_str!("../sh/normalize.sh");

/// The tasks of a deploy.
pub(super) fn tasks(scope: &Scope<'_>) -> Vec<TaskSpec> {
    let all = |make: fn(&Scope<'_>, &ScopeHost<'_>) -> Draft| -> Vec<Draft> {
        hosts(scope).map(|host| make(scope, host)).collect()
    };
    let some = |make: fn(&Scope<'_>, &ScopeHost<'_>) -> Option<Draft>| -> Vec<Draft> {
        hosts(scope).filter_map(|host| make(scope, host)).collect()
    };
    let task = |name: &str| TaskSpec::new(name, Phase::Updated);
    vec![
        task("rails:assets").with(all(compile)),
        task("rails:backup_manifest").with(all(backup)),
        task("rails:normalize_assets").with(some(normalize)),
        // Nothing is removed before the release is known to work everywhere.
        TaskSpec::new("rails:cleanup_assets", Phase::Finishing)
            .after_all()
            .with(some(clean)),
    ]
}

/// The task of a rollback.
pub(super) fn restore(scope: &Scope<'_>) -> TaskSpec {
    let drafts = hosts(scope).map(|host| {
        let command = about_manifests(scope, host, RESTORE);
        let show = "put back the manifest of assets".to_owned();
        Draft::command(host.name(), command, put_back(scope, host), show).repeatable()
    });
    TaskSpec::new("rails:restore_manifest", Phase::Reverted).with(drafts)
}

/// That nothing is compiled, where there is no host for it.
pub(super) fn note(scope: &Scope<'_>) -> Option<Note> {
    let settings = &scope.request.inventory.settings.rails;
    let silent = !settings.assets || scope.kind() == DeployKind::Rollback;
    if silent || hosts(scope).next().is_some() {
        return None;
    }
    let reason = format!(
        "no host of this run makes releases and has the role {}",
        settings.assets_roles.join(" or ")
    );
    let hint = "`assets_roles` in [rails] names the roles; `assets = false` turns it off";
    Some(nowhere("rails:assets", &reason, hint))
}

fn hosts<'s, 'a>(scope: &'s Scope<'a>) -> impl Iterator<Item = &'s ScopeHost<'a>> {
    let settings = &scope.request.inventory.settings.rails;
    let hosts = scope.file_hosts().filter(|_| settings.assets);
    hosts.filter(|host| host.has_role(&settings.assets_roles))
}

fn manifest_values(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Script {
    let settings = &host.settings().rails;
    values(scope, host)
        .var("prefix", &settings.assets_prefix)
        .each("each_pattern", &settings.manifests)
}

/// A script about manifests, which needs neither Ruby nor the release's own directory.
fn about_manifests(scope: &Scope<'_>, host: &ScopeHost<'_>, text: &str) -> Command {
    let values = manifest_values(scope, host);
    scope.own(host, values.with(&body(&[COMMON, MANIFESTS, text])))
}

/// The manifests as they were before the deploy. The release may be moved aside already, or not be there yet.
fn put_back(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Undo {
    Undo::Commands {
        commands: vec![about_manifests(scope, host, PUT_BACK)],
        repeatable: true,
        show: "put back the manifest".to_owned(),
    }
}

fn compile(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let values = manifest_values(scope, host);
    let mut command = rails(scope, host, &values, &[COMMON, MANIFESTS, COMPILE]);
    let groups = &host.settings().rails.assets_groups;
    if !groups.is_empty() {
        let groups = groups.join(",");
        command.env.insert("RAILS_GROUPS".to_owned(), groups);
    }
    let show = "rake assets:precompile";
    Draft::command(host.name(), command, put_back(scope, host), show).repeatable()
}

fn backup(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let command = about_manifests(scope, host, BACKUP);
    let show = "keep the manifest of assets with the release";
    Draft::command(host.name(), command, with_release(), show).repeatable()
}

fn normalize(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Draft> {
    let dirs = &host.settings().rails.normalize_assets;
    if dirs.is_empty() {
        return None;
    }
    let script = Script::new()
        .var("release", scope.release.as_str())
        .each("each_dir", dirs)
        .with(&body(&[NORMALIZE]));
    let mut command = scope.own(host, script);
    command.dir = Some(scope.release_path(host));
    let show = format!("one time for the files in {}", dirs.join(", "));
    Some(Draft::command(host.name(), command, with_release(), show).repeatable())
}

fn clean(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Draft> {
    let keep = host.settings().rails.keep_assets?.to_string();
    let values = Script::new().var("keep", &keep);
    let command = rails(scope, host, &values, &[CLEAN]);
    let undo = Undo::None {
        reason: "what is removed is gone".to_owned(),
    };
    let show = format!("rake assets:clean[{keep}]");
    let draft = Draft::command(host.name(), command, undo, show);
    Some(draft.repeatable().advisory())
}

fn with_release() -> Undo {
    Undo::None {
        reason: "with the release".to_owned(),
    }
}
