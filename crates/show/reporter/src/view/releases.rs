//! Which releases the hosts have. A release that several hosts have alike is one row.

use super::sealed::{Drawing, Drawn};
use super::status::state;
use super::{Sheet, drawings, numbered, table};
use crate::console::facts;
use crate::style::{Line, Role};
use serde::Serialize;
use std::collections::HashSet;
use windlass_model::release::ReleaseState;
use windlass_model::{HostName, ReleaseName, Revision};

/// One release on one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReleaseRow {
    /// The host.
    pub host: HostName,
    /// The release.
    pub release: ReleaseName,
    /// Its revision.
    pub revision: Option<Revision>,
    /// What became of it.
    pub state: ReleaseState,
    /// Whether `current` points at it.
    pub live: bool,
}

/// The releases of a stage, in any order.
#[derive(Clone, Debug, Default)]
pub struct Releases {
    /// One row for each release on each host.
    pub rows: Vec<ReleaseRow>,
}

impl Drawn for Releases {
    fn draw(&self, _sheet: &Sheet) -> Vec<Drawing> {
        if self.rows.is_empty() {
            return drawings(vec![Line::plain("no releases")]);
        }
        let all = self
            .rows
            .iter()
            .map(|row| &row.host)
            .collect::<HashSet<_>>()
            .len();
        let mut sorted: Vec<&ReleaseRow> = self.rows.iter().collect();
        sorted.sort_by(|one, other| other.release.cmp(&one.release));
        let groups = facts::grouped(sorted.into_iter().map(|row| {
            let alike = (&row.release, row.revision.as_ref(), row.state, row.live);
            (&row.host, alike)
        }));
        let rows = groups
            .into_iter()
            .map(|((release, revision, became, live), hosts)| {
                let live = if live {
                    Line::of(Role::Strong, "live")
                } else {
                    Line::new()
                };
                vec![
                    Line::plain(release.as_str()),
                    Line::plain(revision.map(Revision::short).unwrap_or_default()),
                    state(became),
                    live,
                    Line::plain(facts::hosts(&hosts, all)),
                ]
            })
            .collect();
        let head = ["release", "revision", "state", "", "hosts"];
        drawings(table::lines(&head, rows))
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(&self.rows)
    }
}
