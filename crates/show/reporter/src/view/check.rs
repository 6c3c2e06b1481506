//! Findings about hosts, each with its cure.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered};
use crate::console::facts;
use crate::style::{Line, Role};
use crate::words::plural;
use serde::Serialize;
use windlass_model::HostName;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Warning,
    /// A deploy would fail.
    Error,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Its code, such as `W021`, where it has one.
    pub code: Option<String>,
    /// What is true.
    pub text: String,
    /// What to do about it.
    pub cure: Option<String>,
}

/// The findings about one host.
#[derive(Clone, Debug, Serialize)]
pub struct CheckHost {
    /// The host; none for what concerns all.
    pub host: Option<HostName>,
    /// What it is, in a few words: `OpenSSH_9.2p1 Debian, reached through bastion`.
    pub about: Option<String>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The findings about a stage.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Host by host.
    pub hosts: Vec<CheckHost>,
}

impl Drawn for Check {
    fn draw(&self, sheet: &Sheet) -> Vec<Drawing> {
        let mut lines: Vec<Line> = self
            .hosts
            .iter()
            .flat_map(|host| host.lines(sheet))
            .collect();
        let errors = plural::count(self.count(Severity::Error), "error");
        let warnings = plural::count(self.count(Severity::Warning), "warning");
        lines.push(Line::plain(format!("{errors}, {warnings}")));
        drawings(lines)
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(&self.hosts)
    }
}

impl Check {
    /// How many findings of this severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.hosts.iter().flat_map(|host| &host.findings);
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    }
}

impl CheckHost {
    fn lines(&self, sheet: &Sheet) -> Vec<Line> {
        let about = self
            .about
            .as_ref()
            .map(|about| format!(" ({about})"))
            .unwrap_or_default();
        let name = self.host.as_ref().map_or("this machine", HostName::as_str);
        let mut lines = vec![Line::of(Role::Strong, name).and(Role::Dim, about)];
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        lines.extend(
            findings
                .into_iter()
                .flat_map(|finding| finding.lines(sheet)),
        );
        lines
    }
}

impl Finding {
    fn lines(&self, sheet: &Sheet) -> Vec<Line> {
        let width = usize::from(sheet.width);
        let mark = match self.severity {
            Severity::Fine => Line::of(Role::Good, "✔"),
            Severity::Warning => Line::of(Role::Warn, "▲"),
            Severity::Error => Line::of(Role::Bad, "✘"),
        };
        let mut head = Line::plain("  ").append(mark).text(" ");
        if let Some(code) = &self.code {
            head = head.and(Role::Strong, code).text("  ");
        }
        let indent = head.width();
        let mut lines = facts::wrapped(head, indent, &self.text, width);
        if let Some(cure) = &self.cure {
            // Most often a command, to be taken as it is: it is not broken.
            let head = Line::plain(" ".repeat(indent)).and(Role::Dim, "cure: ");
            lines.push(head.text(cure));
        }
        lines
    }
}
