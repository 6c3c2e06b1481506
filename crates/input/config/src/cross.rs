//! Mistakes that only show when several values are seen together.

use crate::error::{Error, Mistake};
use crate::health;
use crate::suggest::{listed, nearest};
use crate::value::{Data, Entry, Table, Value};
use std::collections::BTreeMap;
use windlass_foreign::hook;
use windlass_model::address::Address;
use windlass_model::plan::Phase;

/// What the file's own tables contradict: tasks, health checks and the hosts of every stage.
pub(crate) fn file(table: &Table) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let stages = inner(table, "stages");
    let names: Vec<_> = stages
        .iter()
        .flat_map(|stages| stages.keys())
        .map(String::as_str)
        .collect();
    tasks(items(table, "tasks"), &names, &mut mistakes);
    health::entries(table, &names, &mut mistakes);
    for recipe in ["bundler", "rails"] {
        table_of_nothing(table, recipe, &mut mistakes);
    }
    for (stage, entry) in stages.into_iter().flatten() {
        let Data::Table(layer) = &entry.value.data else {
            continue;
        };
        for (index, host) in items(layer, "hosts").iter().enumerate() {
            if let Data::Table(host) = &host.data {
                let path = format!("stages.{stage}.hosts[{index}]");
                host_entry(&path, host, &mut mistakes);
            }
        }
    }
    mistakes
}

/// What the settings in force contradict, after all layers are laid.
pub(crate) fn merged(table: &Table) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    secret_variables(table, &mut mistakes);
    linked_paths(table, &mut mistakes);
    health::same_names(table, &mut mistakes);
    if let Some(ssh) = inner(table, "ssh") {
        two_ways(ssh, &mut mistakes);
    }
    if let Some(rollout) = inner(table, "rollout") {
        batches(rollout, &mut mistakes);
    }
    if let Some(ruby) = inner(table, "ruby") {
        place_of_nothing(ruby, &mut mistakes);
    }
    mistakes
}

fn tasks(tasks: &[Value], stages: &[&str], mistakes: &mut Vec<Mistake>) {
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        let Data::Table(keys) = &task.data else {
            continue;
        };
        for needed in ["name", "run"] {
            if !keys.contains_key(needed) {
                let key = format!("tasks[{index}].{needed}");
                mistakes.push(at(Mistake::new(Error::Missing { key }), task));
            }
        }
        both(keys, ("after", "before"), mistakes);
        foreign_places(keys, tasks, mistakes);
        if let Some(entry) = keys.get("name")
            && let Some(first) = seen.insert(word(&entry.value), &entry.value)
        {
            let reason = format!("is the name of another task too, at {}", first.origin());
            mistakes.push(refused(
                &format!("tasks[{index}].name"),
                reason,
                &entry.value,
            ));
        }
        for stage in items(keys, "stages") {
            no_such_stage(stage, stages, mistakes);
        }
    }
}

/// Places of another tool's deploy, unless a task of the file bears that very name. Capistrano's names of phases are
/// understood as they are.
fn foreign_places(keys: &Table, tasks: &[Value], mistakes: &mut Vec<Mistake>) {
    let is_task = |name: &str| {
        let mut names = tasks.iter().filter_map(|task| match &task.data {
            Data::Table(keys) => keys.get("name"),
            _ => None,
        });
        names.any(|entry| word(&entry.value) == name)
    };
    for entry in ["after", "before"].iter().filter_map(|key| keys.get(*key)) {
        let target = word(&entry.value);
        if let Some(place) = hook(target)
            && target != place.ours
            && !is_phase(place.ours)
            && !is_task(target)
        {
            let (written, ours) = (target.to_owned(), place.ours);
            let mistake = Mistake::new(Error::ForeignPlace { written, ours });
            mistakes.push(at(mistake, &entry.value));
        }
    }
}

fn is_phase(name: &str) -> bool {
    Phase::ALL.iter().any(|phase| phase.as_str() == name)
}

pub(crate) fn no_such_stage(stage: &Value, stages: &[&str], mistakes: &mut Vec<Mistake>) {
    let name = word(stage);
    if stages.contains(&name) {
        return;
    }
    let error = Error::NoSuchStage {
        stage: name.to_owned(),
    };
    mistakes.push(at(Mistake::new(error), stage).hint(stage_hint(name, stages)));
}

