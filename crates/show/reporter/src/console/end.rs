//! The last screen of a deploy, one for each way it can end. What failed comes first, then in this order: what was
//! undone, what still runs, what is live, what to type next, where the log is.

use crate::console::board::{Frame, clock};
use crate::console::facts;
use crate::console::failure::{self, Failure};
use crate::console::marks::MarkKind;
use crate::console::outcome;
use crate::numbers::Numbers;
use crate::style::{Line, Place, Role, flow};
use crate::words::{duration, plural};
use std::collections::{BTreeMap, HashMap};
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, DeploySummary, EndSummary};
use windlass_model::{DeployId, DeployKind, HostName, StepOutcome};

/// What was seen of a deploy, as far as its last screen needs it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) deploy: Option<DeployId>,
    pub(crate) summary: Option<DeploySummary>,
    pub(crate) failures: Vec<Failure>,
    /// Hosts of each task, where the plan is known.
    pub(crate) planned: HashMap<String, Vec<HostName>>,
    /// The numbers of tasks, where the plan is known.
    pub(crate) numbers: Numbers,
    /// How many steps were undone on each host.
    pub(crate) undone: BTreeMap<HostName, usize>,
    /// Undos that failed: task, host, how.
    pub(crate) undo_failed: Vec<(String, HostName, StepOutcome)>,
}

/// What the lines are measured by, and when they are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) frame: Frame,
    pub(crate) color: bool,
}

pub(crate) fn lines(end: &EndSummary, seen: &Seen, moment: Moment) -> Vec<Line> {
    match end.end {
        DeployEnd::Deployed => deployed(end, seen, moment),
        DeployEnd::Parked if end.failed.is_some() => paused(end, seen, moment),
        DeployEnd::Parked => parked(end, moment),
        DeployEnd::Stopped | DeployEnd::Undone => {
            unhappy(end, seen, moment, failed_headline(end, seen))
        }
        DeployEnd::CancelledUndone => {
            let after = duration::prose(end.duration);
            let headline = bad(format!("cancelled after {after}; everything was undone"));
            unhappy(end, seen, moment, headline)
        }
        DeployEnd::Stuck => unhappy(end, seen, moment, stuck_headline(end, seen)),
        DeployEnd::GivenUp => unhappy(end, seen, moment, bad("given up".to_owned())),
        DeployEnd::Fenced => {
            let text =
                "another controller has taken over this deploy; this one changed nothing more";
            unhappy(end, seen, moment, bad(text.to_owned()))
        }
    }
}

fn deployed(end: &EndSummary, seen: &Seen, moment: Moment) -> Vec<Line> {
    let mut facts = vec![done(end, seen)];
    if let Some((task, took)) = &end.slowest {
        facts.push(Line::plain(format!(
            "slowest: {task} {}",
            duration::short(*took)
        )));
    }
    if end.connections_lost > 0 {
        let cost = duration::prose(end.connections_cost);
        facts.push(Line::plain(format!(
            "connections lost: {}, cost {cost}",
            end.connections_lost
        )));
    }
    let width = moment.frame.width;
    let place = Place { indent: 6, width };
    let mut lines = flow(clock(moment.at, moment.frame.start), facts, " · ", place);
    let mut after: Vec<Line> = Vec::new();
    after.extend(
        end.next
            .iter()
            .map(|next| Line::of(Role::Dim, "undo with: ").text(next)),
    );
    after.extend(
        end.log
            .iter()
            .map(|log| Line::of(Role::Dim, "log: ").text(log)),
    );
    lines.extend(facts::behind(end).into_iter().map(|text| {
        let mark = Line::plain(" ".repeat(6)).append(MarkKind::Warned.sign());
        mark.text(format!(" behind: {text}")).cut(width)
    }));
    if !after.is_empty() {
        lines.extend(flow(Line::plain(" ".repeat(6)), after, "        ", place));
    }
    lines
}

/// `deployed 3f2c9ab to 3 hosts in 3m33s`.
fn done(end: &EndSummary, seen: &Seen) -> Line {
    let took = duration::prose(end.duration);
    let Some(summary) = &seen.summary else {
        return Line::of(Role::Good, "deployed").text(format!(" in {took}"));
    };
    let reached = |host: &&HostName| !end.behind.iter().any(|(behind, _)| behind == *host);
    let reached = summary.hosts.iter().filter(reached).count();
    let hosts = plural::count(reached, "host");
    match summary.kind {
        DeployKind::Deploy => {
            let what = summary
                .revision
                .as_ref()
                .map_or(summary.release.as_str(), |revision| revision.short());
            Line::of(Role::Good, "deployed").text(format!(" {what} to {hosts} in {took}"))
        }
        DeployKind::Rollback => {
            let to = format!(" to {} on {hosts} in {took}", summary.release);
            Line::of(Role::Good, "rolled back").text(to)
        }
    }
}

