//! The lasting tie to a host: it dials again by itself until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use windlass_model::{DisconnectKind, HostName};

use crate::connection::Connection;
use crate::dial::{Call, Dialler};
use crate::dials::{Dials, QUICK};
use crate::error::{Error, OpenError};
use crate::event::{Observer, SessionEvent};
use crate::options::SessionOptions;
use crate::task;

/// What a failed dial waits less than one that comes by the clock.
const HALF: Duration = Duration::from_millis(500);
/// The packet size to begin with, and the least.
const PACKET: u32 = 32_768;
const LEAST_PACKET: u32 = 2_048;

/// A session; clones are the same one.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) dialler: Dialler,
    state: watch::Sender<State>,
    epochs: AtomicU64,
    packet: AtomicU32,
}

#[derive(Clone)]
enum State {
    Live(Connection),
    Dialling,
    GaveUp(Duration, DisconnectKind),
    Closed,
}

impl Session {
    /// Makes the first connection. What cannot get better by waiting ends at once; cut and silent handshakes are tried
    /// again for `connect_for`.
    pub async fn open(options: SessionOptions, observer: Observer) -> Result<Self, OpenError> {
        let connect_for = options.connect_for;
        let (state, _) = watch::channel(State::Dialling);
        let shared = Arc::new(Shared {
            dialler: Dialler::new(options, observer),
            state,
            epochs: AtomicU64::new(1),
            packet: AtomicU32::new(PACKET),
        });
        let started = Instant::now();
        let connection = loop {
            match tokio::time::timeout(connect_for, shared.dial()).await {
                Ok(Ok(connection)) => break connection,
                Ok(Err(error)) if !worth_waiting(&error) || started.elapsed() >= connect_for => {
                    return Err(error);
                }
                Ok(Err(_)) => tokio::time::sleep(QUICK).await,
                Err(_) => {
                    let address = shared.dialler.options.way.target.to_string();
                    return Err(Error::NotReached {
                        address,
                        kind: DisconnectKind::ConnectTimeout,
                        source: None,
                    });
                }
            }
        };
        shared.tell(SessionEvent::Connected {
            epoch: connection.epoch(),
            server_version: connection.server_version().to_owned(),
        });
        shared.state.send_replace(State::Live(connection));
        task::spawn(
            "session",
            keep(Arc::downgrade(&shared), shared.state.subscribe()),
        );
        Ok(Self { shared })
    }

    /// The host's name.
    pub fn name(&self) -> &HostName {
        &self.shared.dialler.options.name
    }

    /// How often a silent connection is probed; zero = never.
    pub fn keepalive_interval(&self) -> Duration {
        self.shared.dialler.options.keepalive_interval
    }

    /// The live connection; waits for one where there is none.
    pub async fn connection(&self) -> Result<Connection, Error> {
        let mut state = self.shared.state.subscribe();
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                State::Live(connection) if connection.is_alive() => return Ok(connection),
                State::GaveUp(gone, kind) => return Err(Error::GaveUp { gone, kind }),
                State::Closed => return Err(Error::Closed),
                State::Live(_) | State::Dialling => {}
            }
            if state.changed().await.is_err() {
                return Err(Error::Closed);
            }
        }
    }

    /// Nothing was heard for too long: dials a second connection beside the first, and makes it the live one once it is
    /// logged in. Dropping the future gives the dial up and keeps the first.
    pub async fn beside(&self, silent: Duration) -> Result<Connection, Error> {
        self.shared.tell(SessionEvent::Beside { silent });
        let before = self.shared.live();
        let connection = tokio::select! {
            dialled = self.shared.dial_until_given_up(Instant::now()) => dialled?,
            other = self.other_than(before.as_ref().map(Connection::epoch)) => return other,
        };
        self.shared
            .state
            .send_replace(State::Live(connection.clone()));
        if let Some(before) = before {
            before.disconnect().await;
        }
        Ok(connection)
    }

    /// Waits until the live connection is another one.
    async fn other_than(&self, epoch: Option<u64>) -> Result<Connection, Error> {
        let mut state = self.shared.state.subscribe();
        loop {
            if let State::Live(connection) = &*state.borrow_and_update()
                && Some(connection.epoch()) != epoch
            {
                return Ok(connection.clone());
            }
            if state.changed().await.is_err() {
                return Err(Error::Closed);
            }
        }
    }

    /// A further connection, which does not become the live one: for a request that must not wait for another.
    pub async fn extra(&self) -> Result<Connection, Error> {
        self.shared.dial_until_given_up(Instant::now()).await
    }

    /// No headway was made over several attaches: the next connections use smaller packets, so that tiny intervals between
    /// cuts still carry something.
    pub fn no_progress(&self) {
        let packet = self.shared.packet.load(Ordering::Relaxed);
        self.shared
            .packet
            .store((packet / 2).max(LEAST_PACKET), Ordering::Relaxed);
    }

    /// Headway was made.
    pub fn progress(&self) {
        self.shared.packet.store(PACKET, Ordering::Relaxed);
    }

    /// Ends the session and its connection; commands go on.
    pub async fn close(self) {
        let before = self.shared.live();
        self.shared.state.send_replace(State::Closed);
        if let Some(connection) = before {
            connection.disconnect().await;
        }
    }
}