/// What to do where a stage does not exist.
pub(crate) fn stage_hint(name: &str, stages: &[&str]) -> String {
    match nearest(name, stages.iter().copied()) {
        Some(meant) => format!(
            "did you mean `{meant}`? stages: {}",
            listed(stages.iter().copied())
        ),
        None if stages.is_empty() => "the file has no [stages.NAME] yet".to_owned(),
        None => format!("stages: {}", listed(stages.iter().copied())),
    }
}

fn host_entry(path: &str, host: &Table, mistakes: &mut Vec<Mistake>) {
    said_twice(path, host, mistakes);
    let roles: Vec<_> = match host.get("roles") {
        Some(_) => items(host, "roles").iter().map(word).collect(),
        None => crate::hosts::DEFAULT_ROLES.to_vec(),
    };
    for primary in items(host, "primary") {
        if !roles.contains(&word(primary)) {
            let reason = format!("names `{}`, which is no role of this host", word(primary));
            mistakes.push(refused(&format!("{path}.primary"), reason, primary));
        }
    }
}

/// User and port can stand in the address, beside it and in `ssh`; only one of them may be said.
fn said_twice(path: &str, host: &Table, mistakes: &mut Vec<Mistake>) {
    let address = host.get("address").map(|entry| sample(&entry.value));
    let address = address.and_then(|text| Address::parse(&text).ok());
    let in_address = |name: &str| match (&address, name) {
        (Some(address), "user") => address.user.is_some(),
        (Some(address), _) => address.port.is_some(),
        (None, _) => false,
    };
    for name in ["user", "port"] {
        let beside = host.get(name);
        let within = inner(host, "ssh").and_then(|ssh| ssh.get(name));
        if let Some(twice) = beside.or(within).filter(|_| in_address(name)) {
            let reason = "stands in `address` already".to_owned();
            mistakes.push(refused(&format!("{path}.{name}"), reason, &twice.value));
        } else if let (Some(_), Some(twice)) = (beside, within) {
            let reason = format!("is the same as `{name}` of the host; keep one");
            mistakes.push(refused(&format!("{path}.ssh.{name}"), reason, &twice.value));
        }
    }
}

fn secret_variables(table: &Table, mistakes: &mut Vec<Mistake>) {
    let (Some(env), Some(secrets)) = (inner(table, "env"), inner(table, "secrets")) else {
        return;
    };
    for (name, entry) in secrets {
        if let Some(other) = env.get(name) {
            let reason = format!("is in `[env]` too, at {}", other.key);
            let key = format!("secrets.{name}");
            let mistake = Mistake::new(Error::Refused { key, reason });
            mistakes.push(match entry.key.place() {
                Some(place) => mistake.at(place),
                None => mistake,
            });
        }
    }
}

/// A linked path may not lie in another one: the second link would be made inside `shared`.
fn linked_paths(table: &Table, mistakes: &mut Vec<Mistake>) {
    let all = || {
        items(table, "linked_dirs")
            .iter()
            .chain(items(table, "linked_files"))
    };
    let paths: BTreeMap<&str, &Value> = all().map(|value| (trimmed(value), value)).collect();
    for value in all() {
        let path = trimmed(value);
        let inside = path
            .match_indices('/')
            .find_map(|(at, _)| paths.get(path.get(..at)?));
        if let Some(outer) = inside {
            let reason = format!(
                "lies in `{}`, which is linked as a whole (at {})",
                trimmed(outer),
                outer.origin()
            );
            mistakes.push(refused(path, reason, value));
        }
    }
    for file in items(table, "linked_files") {
        let twin = items(table, "linked_dirs")
            .iter()
            .find(|dir| trimmed(dir) == trimmed(file));
        if let Some(dir) = twin {
            let reason = format!("is linked as a directory too (at {})", dir.origin());
            mistakes.push(refused(trimmed(file), reason, file));
        }
    }
}

fn two_ways(ssh: &Table, mistakes: &mut Vec<Mistake>) {
    let jumps = items(ssh, "jump").iter().any(|jump| word(jump) != "none");
    let proxy = ssh
        .get("proxy_command")
        .filter(|entry| word(&entry.value) != "none");
    if let Some(proxy) = proxy.filter(|_| jumps) {
        let reason =
            "and `ssh.jump` are both set; set one of them to \"none\" where the other shall hold"
                .to_owned();
        mistakes.push(refused("ssh.proxy_command", reason, &proxy.value));
    }
}

