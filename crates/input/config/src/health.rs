//! `[[health]]`: what its keys are together. Each entry checks one thing, and has the keys that are about it.

use crate::cross::{at, items, no_such_stage, refused, word};
use crate::error::{Error, Mistake};
use crate::origin::Origin;
use crate::read::{STAYS, WITHIN};
use crate::value::{Data, Entry, Table, Value};
use std::collections::BTreeMap;
use windlass_model::health::HOST;
use windlass_model::units::show_duration;

/// What can be checked; an entry says one of them.
pub(crate) const SUBJECTS: [&str; 3] = ["url", "command", "unit"];

/// Keys that are about one of them alone.
const OWN: [(&str, &str); 7] = [
    ("from", "url"),
    ("status", "url"),
    ("body", "url"),
    ("headers", "url"),
    ("insecure", "url"),
    ("system", "unit"),
    ("stays", "unit"),
];

/// What the entries of the file contradict by themselves.
pub(crate) fn entries(table: &Table, stages: &[&str], mistakes: &mut Vec<Mistake>) {
    for (index, entry) in items(table, "health").iter().enumerate() {
        let Data::Table(keys) = &entry.data else {
            continue;
        };
        let path = format!("health[{index}]");
        one_subject(&path, keys, entry, mistakes);
        foreign_keys(&path, keys, mistakes);
        for stage in items(keys, "stages") {
            no_such_stage(stage, stages, mistakes);
        }
        long_enough(&path, keys, mistakes);
        host_in_url(&path, keys, mistakes);
    }
}

fn one_subject(path: &str, keys: &Table, entry: &Value, mistakes: &mut Vec<Mistake>) {
    let said = |subject: &&str| keys.contains_key(*subject);
    let subjects: Vec<&str> = SUBJECTS.into_iter().filter(said).collect();
    let reason = match subjects.as_slice() {
        [_] => return,
        [] => "does not say what it checks".to_owned(),
        [first, second, ..] => format!("has both `{first}` and `{second}`; it checks one thing"),
    };
    let key = path.to_owned();
    let mistake = at(Mistake::new(Error::Refused { key, reason }), entry);
    mistakes.push(
        mistake.hint("write `url`, `command` or `unit`, each check in a [[health]] of its own"),
    );
}

fn foreign_keys(path: &str, keys: &Table, mistakes: &mut Vec<Mistake>) {
    for (key, subject) in OWN {
        let is_known = SUBJECTS.iter().any(|subject| keys.contains_key(*subject));
        if let Some(entry) = keys
            .get(key)
            .filter(|_| is_known && !keys.contains_key(subject))
        {
            let reason = format!("is about a check with `{subject}`");
            mistakes.push(refused(&format!("{path}.{key}"), reason, &entry.value));
        }
    }
}

/// A host knows itself as 127.0.0.1.
fn host_in_url(path: &str, keys: &Table, mistakes: &mut Vec<Mistake>) {
    let asked_here = keys
        .get("from")
        .is_some_and(|entry| word(&entry.value) == "controller");
    if let Some(url) = keys
        .get("url")
        .filter(|url| !asked_here && word(&url.value).contains(HOST))
    {
        let reason = format!("has `{HOST}`, but is asked by the host itself");
        let mistake = refused(&format!("{path}.url"), reason, &url.value);
        mistakes
            .push(mistake.hint("write 127.0.0.1, or let this machine ask: from = \"controller\""));
    }
}

/// A unit cannot have stayed active for longer than there is time.
fn long_enough(path: &str, keys: &Table, mistakes: &mut Vec<Mistake>) {
    let time = |key: &str, default| match keys.get(key).map(|entry| &entry.value.data) {
        Some(Data::Duration(time)) => *time,
        _ => default,
    };
    let (stays, within) = (time("stays", STAYS), time("within", WITHIN));
    let said = ["stays", "within"].into_iter();
    let mut said = said.filter_map(|key| Some((key, &keys.get(key)?.value)));
    let Some((key, value)) = said
        .next()
        .filter(|_| keys.contains_key("unit") && stays >= within)
    else {
        return;
    };
    let (stays, within) = (show_duration(stays), show_duration(within));
    let reason = format!(
        "can never be met: `stays` (\"{stays}\") must be shorter than `within` (\"{within}\")"
    );
    mistakes.push(refused(&format!("{path}.{key}"), reason, value));
}

/// Gives the entries that have no name the one of what they check. The table is merged and filled.
pub(crate) fn name(table: &mut Table) {
    let Some(Data::List(entries)) = table.get_mut("health").map(|entry| &mut entry.value.data)
    else {
        return;
    };
    for entry in entries {
        if let Data::Table(keys) = &mut entry.data
            && !keys.contains_key("name")
        {
            let name = Value::new(Data::Verbatim(named_after(keys)), Origin::Default);
            let (key, value) = (Origin::Default, name);
            keys.insert("name".to_owned(), Entry { key, value });
        }
    }
}

/// `127.0.0.1:3000-up` of a URL, `check` of `bin/check --fast`, `shop.service` of a unit.
fn named_after(keys: &Table) -> String {
    let text = |key: &str| keys.get(key).map(|entry| word(&entry.value));
    let subject = match (text("url"), text("command")) {
        (Some(url), _) => url.split_once("://").map_or(url, |(_, rest)| rest),
        (None, Some(script)) => {
            let first = script.split_whitespace().next().unwrap_or_default();
            first.rsplit('/').next().unwrap_or_default()
        }
        (None, None) => text("unit").unwrap_or_default(),
    };
    let subject = subject.split('?').next().unwrap_or_default();
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | ':' => c,
        _ => '-',
    };
    let name: String = subject.chars().map(plain).collect();
    match name.trim_matches('-') {
        "" => "check".to_owned(),
        name => name.to_owned(),
    }
}

/// Two checks of one name, be it one that was given or one that was made.
pub(crate) fn same_names(table: &Table, mistakes: &mut Vec<Mistake>) {
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    for (index, entry) in items(table, "health").iter().enumerate() {
        let Some(name) = inner_word(entry, "name") else {
            continue;
        };
        if let Some(first) = seen.insert(name, entry) {
            let reason = format!(
                "is `{name}`, the name of another check too, at {}",
                first.origin()
            );
            let mistake = refused(&format!("health[{index}].name"), reason, entry);
            mistakes.push(mistake.hint("give one of them a `name` of its own"));
        }
    }
}

fn inner_word<'t>(entry: &'t Value, key: &str) -> Option<&'t str> {
    match &entry.data {
        Data::Table(keys) => keys.get(key).map(|entry| word(&entry.value)),
        _ => None,
    }
}
