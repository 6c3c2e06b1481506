//! Tasks and hooks into `[[tasks]]` and `[restart]`.
//!
//! A task is carried over whole or not at all. Its statement speaks for its body; a hook has a fate of its own.

use super::{Sheet, grammar, neutral, note, todo};
use crate::evaluate::Evaluator;
use crate::evaluate::expression::{RELEASE, VARIABLE};
use crate::evaluate::line::{Line, Script, Target};
use crate::evaluate::project::{Hook, Task};
use crate::ledger::Fate;
use crate::toml::Item;
use windlass_foreign::Runs;

/// A task of windlass.toml.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TaskEntry {
    pub(crate) name: String,
    pub(crate) run: String,
    pub(crate) target: Target,
    pub(crate) dir: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) sudo: Option<String>,
    /// Before or after what.
    pub(crate) place: Option<(bool, String)>,
    /// Kinds of run, where they are not `deploy` alone.
    pub(crate) on: Vec<&'static str>,
    /// Words above it, for people.
    pub(crate) remarks: Vec<String>,
}

/// Where a hook's target is here, and in which kinds of run it is.
struct Place {
    name: &'static str,
    on: &'static [&'static str],
}

const DEPLOY: &[&str] = &[];
const BOTH: &[&str] = &["deploy", "rollback"];
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
fn place(target: &str, before: bool) -> Option<Place> {
    if target == "deploy" {
        let name = if before { "starting" } else { "finished" };
        return Some(Place { name, on: DEPLOY });
    }
    let hook = windlass_foreign::hook(target)?;
    let on = match hook.runs {
        Runs::Deploy => DEPLOY,
        Runs::Rollback => BACK,
        Runs::Both => BOTH,
    };
    let name = hook.ours;
    Some(Place { name, on })
}

pub(super) fn translate(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    let hooks = evaluator.project.hooks.clone();
    let mut entries: Vec<(TaskEntry, Task)> = Vec::new();
    for task in evaluator.project.tasks.clone() {
        match entry(evaluator, &task) {
            Ok(entry) if entries.iter().any(|(other, _)| other.name == entry.name) => {
                let reason = format!(
                    "`{}` is defined a second time, which adds to it",
                    entry.name
                );
                note(evaluator, &[task.made_by], &todo(reason));
            }
            Ok(entry) => entries.push((entry, task)),
            Err(fate) => note(evaluator, &[task.made_by], &fate),
        }
    }
    let names: Vec<String> = entries
        .iter()
        .map(|(entry, _)| entry.name.clone())
        .collect();
    for hook in &hooks {
        let fate = hooked(evaluator, hook, &mut entries, &names);
        note(evaluator, &[hook.made_by], &fate);
    }
    for (entry, task) in entries {
        if !restart(sheet, &entry) {
            sheet.tasks.push(entry);
        }
        note(evaluator, &[task.made_by], &Fate::Carried);
    }
}

fn entry(evaluator: &mut Evaluator<'_>, task: &Task) -> Result<TaskEntry, Fate> {
    grammar::check(grammar::task, &task.name).map_err(todo)?;
    if !task.needs.is_empty() {
        let needs = task.needs.join(", ");
        return Err(todo(format!(
            "it first needs {needs}; give both a place by `after`"
        )));
    }
    let script = evaluator
        .script(task)
        .map_err(|why| todo(format!("{why}; write it as [[tasks]]")))?;
    let Script {
        target: Some(target),
        mut lines,
    } = script
    else {
        return Err(neutral("it runs no command"));
    };
    if lines.is_empty() {
        return Err(neutral("it runs no command"));
    }
    target
        .roles
        .iter()
        .try_for_each(|role| grammar::check(grammar::role, role))
        .map_err(todo)?;
    let mut entry = TaskEntry {
        name: task.name.clone(),
        target,
        ..TaskEntry::default()
    };
    set_by_recipe(evaluator, &mut lines);
    around(&mut entry, &lines).map_err(todo)?;
    if entry.target.in_turn {
        entry
            .remarks
            .push("ran host by host; here on all at once".to_owned());
    }
    Ok(entry)
}

/// With the recipe `rails` every command has `RAILS_ENV`; what says the same needs not say it.
fn set_by_recipe(evaluator: &mut Evaluator<'_>, lines: &mut [Line]) {
    let rails = |name: &str| name.starts_with("capistrano/rails");
    if !evaluator
        .project
        .plugins
        .iter()
        .any(|(name, _)| rails(name))
    {
        return;
    }
    let Some(Ok(stage)) = evaluator.setting("rails_env").map(|value| value.to_text()) else {
        return;
    };
    for line in lines {
        line.env
            .retain(|(name, value)| name != "RAILS_ENV" || *value != stage);
    }
}

