//! A host as a plan remembers it: enough to find it again from another process.

use crate::id::HostName;
use serde::{Deserialize, Serialize};

/// Where a host is and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostTarget {
    /// The name used everywhere: in steps, events and on the screen.
    pub name: HostName,
    /// The address to connect to: a name or an IP address, without brackets.
    pub address: String,
    /// The port, where one was set; otherwise `ssh_config` or 22 decides.
    pub port: Option<u16>,
    /// The login, where one was set; otherwise `ssh_config` or the local user decides.
    pub user: Option<String>,
    /// What the host is for.
    pub roles: Vec<String>,
    /// The roles whose once-only tasks run here.
    pub primary: Vec<String>,
    /// Whether releases are made on this host.
    pub release: bool,
    /// The deploy root. May begin with `~/`, which is the login's home.
    pub deploy_to: String,
}
