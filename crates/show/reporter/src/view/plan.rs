//! A plan before it is carried out: the facts in the order in which somebody decides by them, then the steps.
//!
//! Lists are cut to what a screen takes, with the number of what was left out; [`Plan::whole`] and JSON have all of it.

mod changes;
mod kept;
mod rollout;

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered, table};
use crate::console::facts;
use crate::style::{Line, Role};
use windlass_model::overview::{Remark, StepRow};
use windlass_model::{DeployKind, HostName, Overview};

/// The widest that a command is shown.
const WIDEST_COMMAND: usize = 60;

/// So many digits of the digest are shown.
const DIGEST: usize = 6;

/// What is known of a deploy or rollback before it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is shown.
    pub overview: Overview,
    /// Whether lists and commands are shown whole.
    pub whole: bool,
    /// The command that carries it out.
    pub command: String,
}

impl Drawn for Plan {
    fn draw(&self, sheet: &Sheet) -> Vec<Drawing> {
        let page = Page {
            width: usize::from(sheet.width),
            hosts: self.overview.hosts.len(),
            whole: self.whole,
        };
        let mut facts = Vec::new();
        facts.extend(remarks(&page, "refused", &self.overview.refused));
        facts.extend(remarks(&page, "note", &self.overview.notes));
        facts.extend(changes::lines(&page, &self.overview));
        facts.extend(kept::lines(&page, &self.overview));
        facts.extend(rollout::lines(&page, &self.overview.rollout));
        let mut lines = vec![self.title(), Line::new()];
        if !facts.is_empty() {
            lines.extend(facts);
            lines.push(Line::new());
        }
        lines.extend(self.table(&page));
        lines.push(self.end());
        drawings(lines)
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(std::slice::from_ref(&self.overview))
    }
}

/// What lines are made for.
struct Page {
    width: usize,
    /// How many hosts there are.
    hosts: usize,
    whole: bool,
}

impl Page {
    /// A fact under its label; the label stands on the first line only.
    fn fact(&self, label: &str, texts: &[String]) -> Vec<Line> {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        texts
            .iter()
            .zip(labels)
            .flat_map(|(text, label)| facts::single(label, text, self.width))
            .collect()
    }

    /// At most so many of a list, with a line that counts the rest.
    fn cut(&self, mut list: Vec<String>, most: usize, total: usize) -> Vec<String> {
        if !self.whole {
            list.truncate(most);
        }
        let left = total.saturating_sub(list.len());
        if left > 0 {
            let left = crate::words::plural::grouped(left);
            list.push(format!("and {left} more"));
        }
        list
    }
}

fn remarks(page: &Page, label: &str, remarks: &[Remark]) -> Vec<Line> {
    let texts: Vec<String> = remarks
        .iter()
        .map(|remark| {
            let mark = if label == "refused" { "✘ " } else { "" };
            let host = remark.host.as_ref();
            let host = host.map(|host| format!("{host}: ")).unwrap_or_default();
            let hint = remark.hint.as_ref();
            let hint = hint.map(|hint| format!(" → {hint}")).unwrap_or_default();
            format!("{mark}{host}{}{hint}", remark.message)
        })
        .collect();
    page.fact(label, &texts)
}

impl Plan {
    /// `shop → production · would deploy main at 3f2c9ab "Faster checkout" (nothing was changed on any host)`.
    fn title(&self) -> Line {
        let overview = &self.overview;
        let will = if overview.begun { "will" } else { "would" };
        let what = match (&overview.release, overview.kind) {
            (Some(release), _) => format!(" · {will} go back to release {release}"),
            (None, DeployKind::Rollback) => format!(" · {will} go back"),
            (None, DeployKind::Deploy) => {
                let short = overview.revision.as_ref().map_or("?", |id| id.short());
                let name = overview.branch.as_ref();
                let name = name.map(|name| format!("{name} at ")).unwrap_or_default();
                let subject = overview.subject.as_ref();
                let subject = subject.map(|subject| format!(" \"{subject}\""));
                let subject = subject.unwrap_or_default();
                format!(" · {will} deploy {name}{short}{subject}")
            }
        };
        let so_far = if overview.begun {
            " (so far only the lock was taken)"
        } else {
            " (nothing was changed on any host)"
        };
        Line::of(Role::Strong, &overview.application)
            .text(" → ")
            .and(Role::Strong, &overview.stage)
            .text(what)
            .and(Role::Dim, so_far)
    }

    fn table(&self, page: &Page) -> Vec<Line> {
        let batches = self.overview.rollout.batches.len();
        let rows = self.overview.steps.iter();
        let rows = rows.map(|row| cells(page, row, batches));
        let head = ["  phase", "task", "hosts", "command", "undo"];
        table::lines(&head, rows.collect())
    }

    fn end(&self) -> Line {
        let overview = &self.overview;
        let digest: String = overview.digest.as_str().chars().take(DIGEST).collect();
        let line = Line::plain("plan ").and(Role::Strong, &digest);
        if overview.begun {
            return line;
        }
        line.text(format!(
            " · {} carries out exactly this where it prints the same digest",
            self.command
        ))
    }
}

fn cells(page: &Page, row: &StepRow, batches: usize) -> Vec<Line> {
    let undo = match (&row.undo, &row.no_undo) {
        (Some(undo), _) => undo.clone(),
        (None, Some(reason)) => format!("–  ({reason})"),
        (None, None) => String::new(),
    };
    let command = Line::plain(&row.command);
    let batch = row.batch.filter(|_| batches > 1);
    let batch = batch.map(|batch| format!(" {}/{batches}", batch.saturating_add(1)));
    vec![
        Line::plain("  ")
            .text(row.phase.as_str())
            .text(batch.unwrap_or_default()),
        Line::of(Role::Task, row.task.as_str()),
        Line::plain(place(page, row)),
        if page.whole {
            command
        } else {
            command.cut(WIDEST_COMMAND)
        },
        Line::plain(undo),
    ]
}

/// `all`, `web1 web2`, `db1, once`, `here`.
fn place(page: &Page, row: &StepRow) -> String {
    if row.local {
        return "here".to_owned();
    }
    let names: Vec<&str> = row.hosts.iter().map(HostName::as_str).collect();
    let mut place = if names.len() == page.hosts && names.len() > 1 {
        "all".to_owned()
    } else {
        names.join(" ")
    };
    if row.once && page.hosts > 1 {
        place.push_str(", once");
    }
    place
}
