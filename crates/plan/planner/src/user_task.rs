//! The user's own tasks, from settings to steps.

use crate::recipe::{Barrier, Draft, Place, TaskSpec};
use crate::scope::{Scope, ScopeHost};
use windlass_model::settings::{Hook, Task};
use windlass_model::{Action, Command, Undo};

/// Every task of the settings, with steps where it belongs to this kind of run.
pub(crate) fn user_tasks(scope: &Scope<'_>) -> Vec<TaskSpec> {
    let tasks = &scope.request.inventory.settings.tasks;
    tasks.iter().map(|task| spec(scope, task)).collect()
}

fn spec(scope: &Scope<'_>, task: &Task) -> TaskSpec {
    let drafts = if task.on.contains(&scope.kind()) && task.hook.is_some() {
        drafts(scope, task)
    } else {
        Vec::new()
    };
    TaskSpec {
        name: task.name.clone(),
        place: match &task.hook {
            Some(Hook::Before(target)) => Place::Before(target.clone()),
            Some(Hook::After(target)) => Place::After(target.clone()),
            None => Place::Nowhere,
        },
        barrier: Barrier::WhereHostsDiffer,
        drafts,
    }
}

/// The steps of a task on its hosts; also for a task that runs on demand.
pub(crate) fn drafts(scope: &Scope<'_>, task: &Task) -> Vec<Draft> {
    let hosts = hosts(scope, task);
    if task.local {
        // Once for the whole deploy, on behalf of the first of its hosts.
        return hosts
            .first()
            .map(|host| draft(scope, host, task))
            .into_iter()
            .collect();
    }
    hosts
        .into_iter()
        .map(|host| draft(scope, host, task))
        .collect()
}

/// The hosts on which a task runs; for a once-only task the primary of the first of its roles that has one.
pub(crate) fn hosts<'s, 'a>(scope: &'s Scope<'a>, task: &Task) -> Vec<&'s ScopeHost<'a>> {
    let chosen: Vec<&ScopeHost<'a>> = scope
        .hosts
        .iter()
        .filter(|host| {
            let target = &host.host.target;
            task.roles.is_empty() || target.roles.iter().any(|role| task.roles.contains(role))
        })
        .filter(|host| {
            task.hosts.is_empty() || task.hosts.iter().any(|name| name == host.name().as_str())
        })
        .collect();
    if !task.once {
        return chosen;
    }
    let primaries = &scope.request.inventory.primaries;
    let roles: Vec<&String> = if task.roles.is_empty() {
        primaries.keys().collect()
    } else {
        task.roles.iter().collect()
    };
    let primary = roles.into_iter().find_map(|role| primaries.get(role));
    match primary {
        // A filter never moves a once-only task to another host.
        Some(name) if task.hosts.is_empty() => chosen
            .into_iter()
            .filter(|host| host.name() == name)
            .collect(),
        _ => chosen.into_iter().take(1).collect(),
    }
}

fn draft(scope: &Scope<'_>, host: &ScopeHost<'_>, task: &Task) -> Draft {
    let command = command(scope, host, task);
    let undo = match &task.undo {
        Some(script) => {
            let undo = Command {
                script: script.clone(),
                when: None,
                ..command.clone()
            };
            let (commands, show) = (vec![undo], one_line(script));
            if task.local {
                Undo::Local { commands, show }
            } else {
                Undo::Commands {
                    commands,
                    show,
                    repeatable: false,
                }
            }
        }
        None => Undo::None {
            reason: "no undo is set for it".to_owned(),
        },
    };
    Draft {
        host: host.name().clone(),
        action: if task.local {
            Action::Local { command }
        } else {
            Action::Command { command }
        },
        undo,
        retries: task.retries,
        repeatable: task.repeatable,
        advisory: false,
        show: one_line(&task.run),
    }
}

fn command(scope: &Scope<'_>, host: &ScopeHost<'_>, task: &Task) -> Command {
    let mut command = scope.users(host, &task.run);
    command.env.extend(task.env.clone());
    command.dir = match &task.dir {
        Some(dir) if dir.starts_with('/') || dir.starts_with("~/") || task.local => {
            Some(dir.clone())
        }
        Some(dir) => command.dir.map(|release| format!("{release}/{dir}")),
        None if task.local => None,
        None => command.dir,
    };
    if !task.shell.is_empty() {
        command.shell.clone_from(&task.shell);
    }
    if task.local {
        command.path.clear();
        command.umask = None;
    }
    Command {
        pty: task.pty,
        sudo: task.sudo.clone(),
        when: task.when.clone(),
        timeout: task.timeout,
        idle_timeout: task.idle_timeout,
        forward_agent: task.repeatable && host.settings().ssh.forward_agent,
        ..command
    }
}

/// A script as one line for people: its first line that says something, and a mark where there is more.
pub fn one_line(script: &str) -> String {
    let mut lines = script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    match lines.next() {
        Some(_) => format!("{first} …"),
        None => first.to_owned(),
    }
}
