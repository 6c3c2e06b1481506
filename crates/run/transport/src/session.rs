//! The lasting tie to a host. It keeps one live connection, and dials again by itself until it is told to stop.
//!
//! A connection that nobody used is replaced when somebody asks for one, so that a server which ends idle connections
//! is not dialled for nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use windlass_model::HostName;

use crate::connection::Connection;
use crate::dial::Dialler;
use crate::error::{Error, OpenError};
use crate::event::{Observer, SessionEvent};
use crate::first_contact::first_contact;
use crate::options::SessionOptions;
use crate::redial::redial;
use crate::task;

/// A session; clones are the same one. It ends when the last clone is dropped, and its commands go on.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    /// Tells the keeping task, by its end, that no clone is left.
    _alive: Arc<watch::Sender<()>>,
}

struct Shared {
    dialler: Arc<Dialler>,
    state: watch::Sender<State>,
    /// Somebody waits for a connection.
    wanted: Notify,
}

#[derive(Clone)]
enum State {
    Live(Connection),
    Away,
    /// No connection follows; the error says why.
    Over(Error),
}

impl Session {
    /// Makes the first connection. Cut and silent handshakes are tried again for `connect_for`; whatever waiting cannot
    /// mend ends at once.
    pub async fn open(options: SessionOptions, observer: Observer) -> Result<Self, OpenError> {
        let dialler = Arc::new(Dialler::new(options, observer));
        let connection = first_contact(&dialler).await?;
        (dialler.observer)(connected(&connection));
        Ok(Self::begin(dialler, State::Live(connection)))
    }

    /// Takes up what an earlier session began, such as a deploy that goes on: begins without a connection, as one whose
    /// connection was lost just now, and dials at once. A host that is away is waited for, as long as `reconnect_for`,
    /// and holds up no other. A refused host key or login ends the session, and [`Session::connection`] says how.
    ///
    /// What it tells begins with [`SessionEvent::Dialling`] for each failed attempt, then comes
    /// [`SessionEvent::Connected`] or [`SessionEvent::GaveUp`]. To be called where tokio runs.
    pub fn take_up(options: SessionOptions, observer: Observer) -> Self {
        let dialler = Arc::new(Dialler::new(options, observer));
        Self::begin(dialler, State::Away)
    }

    /// Starts the task that keeps the session.
    fn begin(dialler: Arc<Dialler>, state: State) -> Self {
        let (alive, mut is_alive) = watch::channel(());
        let shared = Arc::new(Shared {
            dialler,
            state: watch::Sender::new(state),
            wanted: Notify::new(),
        });
        let kept = Arc::clone(&shared);
        task::spawn("session", async move {
            tokio::select! {
                () = kept.keep() => {}
                _ = is_alive.changed() => {}
            }
            // Drops the connection, if there still is one.
            kept.end(Error::Closed);
        });
        Self {
            shared,
            _alive: Arc::new(alive),
        }
    }

    /// The host's name.
    pub fn name(&self) -> &HostName {
        &self.shared.dialler.options.name
    }

    /// How often a silent connection is probed; zero = never.
    pub fn keepalive_interval(&self) -> Duration {
        self.shared.dialler.options.keepalive_interval
    }

    /// How many probes may stay unanswered.
    pub fn keepalive_count(&self) -> u32 {
        self.shared.dialler.options.keepalive_count.get()
    }

    /// The live connection; waits for one where there is none.
    pub async fn connection(&self) -> Result<Connection, Error> {
        self.shared.other_than(None).await
    }

    /// Nothing was heard for so long that the connection may be dead: dials a second one beside it, which becomes the
    /// live one once it is logged in. Dropping the future gives that up and keeps the first.
    pub async fn beside(&self, silent: Duration) -> Result<Connection, Error> {
        let shared = &self.shared;
        let Some(first) = shared.live() else {
            return self.connection().await;
        };
        shared.tell(SessionEvent::Beside { silent });
        let began = Instant::now();
        let tell = |event| shared.tell(event);
        tokio::select! {
            dialled = redial(&shared.dialler, began, &tell) => {
                let connection = shared.take_live(dialled?)?;
                let gone = silent.saturating_add(began.elapsed());
                shared.tell(SessionEvent::Back { epoch: connection.epoch(), gone });
                // What still waits on the first one learns that it is over.
                task::spawn("farewell", async move { first.disconnect().await });
                Ok(connection)
            }
            other = shared.other_than(Some(first.epoch())) => other,
        }
    }

    /// Another connection, which does not become the live one; for a request that cannot share a connection, where
    /// the server allows one channel only.
    pub async fn extra(&self) -> Result<Connection, Error> {
        redial(&self.shared.dialler, Instant::now(), &|_| {}).await
    }