/// A batch that reaches no farther than the one before it has no host of its own.
fn batches(rollout: &Table, mistakes: &mut Vec<Mistake>) {
    let batches = items(rollout, "batches");
    for (index, (before, after)) in batches.iter().zip(batches.iter().skip(1)).enumerate() {
        let (Data::Reach(reach), Data::Reach(next)) = (&before.data, &after.data) else {
            continue;
        };
        if !next.may_follow(*reach) {
            let reason = format!(
                "reaches no farther than {}, which comes before it",
                before.show()
            );
            let key = format!("rollout.batches[{}]", index.saturating_add(1));
            let hint = "each says how many hosts have the release when it is through, as in [1, \"10%\", \"100%\"]";
            mistakes.push(refused(&key, reason, after).hint(hint));
        }
    }
}

/// The place of a version manager means something only where it is said which one that is.
fn place_of_nothing(ruby: &Table, mistakes: &mut Vec<Mistake>) {
    let manager = ruby.get("manager").map_or("", |entry| word(&entry.value));
    if let (Some(path), "auto" | "none") = (ruby.get("path"), manager) {
        let reason = "says where a version manager is, but `manager` does not name one".to_owned();
        let mistake = refused("ruby.path", reason, &path.value);
        mistakes.push(mistake.hint("for instance manager = \"rbenv\""));
    }
}

/// The table of a recipe that is in use nowhere in the file.
fn table_of_nothing(table: &Table, recipe: &str, mistakes: &mut Vec<Mistake>) {
    let layers = || {
        let stages = inner(table, "stages").into_iter().flatten();
        let stages = stages.filter_map(|(_, entry)| match &entry.value.data {
            Data::Table(layer) => Some(layer),
            _ => None,
        });
        std::iter::once(table).chain(stages)
    };
    let named = layers().any(|layer| {
        let added = inner(layer, "add").map_or(&[][..], |added| items(added, "recipes"));
        let mut recipes = items(layer, "recipes").iter().chain(added);
        recipes.any(|name| word(name) == recipe)
    });
    if let (false, Some(entry)) = (named, layers().find_map(|layer| layer.get(recipe))) {
        let reason = format!("is about the recipe `{recipe}`, which is in use nowhere");
        let key = recipe.to_owned();
        let mistake = Mistake::new(Error::Refused { key, reason });
        let mistake = match entry.key.place() {
            Some(place) => mistake.at(place),
            None => mistake,
        };
        mistakes.push(mistake.hint(format!("recipes = [\"{recipe}\"] uses it")));
    }
}

fn both(keys: &Table, (first, second): (&str, &str), mistakes: &mut Vec<Mistake>) {
    if let (Some(_), Some(entry)) = (keys.get(first), keys.get(second)) {
        let reason = format!("and `{first}` are both said; a task has one place");
        mistakes.push(refused(second, reason, &entry.value));
    }
}

pub(crate) fn refused(key: &str, reason: String, value: &Value) -> Mistake {
    let key = key.to_owned();
    at(Mistake::new(Error::Refused { key, reason }), value)
}

pub(crate) fn at(mistake: Mistake, value: &Value) -> Mistake {
    match value.place() {
        Some(place) => mistake.at(place),
        None => mistake,
    }
}

fn inner<'t>(table: &'t Table, name: &str) -> Option<&'t Table> {
    match &table.get(name)?.value.data {
        Data::Table(inner) => Some(inner),
        _ => None,
    }
}

pub(crate) fn items<'t>(table: &'t Table, name: &str) -> &'t [Value] {
    match table.get(name).map(|entry: &Entry| &entry.value.data) {
        Some(Data::List(values)) => values,
        _ => &[],
    }
}

pub(crate) fn word(value: &Value) -> &str {
    match &value.data {
        Data::Text(text) | Data::Verbatim(text) => text,
        _ => "",
    }
}

fn trimmed(value: &Value) -> &str {
    word(value).trim_end_matches('/')
}

/// An address as it will look when its placeholders are filled.
fn sample(value: &Value) -> String {
    crate::placeholder::fill(word(value), "x", "x")
}
