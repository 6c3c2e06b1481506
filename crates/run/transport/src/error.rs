//! Why there is no connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use windlass_model::{DisconnectKind, ExitCode};

/// Why a session has no connection. Clones are for all who wait for the same one.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be reached, or the connection did not get as far as authentication.
    #[error("{address} was not reached: {kind}")]
    NotReached {
        /// Where to.
        address: String,
        /// How the last attempt failed.
        kind: DisconnectKind,
        /// What the system or the library said.
        #[source]
        source: Option<Arc<io::Error>>,
    },
    /// The host's key is not trusted.
    #[error(transparent)]
    HostKey(#[from] crate::host_key_error::HostKeyError),
    /// The server accepted none of the ways to log in.
    #[error(transparent)]
    Authentication(#[from] crate::auth::AuthError),
    /// The proxy command could not be started.
    #[error("proxy command could not be started")]
    ProxyCommand(#[source] Arc<io::Error>),
    /// `ssh_config` cannot be evaluated.
    #[error(transparent)]
    SshConfig(#[from] crate::ssh_config::ConfigError),
    /// The session stopped dialling.
    #[error("no connection for {} s: {kind}", gone.as_secs())]
    GaveUp {
        /// After how long.
        gone: Duration,
        /// Why the last attempt failed.
        kind: DisconnectKind,
    },
    /// The session was closed.
    #[error("session is closed")]
    Closed,
}

/// Why a session could not be opened.
pub type OpenError = Error;

impl Error {
    /// The kind of failure.
    pub fn kind(&self) -> DisconnectKind {
        match self {
            Self::NotReached { kind, .. } | Self::GaveUp { kind, .. } => *kind,
            Self::HostKey(_) => DisconnectKind::HostKey,
            Self::Authentication(_) => DisconnectKind::Authentication,
            Self::ProxyCommand(_) | Self::SshConfig(_) => DisconnectKind::Proxy,
            Self::Closed => DisconnectKind::Ours,
        }
    }

    /// Whether the host was reached and either side refused the other.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::HostKey(_) | Self::Authentication(_))
    }

    /// The exit code it comes to where nothing has been changed yet.
    pub fn exit_code(&self) -> ExitCode {
        if matches!(self, Self::SshConfig(_)) {
            return ExitCode::Config;
        }
        match self.kind() {
            DisconnectKind::HostKey => ExitCode::HostKey,
            DisconnectKind::Authentication => ExitCode::Authentication,
            _ => ExitCode::Unreachable,
        }
    }
}

/// Why a file did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The session has no connection any more.
    #[error("connection was not regained")]
    Session(#[from] Error),
    /// The source could not be read.
    #[error("file to upload could not be read")]
    Source(#[source] io::Error),
    /// The host could not write the file.
    #[error("host could not write `{path}`: {message}")]
    Host {
        /// The path on the host.
        path: String,
        /// What the host's shell said.
        message: String,
    },
    /// What arrived differs from what was sent, also when sent again from the beginning.
    #[error("`{path}` arrived damaged")]
    Damaged {
        /// The path on the host.
        path: String,
    },
    /// The host has neither `sha256sum` nor `openssl`.
    #[error("host has neither `sha256sum` nor `openssl` to check what arrived")]
    NoDigest,
}
