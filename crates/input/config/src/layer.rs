//! Layers, laid one over another: scalars and lists replace, tables merge, `add` appends.

use crate::file::parse;
use crate::keys::{Key, Kind, ROOT, Scope};
use crate::origin::{Origin, Source};
use crate::placeholder;
use crate::value::{Data, Entry, Table, Value};

/// Keys of a stage, role or host that say what it is and are no settings of a layer.
const OWN: [&str; 10] = [
    "hosts", "add", "address", "roles", "primary", "release", "optional", "user", "port", "stages",
];

/// The lowest layer, made from the table of keys.
pub(crate) fn defaults() -> Table {
    default_table(ROOT, "")
}

fn default_table(keys: &'static [Key], prefix: &str) -> Table {
    let mut table = Table::new();
    for key in keys.iter().filter(|key| key.scope.meets(Scope::FILE)) {
        let value = match (key.kind, key.default) {
            (Kind::Table(inner), _) => {
                let path = format!("{prefix}{}.", key.name);
                Value::new(Data::Table(default_table(inner, &path)), Origin::Default)
            }
            (_, Some(text)) => match default_value(key.name, text, prefix) {
                Some(value) => value,
                None => continue,
            },
            _ => continue,
        };
        let key_origin = Origin::Default;
        table.insert(
            key.name.to_owned(),
            Entry {
                key: key_origin,
                value,
            },
        );
    }
    table
}

/// Defaults are read like a file, so that they obey the same grammars; a test reads all of them.
fn default_value(name: &str, text: &str, prefix: &str) -> Option<Value> {
    let source = Source::file("defaults", format!("{prefix}{name} = {text}\n"));
    let (mut table, mistakes) = parse(&source, &[]);
    debug_assert!(mistakes.is_empty(), "{prefix}{name}: {mistakes:?}");
    for part in prefix.split_terminator('.') {
        match table.remove(part)?.value.data {
            Data::Table(inner) => table = inner,
            _ => return None,
        }
    }
    table.remove(name).map(|entry| without_origin(entry.value))
}

fn without_origin(value: Value) -> Value {
    let data = match value.data {
        Data::List(values) => Data::List(values.into_iter().map(without_origin).collect()),
        data => data,
    };
    Value::new(data, Origin::Default)
}

/// Lays `over` on `base`.
pub(crate) fn merge(base: &mut Table, over: &Table) {
    for (name, entry) in over {
        match (base.get_mut(name), &entry.value.data) {
            (Some(below), Data::Table(above)) => match &mut below.value.data {
                Data::Table(below) => merge(below, above),
                _ => below.clone_from(entry),
            },
            _ => {
                base.insert(name.clone(), entry.clone());
            }
        }
    }
}

/// Lays a stage, role or host on `base`: its settings, then its `add`.
pub(crate) fn lay(base: &mut Table, layer: &Table) {
    merge(base, &settings_of(layer));
    if let Some(Data::Table(added)) = layer.get("add").map(|entry| &entry.value.data) {
        append(base, added);
    }
}

/// The settings of a stage, role or host, without what says what it is.
pub(crate) fn settings_of(layer: &Table) -> Table {
    let entries = layer
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()));
    entries
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect()
}

fn append(base: &mut Table, added: &Table) {
    for (name, entry) in added {
        let Some(below) = base.get_mut(name) else {
            base.insert(name.clone(), entry.clone());
            continue;
        };
        match (&mut below.value.data, &entry.value.data) {
            (Data::Table(below), Data::Table(above)) => append(below, above),
            (Data::List(below_list), Data::List(above)) => {
                for value in above {
                    if !below_list.iter().any(|other| other.data == value.data) {
                        below_list.push(value.clone());
                    }
                }
                below
                    .value
                    .origins
                    .extend(entry.value.origins.iter().cloned());
            }
            _ => below.clone_from(entry),
        }
    }
}

/// Fills the placeholders of a whole table.
pub(crate) fn fill(table: &mut Table, application: &str, stage: &str) {
    for entry in table.values_mut() {
        fill_value(&mut entry.value, application, stage);
    }
}

/// Fills the placeholders of one value.
pub(crate) fn fill_value(value: &mut Value, application: &str, stage: &str) {
    match &mut value.data {
        Data::Text(text) => *text = placeholder::fill(text, application, stage),
        Data::List(values) => values
            .iter_mut()
            .for_each(|value| fill_value(value, application, stage)),
        Data::Table(inner) => fill(inner, application, stage),
        _ => {}
    }
}
