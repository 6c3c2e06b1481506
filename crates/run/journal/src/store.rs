//! What an engine needs of a journal. SQLite is the one shipped; the interface is what another one would have to keep.
//!
//! All calls block until the disk has answered; an async caller makes them on a thread of its own.

use crate::error::Error;
use crate::owner::Owner;
use crate::record::Record;
use crate::replay::State;
use crate::subject::Subject;
use windlass_model::clock::Timestamp;
use windlass_model::{DeployId, PlanDigest};

/// A journal.
pub trait Store: Send + Sync {
    /// Writes down that something new begins.
    fn begin(&self, subject: &Subject, digest: &PlanDigest, at: Timestamp) -> Result<(), Error>;

    /// Writes records, all or none, and returns when they are on disk. Records that do not follow from those before
    /// them are refused.
    fn append(&self, deploy: &DeployId, at: Timestamp, records: &[Record]) -> Result<(), Error>;

    /// Reads a deploy and what became of it.
    fn load(&self, deploy: &DeployId) -> Result<Stored, Error>;

    /// Makes the caller the only engine of a deploy until the [`Owner`] is dropped.
    fn own(&self, deploy: &DeployId) -> Result<Owner, Error>;

    /// Whether another process asked for the deploy to be cancelled.
    fn cancel_requested(&self, deploy: &DeployId) -> Result<bool, Error>;
}

/// A deploy as it was read back.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What it is about.
    pub subject: Subject,
    /// The digest of its plan.
    pub digest: PlanDigest,
    /// When it began.
    pub started: Timestamp,
    /// Its records in order, with the moment each was written.
    pub records: Vec<(Timestamp, Record)>,
    /// What they come to.
    pub state: State,
}
