//! How far an attempt to connect has come, seen from outside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use windlass_model::DisconnectKind;

use crate::patience::Patience;
use crate::stream::Ending;

/// An attempt under way.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    /// Runs while the attempt does, except while it waits for us.
    pub(crate) patience: Arc<Patience>,
    connected: AtomicBool,
    /// The leg under way.
    leg: Mutex<Arc<Ending>>,
    looks_elsewhere: bool,
}

impl Attempt {
    /// One that asks for the name's addresses instead of taking the first connection's.
    pub(crate) fn elsewhere(looks_elsewhere: bool) -> Self {
        Self {
            looks_elsewhere,
            ..Self::default()
        }
    }

    pub(crate) fn looks_elsewhere(&self) -> bool {
        self.looks_elsewhere
    }

    /// Notes that bytes can flow on the leg under way.
    pub(crate) fn connected(&self) {
        self.connected.store(true, Ordering::Relaxed);
    }

    /// Whether bytes can flow.
    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// How many bytes have come on the leg under way.
    pub(crate) fn heard(&self) -> u64 {
        self.lock().heard()
    }

    /// What to call it when it is given up for its silence.
    pub(crate) fn silence(&self) -> DisconnectKind {
        if self.is_connected() {
            DisconnectKind::Silence
        } else {
            DisconnectKind::ConnectTimeout
        }
    }

    /// Begins the next leg.
    pub(crate) fn begin_leg(&self) -> Arc<Ending> {
        let ending = Arc::<Ending>::default();
        *self.lock() = Arc::clone(&ending);
        self.connected.store(false, Ordering::Relaxed);
        ending
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Arc<Ending>> {
        self.leg.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
