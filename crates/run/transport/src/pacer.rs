//! Paces handshakes: at most eight at once to an address, and one a second to an address that ends them early.
//!
//! sshd drops handshakes at random above ten at once (`MaxStartups`) and locks an address out that breaks off many
//! (`PerSourcePenalties`), so all sessions of a run share one pacer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Handshakes at once to an address; below sshd's first limit of ten.
const AT_ONCE: usize = 8;
/// The distance of handshakes to an address that ends them early.
const SLOW: Duration = Duration::from_secs(1);
/// For how long after an early end.
const SLOW_FOR: Duration = Duration::from_secs(30);

/// Paces the handshakes of all sessions that share it.
#[derive(Debug, Default)]
pub struct Pacer {
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

#[derive(Debug)]
struct Lane {
    at_once: Arc<Semaphore>,
    slow: Mutex<Slow>,
}

#[derive(Debug, Default)]
struct Slow {
    until: Option<Instant>,
    next: Option<Instant>,
}

/// Leave to make one handshake, until dropped.
#[derive(Debug)]
pub(crate) struct Turn(
    #[expect(dead_code, reason = "held until dropped")] Option<OwnedSemaphorePermit>,
);

impl Pacer {
    /// Waits for leave to make a handshake with `address`.
    pub(crate) async fn turn(&self, address: &str) -> Turn {
        let lane = self.lane(address);
        // The semaphore is never closed; were it, pacing would be lost but nothing else.
        let permit = Arc::clone(&lane.at_once).acquire_owned().await.ok();
        if let Some(start) = lane.reserve() {
            tokio::time::sleep_until(start).await;
        }
        Turn(permit)
    }

    /// Notes that `address` ended a handshake before authentication.
    pub(crate) fn ended_early(&self, address: &str) {
        let lane = self.lane(address);
        let mut slow = lane.slow.lock().unwrap_or_else(PoisonError::into_inner);
        slow.until = Instant::now().checked_add(SLOW_FOR);
    }

    fn lane(&self, address: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(address.to_owned()).or_insert_with(|| {
            Arc::new(Lane {
                at_once: Arc::new(Semaphore::new(AT_ONCE)),
                slow: Mutex::default(),
            })
        });
        Arc::clone(lane)
    }
}

impl Lane {
    /// Takes the next moment at which a handshake may start; `None` for at once.
    fn reserve(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        let paced = slow.until.is_some_and(|until| until > now);
        let start = slow.next.filter(|next| paced && *next > now);
        slow.next = start.unwrap_or(now).checked_add(SLOW);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_address_that_ends_handshakes_early_gets_one_a_second() {
        let pacer = Pacer::default();
        let begin = Instant::now();
        for _ in 0..4 {
            drop(pacer.turn("a:22").await);
        }
        assert_eq!(begin.elapsed(), Duration::ZERO);
        pacer.ended_early("a:22");
        for _ in 0..3 {
            drop(pacer.turn("a:22").await);
        }
        assert_eq!(begin.elapsed(), Duration::from_secs(3));
        drop(pacer.turn("b:22").await);
        assert_eq!(begin.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_ninth_handshake_waits_for_one_of_the_eight() {
        let pacer = Pacer::default();
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.push(pacer.turn("a:22").await);
        }
        let ninth = pacer.turn("a:22");
        tokio::pin!(ninth);
        assert!(
            tokio::time::timeout(Duration::from_secs(5), &mut ninth)
                .await
                .is_err()
        );
        turns.pop();
        ninth.await;
    }
}
