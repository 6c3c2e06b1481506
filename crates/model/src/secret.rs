//! A value that prints as masked, everywhere.
//!
//! It cannot be serialised and its `Debug` shows nothing, so that a secret reaches a journal, a log or a screen only
//! through [`Secret::reveal`], which is called at the moment of sending and nowhere else.

use crate::id::HostName;
use std::collections::BTreeMap;
use std::fmt;

/// A secret value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value into keeping.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself; only for handing it to the process that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The secrets of a run: by host, what the commands on it may see. One name may have another value on another host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<HostName, Vec<(String, Secret)>>);

impl Secrets {
    /// Commands on this host may see the value in the variable of this name.
    pub fn give(&mut self, host: HostName, name: impl Into<String>, value: Secret) {
        let of_host = self.0.entry(host).or_default();
        of_host.push((name.into(), value));
    }

    /// What commands on this host may see, by the variable that carries it.
    pub fn of(&self, host: &HostName) -> &[(String, Secret)] {
        self.0.get(host).map(Vec::as_slice).unwrap_or_default()
    }

    /// All of them: host, variable, value.
    pub fn iter(&self) -> impl Iterator<Item = (&HostName, &str, &Secret)> {
        self.0.iter().flat_map(|(host, of_host)| {
            let of_host = of_host.iter();
            of_host.map(move |(name, value)| (host, name.as_str(), value))
        })
    }

    /// The values, for masking them where they are printed.
    pub fn values(&self) -> Vec<Secret> {
        self.iter().map(|(_, _, value)| value.clone()).collect()
    }
}
