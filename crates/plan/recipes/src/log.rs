//! One line per deploy or rollback in revisions.log, in Capistrano's words, and no shell between the words and the file.

use crate::script::{COMMON, values};
use windlass_model::plan::Phase;
use windlass_model::{DeployKind, Undo};
use windlass_planner::{Draft, Recipe, Scope, ScopeHost, TaskSpec};

const LOG: &str = include_str!("sh/log.sh");
const UNLOG: &str = include_str!("sh/unlog.sh");

/// Writes the line.
pub(crate) struct RevisionLog;

impl Recipe for RevisionLog {
    fn name(&self) -> &'static str {
        "log"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let drafts = scope.file_hosts().map(|host| log(scope, host));
        vec![TaskSpec::new("log", Phase::Finished).with(drafts)]
    }
}

fn log(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let line = line(scope);
    let script = |text: &str| {
        let values = values(scope, host).var("line", &line);
        scope.own(host, values.with(&[COMMON, text].concat()))
    };
    let undo = Undo::Commands {
        commands: vec![script(UNLOG)],
        repeatable: true,
        show: "take the line back".to_owned(),
    };
    Draft::command(host.name(), script(LOG), undo, "a line in revisions.log").advisory()
}

/// The line; a name with control characters in it cannot make two of it.
fn line(scope: &Scope<'_>) -> String {
    let operator = &scope.request.operator;
    let release = &scope.release;
    let line = match scope.kind() {
        DeployKind::Deploy => {
            let name = scope.name().unwrap_or_default();
            let revision = scope
                .revision
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            format!("Branch {name} (at {revision}) deployed as release {release} by {operator}")
        }
        DeployKind::Rollback => format!("{operator} rolled back to release {release}"),
    };
    line.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
