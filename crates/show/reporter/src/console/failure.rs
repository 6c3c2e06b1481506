//! The evidence of a failure: the last lines of output, how the other hosts fared, what was undone.

use crate::console::end::{Moment, Seen};
use crate::console::facts;
use crate::console::outcome;
use crate::console::tail::Tail;
use crate::style::{Line, Role};
use crate::visible;
use crate::words::plural;
use windlass_model::event::{EndSummary, FailedStep};
use windlass_model::{CommandEnd, HostName, StepId, StepOutcome};

/// The output of so many failed steps is kept.
pub(crate) const KEPT: usize = 8;

/// Where the word on a command's output begins.
const COMMENT_COLUMN: usize = 40;

/// A step that failed, as it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) step: StepId,
    pub(crate) task: String,
    pub(crate) host: HostName,
    pub(crate) outcome: StepOutcome,
    /// Empty where [`KEPT`] others came before.
    pub(crate) tail: Tail,
}

/// The last lines of the failed command and a sentence about the other hosts.
pub(crate) fn evidence(failed: &FailedStep, seen: &Seen, moment: Moment) -> Vec<Line> {
    let own = seen
        .failures
        .iter()
        .find(|failure| failure.step == failed.step);
    let empty = Tail::default();
    let tail = own.map_or(&empty, |failure| &failure.tail);
    let width = moment.frame.width;
    let head = Line::plain("  ")
        .and(Role::Dim, failed.host.as_str())
        .text("  ")
        .text(&failed.show)
        .cut(width);
    let comment = Line::of(Role::Dim, comment(tail, failed, seen));
    let mut lines = if head.width().max(COMMENT_COLUMN) + comment.width() <= width {
        vec![head.pad_to(COMMENT_COLUMN).append(comment)]
    } else {
        vec![head, comment]
    };
    for line in tail.lines() {
        let text = visible::screen(line, moment.color);
        lines.push(Line::plain("  ").and(Role::Dim, "│ ").host(text));
    }
    let others = others(failed, own, seen);
    if !others.is_empty() {
        let text = format!("{}.", others.join("; "));
        lines.extend(facts::wrapped(Line::plain("  "), 2, &text, width));
    }
    lines.push(Line::new());
    lines
}

/// `(last 12 of 340 lines; all: windlass show d-7k3f --host web2)`.
fn comment(tail: &Tail, failed: &FailedStep, seen: &Seen) -> String {
    let (shown, count) = (tail.lines().count(), tail.count());
    if count == 0 {
        return "  (it wrote nothing)".to_owned();
    }
    if shown == count {
        return format!("  ({}, all of its output)", plural::count(count, "line"));
    }
    let lines = plural::count(count, "line");
    let all = seen
        .deploy
        .as_ref()
        .map(|deploy| format!("; all: windlass show {deploy} --host {}", failed.host))
        .unwrap_or_default();
    format!("  (last {shown} of {lines}{all})")
}

/// How the task fared on the other hosts, a clause for each kind.
fn others(failed: &FailedStep, own: Option<&Failure>, seen: &Seen) -> Vec<String> {
    let of_task =
        |failure: &&Failure| failure.task == failed.task.as_str() && failure.host != failed.host;
    let (stopped, as_well): (Vec<&Failure>, Vec<&Failure>) = seen
        .failures
        .iter()
        .filter(of_task)
        .partition(|failure| was_stopped(&failure.outcome));
    let mut clauses = failed_as_well(&as_well, own);
    if !failed.succeeded_on.is_empty() {
        let hosts: Vec<&HostName> = failed.succeeded_on.iter().collect();
        clauses.push(format!("{} had succeeded", named(&hosts)));
    }
    if !stopped.is_empty() {
        let hosts: Vec<&HostName> = stopped.iter().map(|failure| &failure.host).collect();
        let verb = if hosts.len() == 1 { "was" } else { "were" };
        clauses.push(format!("{} {verb} stopped", named(&hosts)));
    }
    clauses.extend(not_planned(failed, seen));
    clauses
}

