//! Which release a rollback goes to.

use crate::error::Error;
use crate::scope::ScopeHost;
use std::collections::BTreeSet;
use windlass_model::release::ReleaseState;
use windlass_model::{HostName, ReleaseName, Revision};

/// The release a rollback goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackTarget {
    /// The release.
    pub release: ReleaseName,
    /// Its revision, where the hosts agree on one.
    pub revision: Option<Revision>,
    /// Newer good releases that were passed over, newest first, each with the hosts that lack it.
    pub passed_over: Vec<(ReleaseName, Vec<HostName>)>,
}

/// The release asked for, or the newest good one older than the live one that every host has.
///
/// Where hosts have different releases live, the newest of them counts as live: so a rollback also ends a mix.
pub fn rollback_target(
    hosts: &[ScopeHost<'_>],
    to: Option<&ReleaseName>,
) -> Result<RollbackTarget, Error> {
    let hosts: Vec<&ScopeHost<'_>> = hosts.iter().filter(|host| host.release()).collect();
    match to {
        Some(to) => asked_for(&hosts, to),
        None => newest_older(&hosts),
    }
}

fn asked_for(hosts: &[&ScopeHost<'_>], to: &ReleaseName) -> Result<RollbackTarget, Error> {
    let lacking = lacking(hosts, to);
    if !lacking.is_empty() {
        return Err(Error::NoSuchRelease {
            release: to.clone(),
            lacking,
        });
    }
    let unfinished: Vec<HostName> = hosts
        .iter()
        .filter(|host| {
            host.facts.release(to).is_some_and(|release| {
                matches!(
                    host.facts.state(release),
                    ReleaseState::Building | ReleaseState::Ready | ReleaseState::Failed
                )
            })
        })
        .map(|host| host.name().clone())
        .collect();
    if !unfinished.is_empty() {
        return Err(Error::FailedRelease {
            release: to.clone(),
            hosts: unfinished,
        });
    }
    if hosts
        .iter()
        .all(|host| host.facts.live.as_ref() == Some(to))
    {
        return Err(Error::AlreadyLive {
            release: to.clone(),
        });
    }
    Ok(target(hosts, to.clone(), Vec::new()))
}

fn newest_older(hosts: &[&ScopeHost<'_>]) -> Result<RollbackTarget, Error> {
    let Some(live) = hosts
        .iter()
        .filter_map(|host| host.facts.live.clone())
        .max()
    else {
        return Err(Error::NoOlderRelease {
            live: None,
            partly: Vec::new(),
        });
    };
    let candidates: BTreeSet<&ReleaseName> = hosts
        .iter()
        .flat_map(|host| host.facts.good())
        .map(|release| &release.name)
        .filter(|name| **name < live)
        .collect();
    let mut passed_over = Vec::new();
    for release in candidates.into_iter().rev() {
        let lacking = without_good(hosts, release);
        if lacking.is_empty() {
            return Ok(target(hosts, release.clone(), passed_over));
        }
        passed_over.push((release.clone(), lacking));
    }
    Err(Error::NoOlderRelease {
        live: Some(live),
        partly: passed_over,
    })
}

fn target(
    hosts: &[&ScopeHost<'_>],
    release: ReleaseName,
    passed_over: Vec<(ReleaseName, Vec<HostName>)>,
) -> RollbackTarget {
    let revisions: BTreeSet<Option<&Revision>> = hosts
        .iter()
        .map(|host| {
            host.facts
                .release(&release)
                .and_then(|found| found.revision.as_ref())
        })
        .collect();
    let revision = match revisions.len() {
        1 => revisions.into_iter().next().flatten().cloned(),
        _ => None,
    };
    RollbackTarget {
        release,
        revision,
        passed_over,
    }
}

fn lacking(hosts: &[&ScopeHost<'_>], release: &ReleaseName) -> Vec<HostName> {
    hosts
        .iter()
        .filter(|host| host.facts.release(release).is_none())
        .map(|host| host.name().clone())
        .collect()
}

/// The hosts on which the release is not there or not good.
fn without_good(hosts: &[&ScopeHost<'_>], release: &ReleaseName) -> Vec<HostName> {
    hosts
        .iter()
        .filter(|host| !host.facts.good().any(|good| &good.name == release))
        .map(|host| host.name().clone())
        .collect()
}
