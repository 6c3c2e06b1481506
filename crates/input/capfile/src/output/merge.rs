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
    pub(crate) tasks: Vec<MergedTask>,
}

/// A task of some stages.
#[derive(Debug)]
pub(crate) struct MergedTask {
    /// The task as the file has it.
    pub(crate) entry: TaskEntry,
    /// Its name in the project.
    origin: String,
    /// The stages it belongs to; none = all.
    pub(crate) stages: Vec<String>,
}

/// What one stage has of its own.
#[derive(Debug)]
pub(crate) struct StageSheet {
    /// Its name in the project.
    pub(crate) source: String,
    /// Its name in windlass.toml.
    pub(crate) name: String,
    pub(crate) keys: BTreeMap<Key, Item>,
    pub(crate) remarks: BTreeMap<Key, String>,
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
        tasks(&mut merged, name, &sheet.tasks);
    }
    finish_tasks(&mut merged, sheets.len());
    merged.stages = sheets
        .into_iter()
        .map(|(source, name, mut sheet)| {
            sheet.keys.retain(|key, _| !merged.top.contains_key(key));
            let (common, own): (BTreeMap<_, _>, BTreeMap<_, _>) = sheet
                .remarks
                .into_iter()
                .partition(|(key, _)| merged.top.contains_key(key));
            merged.remarks.extend(common);
            StageSheet {
                source,
                name,
                keys: sheet.keys,
                remarks: own,
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

/// Adds the tasks of a stage. The same one in several stages is one task. Names are unique in a file: a variant of a task
/// is named after the first of its stages, and what stands beside it in that stage follows it there.
fn tasks(merged: &mut Merged, stage: &str, entries: &[TaskEntry]) {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut left: Vec<&TaskEntry> = entries.iter().collect();
    while !left.is_empty() {
        let waits = |entry: &&TaskEntry| match &entry.place {
            Some((_, place)) => left.iter().any(|other| other.name == *place),
            None => false,
        };
        let (mut later, mut ready): (Vec<&TaskEntry>, Vec<&TaskEntry>) =
            left.iter().copied().partition(waits);
        if ready.is_empty() {
            // They wait for one another; the reader of the file says so.
            std::mem::swap(&mut later, &mut ready);
        }
        for entry in ready {
            let mut entry_here = entry.clone();
            if let Some((_, place)) = &mut entry_here.place
                && let Some(name) = names.get(place.as_str())
            {
                place.clone_from(name);
            }
            names.insert(&entry.name, add(merged, stage, entry_here));
        }
        left = later;
    }
}

/// Adds one task of a stage, and gives the name that it has in the file.
fn add(merged: &mut Merged, stage: &str, mut entry: TaskEntry) -> String {
    let origin = entry.name.clone();
    for known in merged.tasks.iter_mut().filter(|it| it.origin == origin) {
        entry.name.clone_from(&known.entry.name);
        if known.entry == entry {
            known.stages.push(stage.to_owned());
            return entry.name;
        }
    }
    let taken = |name: &str| merged.tasks.iter().any(|known| known.entry.name == name);
    let mut name = origin.clone();
    if taken(&name) {
        name = format!("{origin}-{stage}");
    }
    while taken(&name) {
        name.push('-');
    }
    entry.name.clone_from(&name);
    merged.tasks.push(MergedTask {
        entry,
        origin,
        stages: vec![stage.to_owned()],
    });
    name
}

/// A task of all stages names none.
fn finish_tasks(merged: &mut Merged, stages: usize) {
    for task in &mut merged.tasks {
        if task.stages.len() == stages {
            task.stages.clear();
        }
    }
}