/// What is around all lines stands beside the script, and what is around some of them in it.
fn around(entry: &mut TaskEntry, lines: &[Line]) -> Result<(), String> {
    let Some(first) = lines.first() else {
        return Ok(());
    };
    let alike =
        |line: &Line| line.dir == first.dir && line.env == first.env && line.user == first.user;
    let named = |line: &Line| {
        line.env
            .iter()
            .try_for_each(|(name, _)| grammar::check(grammar::variable, name))
    };
    lines.iter().try_for_each(named)?;
    let literal = first.env.iter().all(|(_, value)| !value.contains('$'));
    let nameable = first
        .dir
        .as_deref()
        .is_none_or(|dir| !dir.strip_prefix(RELEASE).unwrap_or(dir).contains(VARIABLE));
    let home = (!entry.target.local).then(|| "~/".to_owned());
    if lines.iter().all(alike) && literal && nameable {
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        entry.run = texts.join("\n");
        entry.env.clone_from(&first.env);
        entry.sudo.clone_from(&first.user);
        entry.dir = match first.dir.as_deref() {
            None => home,
            Some(RELEASE) if !entry.target.local => None,
            Some(dir) => Some(relative(dir)?),
        };
    } else {
        let texts: Vec<String> = lines.iter().map(Line::alone).collect();
        entry.run = texts.join("\n");
        entry.dir = home;
    }
    if entry.run.contains('\0') || entry.run.trim().is_empty() {
        return Err("its script is empty or holds a NUL byte".to_owned());
    }
    if entry.target.local && entry.run.contains(VARIABLE) {
        return Err("it names a directory of the hosts on this machine".to_owned());
    }
    Ok(())
}

/// A directory as `dir` has it: below the release, or absolute.
fn relative(dir: &str) -> Result<String, String> {
    let dir = dir
        .strip_prefix(RELEASE)
        .map_or(dir, |below| below.trim_start_matches('/'));
    grammar::check(grammar::line, dir)
        .map_err(|_| "its directory cannot be named before it runs".to_owned())?;
    Ok(dir.to_owned())
}

fn hooked(
    evaluator: &mut Evaluator<'_>,
    hook: &Hook,
    entries: &mut [(TaskEntry, Task)],
    names: &[String],
) -> Fate {
    let task = evaluator.qualified(&hook.task, &hook.namespace);
    let target = evaluator.qualified(&hook.target, &hook.namespace);
    let there = entries.iter_mut().find(|(entry, _)| entry.name == task);
    let Some((entry, _)) = there else {
        return hook_without_task(evaluator, &task);
    };
    let (name, on) = if names.contains(&target) {
        (target, DEPLOY)
    } else if let Some(place) = place(&target, hook.before) {
        (place.name.to_owned(), place.on)
    } else {
        let reason = format!("nothing here is where `{target}` was; choose `after` by hand");
        return todo(reason);
    };
    if name == entry.name {
        return todo("a task cannot stand beside itself");
    }
    if let Some((before, other)) = &entry.place {
        let side = if *before { "before" } else { "after" };
        return todo(format!(
            "`{task}` stands {side} `{other}` already; a task has one place"
        ));
    }
    entry.place = Some((hook.before, name));
    entry.on = on.to_vec();
    Fate::Carried
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

/// A `deploy:restart` that is called when the release is published is what `[restart]` is for.
fn restart(sheet: &mut Sheet, entry: &TaskEntry) -> bool {
    let published = match &entry.place {
        Some((false, place)) => ["publishing", "published", "publish"].contains(&place.as_str()),
        _ => false,
    };
    let plain =
        entry.env.is_empty() && entry.sudo.is_none() && !entry.target.once && !entry.target.local;
    let anywhere = entry.dir.is_none() || entry.run.lines().all(needs_no_directory);
    if entry.name != "deploy:restart"
        || !published
        || !plain
        || !anywhere
        || entry.target.roles.is_empty()
    {
        return false;
    }
    for role in &entry.target.roles {
        // A plugin may have put its own command there, and both are to run.
        let place = ("restart", role.clone());
        let run = match sheet.keys.get(&place) {
            Some(Item::Text(other)) => format!("{other}\n{}", entry.run),
            _ => entry.run.clone(),
        };
        sheet.put("restart", role, Item::text(run));
        if !entry.remarks.is_empty() {
            sheet.remark(
                "restart",
                role,
                &format!("TODO {}", entry.remarks.join("; ")),
            );
        }
    }
    true
}

fn needs_no_directory(line: &str) -> bool {
    ["sudo ", "systemctl ", "service ", "touch ", "/"]
        .iter()
        .any(|start| line.starts_with(start))
}
