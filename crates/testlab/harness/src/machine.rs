//! Machines from which deploys are carried out, and their time of day.

use std::path::Path;
use std::sync::Arc;
use windlass_journal::Journal;
use windlass_model::clock::{Clock, Timestamp};

/// Time of day by tokio's clock, the same for all controllers of a bench.
#[derive(Clone, Copy)]
pub(crate) struct PausedClock(pub(crate) tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// A machine from which deploys are carried out.
pub struct Machine {
    /// What it remembers.
    pub journal: Arc<Journal>,
    _dir: tempfile::TempDir,
}

impl Machine {
    /// One that remembers nothing.
    ///
    /// # Panics
    /// Where there is no room for a temporary journal.
    pub fn new() -> Self {
        // In memory where there is such a place: thousands of syncs are waited for otherwise.
        let memory = Path::new("/dev/shm");
        let dir = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir());
        let dir = dir.expect("a temporary directory");
        let journal = Journal::open(&dir.path().join("journal.db")).expect("a journal");
        Self {
            journal: Arc::new(journal),
            _dir: dir,
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}