fn parked(end: &EndSummary, moment: Moment) -> Vec<Line> {
    let width = moment.frame.width;
    let after = duration::prose(end.duration);
    let goes_on = if end.still_runs.is_empty() {
        "nothing runs on the hosts"
    } else {
        "the commands under way go on on their hosts"
    };
    let head = clock(moment.at, moment.frame.start)
        .and(Role::Warn, "parked")
        .text(format!(" after {after} · {goes_on}"));
    let mut lines = vec![head, Line::new()];
    lines.extend(in_doubt(end, width));
    lines.extend(facts::still_runs(end, width));
    lines.extend(facts::live(end, width));
    lines.extend(left_out(end, width));
    lines.extend(facts::next_and_log(end));
    lines
}

/// A failure that was left to a person.
fn paused(end: &EndSummary, seen: &Seen, moment: Moment) -> Vec<Line> {
    let width = moment.frame.width;
    let mut lines = vec![Line::new(), failed_headline(end, seen), Line::new()];
    if let Some(failed) = &end.failed {
        lines.extend(failure::evidence(failed, seen, moment));
    }
    lines.extend(in_doubt(end, width));
    let text = "nothing was undone, the locks are kept, and nothing more is begun until you say how to go on";
    lines.extend(facts::single("paused", text, width));
    lines.extend(facts::still_runs(end, width));
    lines.extend(facts::live(end, width));
    lines.extend(left_out(end, width));
    lines.extend(facts::next_and_log(end));
    lines
}

/// Who keeps the release although the deploy failed.
fn kept(end: &EndSummary, seen: &Seen, width: usize) -> Vec<Line> {
    let release = seen
        .summary
        .as_ref()
        .map(|summary| summary.release.as_str());
    let Some(release) = release.filter(|_| end.end == DeployEnd::Stopped) else {
        return Vec::new();
    };
    let keep = |(_, live): &&(HostName, Option<String>)| live.as_deref() == Some(release);
    let hosts: Vec<&HostName> = end.live.iter().filter(keep).map(|(host, _)| host).collect();
    let text = format!(
        "release {release} on {}, whose batches were finished",
        facts::hosts(&hosts, usize::MAX)
    );
    facts::single("kept", text, width)
}

fn left_out(end: &EndSummary, width: usize) -> Vec<Line> {
    let behind = facts::behind(end);
    if behind.is_empty() {
        return Vec::new();
    }
    facts::fact("behind", &behind, width)
}

fn unhappy(end: &EndSummary, seen: &Seen, moment: Moment, headline: Line) -> Vec<Line> {
    let width = moment.frame.width;
    let mut lines = vec![Line::new(), headline, Line::new()];
    if let Some(failed) = &end.failed {
        if !matches!(end.end, DeployEnd::Undone | DeployEnd::Stopped) {
            lines.push(Line::plain("  ").append(step_sentence(failed, seen)));
            lines.push(Line::new());
        }
        lines.extend(failure::evidence(failed, seen, moment));
    }
    lines.extend(in_doubt(end, width));
    if end.end != DeployEnd::Fenced {
        lines.extend(failure::undone(end, seen, width));
    }
    lines.extend(kept(end, seen, width));
    lines.extend(facts::still_runs(end, width));
    lines.extend(facts::live(end, width));
    lines.extend(left_out(end, width));
    lines.extend(facts::next_and_log(end));
    lines
}

fn failed_headline(end: &EndSummary, seen: &Seen) -> Line {
    let Some(failed) = &end.failed else {
        let after = duration::prose(end.duration);
        let undone = match end.end {
            DeployEnd::Stopped => "finished batches keep the release, the rest was undone",
            _ => "everything was undone",
        };
        return bad(format!("failed after {after}; {undone}"));
    };
    MarkKind::Bad
        .sign()
        .text(" ")
        .append(step_sentence(failed, seen))
}

fn step_sentence(failed: &windlass_model::event::FailedStep, seen: &Seen) -> Line {
    let how = outcome::sentence(&failed.outcome, failed.duration);
    let task = failed.task.as_str();
    let number = Line::of(Role::Dim, seen.numbers.before(task));
    number
        .and(Role::Task, task)
        .text(format!(" on {} {how}", failed.host))
}

fn stuck_headline(end: &EndSummary, seen: &Seen) -> Line {
    let all = seen
        .summary
        .as_ref()
        .map_or(end.live.len(), |summary| summary.hosts.len());
    let doubtful = end.in_doubt.len();
    let verb = if doubtful == 1 { "is" } else { "are" };
    if doubtful > 0 {
        let hosts = plural::count(all.max(doubtful), "host");
        bad(format!("{doubtful} of {hosts} {verb} in doubt"))
    } else {
        bad("stuck: not everything could be undone; a person is needed".to_owned())
    }
}

fn in_doubt(end: &EndSummary, width: usize) -> Vec<Line> {
    let groups = facts::grouped(end.in_doubt.iter().map(|(host, why)| (host, why.as_str())));
    groups
        .into_iter()
        .flat_map(|(why, hosts)| {
            let hosts = facts::hosts(&hosts, usize::MAX);
            facts::single("in doubt", format!("{hosts}: {why}"), width)
        })
        .collect()
}

fn bad(text: String) -> Line {
    MarkKind::Bad.sign().text(" ").text(text)
}
