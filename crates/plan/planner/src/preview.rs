//! A plan for looking at: with what speaks against it, and with what a person wants to know of the hosts beside it.

use crate::error::Error;
use crate::plan::{Planned, make};
use crate::precheck::precheck;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::scope::{Scope, ScopeHost};
use std::collections::BTreeMap;
use windlass_facts::{Begun, Current, Linked};
use windlass_model::changes::Watch;
use windlass_model::overview::{LinkedPath, Live, Removal};
use windlass_model::{DeployKind, HostName, Revision};

/// A plan that may have reasons against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The plan.
    pub planned: Planned,
    /// What speaks against carrying it out.
    pub refusals: Vec<Refusal>,
    /// Whether the deploy was begun: it holds its locks.
    pub begun: bool,
    /// What is live, with the hosts on which it is.
    pub lives: Vec<(Live, Vec<HostName>)>,
    /// Paths that are worth a look where another revision is live.
    pub watches: Vec<Watch>,
    /// The linked files and the hosts that have them.
    pub linked: Vec<LinkedPath>,
    /// Linked paths that take the place of what the revision's tree holds.
    pub links: Links,
    /// What of older releases is removed.
    pub removals: Vec<Removal>,
}

/// Linked paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Those of files, then those of directories.
    pub paths: Vec<String>,
    /// How many are files.
    pub files: usize,
}

/// Makes the plan although reasons may speak against it.
pub fn preview(request: &Request<'_>) -> Result<Preview, Error> {
    let refusals = precheck(request);
    let planned = match make(request) {
        // Without a revision there is nothing to plan, and the refusals say why there is none.
        Err(Error::NoRevision) if !refusals.is_empty() => return Err(Error::Refused(refusals)),
        made => made?,
    };
    let scope = Scope::new(request)?;
    let deploys = scope.kind() == DeployKind::Deploy;
    let settings = &request.inventory.settings;
    let begun = |host: &ScopeHost<'_>| matches!(host.facts.begun, Begun::Begun { .. });
    let watches = request.recipes.iter();
    Ok(Preview {
        planned,
        refusals,
        begun: scope.hosts.iter().any(begun),
        lives: lives(&scope),
        watches: watches
            .flat_map(|recipe| recipe.watches(settings))
            .filter(|_| deploys)
            .collect(),
        linked: if deploys { linked(&scope) } else { Vec::new() },
        links: if deploys {
            links(&scope)
        } else {
            Links::default()
        },
        removals: removals(&scope),
    })
}

/// What is live, in the order of the hosts.
fn lives(scope: &Scope<'_>) -> Vec<(Live, Vec<HostName>)> {
    let mut lives: Vec<(Live, Vec<HostName>)> = Vec::new();
    for host in scope.file_hosts() {
        let live = live(host);
        match lives.iter_mut().find(|(known, _)| *known == live) {
            Some((_, hosts)) => hosts.push(host.name().clone()),
            None => lives.push((live, vec![host.name().clone()])),
        }
    }
    lives
}

fn live(host: &ScopeHost<'_>) -> Live {
    let target = match &host.facts.current {
        Current::Absent => return Live::Nothing,
        Current::Link { target } => target.clone(),
        // No deploy begins there, and the refusals say so.
        Current::Directory | Current::Other => host.layout.current(),
    };
    match &host.facts.live_revision {
        Some(revision) if Revision::is_id(revision.as_str()) => Live::Revision {
            revision: revision.clone(),
        },
        Some(said) => Live::Garbled {
            target,
            said: said.as_str().to_owned(),
        },
        None => Live::Unmarked { target },
    }
}

fn linked(scope: &Scope<'_>) -> Vec<LinkedPath> {
    let mut paths: BTreeMap<&str, LinkedPath> = BTreeMap::new();
    for host in scope.hosts.iter().filter(|host| host.release()) {
        for file in &host.facts.linked_files {
            let linked = paths.entry(&file.path).or_insert_with(|| LinkedPath {
                path: file.path.clone(),
                present: Vec::new(),
                missing: Vec::new(),
                hint: None,
            });
            match file.state {
                Linked::Present => linked.present.push(host.name().clone()),
                Linked::Missing | Linked::NotAFile => linked.missing.push(host.name().clone()),
            }
        }
    }
    let mut paths: Vec<LinkedPath> = paths.into_values().collect();
    for linked in paths.iter_mut().filter(|linked| !linked.missing.is_empty()) {
        linked.hint = Some(seeding(scope, linked));
    }
    paths
}

/// The command that brings a linked file to where it is missing.
fn seeding(scope: &Scope<'_>, linked: &LinkedPath) -> String {
    let command = format!("windlass setup {}", scope.request.inventory.stage);
    if linked.present.is_empty() {
        return command;
    }
    let names: Vec<&str> = linked.missing.iter().map(HostName::as_str).collect();
    format!("{command} --host {}", names.join(","))
}

fn links(scope: &Scope<'_>) -> Links {
    let settings = &scope.request.inventory.settings;
    let paths = settings.linked_files.iter().chain(&settings.linked_dirs);
    Links {
        paths: paths.cloned().collect(),
        files: settings.linked_files.len(),
    }
}

fn removals(scope: &Scope<'_>) -> Vec<Removal> {
    let mut removals: Vec<Removal> = Vec::new();
    for host in scope.file_hosts() {
        let recipes = scope.request.recipes.iter();
        for removal in recipes.filter_map(|recipe| recipe.removes(scope, host)) {
            let alike = |known: &&mut Removal| {
                (known.keep, &known.removed, &known.failed, &known.stays)
                    == (
                        removal.keep,
                        &removal.removed,
                        &removal.failed,
                        &removal.stays,
                    )
            };
            match removals.iter_mut().find(alike) {
                Some(known) => known.hosts.extend(removal.hosts),
                None => removals.push(removal),
            }
        }
    }
    removals
}
