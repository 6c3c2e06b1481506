//! One authenticated SSH connection. It dies, and says why.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use russh::Disconnect;
use russh::client::Handle;
use tokio::sync::watch;
use windlass_model::DisconnectKind;

use crate::channel::Channel;
use crate::client::Client;
use crate::stream::Ending;

/// How a command is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecOptions {
    /// With a terminal.
    pub pty: bool,
    /// With the ssh-agent, where the session allows it.
    pub forward_agent: bool,
}

/// A connection; clones are the same one. It is closed when the last clone is dropped.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    handle: Handle<Client>,
    epoch: u64,
    server_version: String,
    forward_agent: bool,
    used: AtomicBool,
    ended: Ended,
    /// The connections to jump hosts that this one goes through.
    _beneath: Vec<Connection>,
}

/// Knows whether and how a connection ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) ending: Arc<Ending>,
    pub(crate) told: watch::Receiver<Option<DisconnectKind>>,
}

impl Ended {
    /// Waits for the end.
    pub(crate) async fn wait(&self) -> DisconnectKind {
        let mut told = self.told.clone();
        match told.wait_for(Option::is_some).await {
            Ok(kind) => kind.unwrap_or(DisconnectKind::Protocol),
            Err(_) => self.kind_now(),
        }
    }

    /// The kind as far as it is known now.
    pub(crate) fn kind_now(&self) -> DisconnectKind {
        let told = *self.told.borrow();
        told.or_else(|| self.ending.kind())
            .unwrap_or(DisconnectKind::Closed)
    }

    fn is_over(&self) -> bool {
        self.told.borrow().is_some()
    }
}

impl Connection {
    pub(crate) fn new(handle: Handle<Client>, made: Made) -> Self {
        let shared = Shared {
            handle,
            epoch: made.epoch,
            server_version: made.server_version,
            forward_agent: made.forward_agent,
            used: AtomicBool::new(false),
            ended: made.ended,
            _beneath: made.beneath,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Its number within the session.
    pub fn epoch(&self) -> u64 {
        self.shared.epoch
    }

    /// The server's greeting.
    pub fn server_version(&self) -> &str {
        &self.shared.server_version
    }

    /// Whether its end is not known yet.
    pub fn is_alive(&self) -> bool {
        !self.shared.ended.is_over() && !self.shared.handle.is_closed()
    }

    /// Waits for its end and says how it came.
    pub async fn closed(&self) -> DisconnectKind {
        self.shared.ended.wait().await
    }

    /// Opens a channel and has a command started in it; the answer to the start is not waited for.
    pub async fn exec(
        &self,
        command: &[u8],
        options: ExecOptions,
    ) -> Result<Channel, DisconnectKind> {
        let first = !self.shared.used.swap(true, Ordering::Relaxed);
        let channel = tokio::select! {
            kind = self.shared.ended.wait() => return Err(kind),
            opened = self.shared.handle.channel_open_session() => opened.map_err(|error| self.refused(&error, first))?,
        };
        let lost = |_| self.shared.ended.kind_now();
        if options.forward_agent && self.shared.forward_agent {
            channel.agent_forward(false).await.map_err(lost)?;
        }
        if options.pty {
            channel
                .request_pty(false, "xterm", 80, 24, 0, 0, &[])
                .await
                .map_err(lost)?;
        }
        channel.exec(false, command).await.map_err(lost)?;
        Ok(Channel::new(channel, self.shared.ended.clone()))
    }

    /// A stream through this connection to another host, as seen from its end.
    pub(crate) async fn through(
        &self,
        address: &str,
        port: u16,
    ) -> Result<russh::ChannelStream<russh::client::Msg>, DisconnectKind> {
        let opened =
            self.shared
                .handle
                .channel_open_direct_tcpip(address, u32::from(port), "127.0.0.1", 0);
        tokio::select! {
            _ = self.shared.ended.wait() => Err(DisconnectKind::Proxy),
            opened = opened => opened.map(russh::Channel::into_stream).map_err(|error| match error {
                russh::Error::ChannelOpenFailure(_) => DisconnectKind::Refused,
                _ => DisconnectKind::Proxy,
            }),
        }
    }

    fn refused(&self, error: &russh::Error, first: bool) -> DisconnectKind {
        match error {
            russh::Error::ChannelOpenFailure(_) if !first => DisconnectKind::ChannelRefused,
            russh::Error::ChannelOpenFailure(_) => DisconnectKind::ChannelRefused,
            _ => self.shared.ended.kind_now(),
        }
    }

    /// Says farewell; a connection that is gone already needs none.
    pub async fn disconnect(&self) {
        self.shared.ended.ending.note(DisconnectKind::Ours);
        let farewell = self
            .shared
            .handle
            .disconnect(Disconnect::ByApplication, "", "");
        if tokio::time::timeout(std::time::Duration::from_millis(300), farewell)
            .await
            .is_err()
        {
            tracing::debug!("farewell was not taken");
        }
    }
}

/// What a connection knows of itself.
pub(crate) struct Made {
    pub(crate) epoch: u64,
    pub(crate) server_version: String,
    pub(crate) forward_agent: bool,
    pub(crate) ended: Ended,
    pub(crate) beneath: Vec<Connection>,
}
