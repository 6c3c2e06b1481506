//! Source `git`: the host fetches the pinned commit by itself, as with Capistrano.

use crate::script::{COMMON, GIT, git_values, values};
use windlass_model::plan::Phase;
use windlass_model::settings::SourceKind;
use windlass_model::{Command, DeployKind, Undo};
use windlass_planner::{Draft, Recipe, Scope, ScopeHost, TaskSpec};

const FETCH: &str = include_str!("sh/fetch.sh");

/// Keeps the mirror by fetching.
pub(crate) struct GitMirror;

impl Recipe for GitMirror {
    fn name(&self) -> &'static str {
        "git"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let wanted = scope.kind() == DeployKind::Deploy
            && scope.request.inventory.settings.source == SourceKind::Git;
        let hosts = scope.file_hosts().filter(|_| wanted);
        vec![TaskSpec::new("fetch", Phase::Updating).with(hosts.map(|host| fetch(scope, host)))]
    }
}

fn fetch(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let settings = host.settings();
    let script = git_values(values(scope, host), host)
        .var("name", scope.name().unwrap_or_default())
        .with(&[COMMON, GIT, FETCH].concat());
    let command = Command {
        forward_agent: settings.ssh.forward_agent,
        ..scope.own(host, script)
    };
    let repository = settings.repository.as_deref().unwrap_or_default();
    let revision = scope
        .revision
        .as_ref()
        .map_or("?", |revision| revision.short());
    let undo = Undo::None {
        reason: "the mirror only grows".to_owned(),
    };
    Draft::command(
        host.name(),
        command,
        undo,
        format!("git fetch {repository} {revision}"),
    )
    .repeatable()
}
