//! Who holds the deploy lock.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered};
use crate::console::facts;
use crate::style::Line;
use crate::words::moment;
use serde::Serialize;
use windlass_model::clock::Timestamp;
use windlass_model::{DeployId, HostName};

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The person or login.
    pub owner: String,
    /// The machine that deploys.
    pub machine: String,
    /// The page of the CI run, where there is one.
    pub ci_link: Option<String>,
    /// The deploy.
    pub deploy: DeployId,
    /// Since when.
    pub since: Timestamp,
    /// What is known of the controller.
    pub controller: Controller,
}

/// What a host knows of the controller that holds its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Controller {
    /// It was heard of lately.
    AtWork,
    /// It was not heard of for longer than a controller may be silent.
    Silent {
        /// For so many minutes; none = since the host was started anew.
        minutes: Option<u64>,
    },
    /// It has parked the deploy.
    Parked,
    /// It leaves no word: an older Windlass.
    Unknown,
}

impl Controller {
    /// `at work`, `not heard of for 12 min`, `parked`.
    pub fn words(self) -> String {
        match self {
            Self::AtWork => "at work".to_owned(),
            Self::Silent {
                minutes: Some(minutes),
            } => format!("not heard of for {minutes} min"),
            Self::Silent { minutes: None } => {
                "not heard of since the host was started anew".to_owned()
            }
            Self::Parked => "parked".to_owned(),
            Self::Unknown => String::new(),
        }
    }
}

impl Holder {
    /// `held by ann on laptop for d-7k3f since 2026-11-24 09:15 (2 min ago)`.
    pub(crate) fn sentence(&self, sheet: &Sheet) -> String {
        let link = self
            .ci_link
            .as_ref()
            .map(|link| format!(", {link}"))
            .unwrap_or_default();
        let controller = match self.controller.words() {
            none if none.is_empty() => none,
            words => format!(", {words}"),
        };
        format!(
            "held by {} on {}{link} for {} since {} ({}){controller}",
            self.owner,
            self.machine,
            self.deploy,
            moment::local(self.since, &sheet.zone),
            moment::ago(self.since, sheet.now)
        )
    }
}

/// The lock of one host.
#[derive(Clone, Debug, Serialize)]
pub struct LockRow {
    /// The host.
    pub host: HostName,
    /// Who holds it; none where it is free.
    pub holder: Option<Holder>,
}

/// The locks of a stage.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    /// One row a host.
    pub rows: Vec<LockRow>,
    /// The commands that end it.
    pub next: Vec<String>,
}

impl Drawn for Locks {
    fn draw(&self, sheet: &Sheet) -> Vec<Drawing> {
        let all = self.rows.len();
        let groups = facts::grouped(self.rows.iter().map(|row| (&row.host, row.holder.as_ref())));
        let mut lines: Vec<Line> = groups
            .into_iter()
            .map(|(holder, hosts)| {
                let hosts = facts::hosts(&hosts, all);
                Line::plain(match holder {
                    Some(holder) => format!("lock on {hosts} {}", holder.sentence(sheet)),
                    None => format!("lock free on {hosts}"),
                })
            })
            .collect();
        lines.extend(
            self.next
                .iter()
                .map(|next| Line::plain(format!("next  {next}"))),
        );
        drawings(lines)
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(&self.rows)
    }
}
