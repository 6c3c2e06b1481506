//! Dials again and again until there is a connection, several attempts overlapping while the server says nothing.
//!
//! Where somebody logged in before, a refused key or login is waited out like anything else: it may be the host's
//! beginning or a machine in between. Where nobody ever did, it is the answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use windlass_model::DisconnectKind;

use crate::attempt::Attempt;
use crate::connection::Connection;
use crate::dial::Dialler;
use crate::error::Error;
use crate::event::SessionEvent;
use crate::schedule::Schedule;

/// Attempts at once.
const OVERLAP: usize = 3;
/// How often the attempts under way are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// An attempt that hears nothing for so long makes room for another.
const DEAF: Duration = Duration::from_secs(3);
/// But one of those whose socket stands is given so long: some servers take their time to say the first word.
const PATIENT: Duration = Duration::from_secs(20);
/// A server that began to speak and then is silent for so long is given up.
const STALLED: Duration = Duration::from_secs(10);
/// Every so many attempts the name's addresses are asked for anew.
const ELSEWHERE: u32 = 4;

/// What a finished attempt came to.
type Dialled = Result<(Id, Result<Connection, Error>), JoinError>;

/// Attempts under way to come back.
struct Redial<'a> {
    dialler: &'a Arc<Dialler>,
    since: Instant,
    schedule: Schedule,
    set: JoinSet<Result<Connection, Error>>,
    open: Vec<Open>,
    started: u32,
    failed: u32,
    last: DisconnectKind,
    tell: &'a (dyn Fn(SessionEvent) + Sync),
}

struct Open {
    attempt: Arc<Attempt>,
    handle: AbortHandle,
    /// How much was heard when something was heard last.
    heard: u64,
    at: Instant,
}

/// Dials until there is a connection, the time since `since` exceeds the session's limit, or a host that nobody has
/// logged in to refuses us.
pub(crate) async fn redial(
    dialler: &Arc<Dialler>,
    since: Instant,
    tell: &(dyn Fn(SessionEvent) + Sync),
) -> Result<Connection, Error> {
    let limit = dialler.options.reconnect_for;
    let redial = Redial {
        dialler,
        since,
        schedule: Schedule::new(since, dialler.options.name.as_str()),
        set: JoinSet::new(),
        open: Vec::new(),
        started: 0,
        failed: 0,
        last: DisconnectKind::Silence,
        tell,
    };
    redial.run(limit).await
}

impl Redial<'_> {
    async fn run(mut self, limit: Duration) -> Result<Connection, Error> {
        loop {
            let gone = self.since.elapsed();
            if gone >= limit {
                let kind = self.last;
                return Err(Error::GaveUp { gone, kind });
            }
            self.give_up_silent();
            if self.schedule.is_due() && self.makes_room() {
                self.start();
            }
            let pause = self
                .schedule
                .until_due()
                .clamp(Duration::from_millis(1), LOOK);
            tokio::select! {
                Some(dialled) = self.set.join_next_with_id(), if !self.set.is_empty() => {
                    if let Some(connection) = self.take(dialled)? {
                        return Ok(connection);
                    }
                }
                () = tokio::time::sleep(pause.min(limit.saturating_sub(gone))) => {}
            }
        }
    }

    fn start(&mut self) {
        self.started = self.started.saturating_add(1);
        let elsewhere = self.started.checked_rem(ELSEWHERE) == Some(0);
        let attempt = Arc::new(Attempt::elsewhere(elsewhere));
        let (shared, watched) = (Arc::clone(self.dialler), Arc::clone(&attempt));
        let handle = self.set.spawn(async move { shared.dial(&watched).await });
        self.open.push(Open {
            attempt,
            handle,
            heard: 0,
            at: Instant::now(),
        });
        self.schedule.started();
    }

    /// Ends the attempts whose server stopped in the middle.
    fn give_up_silent(&mut self) {
        for open in &mut self.open {
            let heard = open.attempt.heard();
            if heard != open.heard || open.attempt.patience.waits() {
                (open.heard, open.at) = (heard, Instant::now());
            }
        }
        let stalled = |open: &Open| open.heard > 0 && open.at.elapsed() >= STALLED;
        while let Some(index) = self.open.iter().position(stalled) {
            self.give_up(index);
        }
    }

    /// Whether another attempt may start; ends a deaf one for it where there are enough.
    fn makes_room(&mut self) -> bool {
        if self.open.iter().any(|open| open.heard > 0) {
            return false;
        }
        if self.open.len() < OVERLAP {
            return true;
        }
        let patient = self
            .open
            .iter()
            .position(|open| open.attempt.is_connected() && open.attempt.patience.used() < PATIENT);
        let deaf = self.open.iter().enumerate().position(|(index, open)| {
            let waits = open.attempt.patience.waits();
            !waits && Some(index) != patient && open.attempt.patience.used() >= DEAF
        });
        match deaf {
            Some(index) => {
                self.give_up(index);
                true
            }
            None => false,
        }
    }

    fn give_up(&mut self, index: usize) {
        let open = self.open.remove(index);
        open.handle.abort();
        let kind = open.attempt.silence();
        self.note_failure(kind);
    }

    /// Looks at what an attempt came to; an error ends them all.
    fn take(&mut self, dialled: Dialled) -> Result<Option<Connection>, Error> {
        let (id, kind) = match dialled {
            Ok((_, Ok(connection))) => return Ok(Some(connection)),
            Ok((_, Err(error))) if error.is_refusal() && self.dialler.is_new() => {
                return Err(error);
            }
            Ok((id, Err(error))) => (id, error.kind()),
            // It was given up, and has been counted.
            Err(error) if error.is_cancelled() => return Ok(None),
            // A panic of the library is that attempt's end and no more.
            Err(error) => (error.id(), DisconnectKind::Protocol),
        };
        self.open.retain(|open| open.handle.id() != id);
        self.schedule.failed(kind);
        self.note_failure(kind);
        Ok(None)
    }

    fn note_failure(&mut self, kind: DisconnectKind) {
        self.failed = self.failed.saturating_add(1);
        self.last = kind;
        (self.tell)(SessionEvent::Dialling {
            attempt: self.failed,
            gone: self.since.elapsed(),
            kind,
        });
    }
}
