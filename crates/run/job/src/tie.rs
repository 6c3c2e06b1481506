//! What leads to a host: a session. A trait, so that the protocol can be tried without one.

use crate::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use windlass_model::DisconnectKind;
use windlass_transport::{Channel, ChannelMessage, Connection, ExecOptions, Session};

/// Work under way.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A lasting tie to a host.
pub trait Tie: Send + Sync {
    /// A connection to it.
    type Link: Link;
    /// The live connection; waits for one where there is none.
    fn connection(&self) -> Work<'_, Result<Self::Link, Error>>;
    /// Nothing was heard for so long: another connection, which has become the live one.
    fn beside(&self, silent: Duration) -> Work<'_, Result<Self::Link, Error>>;
    /// Another connection, which is not the live one.
    fn extra(&self) -> Work<'_, Result<Self::Link, Error>>;
    /// No headway was made over several attaches.
    fn no_progress(&self);
    /// Headway was made.
    fn progress(&self);
    /// Whether it notices by itself that a connection is dead.
    fn probes(&self) -> bool;
}

/// A connection.
pub trait Link: Clone + Send + Sync {
    /// A channel in it.
    type Line: Line;
    /// Its number.
    fn epoch(&self) -> u64;
    /// Opens a channel with a command in it.
    fn exec<'a>(
        &'a self,
        command: &'a str,
        options: ExecOptions,
    ) -> Work<'a, Result<Self::Line, DisconnectKind>>;
}

/// A channel.
pub trait Line: Send {
    /// Sends bytes to the command.
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Work<'a, Result<(), DisconnectKind>>;
    /// What came next. Losing the future loses nothing.
    fn next(&mut self) -> Work<'_, ChannelMessage>;
}

impl Tie for Session {
    type Link = Connection;

    fn connection(&self) -> Work<'_, Result<Connection, Error>> {
        Box::pin(async { Ok(Session::connection(self).await?) })
    }

    fn beside(&self, silent: Duration) -> Work<'_, Result<Connection, Error>> {
        Box::pin(async move { Ok(Session::beside(self, silent).await?) })
    }

    fn extra(&self) -> Work<'_, Result<Connection, Error>> {
        Box::pin(async { Ok(Session::extra(self).await?) })
    }

    fn no_progress(&self) {
        Session::no_progress(self);
    }

    fn progress(&self) {
        Session::progress(self);
    }

    fn probes(&self) -> bool {
        !self.keepalive_interval().is_zero()
    }
}

impl Link for Connection {
    type Line = Channel;

    fn epoch(&self) -> u64 {
        Connection::epoch(self)
    }

    fn exec<'a>(
        &'a self,
        command: &'a str,
        options: ExecOptions,
    ) -> Work<'a, Result<Channel, DisconnectKind>> {
        Box::pin(Connection::exec(self, command.as_bytes(), options))
    }
}

impl Line for Channel {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Work<'a, Result<(), DisconnectKind>> {
        Box::pin(Channel::send(self, bytes))
    }

    fn next(&mut self) -> Work<'_, ChannelMessage> {
        Box::pin(Channel::next(self))
    }
}
