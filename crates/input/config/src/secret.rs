//! Secrets: where their values come from. A value itself is never part of the settings.

use crate::check;
use crate::keys::{Key, Kind};
use crate::value::{Data, Table};
use windlass_model::grammar::quoted;
use windlass_model::settings::SecretReference;

/// The keys of a reference. One of the first three says where the value is.
pub(crate) static KEYS: &[Key] = &[
    Key::new(
        "from_env",
        Kind::Verbatim(check::variable_name),
        "The controller's environment variable that holds the value.",
    )
    .like("\"RAILS_MASTER_KEY\""),
    Key::new(
        "command",
        Kind::Verbatim(check::script),
        "A script that prints the value: run by `sh` on the controller, in the project's directory, once a run.",
    )
    .like("\"op read op://shop/rails/master_key\""),
    Key::new(
        "age",
        Kind::Verbatim(check::file),
        "A file that `age` encrypted, below the project's directory; its whole text is the value, but for one newline \
         at its end.",
    )
    .like("\"config/secrets/master_key.age\""),
    Key::new(
        "key",
        Kind::Verbatim(check::variable_name),
        "With `age`: which line `NAME=VALUE` of the file holds the value.",
    )
    .like("\"RAILS_MASTER_KEY\""),
];

/// The places that a value can come from.
pub(crate) const PLACES: [&str; 3] = ["from_env", "command", "age"];

/// The examples that a person may go by.
pub(crate) const FORMS: &str =
    r#"{ from_env = "NAME" }, { command = "…" } or { age = "FILE", key = "NAME" }"#;

/// The reference that well-typed keys make; none where they name no place.
pub(crate) fn reference(mut keys: Table) -> Option<SecretReference> {
    let mut text = |name: &str| match keys.remove(name)?.value.data {
        Data::Verbatim(text) => Some(text),
        _ => None,
    };
    if let Some(variable) = text("from_env") {
        return Some(SecretReference::FromEnv(variable));
    }
    if let Some(script) = text("command") {
        return Some(SecretReference::Command(script));
    }
    let file = text("age")?;
    let key = text("key");
    Some(SecretReference::Age { file, key })
}

/// The keys that make it, in the order in which they are written.
fn keys(reference: &SecretReference) -> Vec<(&'static str, &str)> {
    match reference {
        SecretReference::FromEnv(variable) => vec![("from_env", variable)],
        SecretReference::Command(script) => vec![("command", script)],
        SecretReference::Age { file, key } => {
            let key = key.iter().map(|key| ("key", key.as_str()));
            std::iter::once(("age", file.as_str())).chain(key).collect()
        }
    }
}

/// As people would write it.
pub(crate) fn show(reference: &SecretReference) -> String {
    let keys = keys(reference).into_iter();
    let keys: Vec<_> = keys
        .map(|(name, value)| format!("{name} = {}", quoted(value)))
        .collect();
    format!("{{ {} }}", keys.join(", "))
}

/// For machines.
pub(crate) fn json(reference: &SecretReference) -> serde_json::Value {
    keys(reference).into_iter().collect()
}
