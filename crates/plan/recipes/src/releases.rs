//! The release directory: made from the mirror, with `REVISION`, `REVISION_TIME` and its links; moved aside on undo.

use crate::linked_paths;
use crate::script::{COMMON, DISK, GIT, body, git_values, values};
use windlass_model::plan::{Phase, RELEASE};
use windlass_model::{Command, DeployKind, Undo};
use windlass_planner::{Draft, Recipe, Scope, ScopeHost, TaskSpec};

const MAKE: &str = include_str!("sh/release.sh");
const MARK: &str = include_str!("sh/release_marks.sh");
const ASIDE: &str = include_str!("sh/aside.sh");

/// Makes releases.
pub(crate) struct Releases;

impl Recipe for Releases {
    fn name(&self) -> &'static str {
        "releases"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let wanted = scope.kind() == DeployKind::Deploy;
        let hosts = scope.file_hosts().filter(|_| wanted);
        vec![TaskSpec::new(RELEASE, Phase::Updating).with(hosts.map(|host| make(scope, host)))]
    }
}

fn make(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let settings = host.settings();
    let flag = |wanted: bool| if wanted { "1" } else { "" };
    let script = git_values(values(scope, host), host)
        .var(
            "subtree",
            settings
                .subtree
                .as_deref()
                .unwrap_or_default()
                .trim_matches('/'),
        )
        .var("submodules", flag(settings.submodules))
        .var("git_lfs", flag(settings.git_lfs));
    let script = linked_paths::values(script, host).with(&body(&[
        COMMON,
        GIT,
        MAKE,
        linked_paths::LINK,
        MARK,
    ]));
    let command = Command {
        forward_agent: false,
        ..scope.own(host, script)
    };
    let undo = Undo::Commands {
        commands: vec![scope.own(
            host,
            values(scope, host).with(&body(&[COMMON, DISK, ASIDE])),
        )],
        repeatable: true,
        show: "move aside".to_owned(),
    };
    let revision = scope
        .revision
        .as_ref()
        .map_or("?", |revision| revision.short());
    let show = format!("git archive {revision}{}", linked_paths::show(host));
    Draft::command(host.name(), command, undo, show)
}
