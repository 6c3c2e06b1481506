//! The answers of single commands: tables for people, one JSON object a row for machines.
//!
//! The structs are plain; the caller fills them from what the hosts and the journal say. They are data: they go to
//! standard output.

mod check;
mod config;
mod history;
mod lock;
mod plan;
mod releases;
mod setup;
mod status;
mod table;
mod tasks;

pub use check::{Check, CheckHost, Finding, Severity};
pub use config::{Config, ConfigRow};
pub use history::{CommandRow, History, HistoryEntry, HistoryRow};
pub use lock::{Controller, Holder, LockRow, Locks};
pub use plan::Plan;
pub use releases::{ReleaseRow, Releases};
pub use setup::{FileContent, FileRow, FileState, LayoutRow, Setup};
pub use status::{Status, StatusRow};
pub use tasks::{TaskRow, Tasks};

use crate::Error;
use crate::style::Line;
use crate::words::moment::Zone;
use serde::Serialize;
use std::io::Write;
use windlass_model::clock::Timestamp;

/// The format number of rows printed with `--json`.
const ROW_FORMAT: u32 = 1;

/// What a table is drawn for.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Columns.
    pub width: u16,
    /// Whether colours are used.
    pub color: bool,
    /// The present moment, for `2 min ago`.
    pub now: Timestamp,
    /// The reader's time zone.
    pub zone: Zone,
}

/// An answer that can be shown.
pub trait View: sealed::Drawn {}

mod sealed {
    use super::Sheet;
    use crate::style::Line;

    /// How a view becomes lines and rows. Private: lines are no interface.
    pub trait Drawn {
        #[doc(hidden)]
        fn draw(&self, sheet: &Sheet) -> Vec<Drawing>;
        #[doc(hidden)]
        fn rows(&self) -> Result<Vec<String>, serde_json::Error>;
    }

    /// A line of a view.
    #[derive(Debug)]
    pub struct Drawing(pub(crate) Line);
}

use sealed::{Drawing, Drawn};

impl<T: Drawn> View for T {}

/// Prints a view as lines.
pub fn print(view: &dyn View, sheet: &Sheet, out: &mut dyn Write) -> Result<(), Error> {
    let mut text = String::new();
    for Drawing(line) in view.draw(sheet) {
        text.push_str(&line.render(sheet.color));
        text.push('\n');
    }
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Error::stdout)
}

/// Prints a view as JSON, one object with a `format` a line.
pub fn print_json(view: &dyn View, out: &mut dyn Write) -> Result<(), Error> {
    let rows = view.rows().map_err(|error| Error::Stdout(error.into()))?;
    for row in rows {
        writeln!(out, "{row}").map_err(Error::stdout)?;
    }
    out.flush().map_err(Error::stdout)
}

fn drawings(lines: Vec<Line>) -> Vec<Drawing> {
    lines.into_iter().map(Drawing).collect()
}

#[derive(Serialize)]
struct Numbered<'a, T> {
    format: u32,
    #[serde(flatten)]
    row: &'a T,
}

fn numbered<T: Serialize>(rows: &[T]) -> Result<Vec<String>, serde_json::Error> {
    let number = |row| {
        serde_json::to_string(&Numbered {
            format: ROW_FORMAT,
            row,
        })
    };
    rows.iter().map(number).collect()
}
