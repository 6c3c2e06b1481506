//! Dials that overlap: while nothing is heard of a server, the next one does not wait for the last.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use windlass_model::DisconnectKind;

use crate::connection::Connection;
use crate::error::Error;
use crate::session::Shared;
use crate::stream::Ending;

/// Between two dials while nothing is heard of the server.
pub(crate) const QUICK: Duration = Duration::from_secs(1);
/// For how long dials come quickly.
const QUICKLY_FOR: Duration = Duration::from_secs(600);
/// Between two dials afterwards.
const SLOW: Duration = Duration::from_secs(10);
/// Dials under way at once.
const OVERLAP: usize = 3;

/// The dials under way.
#[derive(Default)]
pub(crate) struct Dials {
    set: JoinSet<Result<Connection, Error>>,
    /// Those that have not ended, the oldest first, each with what tells whether the server has said anything to it.
    open: Vec<(tokio::task::AbortHandle, Arc<Ending>)>,
    pub(crate) failures: u32,
    /// How often in a row the server answered and then closed before authentication.
    touchy: u32,
    last: Option<DisconnectKind>,
}

impl Dials {
    /// Starts another one; where there are enough already, it takes the place of the oldest that never heard anything.
    pub(crate) fn start(&mut self, shared: &Arc<Shared>) {
        self.open.retain(|(dial, _)| !dial.is_finished());
        if self.open.len() >= OVERLAP {
            let Some(deaf) = self.open.iter().position(|(_, ending)| !ending.answered()) else {
                return;
            };
            self.open.remove(deaf).0.abort();
        }
        let call = shared.call();
        let ending = Arc::clone(&call.ending);
        let shared = Arc::clone(shared);
        let dial = self
            .set
            .spawn(async move { shared.dialler.dial(call).await });
        self.open.push((dial, ending));
    }

    /// The next dial that ended by itself; never returns while there is none.
    pub(crate) async fn next(&mut self) -> Option<Result<Connection, Error>> {
        loop {
            match self.set.join_next().await {
                Some(Ok(result)) => return Some(result),
                // One that was given up; or a panic of the library, which is that dial's end and no more.
                Some(Err(_)) => {}
                None => return std::future::pending().await,
            }
        }
    }

    pub(crate) fn failed(&mut self, error: &Error) {
        self.failures = self.failures.saturating_add(1);
        self.last = Some(error.kind());
        let touchy = error.kind() == DisconnectKind::ClosedBeforeAuthentication;
        self.touchy = if touchy {
            self.touchy.saturating_add(1)
        } else {
            0
        };
    }

    pub(crate) fn last_kind(&self) -> DisconnectKind {
        self.last.unwrap_or(DisconnectKind::Silence)
    }

    /// How long to wait until the next dial.
    pub(crate) fn pause(&self, gone: Duration) -> Duration {
        if self.touchy > 0 {
            // 1, 2, 4, 8, 10 s and up to a quarter more, so that many hosts do not come back in step.
            let backoff = QUICK
                .saturating_mul(1 << self.touchy.saturating_sub(1).min(4))
                .min(SLOW);
            let jitter = u64::from(std::process::id())
                .wrapping_mul(2_654_435_761)
                .wrapping_add(u64::from(self.failures))
                % 250;
            return backoff.saturating_add(
                backoff.mul_f64(f64::from(u16::try_from(jitter).unwrap_or(0)) / 1000.0),
            );
        }
        if gone < QUICKLY_FOR { QUICK } else { SLOW }
    }
}
