//! Why a connection ended, in the words that are shown.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kind of a lost connection or of a failed attempt to make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisconnectKind {
    /// The other side closed in good order (FIN).
    Closed,
    /// Reset by the peer or by something on the path (RST).
    Reset,
    /// Nothing was heard for longer than allowed.
    Silence,
    /// The host answered that nothing listens there.
    Refused,
    /// No way to the host's network.
    NoRoute,
    /// The name has no address.
    UnknownName,
    /// No answer to the attempt to connect.
    ConnectTimeout,
    /// The server closed before authentication was over.
    ClosedBeforeAuthentication,
    /// The host's key is unknown, changed or revoked.
    HostKey,
    /// The server refused all that we offered.
    Authentication,
    /// The server closed our channel but not the connection (`ChannelTimeout`).
    ChannelClosed,
    /// The server does not open another channel (`MaxSessions`).
    ChannelRefused,
    /// What came was not the SSH protocol, or broke it.
    Protocol,
    /// The jump host or the proxy command ended.
    Proxy,
    /// We closed it ourselves.
    Ours,
}

impl fmt::Display for DisconnectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed => "closed by the other side",
            Self::Reset => "reset by peer",
            Self::Silence => "nothing heard",
            Self::Refused => "refused",
            Self::NoRoute => "no route to host",
            Self::UnknownName => "unknown name",
            Self::ConnectTimeout => "no answer",
            Self::ClosedBeforeAuthentication => "closed before authentication",
            Self::HostKey => "host key refused",
            Self::Authentication => "authentication refused",
            Self::ChannelClosed => "channel closed by the server",
            Self::ChannelRefused => "no further channel allowed by the server",
            Self::Protocol => "not the SSH protocol",
            Self::Proxy => "the way through the jump host or proxy command ended",
            Self::Ours => "closed by us",
        })
    }
}
