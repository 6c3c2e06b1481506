//! Entries of the file become hosts: patterns expanded, names made unique, primaries chosen, filters applied.

use crate::error::Error;
use crate::filter::Filter;
use std::collections::BTreeMap;
use std::sync::Arc;
use windlass_config::{HostEntry, Origin, Stage};
use windlass_model::inventory::{Host, Inventory};
use windlass_model::{HostName, HostTarget, Settings};

/// A host before it has its final name.
struct Draft<'s> {
    entry: &'s HostEntry,
    address: &'s str,
    settings: Arc<Settings>,
}

/// The hosts of a stage that the filters leave.
pub fn build(stage: &Stage, filter: &Filter) -> Result<Inventory, Error> {
    let drafts = drafts(stage)?;
    no_duplicates(&drafts)?;
    let names = names(&drafts);
    let primaries = primaries(&drafts, &names)?;
    let hosts: Vec<_> = drafts
        .iter()
        .zip(&names)
        .map(|(draft, name)| host(draft, name, &primaries))
        .collect();
    let targets: Vec<_> = hosts.iter().map(|host| &host.target).collect();
    let keep = filter.keep(&format!("stage `{}`", stage.name()), &targets)?;
    let mut kept = Vec::new();
    let mut filtered_out = Vec::new();
    for (host, keep) in hosts.into_iter().zip(keep) {
        if keep {
            kept.push(host);
        } else {
            filtered_out.push(host.target.name);
        }
    }
    Ok(Inventory {
        stage: stage.name().to_owned(),
        settings: Arc::clone(stage.settings()),
        hosts: kept,
        filtered_out,
        left_out: Vec::new(),
        primaries,
    })
}

fn drafts(stage: &Stage) -> Result<Vec<Draft<'_>>, Error> {
    let mut drafts = Vec::new();
    for entry in stage.hosts() {
        let settings = stage.settings_on(entry).map_err(Error::Settings)?;
        drafts.extend(entry.address.names.iter().map(|address| Draft {
            entry,
            address,
            settings: Arc::clone(&settings),
        }));
    }
    Ok(drafts)
}

/// One address and port can be two hosts only with two logins, and then they would be two deploys in one: refused.
fn no_duplicates(drafts: &[Draft<'_>]) -> Result<(), Error> {
    let mut seen: BTreeMap<(String, Option<u16>), &Origin> = BTreeMap::new();
    for draft in drafts {
        let key = (draft.address.to_ascii_lowercase(), draft.settings.ssh.port);
        let here = &draft.entry.origin;
        if let Some(first) = seen.insert(key, here) {
            return Err(Error::Duplicate {
                name: draft.address.to_owned(),
                first: first.to_string(),
                second: here.to_string(),
                place: here.place().cloned(),
            });
        }
    }
    Ok(())
}

/// The address as written; where two hosts share it, each with its port.
fn names(drafts: &[Draft<'_>]) -> Vec<HostName> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for draft in drafts {
        *count.entry(draft.address.to_ascii_lowercase()).or_default() += 1;
    }
    let name = |draft: &Draft<'_>| {
        let shared = count
            .get(&draft.address.to_ascii_lowercase())
            .is_some_and(|count| *count > 1);
        match draft.settings.ssh.port {
            Some(port) if shared && draft.address.contains(':') => {
                format!("[{}]:{port}", draft.address)
            }
            Some(port) if shared => format!("{}:{port}", draft.address),
            _ => draft.address.to_owned(),
        }
    };
    drafts
        .iter()
        .map(|draft| HostName::new(name(draft)))
        .collect()
}

/// The primary host of each role: the one that says so, else the first.
fn primaries(
    drafts: &[Draft<'_>],
    names: &[HostName],
) -> Result<BTreeMap<String, HostName>, Error> {
    let mut said: BTreeMap<String, HostName> = BTreeMap::new();
    let mut first: BTreeMap<String, HostName> = BTreeMap::new();
    for (draft, name) in drafts.iter().zip(names) {
        for role in &draft.entry.roles {
            first.entry(role.clone()).or_insert_with(|| name.clone());
        }
        for role in &draft.entry.primary {
            if let Some(other) = said
                .insert(role.clone(), name.clone())
                .filter(|other| other != name)
            {
                return Err(Error::TwoPrimaries {
                    role: role.clone(),
                    first: other.to_string(),
                    second: name.to_string(),
                    place: draft.entry.origin.place().cloned(),
                });
            }
        }
    }
    first.append(&mut said);
    Ok(first)
}

fn host(draft: &Draft<'_>, name: &HostName, primaries: &BTreeMap<String, HostName>) -> Host {
    let roles = draft.entry.roles.clone();
    let is_primary = |role: &&String| primaries.get(*role) == Some(name);
    Host {
        target: HostTarget {
            name: name.clone(),
            address: draft.address.to_owned(),
            port: draft.settings.ssh.port,
            user: draft.settings.ssh.user.clone(),
            primary: roles.iter().filter(is_primary).cloned().collect(),
            roles,
            release: draft.entry.release,
            deploy_to: draft.settings.deploy_to.clone(),
        },
        settings: Arc::clone(&draft.settings),
        optional: draft.entry.optional,
    }
}
