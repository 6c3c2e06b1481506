//! The hosts of a stage with their roles, after filtering.
//!
//! Made by the inventory crate. Hosts stand in the order of the file and their names are unique. Primaries are those of
//! the whole stage: a filter never moves a once-only task to another host. Only where an optional host cannot be reached
//! its place as a primary goes to the next host of the role.

use crate::host::HostTarget;
use crate::id::HostName;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The hosts of this invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The stage.
    pub stage: String,
    /// The settings of the stage, before roles and hosts have their say.
    pub settings: Arc<Settings>,
    /// The hosts that the filters left, in the order of the file.
    pub hosts: Vec<Host>,
    /// The hosts that the filters took away.
    pub filtered_out: Vec<HostName>,
    /// The optional hosts that were not reached.
    pub left_out: Vec<LeftOut>,
    /// The primary host of each role, over the whole stage.
    pub primaries: BTreeMap<String, HostName>,
}

/// One host and the settings in force on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Where it is and what it is for.
    pub target: HostTarget,
    /// The settings with its roles' and its own laid over the stage's. Hosts without any share one value.
    pub settings: Arc<Settings>,
    /// Whether it is left out where it cannot be reached when a deploy begins.
    pub optional: bool,
}

/// An optional host that was not reached, so that the run goes on without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The host.
    pub host: HostName,
    /// Why, in one line.
    pub reason: String,
    /// The roles whose primary it was, each with the host that takes its place; none where there is no other.
    pub primary_of: Vec<(String, Option<HostName>)>,
}

impl Inventory {
    /// The host with this name, where the filters left it.
    pub fn host(&self, name: &HostName) -> Option<&Host> {
        self.hosts.iter().find(|host| &host.target.name == name)
    }

    /// The hosts that have any of these roles; no roles = all hosts.
    pub fn with_roles<'a>(&'a self, roles: &'a [String]) -> impl Iterator<Item = &'a Host> {
        self.hosts.iter().filter(move |host| {
            roles.is_empty() || host.target.roles.iter().any(|role| roles.contains(role))
        })
    }

    /// Goes on without a host that was not reached. Where it is the primary of a role, the next host of that role is, if
    /// releases are made on both or on neither: what may be done on the one may be done on the other then.
    pub fn leave_out(&mut self, host: &HostName, reason: String) {
        let release = self.host(host).is_some_and(|host| host.target.release);
        self.hosts.retain(|other| &other.target.name != host);
        let mut primary_of = Vec::new();
        for (role, primary) in self.primaries.iter_mut().filter(|(_, name)| *name == host) {
            let mut others = self.hosts.iter_mut().map(|other| &mut other.target);
            let next = others.find(|other| other.roles.contains(role) && other.release == release);
            primary_of.push((role.clone(), next.as_ref().map(|next| next.name.clone())));
            if let Some(next) = next {
                *primary = next.name.clone();
                next.primary.push(role.clone());
            }
        }
        self.left_out.push(LeftOut {
            host: host.clone(),
            reason,
            primary_of,
        });
    }

    /// The primary host of `role`, where the filters left it.
    pub fn primary(&self, role: &str) -> Option<&Host> {
        self.host(self.primaries.get(role)?)
    }

    /// The primary host of `role` where the filters took it away: its once-only tasks go to nobody.
    pub fn primary_filtered_out(&self, role: &str) -> Option<&HostName> {
        self.primaries
            .get(role)
            .filter(|name| self.filtered_out.contains(name))
    }
}
