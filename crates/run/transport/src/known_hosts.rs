//! Files of known hosts, read as OpenSSH reads them.
//!
//! Understood: hashed names, wildcards, negation, `[host]:port`, `@revoked`, `@cert-authority`, tabs, several files. A
//! line that cannot be understood is skipped with a warning and never makes anything trusted. This module finds what
//! the files say; [`crate::host_key`] decides.

mod append;
mod line;

use std::io;
use std::path::{Path, PathBuf};

use russh::keys::PublicKey;

pub(crate) use self::append::append;
use self::line::{Line, Marker};

/// A host as known hosts name it: lower case, with the port where it is not 22.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// With the port, as it is looked up and written down.
    pub(crate) full: String,
    /// Without the port; looked up where the files have no key under the full name, as OpenSSH does, and never written
    /// down.
    pub(crate) bare: Option<String>,
}

impl Name {
    /// The name of an address and port, or of an alias, which bears no port.
    pub(crate) fn new(address: &str, port: u16, alias: Option<&str>) -> Self {
        if let Some(alias) = alias {
            return Self::without_port(alias);
        }
        if port == 22 {
            return Self::without_port(address);
        }
        let address = address.to_lowercase();
        Self {
            full: format!("[{address}]:{port}"),
            bare: Some(address),
        }
    }

    fn without_port(name: &str) -> Self {
        Self {
            full: name.to_lowercase(),
            bare: None,
        }
    }

    /// The name that a certificate must bear.
    pub(crate) fn principal(&self) -> &str {
        self.bare.as_deref().unwrap_or(&self.full)
    }
}

/// A key in a file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) key: PublicKey,
}

/// What the files say of one host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    /// Its keys under its full name.
    pub(crate) keys: Vec<Known>,
    /// Its keys under the name without the port: good for trust where the full name has none, no reason for distrust.
    keys_without_port: Vec<Known>,
    /// Keys that must never be trusted, as its own or as an authority's.
    pub(crate) revoked: Vec<Known>,
    /// Authorities whose certificates for it are trusted.
    pub(crate) authorities: Vec<Known>,
    /// Lines that were skipped.
    pub(crate) warnings: Vec<String>,
}

impl Entries {
    /// Looks a host up in all files. A file that is not there says nothing.
    pub(crate) fn find<'a>(
        name: &Name,
        files: impl Iterator<Item = &'a PathBuf>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let mut found = Self::default();
        for file in files {
            match std::fs::read(file) {
                Ok(bytes) => found.take(name, file, &bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((file.clone(), error)),
            }
        }
        Ok(found)
    }

    /// The keys it may show. What is known of a port is not overruled by what another port of the same host shows.
    pub(crate) fn trusted(&self) -> &[Known] {
        if self.keys.is_empty() {
            &self.keys_without_port
        } else {
            &self.keys
        }
    }

    fn take(&mut self, name: &Name, file: &Path, bytes: &[u8]) {
        for (index, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let number = index.saturating_add(1);
            match Line::parse(bytes) {
                Ok(Some(line)) => self.take_line(name, file, number, line),
                Ok(None) => {}
                Err(what) => {
                    let file = file.display();
                    self.warnings
                        .push(format!("{file}:{number}: {what}, line skipped"));
                }
            }
        }
    }

    fn take_line(&mut self, name: &Name, file: &Path, number: usize, line: Line) {
        let full = line.hosts.matches(&name.full);
        let bare = name
            .bare
            .as_deref()
            .is_some_and(|bare| line.hosts.matches(bare));
        if !full && !bare {
            return;
        }
        let known = Known {
            file: file.to_owned(),
            line: number,
            key: line.key,
        };
        match line.marker {
            Some(Marker::Revoked) => self.revoked.push(known),
            Some(Marker::CertAuthority) => self.authorities.push(known),
            None if full => self.keys.push(known),
            None => self.keys_without_port.push(known),
        }
    }
}
