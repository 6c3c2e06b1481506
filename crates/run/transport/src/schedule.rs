//! When the next attempt to come back is due.
//!
//! At once; then every second while no byte comes from the server, after ten minutes every ten seconds. A server that
//! answers and then breaks off is given time, with jitter, so that many sessions do not come back in step.

use std::time::Duration;

use tokio::time::Instant;
use windlass_model::DisconnectKind;

/// Between attempts at first.
const QUICK: Duration = Duration::from_secs(1);
/// For so long.
const QUICK_FOR: Duration = Duration::from_secs(600);
/// Between attempts afterwards, and the longest pause for a server that breaks off.
const SLOW: Duration = Duration::from_secs(10);

/// Decides when to dial.
#[derive(Debug)]
pub(crate) struct Schedule {
    since: Instant,
    due: Instant,
    /// How often in a row the server answered and broke off.
    broken_off: u32,
    random: fastrand::Rng,
}

impl Schedule {
    /// Begins; the name makes the jitter of each session its own.
    pub(crate) fn new(since: Instant, name: &str) -> Self {
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            since,
            due: Instant::now(),
            broken_off: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.until_due().is_zero()
    }

    /// The time until the next attempt is due.
    pub(crate) fn until_due(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    /// An attempt has started.
    pub(crate) fn started(&mut self) {
        let quick = self.since.elapsed() < QUICK_FOR;
        self.wait(if quick { QUICK } else { SLOW });
    }

    /// An attempt has failed.
    pub(crate) fn failed(&mut self, kind: DisconnectKind) {
        match kind {
            DisconnectKind::ClosedBeforeAuthentication | DisconnectKind::Protocol => {
                self.broken_off = self.broken_off.saturating_add(1);
                let doubled =
                    QUICK.saturating_mul(1_u32 << self.broken_off.saturating_sub(1).min(4));
                self.wait_about(doubled.min(SLOW));
            }
            // These seldom get better soon, and each costs the server something.
            DisconnectKind::HostKey | DisconnectKind::Authentication => self.wait_about(SLOW),
            _ => self.broken_off = 0,
        }
    }

    /// Waits for half to all of a time.
    fn wait_about(&mut self, time: Duration) {
        let part = 0.5 + self.random.f64() / 2.0;
        self.wait(time.mul_f64(part));
    }

    fn wait(&mut self, time: Duration) {
        let now = Instant::now();
        self.due = now.checked_add(time).unwrap_or(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn dials_at_once_then_each_second_then_each_ten() {
        let mut schedule = Schedule::new(Instant::now(), "web1");
        assert!(schedule.is_due());
        schedule.started();
        assert_eq!(schedule.until_due(), QUICK);
        schedule.failed(DisconnectKind::Refused);
        assert_eq!(
            schedule.until_due(),
            QUICK,
            "a refusal does not slow it down"
        );
        tokio::time::advance(QUICK_FOR).await;
        assert!(schedule.is_due());
        schedule.started();
        assert_eq!(schedule.until_due(), SLOW);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_breaks_off_is_given_more_and_more_time() {
        let mut schedule = Schedule::new(Instant::now(), "web1");
        for most in [1, 2, 4, 8, 10, 10, 10] {
            schedule.started();
            schedule.failed(DisconnectKind::ClosedBeforeAuthentication);
            let (pause, most) = (schedule.until_due(), Duration::from_secs(most));
            assert!(pause >= most / 2 && pause <= most, "{pause:?} of {most:?}");
        }
        schedule.failed(DisconnectKind::Refused);
        schedule.failed(DisconnectKind::ClosedBeforeAuthentication);
        assert!(schedule.until_due() <= QUICK);
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_were_cut_together_do_not_come_back_in_step() {
        let pauses = ["web1", "web2", "web3"].map(|name| {
            let mut schedule = Schedule::new(Instant::now(), name);
            schedule.failed(DisconnectKind::ClosedBeforeAuthentication);
            schedule.until_due()
        });
        assert_ne!(pauses[0], pauses[1]);
        assert_ne!(pauses[1], pauses[2]);
    }
}
