//! The text of windlass.toml: settings, tables, tasks, stages; what a person has to look at stands where it belongs.

use super::merge::{Merged, StageSheet};
use crate::Todo;
use crate::comment::comment;
use crate::toml::{Item, key};
use crate::translate::{Key, TaskEntry};
use std::collections::BTreeMap;
use std::fmt::Write as _;

type Keys = BTreeMap<Key, Item>;
type Remarks = BTreeMap<Key, String>;

/// The keys at the top in the order in which people read them.
const TOP: &[&str] = &[
    "application",
    "repository",
    "branch",
    "source",
    "subtree",
    "submodules",
    "deploy_to",
    "keep_releases",
    "linked_files",
    "linked_dirs",
    "recipes",
    "path",
];
/// The tables in the same sense.
const TABLES: &[&str] = &[
    "env", "secrets", "ssh", "ruby", "bundler", "rails", "restart",
];

/// Writes the file.
pub(crate) fn write(merged: &Merged, todos: &[Todo], second: bool) -> String {
    let of = if second {
        "a Capistrano 2 project"
    } else {
        "a Capistrano project"
    };
    let mut text =
        format!("# Carried over from {of} by windlass init. Lines with TODO ask for a look.\n");
    top(&mut text, merged);
    let (in_tasks, rest): (Vec<_>, Vec<_>) = todos.iter().partition(|todo| todo.is_of_tasks());
    let (in_stages, of_settings): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|todo| todo.stage().is_some());
    notes(&mut text, &of_settings);
    for table in TABLES {
        let rows = rows(&merged.top, &merged.remarks, table);
        if !rows.is_empty() {
            let _ = write!(text, "\n[{table}]\n{rows}");
        }
    }
    for known in &merged.tasks {
        task(&mut text, &known.entry, &known.stages);
    }
    notes(&mut text, &in_tasks);
    for stage in &merged.stages {
        write_stage(&mut text, stage);
        let of_it = |todo: &&&Todo| todo.stage() == Some(stage.source.as_str());
        let of_it: Vec<&Todo> = in_stages.iter().filter(of_it).copied().collect();
        notes(&mut text, &of_it);
    }
    text
}

fn top(text: &mut String, merged: &Merged) {
    for name in TOP {
        if *name == "source" {
            text.push_str(
                "# Capistrano's hosts fetched the code themselves; here it is sent to them, so that they need no access\n\
                 # to the repository. With source = \"git\" they fetch it as before.\nsource = \"push\"\n",
            );
            continue;
        }
        let place = ("", (*name).to_owned());
        if let Some(item) = merged.top.get(&place) {
            let remark = merged.remarks.get(&place);
            let remark = remark
                .map(|words| format!("  {}", comment(words)))
                .unwrap_or_default();
            let _ = writeln!(text, "{name} = {}{remark}", item.written());
        }
    }
}

/// The rows of a table, each below the words about it.
fn rows(keys: &Keys, remarks: &Remarks, table: &str) -> String {
    let mut text = String::new();
    for (place, item) in keys.iter().filter(|((of, _), _)| *of == table) {
        if let Some(words) = remarks.get(place) {
            let _ = writeln!(text, "{}", comment(words));
        }
        let _ = writeln!(text, "{} = {}", key(&place.1), item.written());
    }
    text
}

fn write_stage(text: &mut String, stage: &StageSheet) {
    let name = format!("stages.{}", key(&stage.name));
    text.push('\n');
    if stage.name != stage.source {
        let words = format!(
            "TODO the stage `{}` has another name here: its own is a command of Windlass or has unusual letters",
            stage.source
        );
        let _ = writeln!(text, "{}", comment(&words));
    }
    let _ = write!(text, "[{name}]\n{}", rows(&stage.keys, &stage.remarks, ""));
    match stage.hosts.as_slice() {
        [] => text.push_str(
            "hosts = [\"deploy@www.example.com\"]  # TODO your host: the project names none\n",
        ),
        hosts => {
            text.push_str("hosts = [\n");
            for host in hosts {
                let _ = writeln!(text, "  {},", host.written());
            }
            text.push_str("]\n");
        }
    }
    for table in TABLES {
        let rows = rows(&stage.keys, &stage.remarks, table);
        if !rows.is_empty() {
            let _ = write!(text, "[{name}.{table}]\n{rows}");
        }
    }
}

fn task(text: &mut String, entry: &TaskEntry, stages: &[String]) {
    text.push('\n');
    for remark in &entry.remarks {
        let _ = writeln!(text, "{}", comment(&format!("TODO {remark}")));
    }
    let mut row = |name: &str, item: Item| {
        let _ = writeln!(text, "{name} = {}", item.written());
    };
    let target = &entry.target;
    let mut rows: Vec<(&str, Item)> = vec![
        ("name", Item::text(&entry.name)),
        ("run", Item::text(&entry.run)),
    ];
    let some = |list: &[String]| (!list.is_empty()).then(|| Item::texts(list.iter().cloned()));
    rows.extend(some(&target.roles).map(|roles| ("roles", roles)));
    rows.extend(some(&entry.hosts).map(|hosts| ("hosts", hosts)));
    rows.extend(target.once.then_some(("once", Item::Bool(true))));
    rows.extend(target.local.then_some(("local", Item::Bool(true))));
    rows.extend(entry.dir.as_ref().map(|dir| ("dir", Item::text(dir))));
    rows.extend(environment(entry).map(|env| ("env", env)));
    rows.extend(entry.undo.as_ref().map(|undo| ("undo", Item::text(undo))));
    rows.extend(entry.sudo.as_ref().map(|user| ("sudo", Item::text(user))));
    rows.extend(entry.place.as_ref().map(|(before, place)| {
        let side = if *before { "before" } else { "after" };
        (side, Item::text(place))
    }));
    let on = entry.on.iter().map(|kind| (*kind).to_owned());
    rows.extend(some(&on.collect::<Vec<_>>()).map(|on| ("on", on)));
    rows.extend(some(stages).map(|stages| ("stages", stages)));
    row("[[tasks]]\nname", rows.remove(0).1);
    for (name, item) in rows {
        row(name, item);
    }
}

fn environment(entry: &TaskEntry) -> Option<Item> {
    let pairs = entry
        .env
        .iter()
        .map(|(name, value)| (name.clone(), Item::text(value)));
    (!entry.env.is_empty()).then(|| Item::Table(pairs.collect()))
}

/// What could not be carried over, as comments.
fn notes(text: &mut String, todos: &[&Todo]) {
    if todos.is_empty() {
        return;
    }
    text.push('\n');
    for todo in todos {
        let _ = writeln!(text, "{}", comment(&format!("TODO {todo}")));
    }
}
