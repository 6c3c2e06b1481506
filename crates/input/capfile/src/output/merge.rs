//! What all stages have in common goes to the top; what differs stays with its stage.

use crate::toml::Item;
use crate::translate::{Key, Sheet, TaskEntry};
use std::collections::BTreeMap;

/// One file's worth.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) top: BTreeMap<Key, Item>,
    pub(crate) remarks: BTreeMap<Key, String>,
    pub(crate) stages: Vec<StageSheet>,
    /// Tasks with the stages they belong to; none = all.
    pub(crate) tasks: Vec<(TaskEntry, Vec<String>)>,
}

/// What one stage has of its own.
#[derive(Debug)]
pub(crate) struct StageSheet {
    /// Its name in the project.
    pub(crate) source: String,
    /// Its name in windlass.toml.
    pub(crate) name: String,
    pub(crate) keys: BTreeMap<Key, Item>,
    pub(crate) hosts: Vec<Item>,
}

impl Merged {
    /// Names the application where not every stage has a name for it.
    pub(crate) fn name(&mut self, application: &str) {
        let key = ("", "application".to_owned());
        if self.top.contains_key(&key) || self.stages.iter().all(|it| it.keys.contains_key(&key)) {
            return;
        }
        self.top.insert(key.clone(), Item::text(application));
        self.remarks.insert(
            key,
            "TODO the project gives it no name that is known".to_owned(),
        );
    }
}

/// Keys whose text may name the stage by a placeholder.
const FILLED: &[(&str, &str)] = &[
    ("", "deploy_to"),
    ("", "branch"),
    ("", "repository"),
    ("rails", "env"),
];

/// A stage by its name in the project, and by the one it gets, with its settings.
type Named = (String, String, Sheet);

/// Merges the stages.
pub(crate) fn merge(sheets: Vec<Named>) -> Merged {
    let mut merged = Merged::default();
    let mut keys: Vec<Key> = sheets
        .iter()
        .flat_map(|(_, _, sheet)| sheet.keys.keys().cloned())
        .collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        if let Some(item) = common(&sheets, &key) {
            merged.top.insert(key, item);
        }
    }
    for (_, name, sheet) in &sheets {
        merged.remarks.extend(sheet.remarks.clone());
        tasks(&mut merged, name, &sheet.tasks);
    }
    finish_tasks(&mut merged, sheets.len());
    merged.stages = sheets
        .into_iter()
        .map(|(source, name, mut sheet)| {
            sheet.keys.retain(|key, _| !merged.top.contains_key(key));
            StageSheet {
                source,
                name,
                keys: sheet.keys,
                hosts: sheet.hosts,
            }
        })
        .collect();
    merged
}

/// The value that holds in every stage.
fn common(sheets: &[Named], key: &Key) -> Option<Item> {
    let values: Option<Vec<(&String, &Item)>> = sheets
        .iter()
        .map(|(_, name, sheet)| Some((name, sheet.keys.get(key)?)))
        .collect();
    let values = values?;
    let (_, first) = values.first()?;
    if values.iter().all(|(_, value)| value == first) {
        return Some((*first).clone());
    }
    if !FILLED.contains(&(key.0, key.1.as_str())) {
        return None;
    }
    let mut filled = values.iter().map(|(stage, value)| match value {
        Item::Text(text) => Some(text.replace(stage.as_str(), "{stage}")),
        _ => None,
    });
    let first = filled.next()??;
    filled
        .all(|text| text.as_ref() == Some(&first))
        .then_some(Item::Text(first))
}

/// Adds the tasks of a stage. The same one in several stages is one task.
fn tasks(merged: &mut Merged, stage: &str, entries: &[TaskEntry]) {
    for entry in entries {
        let same = merged.tasks.iter_mut().find(|(known, _)| known == entry);
        match same {
            Some((_, named)) => named.push(stage.to_owned()),
            None => merged.tasks.push((entry.clone(), vec![stage.to_owned()])),
        }
    }
}

/// A task of all stages names none. Names are unique in a file: a variant of a task is named after the first of its
/// stages.
fn finish_tasks(merged: &mut Merged, stages: usize) {
    let mut taken: Vec<String> = Vec::new();
    for (entry, named) in &mut merged.tasks {
        if let Some(stage) = named.first().filter(|_| taken.contains(&entry.name)) {
            entry.name = format!("{}-{stage}", entry.name);
        }
        taken.push(entry.name.clone());
        if named.len() == stages {
            named.clear();
        }
    }
}
