//! What was done, newest first.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered, table};
use crate::console::outcome;
use crate::style::{Line, Role};
use crate::words::{duration, moment};
use serde::Serialize;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::{DeployId, DeployKind, ReleaseName, Revision};

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

/// The deploys of a stage.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Newest first.
    pub rows: Vec<HistoryRow>,
}

impl Drawn for History {
    fn draw(&self, sheet: &Sheet) -> Vec<Drawing> {
        if self.rows.is_empty() {
            return drawings(vec![Line::plain("nothing was deployed yet")]);
        }
        let head = [
            "when", "deploy", "stage", "result", "took", "what", "revision", "who", "reason",
        ];
        let rows = self.rows.iter().map(|row| row.cells(sheet)).collect();
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

fn result(end: Option<DeployEnd>) -> Line {
    let Some(end) = end else {
        return Line::of(Role::Warn, "not over");
    };
    let role = match end {
        DeployEnd::Deployed => Role::Good,
        DeployEnd::Parked => Role::Warn,
        DeployEnd::Undone
        | DeployEnd::CancelledUndone
        | DeployEnd::Stuck
        | DeployEnd::Fenced
        | DeployEnd::GivenUp => Role::Bad,
    };
    Line::of(role, outcome::end_word(end))
}
