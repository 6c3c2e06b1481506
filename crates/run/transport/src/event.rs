//! What a session tells about its connections.

use std::sync::Arc;
use std::time::Duration;

use windlass_model::DisconnectKind;

/// Receives what a session tells; called from the session's own tasks, so it must not block.
pub type Observer = Arc<dyn Fn(SessionEvent) + Send + Sync>;

/// Something that happened to a session's connection. A connection's epoch is its number within the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// The first connection stands. In a session that was taken up, attempts may have failed before.
    Connected {
        /// Its number.
        epoch: u64,
        /// The server's greeting, such as `SSH-2.0-OpenSSH_9.2p1`.
        server_version: String,
    },
    /// The live connection ended.
    Lost {
        /// Its number.
        epoch: u64,
        /// How it ended.
        kind: DisconnectKind,
    },
    /// An attempt to connect failed; another follows.
    Dialling {
        /// How many have failed.
        attempt: u32,
        /// How long there has been no connection: since it was lost, or since the session was taken up.
        gone: Duration,
        /// How this one failed.
        kind: DisconnectKind,
    },
    /// The session has a live connection again.
    Back {
        /// The new connection's number.
        epoch: u64,
        /// How long the old one was gone.
        gone: Duration,
    },
    /// Nothing is heard; a second connection is dialled beside the first.
    Beside {
        /// For how long nothing was heard.
        silent: Duration,
    },
    /// The session stopped dialling: its time was over, or a host that nobody had logged in to refused us.
    GaveUp {
        /// After how long.
        gone: Duration,
        /// Why the last attempt failed.
        kind: DisconnectKind,
    },
    /// Something that a person should know and that fails nothing, such as an unreadable line of known hosts.
    Warning(String),
}
