//! What a deploy is about, in two lines.

use crate::style::{Line, Place, Role, flow};
use crate::words::plural;
use windlass_model::DeployKind;
use windlass_model::event::DeploySummary;

/// So many digits of a plan's digest are shown.
const DIGEST: usize = 6;

pub(crate) fn lines(summary: &DeploySummary, resumed: bool, width: usize) -> Vec<Line> {
    let mut facts = vec![release(summary)];
    facts.extend(revision(summary));
    facts.push(Line::plain(plural::count(summary.hosts.len(), "host")));
    let target = Line::of(Role::Strong, &summary.application)
        .text(" → ")
        .and(Role::Strong, &summary.stage);
    facts.insert(0, target);
    let place = Place { indent: 2, width };
    let mut lines = flow(Line::new(), facts, " · ", place);
    let digest: String = summary.digest.as_str().chars().take(DIGEST).collect();
    let begins = if resumed { "resumed" } else { "lock taken" };
    lines.push(Line::plain(format!(
        "{begins} · plan {digest}: {}, {}",
        plural::count(summary.tasks, "task"),
        plural::count(summary.steps, "step")
    )));
    lines.push(Line::new());
    lines
}

fn release(summary: &DeploySummary) -> Line {
    let word = match summary.kind {
        DeployKind::Deploy => "release",
        DeployKind::Rollback => "rollback to",
    };
    Line::plain(format!("{word} {}", summary.release))
}

/// `main at 3f2c9ab "Faster checkout"`.
fn revision(summary: &DeploySummary) -> Option<Line> {
    let revision = summary.revision.as_ref()?;
    let text = match &summary.branch {
        Some(branch) => format!("{branch} at {}", revision.short()),
        None => revision.short().to_owned(),
    };
    let subject = summary.subject.as_ref();
    let subject = subject
        .map(|subject| format!(" \"{subject}\""))
        .unwrap_or_default();
    Some(Line::plain(text + &subject))
}
