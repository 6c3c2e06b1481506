//! What was done, newest first.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered, table};
use crate::console::outcome;
use crate::style::{Line, Role};
use crate::visible;
use crate::words::{duration, moment};
use serde::Serialize;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::{DeployId, DeployKind, ReleaseName, Revision, TaskName};

/// One deploy or rollback.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryRow {
    /// When it began.
    pub at: Timestamp,
    /// Its id.
    pub deploy: DeployId,
    /// The stage.
    pub stage: String,
    /// Deploy or rollback.
    pub kind: DeployKind,
    /// The release.
    pub release: ReleaseName,
    /// Its revision.
    pub revision: Option<Revision>,
    /// Who did it, where that is known.
    pub who: Option<String>,
    /// How it ended; none where it is under way or was interrupted.
    pub end: Option<DeployEnd>,
    /// How long it took.
    pub duration: Option<Duration>,
    /// The reason given with `-m`.
    pub reason: Option<String>,
}

/// One command outside of any deploy.
#[derive(Clone, Debug, Serialize)]
pub struct CommandRow {
    /// When it began.
    pub at: Timestamp,
    /// Its id.
    pub id: DeployId,
    /// The stage; empty for a bare address.
    pub stage: String,
    /// `exec`, or the name of the task that was run.
    pub task: TaskName,
    /// The command as it was given.
    pub command: String,
    /// How it ended, in a word.
    pub end: &'static str,
    /// How long it took, where it is over.
    #[serde(skip)]
    pub duration: Option<Duration>,
}

/// Something that this machine did.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum HistoryEntry {
    /// A deploy or rollback.
    Deploy(HistoryRow),
    /// A command outside of any deploy.
    Command(CommandRow),
}

/// What this machine did.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Newest first.
    pub rows: Vec<HistoryEntry>,
}

/// A longer command is cut; `show` has it whole.
const COMMAND: usize = 40;

impl Drawn for History {
    fn draw(&self, sheet: &Sheet) -> Vec<Drawing> {
        if self.rows.is_empty() {
            return drawings(vec![Line::plain("nothing was done yet")]);
        }
        let head = [
            "when", "id", "stage", "result", "took", "what", "revision", "who", "reason",
        ];
        let cells = |entry: &HistoryEntry| match entry {
            HistoryEntry::Deploy(row) => row.cells(sheet),
            HistoryEntry::Command(row) => row.cells(sheet),
        };
        let rows = self.rows.iter().map(cells).collect();
        drawings(table::lines(&head, rows))
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(&self.rows)
    }
}

impl HistoryRow {
    fn cells(&self, sheet: &Sheet) -> Vec<Line> {
        let what = match self.kind {
            DeployKind::Deploy => format!("release {}", self.release),
            DeployKind::Rollback => format!("rollback to {}", self.release),
        };
        vec![
            Line::plain(moment::local(self.at, &sheet.zone)),
            Line::plain(self.deploy.as_str()),
            Line::plain(&self.stage),
            result(self.end),
            Line::plain(self.duration.map(duration::short).unwrap_or_default()),
            Line::plain(what),
            Line::plain(
                self.revision
                    .as_ref()
                    .map(Revision::short)
                    .unwrap_or_default(),
            ),
            Line::plain(self.who.as_deref().unwrap_or_default()),
            Line::plain(self.reason.as_deref().unwrap_or_default()),
        ]
    }
}

impl CommandRow {
    fn cells(&self, sheet: &Sheet) -> Vec<Line> {
        let command = visible::plain(&self.command);
        let role = match self.end {
            "done" => Role::Good,
            "failed" => Role::Bad,
            _ => Role::Warn,
        };
        vec![
            Line::plain(moment::local(self.at, &sheet.zone)),
            Line::plain(self.id.as_str()),
            Line::plain(&self.stage),
            Line::of(role, self.end),
            Line::plain(self.duration.map(duration::short).unwrap_or_default()),
            Line::plain(format!("{}: {command}", self.task)).cut(COMMAND),
            Line::plain(""),
            Line::plain(""),
            Line::plain(""),
        ]
    }
}

fn result(end: Option<DeployEnd>) -> Line {
    let Some(end) = end else {
        return Line::of(Role::Warn, "not over");
    };
    let role = match end {
        DeployEnd::Deployed => Role::Good,
        DeployEnd::Parked => Role::Warn,
        DeployEnd::Undone
        | DeployEnd::CancelledUndone
        | DeployEnd::Stopped
        | DeployEnd::Stuck
        | DeployEnd::Fenced
        | DeployEnd::GivenUp => Role::Bad,
    };
    Line::of(role, outcome::end_word(end))
}
