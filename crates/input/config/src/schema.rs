//! The JSON Schema of windlass.toml and the reference page, both made from the table of keys.

use crate::keys::{Key, Kind, ROOT, Scope};
use serde_json::{Map, Value, json};

/// The JSON Schema of windlass.toml.
pub fn schema() -> Value {
    let mut schema = object(ROOT, Scope::FILE);
    if let Some(map) = schema.as_object_mut() {
        map.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        map.insert("title".to_owned(), json!("windlass.toml"));
        map.insert("required".to_owned(), json!(["application"]));
    }
    schema
}

fn object(keys: &'static [Key], scope: Scope) -> Value {
    let properties: Map<_, _> = keys
        .iter()
        .filter(|key| key.scope.meets(scope))
        .map(|key| (key.name.to_owned(), property(key, scope)))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(key: &'static Key, scope: Scope) -> Value {
    let mut shape = shape(&key.kind, scope);
    if let Some(map) = shape.as_object_mut() {
        map.insert("description".to_owned(), json!(key.doc));
        if let Some(default) = key.default.and_then(as_json) {
            map.insert("default".to_owned(), default);
        }
        if let Some(example) = as_json(key.example) {
            map.insert("examples".to_owned(), json!([example]));
        }
    }
    shape
}

fn shape(kind: &'static Kind, scope: Scope) -> Value {
    let text = || json!({ "type": "string" });
    match *kind {
        Kind::Text(_) | Kind::Word(_) | Kind::Verbatim(_) | Kind::Repository => text(),
        Kind::Integer(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Duration(_) => json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$" }),
        Kind::Size(_) => json!({ "type": "string", "pattern": "^[0-9]+ *([KMGT]i?)?B$" }),
        Kind::Reach => any_of(
            json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
            json!({ "type": "string", "pattern": "^0*([1-9][0-9]*|([1-9][0-9]?|100)%)$" }),
        ),
        Kind::Choice(choices) => json!({ "type": "string", "enum": choices }),
        Kind::List(inner) => json!({ "type": "array", "items": shape(inner, scope) }),
        Kind::Recipes => json!({ "type": "array", "items": text() }),
        Kind::OneOrMany(inner) => {
            let one = shape(inner, scope);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Kind::BooleanOr(inner) => any_of(json!({ "type": "boolean" }), shape(inner, scope)),
        Kind::Map(_, inner) => {
            json!({ "type": "object", "additionalProperties": shape(inner, scope) })
        }
        Kind::Table(keys) => object(keys, scope),
        Kind::Variables => json!({ "type": "object", "additionalProperties": text() }),
        Kind::Secret => secret(scope),
        Kind::Layer(inner) => object(ROOT, inner),
        Kind::Add => added(ROOT, scope),
        Kind::Host => {
            let mut table = object(ROOT, Scope::HOST);
            if let Some(map) = table.as_object_mut() {
                map.insert("required".to_owned(), json!(["address"]));
            }
            json!({ "anyOf": [text(), table] })
        }
        Kind::Later(_) => json!({ "not": {} }),
    }
}

/// A secret has one place, and `key` belongs to one of them.
fn secret(scope: Scope) -> Value {
    let mut table = object(crate::secret::KEYS, scope);
    let places = crate::secret::PLACES.map(|place| json!({ "required": [place] }));
    if let Some(map) = table.as_object_mut() {
        map.insert("oneOf".to_owned(), json!(places));
        map.insert("dependentRequired".to_owned(), json!({ "key": ["age"] }));
    }
    table
}

/// `first` or `second`, where `second` may be a choice already.
fn any_of(first: Value, mut second: Value) -> Value {
    match second.get_mut("anyOf").and_then(Value::as_array_mut) {
        Some(choices) => {
            choices.insert(0, first);
            second
        }
        None => json!({ "anyOf": [first, second] }),
    }
}

fn added(keys: &'static [Key], scope: Scope) -> Value {
    let lists = keys
        .iter()
        .filter(|key| key.scope.meets(scope) && key.scope.meets(Scope::FILE) && key.appends());
    let properties: Map<_, _> = lists
        .map(|key| {
            let value = match key.kind {
                Kind::Table(inner) => added(inner, scope),
                _ => property(key, scope),
            };
            (key.name.to_owned(), value)
        })
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// TOML of the table as JSON; no text gives none.
fn as_json(text: &str) -> Option<Value> {
    let table: toml::Table = format!("value = {text}").parse().ok()?;
    serde_json::to_value(table.get("value")?).ok()
}

/// The reference page of all settings, in Markdown.
pub fn reference() -> String {
    let top = |key: &Key| key.scope.meets(Scope::FILE);
    let stage = |key: &Key| !key.scope.meets(Scope::FILE) && key.scope.meets(Scope::STAGE);
    let host = |key: &Key| key.scope == Scope::HOST;
    let sections = [
        "# Settings\n\nEvery key of windlass.toml. This page is made from the same table that reads the file.\n".to_owned(),
        section("At the top", ROOT.iter().filter(|key| top(key))),
        section("In `[[tasks]]`", inner("tasks").iter()),
        section("In `[[health]]`", inner("health").iter()),
        section("In each of `[secrets]`", crate::secret::KEYS.iter()),
        section("In `[age]`", inner("age").iter()),
        section("In `[ssh]`", inner("ssh").iter()),
        section("In `[rollout]`", inner("rollout").iter()),
        section("In `[ruby]`", inner("ruby").iter()),
        section("In `[bundler]`", inner("bundler").iter()),
        section("In `[rails]`", inner("rails").iter()),
        section("In a stage, besides", ROOT.iter().filter(|key| stage(key))),
        section("In a host, besides", ROOT.iter().filter(|key| host(key))),
    ];
    sections.concat()
}

fn inner(name: &str) -> &'static [Key] {
    let key = ROOT.iter().find(|key| key.name == name);
    key.map(Key::inner).unwrap_or_default()
}

fn section(title: &str, keys: impl Iterator<Item = &'static Key>) -> String {
    let rows: Vec<_> = keys.map(row).collect();
    let head = "| key | is | default | meaning |\n|---|---|---|---|\n";
    format!("\n## {title}\n\n{head}{}", rows.concat())
}

fn row(key: &'static Key) -> String {
    let is = crate::typing::expected(&key.kind).replace('|', "\\|");
    let default = key.default.map(|text| format!("`{text}`"));
    let default = default.unwrap_or_default();
    // The keys of inner tables go where their table goes.
    let layered = ROOT.iter().any(|other| std::ptr::eq(other, key)) && key.scope == Scope::ANY;
    let differs = if layered {
        " May differ per stage, role and host."
    } else {
        ""
    };
    let appended = if key.scope == Scope::NARROW {
        " Stands in a stage, a role or a host."
    } else {
        ""
    };
    format!(
        "| `{}` | {is} | {default} | {}{differs}{appended} |\n",
        key.name, key.doc
    )
}
