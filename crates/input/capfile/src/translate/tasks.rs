//! Tasks and hooks into `[[tasks]]` and `[restart]`.
//!
//! A task is carried over whole or not at all. Its statement speaks for its body; a hook has a fate of its own.

use super::hooks::{BOTH, Entries, hooked};
use super::{Sheet, grammar, neutral, note, todo};
use crate::evaluate::Evaluator;
use crate::evaluate::expression::{HERE_HOME, RELEASE, VARIABLE};
use crate::evaluate::line::{Among, Line, Script, Target};
use crate::evaluate::project::{Server, Task};
use crate::ledger::Fate;

/// A task of windlass.toml.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TaskEntry {
    pub(crate) name: String,
    pub(crate) run: String,
    pub(crate) target: Target,
    /// Only these hosts, by name.
    pub(crate) hosts: Vec<String>,
    pub(crate) dir: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) sudo: Option<String>,
    /// What takes it back.
    pub(crate) undo: Option<String>,
    /// Before or after what.
    pub(crate) place: Option<(bool, String)>,
    /// Kinds of run, where they are not `deploy` alone.
    pub(crate) on: Vec<&'static str>,
    /// Words above it, for people.
    pub(crate) remarks: Vec<String>,
}

pub(super) fn translate(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    let hooks = evaluator.project.hooks.clone();
    // What a plugin brought is a task like any other, and hooks may name it.
    let brought = std::mem::take(&mut sheet.tasks).into_iter();
    let mut entries: Entries = brought.map(|entry| (entry, None)).collect();
    for task in evaluator.project.tasks.clone() {
        match entry(evaluator, &task) {
            Ok(entry) if entries.iter().any(|(other, _)| other.name == entry.name) => {
                let reason = format!(
                    "`{}` is defined a second time, which adds to it",
                    entry.name
                );
                note(evaluator, &[task.made_by], &todo(reason));
            }
            Ok(entry) => entries.push((entry, Some(task.made_by))),
            Err(fate) => note(evaluator, &[task.made_by], &fate),
        }
    }
    for hook in &hooks {
        let fate = hooked(evaluator, hook, &mut entries);
        note(evaluator, &[hook.made_by], &fate);
    }
    if evaluator.second {
        always_restarted(&mut entries);
    }
    let mut in_restart = Vec::new();
    for (entry, made_by) in entries {
        if restart(sheet, &entry) {
            in_restart.push(entry.name);
        } else {
            sheet.tasks.push(entry);
        }
        note(evaluator, made_by.as_slice(), &Fate::Carried);
    }
    for (_, place) in sheet.tasks.iter_mut().filter_map(|it| it.place.as_mut()) {
        if in_restart.contains(place) {
            "restart".clone_into(place);
        }
    }
}

/// In Capistrano 2 a restart is a part of every deploy, without a hook.
fn always_restarted(entries: &mut Entries) {
    for (entry, _) in entries {
        if entry.name == "deploy:restart" && entry.place.is_none() {
            entry.place = Some((false, "published".to_owned()));
            entry.on = BOTH.to_vec();
        }
    }
}

fn entry(evaluator: &mut Evaluator<'_>, task: &Task) -> Result<TaskEntry, Fate> {
    grammar::check(grammar::task, &task.name).map_err(todo)?;
    let script = evaluator
        .script(task)
        .map_err(|why| todo(format!("{why}; write it as [[tasks]]")))?;
    let Script {
        target: Some(target),
        mut lines,
        undo,
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
    entry.hosts = named_hosts(evaluator, &entry.target);
    set_by_recipe(evaluator, &mut lines);
    let undo: Vec<String> = undo.iter().map(Line::alone).collect();
    entry.undo = (!undo.is_empty()).then(|| undo.join("\n"));
    around(&mut entry, &lines).map_err(todo)?;
    if entry.target.in_turn {
        entry
            .remarks
            .push("ran host by host; here on all at once".to_owned());
    }
    Ok(entry)
}

/// The hosts by name, where a task leaves out some on which no releases are made.
fn named_hosts(evaluator: &Evaluator<'_>, target: &Target) -> Vec<String> {
    if target.among == Among::All {
        return Vec::new();
    }
    let meant = |server: &&Server| {
        let mut roles = server.roles.iter();
        target.roles.is_empty() || roles.any(|role| target.roles.contains(role))
    };
    let servers = evaluator.project.servers.iter().filter(meant);
    let (with, without): (Vec<&Server>, Vec<&Server>) =
        servers.partition(|server| server.makes_releases());
    if without.is_empty() {
        return Vec::new();
    }
    with.iter().map(|server| server.host.clone()).collect()
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
    settled(entry)
}

/// Whether a script is one that can run where it is to.
fn settled(entry: &mut TaskEntry) -> Result<(), String> {
    if entry.run.contains('\0') || entry.run.trim().is_empty() {
        return Err("its script is empty or holds a NUL byte".to_owned());
    }
    if entry.run.contains(HERE_HOME) {
        if !entry.target.local {
            return Err("it names the home of this machine on the hosts".to_owned());
        }
        entry.run = entry.run.replace(HERE_HOME, "${HOME}");
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
        sheet.restart(role, &entry.run);
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
