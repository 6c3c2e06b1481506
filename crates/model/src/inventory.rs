//! The hosts of a stage with their roles, after filtering.
//!
//! Made by the inventory crate. Hosts stand in the order of the file and their names are unique. Primaries are those of
//! the whole stage: a filter never moves a once-only task to another host.

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
