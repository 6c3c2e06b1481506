//! The tasks of a stage.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered, table};
use crate::style::{Line, Role};
use serde::Serialize;

/// One task.
#[derive(Clone, Debug, Serialize)]
pub struct TaskRow {
    /// Its name.
    pub name: String,
    /// When it runs: `after published`, `by hand`.
    pub when: String,
    /// Where it runs: roles or hosts.
    pub hosts: String,
    /// Its command, on one line.
    pub command: String,
}

/// Tasks.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    /// In the order in which they run.
    pub rows: Vec<TaskRow>,
}

impl Drawn for Tasks {
    fn draw(&self, _sheet: &Sheet) -> Vec<Drawing> {
        if self.rows.is_empty() {
            return drawings(vec![Line::plain("no tasks")]);
        }
        let rows = self
            .rows
            .iter()
            .map(|row| {
                vec![
                    Line::of(Role::Task, &row.name),
                    Line::plain(&row.when),
                    Line::plain(&row.hosts),
                    Line::plain(&row.command),
                ]
            })
            .collect();
        let head = ["task", "when", "hosts", "command"];
        drawings(table::lines(&head, rows))
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(&self.rows)
    }
}
