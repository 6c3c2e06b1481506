//! What the tests share: a session to a laboratory's sshd, and the events it told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use windlass_lab::{LabError, Sshd};
use windlass_model::{DisconnectKind, HostName};
use windlass_transport::{
    AuthOptions, Channel, ChannelMessage, Connection, Endpoint, Error, ExecOptions, HostKeyOptions,
    Observer, Session, SessionEvent, SessionOptions,
};

/// Longer than anything takes on a loaded machine.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// The events of a session.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<SessionEvent>>>);

impl Events {
    pub(crate) fn observer(&self) -> Observer {
        let events = self.clone();
        Arc::new(move |event| events.0.lock().unwrap().push(event))
    }

    pub(crate) fn all(&self) -> Vec<SessionEvent> {
        self.0.lock().unwrap().clone()
    }

    /// Waits for an event.
    pub(crate) async fn wait(&self, wanted: impl Fn(&SessionEvent) -> bool) -> SessionEvent {
        let began = Instant::now();
        loop {
            if let Some(event) = self.all().into_iter().find(&wanted) {
                return event;
            }
            assert!(
                began.elapsed() < LONG,
                "never came; there were {:?}",
                self.all()
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn lost(&self) -> DisconnectKind {
        match self
            .wait(|event| matches!(event, SessionEvent::Lost { .. }))
            .await
        {
            SessionEvent::Lost { kind, .. } => kind,
            _ => unreachable!(),
        }
    }

    pub(crate) async fn back(&self) -> Duration {
        match self
            .wait(|event| matches!(event, SessionEvent::Back { .. }))
            .await
        {
            SessionEvent::Back { gone, .. } => gone,
            _ => unreachable!(),
        }
    }
}

pub(crate) fn endpoint(sshd: &Sshd, address: SocketAddr) -> Endpoint {
    Endpoint {
        address: address.ip().to_string(),
        port: address.port(),
        user: sshd.user().to_owned(),
    }
}

/// With the laboratory's key and strict known hosts.
pub(crate) fn options(sshd: &Sshd, address: SocketAddr) -> SessionOptions {
    let auth = AuthOptions {
        identities: vec![sshd.client_key().path().to_owned()],
        ..AuthOptions::default()
    };
    let host_keys = HostKeyOptions::strict(vec![sshd.known_hosts()]);
    let name = HostName::new("lab");
    SessionOptions::new(name, endpoint(sshd, address), auth, host_keys)
}

pub(crate) async fn open(options: SessionOptions) -> Result<(Session, Events), Error> {
    let events = Events::default();
    let session = Session::open(options, events.observer()).await?;
    Ok((session, events))
}

/// A plain sshd and a session to it.
pub(crate) async fn plain() -> Result<(Sshd, Session, Events), LabError> {
    let sshd = Sshd::start_plain()?;
    let (session, events) = open(options(&sshd, sshd.address())).await.unwrap();
    Ok((sshd, session, events))
}

/// All that a channel said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    pub(crate) status: Option<u32>,
    pub(crate) signal: Option<String>,
    pub(crate) closed: Option<DisconnectKind>,
}

pub(crate) async fn listen(channel: &mut Channel) -> Said {
    let mut said = Said::default();
    loop {
        match channel.next().await {
            ChannelMessage::Stdout(bytes) => said.out.extend(bytes),
            ChannelMessage::Stderr(bytes) => said.err.extend(bytes),
            ChannelMessage::Eof => {}
            ChannelMessage::ExitStatus(status) => said.status = Some(status),
            ChannelMessage::ExitSignal(signal) => said.signal = Some(signal),
            ChannelMessage::Closed(kind) => {
                said.closed = Some(kind);
                return said;
            }
        }
    }
}

pub(crate) async fn start(connection: &Connection, command: &str) -> Channel {
    let started = connection.exec(command.as_bytes(), ExecOptions::default());
    started.await.unwrap()
}

/// Runs a command to its end, again where the connection went away meanwhile.
pub(crate) async fn run(session: &Session, command: &str) -> Said {
    loop {
        let connection = session.connection().await.unwrap();
        let Ok(mut channel) = connection
            .exec(command.as_bytes(), ExecOptions::default())
            .await
        else {
            connection.closed().await;
            continue;
        };
        let said = listen(&mut channel).await;
        if connection.is_alive() {
            return said;
        }
    }
}

/// The text that a command writes.
pub(crate) async fn text(session: &Session, command: &str) -> String {
    String::from_utf8(run(session, command).await.out).unwrap()
}
