//! One authenticated SSH connection. It dies, and says why.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::{Handle, Msg};
use russh::{ChannelOpenFailure, ChannelStream, Disconnect};
use tokio::sync::watch;
use tokio::time::timeout;
use windlass_model::DisconnectKind;

use crate::channel::Channel;
use crate::client::Client;
use crate::stream::{Ending, Lifeline};

/// How long a farewell may take to be sent; a server that does not listen is left without one.
const FAREWELL: Duration = Duration::from_millis(300);
/// How long the server's end is waited for after it: enough nearby, and from afar not worth a round trip.
const ITS_END: Duration = Duration::from_millis(30);

/// How a command is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecOptions {
    /// With a terminal.
    pub pty: bool,
    /// With the ssh-agent, where the session allows it.
    pub forward_agent: bool,
}

/// A connection; clones are the same one. It is closed when the last clone and the last channel are dropped.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    handle: Handle<Client>,
    made: Made,
    used: AtomicBool,
    lifeline: Mutex<Option<Lifeline>>,
}

/// What a connection knows of itself.
pub(crate) struct Made {
    pub(crate) epoch: u64,
    /// The address and port it leads to.
    pub(crate) place: String,
    pub(crate) server_version: String,
    pub(crate) forward_agent: bool,
    /// The most that is sent in one packet.
    pub(crate) packet: usize,
    pub(crate) ended: Ended,
    /// The connection to the jump host that this one goes through, kept as long as this one.
    #[expect(dead_code, reason = "held until dropped")]
    pub(crate) beneath: Option<Connection>,
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

    pub(crate) fn is_over(&self) -> bool {
        self.told.borrow().is_some()
    }
}

impl Connection {
    pub(crate) fn new(handle: Handle<Client>, made: Made, lifeline: Lifeline) -> Self {
        let shared = Shared {
            handle,
            made,
            used: AtomicBool::new(false),
            lifeline: Mutex::new(Some(lifeline)),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Its number within the session.
    pub fn epoch(&self) -> u64 {
        self.shared.made.epoch
    }

    /// The server's greeting, such as `SSH-2.0-OpenSSH_9.2p1`.
    pub fn server_version(&self) -> &str {
        &self.shared.made.server_version
    }

    /// Whether its end is not known yet.
    pub fn is_alive(&self) -> bool {
        !self.shared.made.ended.is_over() && !self.shared.handle.is_closed()
    }

    /// Waits for its end and says how it came.
    pub async fn closed(&self) -> DisconnectKind {
        self.shared.made.ended.wait().await
    }

    /// Opens a channel and has a command started in it; the answer to the start is not waited for.
    pub async fn exec(
        &self,
        command: &[u8],
        options: ExecOptions,
    ) -> Result<Channel, DisconnectKind> {
        self.shared.used.store(true, Ordering::Relaxed);
        let ended = &self.shared.made.ended;
        tokio::select! {
            kind = ended.wait() => Err(kind),
            started = self.start(command, options) => started,
        }
    }

    async fn start(&self, command: &[u8], options: ExecOptions) -> Result<Channel, DisconnectKind> {
        let opened = self.shared.handle.channel_open_session().await;
        let channel = opened.map_err(|error| match error {
            russh::Error::ChannelOpenFailure(_) => DisconnectKind::ChannelRefused,
            _ => self.shared.made.ended.kind_now(),
        })?;
        let lost = |_| self.shared.made.ended.kind_now();
        if options.forward_agent && self.shared.made.forward_agent {
            channel.agent_forward(false).await.map_err(lost)?;
        }
        if options.pty {
            let asked = channel.request_pty(false, "xterm", 80, 24, 0, 0, &[]);
            asked.await.map_err(lost)?;
        }
        channel.exec(true, command).await.map_err(lost)?;
        Ok(Channel::new(channel, self.clone()))
    }

    /// A stream through this connection to another host, as that is seen from its far end.
    pub(crate) async fn through(
        &self,
        address: &str,
        port: u16,
    ) -> Result<ChannelStream<Msg>, DisconnectKind> {
        let port = u32::from(port);
        let open = self
            .shared
            .handle
            .channel_open_direct_tcpip(address, port, "127.0.0.1", 0);
        tokio::select! {
            kind = self.closed() => Err(kind),
            opened = open => match opened {
                Ok(channel) => Ok(channel.into_stream()),
                Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed)) => {
                    Err(DisconnectKind::Refused)
                }
                Err(_) => Err(DisconnectKind::Proxy),
            },
        }
    }

    /// Ends it in good order, or at once where the server does not listen.
    pub async fn disconnect(&self) {
        self.shared.made.ended.ending.note(DisconnectKind::Ours);
        let farewell = self
            .shared
            .handle
            .disconnect(Disconnect::ByApplication, "", "");
        let said = timeout(FAREWELL, farewell).await;
        if !matches!(said, Ok(Ok(()))) || timeout(ITS_END, self.closed()).await.is_err() {
            tracing::debug!("server was not waited for after the farewell");
        }
        let mut lifeline = self
            .shared
            .lifeline
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        lifeline.take();
    }

    /// Whether a command was ever started in it.
    pub(crate) fn was_used(&self) -> bool {
        self.shared.used.load(Ordering::Relaxed)
    }

    pub(crate) fn ended(&self) -> Ended {
        self.shared.made.ended.clone()
    }

    pub(crate) fn place(&self) -> &str {
        &self.shared.made.place
    }

    pub(crate) fn packet(&self) -> usize {
        self.shared.made.packet
    }
}
