//! A journal that stops its engine at a chosen record, as a kill would.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use windlass_journal::{Error, Owner, Record, Store, Stored, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::{DeployId, PlanDigest};

/// When the controller dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Never.
    Never,
    /// So many records are on disk and have been acted on; the next one does not get there.
    Before(usize),
    /// So many records are on disk; the last ones have not been acted on.
    After(usize),
}

/// A journal that fails at the chosen moment. An engine that cannot write ends at once and leaves everything as it is,
/// which is all that a killed one does too.
pub struct CrashingStore {
    inner: Arc<dyn Store>,
    crash: Crash,
    written: AtomicUsize,
}

impl CrashingStore {
    /// Wraps a journal.
    pub fn new(inner: Arc<dyn Store>, crash: Crash) -> Self {
        Self {
            inner,
            crash,
            written: AtomicUsize::new(0),
        }
    }

    /// How many records were written through it.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    fn dead() -> Error {
        Error::Path {
            path: PathBuf::from("the controller"),
            source: io::Error::other("died here"),
        }
    }
}

impl Store for CrashingStore {
    fn begin(&self, subject: &Subject, digest: &PlanDigest, at: Timestamp) -> Result<(), Error> {
        self.inner.begin(subject, digest, at)
    }

    fn append(&self, deploy: &DeployId, at: Timestamp, records: &[Record]) -> Result<(), Error> {
        let before = self.written.load(Ordering::SeqCst);
        let whole = before + records.len();
        let room = match self.crash {
            Crash::Never => records.len(),
            Crash::Before(limit) | Crash::After(limit) => {
                records.len().min(limit.saturating_sub(before))
            }
        };
        // Records that came together in one turn might have come in two.
        let fitting = records.get(..room).unwrap_or_default();
        if !fitting.is_empty() {
            self.inner.append(deploy, at, fitting)?;
        }
        self.written.store(before + room, Ordering::SeqCst);
        match self.crash {
            Crash::Before(limit) if whole > limit => Err(Self::dead()),
            Crash::After(limit) if whole >= limit => Err(Self::dead()),
            _ => Ok(()),
        }
    }

    fn load(&self, deploy: &DeployId) -> Result<Stored, Error> {
        self.inner.load(deploy)
    }

    fn own(&self, deploy: &DeployId) -> Result<Owner, Error> {
        self.inner.own(deploy)
    }

    fn cancel_requested(&self, deploy: &DeployId) -> Result<bool, Error> {
        self.inner.cancel_requested(deploy)
    }
}
