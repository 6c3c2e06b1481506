//! What is shared by releases, and which of the older ones go.

use super::Page;
use crate::console::facts;
use crate::style::Line;
use crate::words::plural;
use windlass_model::overview::{LinkedPath, Removal, Replaced, Why};
use windlass_model::{HostName, Overview, ReleaseName};

/// So many releases are named.
const RELEASES: usize = 6;

pub(super) fn lines(page: &Page, overview: &Overview) -> Vec<Line> {
    let linked: Vec<String> = overview
        .linked
        .iter()
        .map(|one| linked(page, one))
        .collect();
    // What blocks is among the refusals.
    let replaced = overview.replaced.iter().flatten().filter(|one| !one.blocks);
    let replaced: Vec<String> = replaced.map(replacement).collect();
    let groups = overview.removals.iter();
    let several = overview.removals.len() > 1;
    let removals: Vec<String> = groups
        .flat_map(|removal| removal_lines(page, removal, several))
        .collect();
    let mut lines = page.fact("linked", &linked);
    lines.extend(page.fact("replaced", &replaced));
    lines.extend(page.fact("removed", &removals));
    lines
}

/// `config/master.key  ✔ web1  ✘ missing on db1 → windlass setup production --host db1`.
fn linked(page: &Page, linked: &LinkedPath) -> String {
    let on = |hosts: &[HostName]| {
        let hosts: Vec<&HostName> = hosts.iter().collect();
        facts::hosts(&hosts, page.hosts)
    };
    let mut text = linked.path.clone();
    if !linked.present.is_empty() {
        text.extend(["  ✔ ", &on(&linked.present)]);
    }
    if !linked.missing.is_empty() {
        text.extend(["  ✘ missing on ", &on(&linked.missing)]);
    }
    if let Some(hint) = &linked.hint {
        text.extend([" → ", hint]);
    }
    text
}

fn replacement(replaced: &Replaced) -> String {
    let path = &replaced.path;
    format!("{path} of the repository, by the link to shared/{path}")
}

fn removal_lines(page: &Page, removal: &Removal, several: bool) -> Vec<String> {
    let names = |releases: &[&ReleaseName]| {
        let names = releases.iter().map(ToString::to_string).collect();
        page.cut(names, RELEASES, releases.len()).join(", ")
    };
    let removed: Vec<&ReleaseName> = removal.removed.iter().collect();
    let failed: Vec<&ReleaseName> = removal.failed.iter().collect();
    if removed.is_empty() && failed.is_empty() && removal.stays.is_empty() {
        return Vec::new();
    }
    let mut text = if removed.is_empty() {
        "nothing".to_owned()
    } else {
        names(&removed)
    };
    if several {
        let hosts: Vec<&HostName> = removal.hosts.iter().collect();
        text.extend([" on ", &facts::hosts(&hosts, page.hosts)]);
    }
    text.extend([" (keep_releases ", &removal.keep.to_string(), ")"]);
    if !failed.is_empty() {
        text.extend(["; failed ones kept aside: ", &names(&failed)]);
    }
    let stays = stays(removal);
    if !stays.is_empty() {
        text.extend(["; stays: ", &stays]);
    }
    vec![text]
}

/// `20261123170244 (live), 3 among the newest`.
fn stays(removal: &Removal) -> String {
    let mut parts: Vec<String> = Vec::new();
    for stay in removal.stays.iter().rev() {
        let why = match stay.why {
            Why::Live => "live",
            Why::RollbackTarget => "a rollback goes back to it",
            Why::Newest => continue,
        };
        parts.push(format!("{} ({why})", stay.release));
    }
    let newest = removal.stays.iter().filter(|stay| stay.why == Why::Newest);
    match newest.count() {
        0 => {}
        count => parts.push(format!("{} among the newest", plural::grouped(count))),
    }
    parts.join(", ")
}
