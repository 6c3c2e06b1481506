//! A limit of time that does not run while we wait for ourselves: for our turn, or for a person's answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often a limit that stands still is looked at again.
const LOOK: Duration = Duration::from_millis(50);

/// Counts the time that counts.
#[derive(Debug)]
pub(crate) struct Patience(Mutex<State>);

#[derive(Debug)]
struct State {
    used: Duration,
    since: Instant,
    /// How many waits of our own are under way.
    waits: u32,
}

/// Time does not count while this lives.
pub(crate) struct Wait<'a>(&'a Patience);

impl Default for Patience {
    fn default() -> Self {
        Self(Mutex::new(State {
            used: Duration::ZERO,
            since: Instant::now(),
            waits: 0,
        }))
    }
}

impl Patience {
    /// Stops the time.
    pub(crate) fn wait(&self) -> Wait<'_> {
        let mut state = self.lock();
        if state.waits == 0 {
            state.used = state.used.saturating_add(state.since.elapsed());
        }
        state.waits = state.waits.saturating_add(1);
        Wait(self)
    }

    /// The time that counted so far.
    pub(crate) fn used(&self) -> Duration {
        let state = self.lock();
        if state.waits == 0 {
            state.used.saturating_add(state.since.elapsed())
        } else {
            state.used
        }
    }

    /// Whether the time stands still.
    pub(crate) fn waits(&self) -> bool {
        self.lock().waits > 0
    }

    /// Returns when the time that counted has reached the limit.
    pub(crate) async fn reached(&self, limit: Duration) {
        loop {
            let left = limit.saturating_sub(self.used());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(if self.waits() { LOOK } else { left }).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.waits = state.waits.saturating_sub(1);
        if state.waits == 0 {
            state.since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_stands_still_while_a_person_is_asked() {
        let patience = Patience::default();
        let begin = Instant::now();
        let question = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let wait = patience.wait();
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(wait);
        };
        tokio::join!(question, patience.reached(Duration::from_secs(5)));
        let took = begin.elapsed();
        assert!(took >= Duration::from_secs(65), "{took:?}");
        assert!(took < Duration::from_secs(66), "{took:?}");
    }
}