fn failed_as_well(failures: &[&Failure], own: Option<&Failure>) -> Vec<String> {
    let groups = facts::grouped(failures.iter().map(|failure| {
        let alike = own.is_some_and(|own| own.tail.count() > 0 && own.tail.is_same(&failure.tail));
        let how = outcome::brief(&failure.outcome).unwrap_or_default();
        (&failure.host, (how, alike))
    }));
    let clause = |((how, alike), hosts): ((String, bool), Vec<&HostName>)| {
        let alike = if alike { ", with the same output" } else { "" };
        format!("{} failed as well ({how}){alike}", named(&hosts))
    };
    groups.into_iter().map(clause).collect()
}

fn named(hosts: &[&HostName]) -> String {
    facts::hosts(hosts, usize::MAX)
}

/// `db1 does not run this task`, where the plan is known.
fn not_planned(failed: &FailedStep, seen: &Seen) -> Option<String> {
    let planned = seen.planned.get(failed.task.as_str())?;
    let summary = seen.summary.as_ref()?;
    let hosts: Vec<&HostName> = summary
        .hosts
        .iter()
        .filter(|host| !planned.contains(host))
        .collect();
    let verb = match hosts.len() {
        0 => return None,
        1 => "does",
        _ => "do",
    };
    Some(format!("{} {verb} not run this task", named(&hosts)))
}

fn was_stopped(outcome: &StepOutcome) -> bool {
    matches!(
        outcome,
        StepOutcome::Failed {
            end: CommandEnd::Cancelled
        }
    )
}

/// What was undone, and what could not be.
pub(crate) fn undone(end: &EndSummary, seen: &Seen, width: usize) -> Vec<Line> {
    let all = seen
        .summary
        .as_ref()
        .map_or(usize::MAX, |summary| summary.hosts.len());
    let mut pieces = moved_aside(end, seen, all);
    if pieces.is_empty() {
        pieces = steps_undone(seen, all);
    }
    let mut lines = facts::fact("undone", &pieces, width);
    lines.extend(not_undone(end, seen, width));
    lines
}

fn moved_aside(end: &EndSummary, seen: &Seen, all: usize) -> Vec<String> {
    let release = seen
        .summary
        .as_ref()
        .map(|summary| summary.release.as_str());
    let paths = end
        .moved_aside
        .iter()
        .map(|(host, path)| (host, path.as_str()));
    let sentence = |(path, hosts): (&str, Vec<&HostName>)| {
        let hosts = facts::hosts(&hosts, all);
        // A path that ends with the release's name is told by its directory.
        let told = release
            .and_then(|release| Some((release, path.strip_suffix(release)?.strip_suffix('/')?)));
        match told {
            Some((release, directory)) => {
                format!("release {release} moved aside to {directory} on {hosts}")
            }
            None => format!("the release moved aside to {path} on {hosts}"),
        }
    };
    facts::grouped(paths).into_iter().map(sentence).collect()
}

/// The undos that failed, where the host in doubt does not say so already.
fn not_undone(end: &EndSummary, seen: &Seen, width: usize) -> Vec<Line> {
    let told = |host: &HostName| end.in_doubt.iter().any(|(doubtful, _)| doubtful == host);
    let untold: Vec<_> = seen
        .undo_failed
        .iter()
        .filter(|(_, host, _)| !told(host))
        .collect();
    let mut lines = Vec::new();
    for (task, host, outcome) in untold.iter().take(KEPT) {
        let how = outcome::brief(outcome).unwrap_or_default();
        lines.extend(facts::single(
            "not undone",
            format!("{task} on {host}: {how}"),
            width,
        ));
    }
    let left = untold.len().saturating_sub(KEPT);
    if left > 0 {
        lines.extend(facts::single(
            "",
            format!("and {left} more; the log names them"),
            width,
        ));
    }
    lines
}

fn steps_undone(seen: &Seen, all: usize) -> Vec<String> {
    if seen.undone.is_empty() {
        return vec!["nothing".to_owned()];
    }
    facts::grouped(seen.undone.iter().map(|(host, steps)| (host, *steps)))
        .into_iter()
        .map(|(steps, hosts)| {
            let steps = plural::count(steps, "step");
            format!("{steps} on {}", facts::hosts(&hosts, all))
        })
        .collect()
}
