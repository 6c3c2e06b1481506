//! Why `ssh_config` says nothing that could be relied on.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, the first is 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Why `ssh_config` could not be evaluated.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigError {
    /// `ssh` did not understand a file, or what it said could not be used.
    #[error("ssh_config cannot be evaluated for `{host}`: {message}")]
    Refused {
        /// The host.
        host: String,
        /// What ssh said.
        message: String,
    },
    /// `ssh` could not be run.
    #[error("ssh could not be run to evaluate ssh_config")]
    Run(#[source] Arc<io::Error>),
    /// A line that only `ssh` itself can evaluate, and that may concern the host.
    #[error("{place}: {what}, and ssh, which could say what that means here, is not installed")]
    OnlySsh {
        /// Where it stands.
        place: Place,
        /// What it is.
        what: String,
    },
    /// A line that `ssh` would not take either.
    #[error("{place}: {what}")]
    Wrong {
        /// Where it stands.
        place: Place,
        /// What is wrong with it.
        what: String,
    },
    /// A file that others could have written.
    #[error(
        "{} belongs to another login, or others may write to it, so it is not followed", file.display()
    )]
    Writable {
        /// The file.
        file: PathBuf,
    },
    /// A file that cannot be read.
    #[error("{} cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
}

impl ConfigError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let other = "or set `config` in [ssh] of windlass.toml to another file, \"none\" for none";
        match self {
            Self::Refused { .. } | Self::Run(_) => None,
            Self::OnlySsh { .. } => Some(format!("install the ssh client, {other}")),
            Self::Wrong { .. } => Some(format!("mend that line, {other}")),
            Self::Writable { file } => {
                let file = file.display();
                Some(format!("look at it, then `chmod go-w {file}`, {other}"))
            }
            Self::Unreadable { .. } => Some(format!("make it readable, {other}")),
        }
    }
}

/// Why a line or a value cannot be used; where it stands is added by whoever knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It means something that only `ssh` can find out.
    OnlySsh(String),
    /// It means nothing.
    Wrong(String),
}

impl Why {
    pub(super) fn at(self, place: &Place) -> ConfigError {
        let place = place.clone();
        match self {
            Self::OnlySsh(what) => ConfigError::OnlySsh { place, what },
            Self::Wrong(what) => ConfigError::Wrong { place, what },
        }
    }

    /// The same about what `ssh` itself printed.
    pub(super) fn printed(self, host: &str) -> ConfigError {
        let (Self::OnlySsh(message) | Self::Wrong(message)) = self;
        ConfigError::Refused {
            host: host.to_owned(),
            message,
        }
    }
}
