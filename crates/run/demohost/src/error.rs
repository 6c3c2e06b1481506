//! What can go wrong when a host or a proxy starts.

use std::io;

/// Why a throw-away host or a proxy could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No loopback socket, or no thread for it.
    #[error("cannot listen on loopback")]
    Listen(#[from] io::Error),
    /// No key could be made.
    #[error("cannot make a key")]
    Key(#[from] russh::keys::ssh_key::Error),
}
