//! What is live where.

use super::lock::Holder;
use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered, table};
use crate::style::{Line, Place, Role, flow};
use crate::words::{moment, plural};
use serde::Serialize;
use windlass_model::clock::Timestamp;
use windlass_model::release::ReleaseState;
use windlass_model::{HostName, Revision};

/// So many releases kept aside are named.
const NAMED: usize = 3;

/// One host.
#[derive(Clone, Debug, Serialize)]
pub struct StatusRow {
    /// The host.
    pub host: HostName,
    /// The live release, or what `current` points at, verbatim.
    pub live: Option<String>,
    /// Its revision.
    pub revision: Option<Revision>,
    /// Since when it is live.
    pub since: Option<Timestamp>,
    /// What became of it.
    pub state: Option<ReleaseState>,
    /// Whether another host has a newer one live.
    pub behind: bool,
    /// The release that a rollback would choose.
    pub previous: Option<String>,
    /// Why the host could not be asked.
    pub problem: Option<String>,
}

/// The status of a stage.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// One row a host.
    pub rows: Vec<StatusRow>,
    /// Deploys that are not over, each in a few words.
    pub in_flight: Vec<String>,
    /// Who holds the lock.
    pub lock: Option<Holder>,
    /// How many releases a host keeps.
    pub kept: usize,
    /// Failed releases that were kept aside.
    pub aside: Vec<String>,
}

impl Drawn for Status {
    fn draw(&self, sheet: &Sheet) -> Vec<Drawing> {
        let width = usize::from(sheet.width);
        let head = ["", "live", "", "since", "state", "previous"];
        let rows = self.rows.iter().map(|row| row.cells(sheet)).collect();
        let mut lines = table::lines(&head, rows);
        let mut facts: Vec<Line> = Vec::new();
        if self.in_flight.is_empty() {
            facts.push(Line::plain("no deploy in flight"));
        }
        facts.extend(self.in_flight.iter().map(Line::plain));
        facts.push(Line::plain(match &self.lock {
            Some(holder) => format!("lock {}", holder.sentence(sheet)),
            None => "lock free".to_owned(),
        }));
        facts.push(Line::plain(self.kept()));
        lines.extend(flow(Line::new(), facts, " · ", Place { indent: 2, width }));
        drawings(lines)
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(&self.rows)
    }
}

impl Status {
    /// `5 releases kept, 1 failed kept aside (20261122110000)`.
    fn kept(&self) -> String {
        let kept = plural::count(self.kept, "release");
        if self.aside.is_empty() {
            return format!("{kept} kept");
        }
        let names = plural::names(&self.aside, NAMED);
        format!(
            "{kept} kept, {} failed kept aside ({names})",
            self.aside.len()
        )
    }
}

impl StatusRow {
    /// `good`, `good, behind`.
    fn standing(&self) -> Line {
        let line = self.state.map_or_else(Line::new, state);
        match (self.behind, self.state) {
            (false, _) => line,
            (true, None) => line.and(Role::Warn, "behind"),
            (true, Some(_)) => line.text(", ").and(Role::Warn, "behind"),
        }
    }

    fn cells(&self, sheet: &Sheet) -> Vec<Line> {
        let host = Line::plain(self.host.as_str());
        if let Some(problem) = &self.problem {
            return vec![host, Line::of(Role::Bad, "✘ ").text(problem)];
        }
        let since = self.since.map(|since| moment::ago(since, sheet.now));
        let revision = self.revision.as_ref().map(Revision::short);
        vec![
            host,
            Line::plain(self.live.as_deref().unwrap_or("nothing")),
            Line::plain(revision.unwrap_or_default()),
            Line::plain(since.unwrap_or_default()),
            self.standing(),
            Line::plain(self.previous.as_deref().unwrap_or("–")),
        ]
    }
}

/// A release's state, coloured.
pub(crate) fn state(state: ReleaseState) -> Line {
    let role = match state {
        ReleaseState::Good => Role::Good,
        ReleaseState::Failed => Role::Bad,
        ReleaseState::Live | ReleaseState::Building | ReleaseState::Ready => Role::Warn,
        ReleaseState::Unknown => Role::Dim,
    };
    Line::of(role, state.as_str())
}