    /// No headway was made over several attaches: the connections to come use smaller packets, so that something gets
    /// through between two cuts.
    pub fn no_progress(&self) {
        self.shared.dialler.smaller_packets();
    }

    /// Headway was made.
    pub fn progress(&self) {
        self.shared.dialler.usual_packets();
    }

    /// Ends the session and its connection in good order.
    pub async fn close(self) {
        let live = self.shared.live();
        self.shared.end(Error::Closed);
        if let Some(connection) = live {
            connection.disconnect().await;
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

    /// Makes a connection the live one, unless the session is over.
    fn take_live(&self, connection: Connection) -> Result<Connection, Error> {
        let mut over = None;
        self.state.send_if_modified(|state| {
            if let State::Over(error) = state {
                over = Some(error.clone());
            } else {
                *state = State::Live(connection.clone());
            }
            over.is_none()
        });
        over.map_or(Ok(connection), Err)
    }

    /// Ends the session, unless it is over already.
    fn end(&self, error: Error) {
        self.state.send_if_modified(|state| {
            let ends = !matches!(state, State::Over(_));
            if ends {
                *state = State::Over(error);
            }
            ends
        });
    }

    /// Waits for a live connection with another number.
    async fn other_than(&self, epoch: Option<u64>) -> Result<Connection, Error> {
        let mut state = self.state.subscribe();
        loop {
            match &*state.borrow_and_update() {
                State::Live(connection)
                    if Some(connection.epoch()) != epoch && connection.is_alive() =>
                {
                    return Ok(connection.clone());
                }
                State::Live(_) => {}
                State::Away => self.wanted.notify_one(),
                State::Over(error) => return Err(error.clone()),
            }
            if state.changed().await.is_err() {
                return Err(Error::Closed);
            }
        }
    }

    /// Waits until the session is not without a connection any more, whoever brought that about.
    async fn not_away(&self) {
        let mut state = self.state.subscribe();
        // An error means that the session is over, which is not being away.
        state
            .wait_for(|state| !matches!(state, State::Away))
            .await
            .ok();
    }

    /// Watches the live connection and replaces it when it ends, until the session is over.
    async fn keep(&self) {
        if self.live().is_none() {
            self.regain(Instant::now(), true).await;
        }
        while let Some(live) = self.live() {
            let kind = tokio::select! {
                kind = live.closed() => kind,
                other = self.other_than(Some(live.epoch())) => match other {
                    Ok(_) => continue,
                    Err(_) => return,
                },
            };
            let since = Instant::now();
            if !self.lose(live.epoch()) {
                continue;
            }
            self.tell(SessionEvent::Lost {
                epoch: live.epoch(),
                kind,
            });
            let used = live.was_used();
            drop(live);
            self.regain(since, used).await;
        }
    }

    /// Dials until there is a connection or the session is over, by whomever.
    async fn regain(&self, since: Instant, at_once: bool) {
        tokio::select! {
            () = self.come_back(since, at_once) => {}
            () = self.not_away() => {}
        }
    }

    /// Notes that the live connection is gone, if it still is this one.
    fn lose(&self, epoch: u64) -> bool {
        self.state.send_if_modified(|state| {
            let lost = matches!(state, State::Live(connection) if connection.epoch() == epoch);
            if lost {
                *state = State::Away;
            }
            lost
        })
    }

    async fn come_back(&self, since: Instant, at_once: bool) {
        if !at_once {
            self.wanted.notified().await;
        }
        let begun = if at_once { since } else { Instant::now() };
        let is_new = self.dialler.is_new();
        let dialled = redial(&self.dialler, begun, &|event| self.tell(event)).await;
        match dialled {
            Ok(connection) => {
                let (epoch, gone) = (connection.epoch(), since.elapsed());
                match self.take_live(connection) {
                    Ok(connection) if is_new => self.tell(connected(&connection)),
                    Ok(_) => self.tell(SessionEvent::Back { epoch, gone }),
                    // The session was ended meanwhile; the connection is dropped.
                    Err(_) => {}
                }
            }
            Err(error) => {
                let (gone, kind) = (since.elapsed(), error.kind());
                self.tell(SessionEvent::GaveUp { gone, kind });
                self.end(match error {
                    Error::GaveUp { kind, .. } => Error::GaveUp { gone, kind },
                    refused => refused,
                });
            }
        }
    }
}

fn connected(connection: &Connection) -> SessionEvent {
    SessionEvent::Connected {
        epoch: connection.epoch(),
        server_version: connection.server_version().to_owned(),
    }
}
