//! Restart belongs to publish: it runs after every change of `current`, on the way forward and on the way back.

use crate::publish::flip_back;
use windlass_model::plan::Phase;
use windlass_model::{Command, Undo};
use windlass_planner::{
    Barrier, Draft, Recipe, Scope, ScopeHost, TaskSpec, deploy_variables, one_line,
};

/// Restarts what runs from `current`.
pub(crate) struct Restart;

impl Recipe for Restart {
    fn name(&self) -> &'static str {
        "restart"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let drafts: Vec<Draft> = scope
            .hosts
            .iter()
            .filter_map(|host| restart(scope, host))
            .collect();
        // No host restarts on the new release before all have published it.
        let mut task = TaskSpec::new("restart", Phase::Publishing).with(drafts);
        task.barrier = Barrier::Always;
        vec![task]
    }
}

fn restart(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Draft> {
    let script = script(host)?;
    let mut command = scope.users(host, &script);
    command.dir = host.release().then(|| host.layout.current());
    Some(Draft::command(
        host.name(),
        command,
        undo(scope, host),
        one_line(&script),
    ))
}

/// The commands of the host's roles, in the order of the roles, each once.
fn script(host: &ScopeHost<'_>) -> Option<String> {
    let mut commands: Vec<&str> = Vec::new();
    for role in &host.host.target.roles {
        match host.settings().restart.get(role) {
            Some(command) if !commands.contains(&command.as_str()) => commands.push(command),
            _ => {}
        }
    }
    (!commands.is_empty()).then(|| commands.join("\n"))
}

/// The undo of publish runs after this one in an unwind, and restarts after the link moved. Where another host moves the
/// link, the restart is undone here, after the link was put back from here as well.
fn undo(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Undo {
    if host.files {
        return Undo::None {
            reason: "with publish: again, after the link moved back".to_owned(),
        };
    }
    let was_live = scope
        .file_hosts()
        .any(|host| host.previous_target().is_some());
    let mut commands = Vec::new();
    if host.shares_root && host.release() {
        commands.push(flip_back(scope, host));
        commands.extend(after_flip_back(scope, host));
    } else if was_live {
        commands.extend(again(scope, host));
    }
    if commands.is_empty() {
        let reason = "nothing was live before".to_owned();
        return Undo::None { reason };
    }
    let show = "again, on the old release".to_owned();
    Undo::Commands {
        commands,
        show,
        repeatable: true,
    }
}

/// The restart that follows a link that moved back; nothing where nothing was live before, or a link to nothing.
pub(crate) fn after_flip_back(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Command> {
    if host.previous_target().is_none() || host.facts.current_dangles {
        return None;
    }
    let mut command = again(scope, host)?;
    let flipped = format!("{}/flipped", host.layout.deploy(&scope.request.deploy));
    command.when = Some(format!("[ -e {} ]", windlass_model::shell::quote(&flipped)));
    Some(command)
}

/// The same commands, told that the old release is the one.
fn again(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Command> {
    let mut command = scope.users(host, script(host)?);
    let old = match &host.facts.live {
        Some(live) => host.layout.release(live),
        None => host.layout.current(),
    };
    let mut variables = deploy_variables(scope, host, &old);
    let revision = host.facts.live_revision.as_ref().map(ToString::to_string);
    variables.insert("DEPLOY_REVISION".to_owned(), revision.unwrap_or_default());
    command.env.extend(variables);
    command.dir = host.release().then(|| host.layout.current());
    Some(command)
}
