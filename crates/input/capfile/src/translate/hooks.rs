//! Hooks: where Capistrano's phases and tasks are here, and what a second place of a task means.

use super::tasks::TaskEntry;
use super::{neutral, todo};
use crate::evaluate::Evaluator;
use crate::evaluate::project::Hook;
use crate::ledger::{Fate, Statement};
use windlass_foreign::Runs;

/// Tasks with the statements that made them; what a plugin brought has none.
pub(super) type Entries = Vec<(TaskEntry, Option<Statement>)>;
/// Before or after what.
type Place = (bool, String);
/// A place, and the kinds of run it is in.
type At<'a> = (&'a Place, &'a [&'static str]);

/// Where a hook's target is here, and in which kinds of run it is.
struct Phase {
    name: &'static str,
    on: &'static [&'static str],
}

pub(super) const DEPLOY: &[&str] = &[];
pub(super) const BOTH: &[&str] = &["deploy", "rollback"];
const BACK: &[&str] = &["rollback"];

/// Tasks that need no hook here, since what they do is part of a deploy or of a recipe.
const ALWAYS: &[&str] = &[
    "deploy:cleanup",
    "deploy:check",
    "deploy:restart",
    "deploy:log_revision",
    "deploy:migrate",
    "deploy:compile_assets",
    "deploy:assets:precompile",
    "deploy:normalize_assets",
    "bundler:install",
];

/// Capistrano's tasks by ours. One that is not known as a place has none that means the same.
fn place(target: &str, before: bool) -> Option<Phase> {
    let short = target.strip_prefix("deploy:").unwrap_or(target);
    let (name, on) = match (short, before) {
        ("deploy", true) => ("starting", DEPLOY),
        ("deploy", false) => ("finished", DEPLOY),
        ("rollback", true) => ("starting", BACK),
        ("rollback", false) => ("finished", BACK),
        // Capistrano 2's tasks that hold others.
        ("update", true) | ("finalize_update", false) => ("updating", DEPLOY),
        ("update", false) => ("publish", BOTH),
        _ => {
            let hook = windlass_foreign::hook(target)?;
            let on = match hook.runs {
                Runs::Deploy => DEPLOY,
                Runs::Rollback => BACK,
                Runs::Both => BOTH,
            };
            (hook.ours, on)
        }
    };
    Some(Phase { name, on })
}

/// What becomes of a hook: its task gets a place.
pub(super) fn hooked(evaluator: &mut Evaluator<'_>, hook: &Hook, entries: &mut Entries) -> Fate {
    let task = evaluator.qualified(&hook.task, &hook.namespace);
    let target = evaluator.qualified(&hook.target, &hook.namespace);
    let there = |name: &str| entries.iter().position(|(entry, _)| entry.name == name);
    let Some(at) = there(&task) else {
        return hook_without_task(evaluator, &task);
    };
    let (name, on) = if let Some((beside, _)) = there(&target).and_then(|at| entries.get(at)) {
        (target, beside.on.clone())
    } else if let Some(place) = place(&target, hook.before) {
        (place.name.to_owned(), place.on.to_vec())
    } else {
        return todo(format!(
            "nothing here is where `{target}` was; choose `after` by hand"
        ));
    };
    let wanted = (hook.before, name);
    match entries.get_mut(at) {
        Some((entry, _)) if entry.name == wanted.1 => todo("a task cannot stand beside itself"),
        Some((entry, _)) if entry.place.is_none() => {
            entry.place = Some(wanted);
            entry.on = on;
            Fate::Carried
        }
        _ => placed_again(entries, at, wanted, on),
    }
}

/// A second place of a task: nothing where Rake would not run it again, a task of its own where it is in other kinds of run.
fn placed_again(entries: &mut Entries, at: usize, wanted: Place, on: Vec<&'static str>) -> Fate {
    let Some((entry, _)) = entries.get(at) else {
        return todo("it names no task");
    };
    let Some(present) = &entry.place else {
        return todo("it names no task");
    };
    let copy_name = format!("{}{COPY}", entry.name);
    let copied = entries.iter().any(|(other, _)| other.name == copy_name);
    match again((present, &entry.on), (&wanted, &on)) {
        Again::NotDone(reason) => neutral(reason),
        Again::Apart if !copied => {
            let mut copy = entry.clone();
            copy.name = copy_name;
            copy.place = Some(wanted);
            copy.on = on;
            entries.push((copy, None));
            Fate::Carried
        }
        Again::Apart | Again::Both => {
            let side = if present.0 { "before" } else { "after" };
            todo(format!(
                "`{}` stands {side} `{}` already; a task has one place",
                entry.name, present.1
            ))
        }
    }
}

/// How the second task is called that a task becomes which has places in deploys and in rollbacks.
const COPY: &str = "-rollback";

/// What a second place of a task means.
enum Again {
    /// Rake runs a task once, and it has run by then.
    NotDone(&'static str),
    /// It is in other kinds of run.
    Apart,
    /// It would have to run twice, or the other place would come first.
    Both,
}

fn again((first, first_on): At<'_>, (second, second_on): At<'_>) -> Again {
    if first == second {
        return Again::NotDone("it stands there already");
    }
    // No kind at all means deploys.
    let kinds = |on: &[&'static str]| match on {
        [] => vec!["deploy"],
        on => on.to_vec(),
    };
    let (first_on, second_on) = (kinds(first_on), kinds(second_on));
    if !second_on.iter().any(|kind| first_on.contains(kind)) {
        return Again::Apart;
    }
    let within = second_on.iter().all(|kind| first_on.contains(kind));
    match (rank(first), rank(second)) {
        (Some(first), Some(second)) if within && first <= second => {
            Again::NotDone("a task runs once in a run, and it has run by then")
        }
        _ => Again::Both,
    }
}

/// Where a place is in a run.
fn rank((before, name): &(bool, String)) -> Option<usize> {
    const ORDER: [&str; 12] = [
        "starting",
        "started",
        "updating",
        "updated",
        "reverting",
        "reverted",
        "publishing",
        "published",
        "finishing",
        "finishing_rollback",
        "cleanup",
        "finished",
    ];
    let at = ORDER.iter().position(|phase| phase == name)?;
    at.checked_mul(2)?.checked_add(usize::from(!before))
}

fn hook_without_task(evaluator: &Evaluator<'_>, task: &str) -> Fate {
    let tasks = &evaluator.project.tasks;
    if tasks.iter().any(|known| known.name == task) {
        return todo(format!(
            "`{task}` itself could not be carried over, or runs no command"
        ));
    }
    if ALWAYS.contains(&task) {
        return neutral("it is part of every deploy");
    }
    todo(format!(
        "`{task}` is no task of these files; its plugin has no recipe here yet"
    ))
}
