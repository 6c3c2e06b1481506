//! The faults a proxy can show, as plain words.
//!
//! Nothing here touches a socket: these are the values a caller gives to [`Proxy`](crate::Proxy).

use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

/// Which way bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the host.
    ToHost,
    /// From the host to the client.
    ToClient,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// RST to both sides.
    Reset,
    /// FIN to both sides.
    Finish,
    /// Both sockets stay open, every byte is swallowed, and neither side learns of the other's end.
    BlackHole,
}

/// How many bytes of a direction pass before a cut. The count begins when the fault is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CutAfter {
    /// Once, after so many bytes of all connections together; then the fault is gone.
    Once(u64),
    /// Every connection, after so many of its own bytes.
    Each(u64),
    /// Every connection, after a number of its own bytes drawn from the range.
    Random {
        /// Where the number lies.
        range: Range<u64>,
        /// The same seed draws the same numbers, in the order in which connections carry their first byte.
        seed: u64,
    },
}

/// What a new connection meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It is carried to the host.
    Open,
    /// It is accepted and never hears a byte.
    Silent,
    /// Its SYN is not answered (Linux; elsewhere it is accepted by the kernel and never hears a byte).
    Unanswered,
    /// It is refused, until then or for good.
    Refuse(Option<Instant>),
}

/// Whether bytes are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freeze {
    Not,
    Until(Instant),
    ForGood,
}

/// One value for each direction.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Both<T> {
    to_host: T,
    to_client: T,
}

impl<T> Both<T> {
    pub(crate) const fn of(to_host: T, to_client: T) -> Self {
        Self { to_host, to_client }
    }

    pub(crate) const fn get(&self, direction: Direction) -> &T {
        match direction {
            Direction::ToHost => &self.to_host,
            Direction::ToClient => &self.to_client,
        }
    }

    pub(crate) const fn get_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::ToHost => &mut self.to_host,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

/// The faults that running connections look at; changed while they run.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    pub(crate) latency: Both<Duration>,
    /// Bytes a second.
    pub(crate) throttle: Both<Option<u64>>,
    pub(crate) freeze: Freeze,
    pub(crate) idle: Option<(Duration, Cut)>,
    /// Connections with a lower number than this end now.
    pub(crate) cut_below: (u64, Cut),
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            latency: Both::default(),
            throttle: Both::default(),
            freeze: Freeze::Not,
            idle: None,
            cut_below: (0, Cut::Reset),
        }
    }
}
