//! What comes and what leaves: commits, files, and the paths that are worth a look.

use super::Page;
use crate::console::facts;
use crate::style::Line;
use crate::words::plural;
use windlass_model::changes::{Changes, Files, Place, Side, Watched};
use windlass_model::overview::{Brings, Change, Live};
use windlass_model::{DeployKind, HostName, Overview, Revision};

/// So many commits of a side are listed.
const COMMITS: usize = 20;
/// So many files, or directories of files, are named.
const FILES: usize = 8;
/// So many new files of a path are named.
const NEW: usize = 10;

/// A heading for each group of hosts, and what belongs below it.
pub(super) fn lines(page: &Page, overview: &Overview) -> Vec<Line> {
    let mut lines = Vec::new();
    for change in &overview.changes {
        let (commits, changes) = told(page, overview, change);
        lines.extend(page.fact("commits", &commits));
        if let Some(changes) = changes {
            lines.extend(page.fact("files", &files(page, changes)));
        }
    }
    lines
}

fn told<'a>(
    page: &Page,
    overview: &Overview,
    change: &'a Change,
) -> (Vec<String>, Option<&'a Changes>) {
    let on = on(page, &change.hosts);
    let short = match &change.live {
        Live::Revision { revision } => revision.short(),
        _ => "",
    };
    match &change.brings {
        Brings::Everything => {
            let all = change.hosts.len() == overview.hosts.len() || overview.changes.len() == 1;
            let text = if all {
                "the first deploy: nothing is live yet".to_owned()
            } else {
                format!("the first deploy on {on}: nothing is live there")
            };
            (vec![text], None)
        }
        Brings::Nothing => {
            let again = match overview.kind {
                DeployKind::Deploy => "; a new release of the same revision",
                DeployKind::Rollback => "; another release of the same revision",
            };
            (vec![format!("none: {short} is live on {on}{again}")], None)
        }
        Brings::NotKnown { reason, hint } => {
            let hint = hint.as_ref().map(|hint| format!(" → {hint}"));
            let text = format!("not known for {on}: {reason}{}", hint.unwrap_or_default());
            (vec![text], None)
        }
        Brings::Changes(changes) => {
            let to = overview.revision.as_ref().map_or("?", Revision::short);
            let from = format!("{short} (live on {on})");
            (commits(page, changes, &from, to), Some(changes))
        }
    }
}

fn on(page: &Page, hosts: &[HostName]) -> String {
    let hosts: Vec<&HostName> = hosts.iter().collect();
    facts::hosts(&hosts, page.hosts)
}

fn commits(page: &Page, changes: &Changes, from: &str, to: &str) -> Vec<String> {
    let (comes, leaves) = (&changes.comes, &changes.leaves);
    let count = |side: &Side| plural::count(side.count, "commit");
    let mut texts = match (comes.count, leaves.count) {
        (_, 0) => {
            let mut texts = vec![format!("{} since {from}", plural::grouped(comes.count))];
            texts.extend(list(page, comes));
            texts
        }
        (0, _) => {
            let text = format!("goes back by {} from {from}, which leave:", count(leaves));
            let mut texts = vec![text];
            texts.extend(list(page, leaves));
            texts
        }
        (_, _) => {
            let text = format!(
                "the histories part: {from} is no ancestor of {to} (another branch, or one that was rewound)"
            );
            let mut texts = vec![text, format!("{} to come:", count(comes))];
            texts.extend(list(page, comes));
            texts.push(format!("{} to leave:", count(leaves)));
            texts.extend(list(page, leaves));
            texts
        }
    };
    if changes.cut {
        texts.push(match &changes.told_by {
            None => {
                "the history here is cut, so there may be more → git fetch --unshallow".to_owned()
            }
            Some(host) => {
                format!("the history of the mirror on {host} is cut, so there may be more")
            }
        });
    }
    texts
}

/// `3f2c9ab Faster checkout`, one a line.
fn list(page: &Page, side: &Side) -> Vec<String> {
    let shown = side.commits.iter();
    let texts = shown.map(|commit| format!("{} {}", commit.revision.short(), commit.subject));
    page.cut(texts.collect(), COMMITS, side.count)
}

fn files(page: &Page, changes: &Changes) -> Vec<String> {
    let mut texts = vec![overall(page, &changes.files)];
    let (named, touched): (Vec<&Watched>, Vec<&Watched>) = changes
        .watched
        .iter()
        .partition(|watched| watched.added.is_some());
    let touched: Vec<String> = touched
        .into_iter()
        .map(|watched| {
            let word = if watched.changed { "yes" } else { "no" };
            format!("{} {word}", watched.path)
        })
        .collect();
    if !touched.is_empty() {
        texts.push(touched.join("; "));
    }
    texts.extend(named.into_iter().map(|watched| new_files(page, watched)));
    texts
}

/// `31 changed (+120 −33): app (25), config (3), Gemfile`.
fn overall(page: &Page, files: &Files) -> String {
    if files.count == 0 {
        return "none changed".to_owned();
    }
    let lines = [('+', files.insertions), ('−', files.deletions)];
    let [come, go] = lines.map(|(sign, number)| {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        format!("{sign}{}", plural::grouped(number))
    });
    let names = if page.whole || files.count <= FILES {
        page.cut(files.names.clone(), FILES, files.count)
    } else {
        let groups: Vec<String> = files.places.iter().map(place).collect();
        let total = groups.len();
        page.cut(groups, FILES, total)
    };
    let count = plural::grouped(files.count);
    format!("{count} changed ({come} {go}): {}", names.join(", "))
}

/// `app (25)`; a file at the top stands by itself.
fn place(place: &Place) -> String {
    match place.path.strip_suffix('/') {
        Some(directory) => format!("{directory} ({})", plural::grouped(place.count)),
        None => place.path.clone(),
    }
}

/// `db/migrate: 2 new: 20260101000000_a.rb, 20260201000000_b.rb`.
fn new_files(page: &Page, watched: &Watched) -> String {
    let path = &watched.path;
    let added = watched.added.as_deref().unwrap_or_default();
    match added.len() {
        0 if watched.changed => format!("{path}: none new, but files in it differ"),
        0 => format!("{path}: none new"),
        count => {
            let names = page.cut(added.to_vec(), NEW, count);
            format!(
                "{path}: {} new: {}",
                plural::grouped(count),
                names.join(", ")
            )
        }
    }
}
