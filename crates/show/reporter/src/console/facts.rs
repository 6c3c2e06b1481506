//! Facts at the end of a screen: a label and what is true, wrapped under itself.

use crate::style::{Line, Place, Role, flow};
use crate::words::plural;
use windlass_model::HostName;
use windlass_model::event::{DeployEnd, EndSummary};

/// Columns of labels, with the two before them.
const COLUMN: usize = 14;

/// So many hosts of a group are named.
const NAMED: usize = 12;

/// `  label       one; two`, wrapped between words.
pub(crate) fn fact(label: &str, pieces: &[String], width: usize) -> Vec<Line> {
    let head = Line::plain("  ").and(Role::Dim, label).pad_to(COLUMN);
    wrapped(head, COLUMN, &pieces.join("; "), width)
}

/// A fact with a single text.
pub(crate) fn single(label: &str, text: impl Into<String>, width: usize) -> Vec<Line> {
    fact(label, &[text.into()], width)
}

/// A text wrapped between its words.
pub(crate) fn wrapped(first: Line, indent: usize, text: &str, width: usize) -> Vec<Line> {
    let words = text.split(' ').map(Line::plain).collect();
    flow(first, words, " ", Place { indent, width })
}

/// Hosts grouped by what is said of them, in order of appearance.
pub(crate) fn grouped<'a, T: PartialEq>(
    pairs: impl IntoIterator<Item = (&'a HostName, T)>,
) -> Vec<(T, Vec<&'a HostName>)> {
    let mut groups: Vec<(T, Vec<&HostName>)> = Vec::new();
    for (host, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, hosts)) => hosts.push(host),
            None => groups.push((value, vec![host])),
        }
    }
    groups
}

/// `web1, web2`, or `all 3 hosts` where these are all of several.
pub(crate) fn hosts(some: &[&HostName], all: usize) -> String {
    if some.len() == all && all > 1 {
        format!("all {}", plural::count(all, "host"))
    } else {
        let names: Vec<&str> = some.iter().map(|host| host.as_str()).collect();
        plural::names(&names, NAMED)
    }
}

/// What is live where.
pub(crate) fn live(end: &EndSummary, width: usize) -> Vec<Line> {
    if end.live.is_empty() {
        return single("live", "not known", width);
    }
    let restored = matches!(end.end, DeployEnd::Undone | DeployEnd::CancelledUndone);
    let groups = grouped(end.live.iter().map(|(host, live)| (host, live.as_deref())));
    let as_before = if restored { ", as before" } else { "" };
    let pieces: Vec<String> = groups
        .into_iter()
        .map(|(live, some)| {
            let on = hosts(&some, end.live.len());
            match live {
                Some(live) => format!("{live} on {on}{as_before}"),
                // Everything is as it was: nothing was live before.
                None if restored => format!("nothing on {on}, as before"),
                None if end.end == DeployEnd::Stopped => format!("nothing on {on}"),
                None => format!("not known on {on}"),
            }
        })
        .collect();
    fact("live", &pieces, width)
}

/// Who was left out.
pub(crate) fn behind(end: &EndSummary) -> Vec<String> {
    let groups = grouped(end.behind.iter().map(|(host, why)| (host, why.as_str())));
    let groups = groups.into_iter();
    groups
        .map(|(why, some)| format!("{} ({why})", hosts(&some, usize::MAX)))
        .collect()
}

/// What still runs.
pub(crate) fn still_runs(end: &EndSummary, width: usize) -> Vec<Line> {
    if end.still_runs.is_empty() {
        return single("still runs", "nothing", width);
    }
    let pieces: Vec<String> = grouped(
        end.still_runs
            .iter()
            .map(|(host, what)| (host, what.as_str())),
    )
    .into_iter()
    .map(|(what, some)| format!("{what} on {}", hosts(&some, usize::MAX)))
    .collect();
    fact("still runs", &pieces, width)
}

/// The next commands, each on its line, and the log.
pub(crate) fn next_and_log(end: &EndSummary) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, next) in end.next.iter().enumerate() {
        let label = if index == 0 { "next" } else { "" };
        let meaning = meaning(next)
            .map(|meaning| format!("     {meaning}"))
            .unwrap_or_default();
        let head = Line::plain("  ").and(Role::Dim, label).pad_to(COLUMN);
        lines.push(head.and(Role::Strong, next).and(Role::Dim, meaning));
    }
    if let Some(log) = &end.log {
        lines.push(
            Line::plain("  ")
                .and(Role::Dim, "log")
                .pad_to(COLUMN)
                .text(log),
        );
    }
    lines
}

/// What a command would do, where its name does not say it in full.
fn meaning(command: &str) -> Option<&'static str> {
    match command.split(' ').nth(1)? {
        "resume" if command.starts_with("windlass resume --retry") => {
            Some("tries again what failed, and goes on")
        }
        "resume" if command.starts_with("windlass ") => Some("goes on at the exact step"),
        "cancel" if command.starts_with("windlass ") => Some("stops and undoes it"),
        "unlock" if command.starts_with("windlass ") => {
            Some("gives up: moves an unpublished release aside and frees the lock")
        }
        "attach" if command.starts_with("windlass ") => Some("watches it"),
        _ => None,
    }
}
