//! A value that was read and found well-typed, with its origin; and the tables of them that layers are.

use crate::origin::{Origin, Place};
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_model::grammar::quoted;
use windlass_model::rollout::Reach;
use windlass_model::settings::SecretReference;
use windlass_model::units::{show_duration, show_size};

/// A value with its origins. A list to which others were added has several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) data: Data,
    pub(crate) origins: Vec<Origin>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// Text in which placeholders are filled.
    Text(String),
    /// Text that is taken as it is.
    Verbatim(String),
    /// Where the value of a secret comes from.
    Secret(SecretReference),
    Integer(i64),
    Boolean(bool),
    Duration(Duration),
    Size(u64),
    Reach(Reach),
    List(Vec<Value>),
    Table(Table),
}

/// Values by name.
pub(crate) type Table = BTreeMap<String, Entry>;

/// A value in a table, with the place of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Origin,
    pub(crate) value: Value,
}

impl Value {
    pub(crate) fn new(data: Data, origin: Origin) -> Self {
        Self {
            data,
            origins: vec![origin],
        }
    }

    /// Where it was said first.
    pub(crate) fn origin(&self) -> Origin {
        self.origins.first().cloned().unwrap_or(Origin::Default)
    }

    /// The place where it was said, if it was.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.origins.first().and_then(Origin::place)
    }

    /// For machines: durations and sizes as they would be written.
    pub(crate) fn json(&self) -> serde_json::Value {
        match &self.data {
            Data::Text(text) | Data::Verbatim(text) => text.as_str().into(),
            Data::Secret(reference) => crate::secret::json(reference),
            Data::Integer(number) => (*number).into(),
            Data::Boolean(truth) => (*truth).into(),
            Data::Duration(duration) => show_duration(*duration).into(),
            Data::Size(bytes) => show_size(*bytes).into(),
            Data::Reach(Reach::Hosts(count)) => (*count).into(),
            Data::Reach(percent) => percent.to_string().into(),
            Data::List(values) => values.iter().map(Self::json).collect(),
            Data::Table(table) => table
                .iter()
                .map(|(name, entry)| (name.clone(), entry.value.json()))
                .collect(),
        }
    }

    /// As people would write it.
    pub(crate) fn show(&self) -> String {
        match &self.data {
            Data::Text(text) | Data::Verbatim(text) => quoted(text),
            Data::Secret(reference) => crate::secret::show(reference),
            Data::Integer(number) => number.to_string(),
            Data::Boolean(truth) => truth.to_string(),
            Data::Duration(duration) => quoted(&show_duration(*duration)),
            Data::Size(bytes) => quoted(&show_size(*bytes)),
            Data::Reach(Reach::Hosts(count)) => count.to_string(),
            Data::Reach(percent) => quoted(&percent.to_string()),
            Data::List(values) => {
                let shown: Vec<_> = values.iter().map(Self::show).collect();
                format!("[{}]", shown.join(", "))
            }
            Data::Table(table) => {
                let shown: Vec<_> = table
                    .iter()
                    .map(|(name, entry)| format!("{name} = {}", entry.value.show()))
                    .collect();
                format!("{{ {} }}", shown.join(", "))
            }
        }
    }
}