/// Whether a first contact that failed like this may succeed a moment later.
fn worth_waiting(error: &Error) -> bool {
    matches!(
        error.kind(),
        DisconnectKind::Silence
            | DisconnectKind::Closed
            | DisconnectKind::Reset
            | DisconnectKind::ClosedBeforeAuthentication
    )
}

/// Watches the live connection of a session and comes back when it ends.
async fn keep(session: std::sync::Weak<Shared>, mut state: watch::Receiver<State>) {
    loop {
        let now = state.borrow_and_update().clone();
        let State::Live(connection) = now else { return };
        let ended = tokio::select! {
            kind = connection.closed() => Some(kind),
            changed = state.changed() => match changed {
                Ok(()) => None,
                Err(_) => return,
            },
        };
        let Some(kind) = ended else { continue };
        let Some(shared) = session.upgrade() else {
            return;
        };
        if shared
            .live()
            .is_none_or(|live| live.epoch() != connection.epoch())
        {
            continue;
        }
        shared.tell(SessionEvent::Lost {
            epoch: connection.epoch(),
            kind,
        });
        shared.state.send_replace(State::Dialling);
        state.mark_unchanged();
        if !shared.come_back(&mut state).await {
            return;
        }
    }
}

impl Shared {
    fn tell(&self, event: SessionEvent) {
        (self.dialler.observer)(event);
    }

    fn live(&self) -> Option<Connection> {
        match &*self.state.borrow() {
            State::Live(connection) => Some(connection.clone()),
            _ => None,
        }
    }

    pub(crate) fn call(&self) -> Call {
        Call {
            epoch: self.epochs.fetch_add(1, Ordering::Relaxed),
            packet: self.packet.load(Ordering::Relaxed),
            ending: Arc::default(),
        }
    }

    async fn dial(&self) -> Result<Connection, Error> {
        self.dialler.dial(self.call()).await
    }

    /// Dials until there is a connection again; false = the session is over.
    async fn come_back(self: &Arc<Self>, state: &mut watch::Receiver<State>) -> bool {
        let since = Instant::now();
        let dialled = tokio::select! {
            dialled = self.dial_until_given_up(since) => dialled,
            // Somebody else made a connection, or the session was closed.
            changed = state.changed() => {
                let over = changed.is_err() || !matches!(&*state.borrow(), State::Live(_));
                if !over {
                    self.back(since);
                    state.mark_changed();
                }
                return !over;
            }
        };
        match dialled {
            Ok(connection) => {
                self.state.send_replace(State::Live(connection));
                self.back(since);
                true
            }
            Err(error) => {
                let (gone, kind) = (since.elapsed(), error.kind());
                self.tell(SessionEvent::GaveUp { gone, kind });
                self.state.send_replace(State::GaveUp(gone, kind));
                false
            }
        }
    }

    fn back(&self, since: Instant) {
        let epoch = self.live().map_or(0, |connection| connection.epoch());
        self.tell(SessionEvent::Back {
            epoch,
            gone: since.elapsed(),
        });
    }

    /// Dials at once and then again and again, several dials overlapping while nothing is heard of the server.
    async fn dial_until_given_up(self: &Arc<Self>, since: Instant) -> Result<Connection, Error> {
        let patience = self.dialler.options.reconnect_for;
        let mut dials = Dials::default();
        let mut next = Instant::now();
        loop {
            if since.elapsed() >= patience {
                return Err(Error::GaveUp {
                    gone: since.elapsed(),
                    kind: dials.last_kind(),
                });
            }
            tokio::select! {
                () = tokio::time::sleep_until(next) => {
                    dials.start(self);
                    next = after(dials.pause(since.elapsed()));
                }
                Some(result) = dials.next() => match result {
                    Ok(connection) => return Ok(connection),
                    Err(error) => {
                        dials.failed(&error);
                        self.tell(SessionEvent::Dialling { attempt: dials.failures, gone: since.elapsed(), kind: error.kind() });
                        next = next.max(after(dials.pause(since.elapsed()).saturating_sub(HALF)));
                    }
                },
            }
        }
    }
}

/// A moment from now; one that no clock can hold is now.
fn after(pause: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause).unwrap_or(now)
}
