//! The user's own tasks, from settings to steps.

use crate::recipe::{Barrier, Draft, Place, TaskSpec};
use crate::scope::{Scope, ScopeHost};
use windlass_model::plan::{Phase, RELEASE};
use windlass_model::settings::{Hook, Task};
use windlass_model::{Action, Command, Undo};

/// Where a task without a `dir` of its own runs, and what a relative one starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// The release, or `current` for a task on demand.
    Release,
    /// The deploy root: the release is not made yet.
    Root,
}

/// Every task of the settings with its place. Its steps come when the order is known: [`add_steps`].
pub(crate) fn user_tasks(scope: &Scope<'_>) -> Vec<TaskSpec> {
    let tasks = &scope.request.inventory.settings.tasks;
    tasks.iter().map(spec).collect()
}

fn spec(task: &Task) -> TaskSpec {
    TaskSpec {
        name: task.name.clone(),
        place: match &task.hook {
            Some(Hook::Before(target)) => Place::Before(target.clone()),
            Some(Hook::After(target)) => Place::After(target.clone()),
            None => Place::Nowhere,
        },
        barrier: Barrier::WhereHostsDiffer,
        gate: false,
        once: task.once,
        drafts: Vec::new(),
    }
}

/// Gives the tasks of the settings that belong to this kind of run their steps. One that stands before the release is made
/// cannot run in it.
pub(crate) fn add_steps(scope: &Scope<'_>, order: &mut [(Phase, TaskSpec)]) {
    let makes_release = |(_, spec): &(Phase, TaskSpec)| spec.name.as_str() == RELEASE;
    let made = order.iter().position(makes_release);
    let tasks = &scope.request.inventory.settings.tasks;
    for (place, (_, spec)) in order.iter_mut().enumerate() {
        let Some(task) = tasks.iter().find(|task| task.name == spec.name) else {
            continue;
        };
        if task.on.contains(&scope.kind()) {
            let before = made.is_some_and(|made| place < made);
            let base = if before { Base::Root } else { Base::Release };
            spec.drafts = drafts(scope, task, base);
        }
    }
}

/// The steps of a task on its hosts; also for a task that runs on demand.
pub(crate) fn drafts(scope: &Scope<'_>, task: &Task, base: Base) -> Vec<Draft> {
    let hosts = hosts(scope, task);
    // A local one runs once for the whole deploy, on behalf of the first of its hosts.
    let number = if task.local { 1 } else { usize::MAX };
    let hosts = hosts.into_iter().take(number);
    hosts.map(|host| draft(scope, host, task, base)).collect()
}

/// The hosts on which a task runs; for a once-only task the primary of the first of its roles that has one.
pub(crate) fn hosts<'s, 'a>(scope: &'s Scope<'a>, task: &Task) -> Vec<&'s ScopeHost<'a>> {
    let chosen: Vec<&ScopeHost<'a>> = scope
        .hosts
        .iter()
        .filter(|host| task.is_for(&host.host.target))
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

fn draft(scope: &Scope<'_>, host: &ScopeHost<'_>, task: &Task, base: Base) -> Draft {
    let command = command(scope, host, task, base);
    let undo = match &task.undo {
        Some(script) => {
            let undo = Command {
                script: script.clone(),
                when: None,
                // An undo may not be repeated, and a forwarded ssh-agent dies with its connection.
                forward_agent: false,
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

fn command(scope: &Scope<'_>, host: &ScopeHost<'_>, task: &Task, base: Base) -> Command {
    let mut command = scope.users(host, &task.run);
    command.env.extend(task.env.clone());
    if base == Base::Root {
        command.dir = host.release().then(|| host.layout.root().to_owned());
    }
    command.dir = match &task.dir {
        Some(dir) if dir.starts_with('/') || dir.starts_with("~/") || task.local => {
            Some(dir.clone())
        }
        Some(dir) => command.dir.map(|base| format!("{base}/{dir}")),
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
