//! Our side of the SSH library: answers what a server asks, and notes how the connection ended.
//!
//! Everything a server may open towards us is refused, except the ssh-agent where it was asked for.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, Disconnect};
use tokio::net::UnixStream;
use tokio::sync::watch;
use windlass_model::DisconnectKind;

use crate::connection::Ended;
use crate::host_key::Judge;
use crate::host_key_error::HostKeyError;
use crate::stream::Ending;
use crate::task;

/// Where the handler leaves why a host key was refused.
pub(crate) type Refusal = Arc<Mutex<Option<HostKeyError>>>;

/// Where the handler leaves the server's greeting.
pub(crate) type Greeting = Arc<OnceLock<String>>;

/// Handles what the server says.
pub(crate) struct Client {
    pub(crate) judge: Arc<Judge>,
    pub(crate) refusal: Refusal,
    pub(crate) agent: Option<PathBuf>,
    pub(crate) greeting: Greeting,
    pub(crate) end: EndNote,
}

/// Tells that the connection is over when the library's task ends, also by a panic.
pub(crate) struct EndNote {
    pub(crate) ending: Arc<Ending>,
    /// The connection to the jump host that this one goes through.
    pub(crate) beneath: Option<Ended>,
    pub(crate) tell: watch::Sender<Option<DisconnectKind>>,
}

impl Drop for EndNote {
    fn drop(&mut self) {
        let mut kind = self.ending.kind().unwrap_or(DisconnectKind::Protocol);
        if kind == DisconnectKind::Closed && self.beneath.as_ref().is_some_and(Ended::is_over) {
            kind = DisconnectKind::Proxy;
        }
        self.tell.send_replace(Some(kind));
    }
}

impl Client {
    /// Refuses a host key, keeping the reason for the one who dialled.
    fn refuse(&self, error: HostKeyError) -> bool {
        self.end.ending.note(DisconnectKind::HostKey);
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        false
    }
}

/// The kind of an error of the library, where the socket itself said nothing.
pub(crate) fn kind_of(error: &russh::Error) -> DisconnectKind {
    match error {
        russh::Error::KeepaliveTimeout | russh::Error::InactivityTimeout => DisconnectKind::Silence,
        russh::Error::HUP => DisconnectKind::Closed,
        russh::Error::UnknownKey => DisconnectKind::HostKey,
        russh::Error::IO(error) => crate::stream::kind_of(error),
        _ => DisconnectKind::Protocol,
    }
}

/// The kind of a farewell in the protocol's own words.
fn kind_of_farewell(reason: &Disconnect, message: &str) -> DisconnectKind {
    match reason {
        Disconnect::NoMoreAuthMethodsAvailable | Disconnect::IllegalUserName => {
            DisconnectKind::Authentication
        }
        _ if message.contains("authentication failures") => DisconnectKind::Authentication,
        _ => DisconnectKind::Closed,
    }
}

impl Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        match self.judge.judge(key).await {
            Ok(()) => Ok(true),
            Err(error) => Ok(self.refuse(error)),
        }
    }

    async fn kex_done(
        &mut self,
        _shared_secret: Option<&[u8]>,
        _names: &russh::Names,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.greeting.get_or_init(|| {
            let greeting = String::from_utf8_lossy(session.remote_sshid());
            greeting.chars().filter(|c| !c.is_control()).collect()
        });
        Ok(())
    }

    async fn disconnected(
        &mut self,
        reason: DisconnectReason<Self::Error>,
    ) -> Result<(), Self::Error> {
        match reason {
            DisconnectReason::ReceivedDisconnect(farewell) => {
                let kind = kind_of_farewell(&farewell.reason_code, &farewell.message);
                tracing::debug!(?kind, message = %farewell.message.escape_debug(), "server said farewell");
                self.end.ending.note(kind);
                Ok(())
            }
            DisconnectReason::Error(error) => {
                self.end.ending.note(kind_of(&error));
                Err(error)
            }
        }
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(socket) = self.agent.clone() else {
            return Ok(());
        };
        task::spawn("ssh-agent", async move {
            let Ok(mut agent) = UnixStream::connect(&socket).await else {
                return;
            };
            reply.accept().await;
            let mut channel = channel.into_stream();
            if let Err(error) = tokio::io::copy_bidirectional(&mut channel, &mut agent).await {
                tracing::debug!(%error, "forwarded ssh-agent connection ended");
            }
        });
        Ok(())
    }

    // The library accepts the following by default. Dropping the handle refuses.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _connected_address: &str,
        _connected_port: u32,
        _originator_address: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        drop(reply);
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        drop(reply);
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        drop(reply);
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host_to_connect: &str,
        _port_to_connect: u32,
        _originator_address: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        drop(reply);
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        drop(reply);
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _originator_address: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        drop(reply);
        Ok(())
    }
}
