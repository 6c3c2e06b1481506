//! Settings, each with where it comes from.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered, table};
use crate::style::{Line, Role};
use serde::Serialize;

/// One setting.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigRow {
    /// Its name, dotted.
    pub key: String,
    /// Its value as it would be written in the file; never a secret's.
    #[serde(skip)]
    pub shown: String,
    /// The same for machines.
    pub value: serde_json::Value,
    /// Where it comes from: `windlass.toml:5`, `default`, `--set`; a list to which others were added has several.
    pub origins: Vec<String>,
}

/// Settings.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// One row a setting.
    pub rows: Vec<ConfigRow>,
}

impl Drawn for Config {
    fn draw(&self, _sheet: &Sheet) -> Vec<Drawing> {
        let rows = self
            .rows
            .iter()
            .map(|row| {
                vec![
                    Line::of(Role::Task, &row.key),
                    Line::plain(format!("= {}", row.shown)),
                    Line::of(Role::Dim, format!("# {}", row.origins.join(", "))),
                ]
            })
            .collect();
        drawings(table::lines(&[], rows))
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(&self.rows)
    }
}
