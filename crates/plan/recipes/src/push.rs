//! Source `push`: the controller sends the missing objects, the host puts them into its mirror.

use crate::script::{COMMON, GIT, body, git_values, values};
use windlass_model::plan::Phase;
use windlass_model::settings::SourceKind;
use windlass_model::{Action, DeployKind, Undo};
use windlass_planner::{Draft, Recipe, Scope, ScopeHost, TaskSpec};

const MIRROR: &str = include_str!("sh/mirror.sh");

/// Sends objects and puts them into the mirror.
pub(crate) struct Push;

impl Recipe for Push {
    fn name(&self) -> &'static str {
        "push"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let wanted = scope.kind() == DeployKind::Deploy
            && scope.request.inventory.settings.source == SourceKind::Push;
        let hosts = || scope.file_hosts().filter(move |_| wanted);
        vec![
            TaskSpec::new("push", Phase::Updating)
                .with(hosts().filter_map(|host| push(scope, host))),
            TaskSpec::new("mirror", Phase::Updating).with(hosts().map(|host| mirror(scope, host))),
        ]
    }
}

/// Where the pack file is put on the host.
fn pack(scope: &Scope<'_>, host: &ScopeHost<'_>) -> String {
    format!("{}/push.pack", host.layout.tmp(&scope.request.deploy))
}

fn only_grows() -> Undo {
    Undo::None {
        reason: "the mirror only grows".to_owned(),
    }
}

fn push(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Draft> {
    let want = scope.revision.clone()?;
    Some(Draft {
        host: host.name().clone(),
        show: format!("send the objects of {} that are missing", want.short()),
        action: Action::Push {
            want,
            have: host.facts.whole_commits(),
            to: pack(scope, host),
        },
        undo: only_grows(),
        retries: 0,
        repeatable: true,
        advisory: false,
    })
}

fn mirror(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let script = git_values(values(scope, host), host)
        .var("pack", &pack(scope, host))
        .with(&body(&[COMMON, GIT, MIRROR]));
    let show = "put them into repo".to_owned();
    Draft::command(host.name(), scope.own(host, script), only_grows(), show).repeatable()
}
