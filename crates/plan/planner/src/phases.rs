//! A deploy as a list of named phases: the file to read first.
//!
//! The names and their order are Capistrano's, so that a hook means here what it means there.

use windlass_model::DeployKind;
use windlass_model::plan::Phase;

/// The phases of a run, in order.
pub(crate) fn phases(kind: DeployKind) -> &'static [Phase] {
    match kind {
        DeployKind::Deploy => &[
            Phase::Starting,
            Phase::Started,
            Phase::Updating,
            Phase::Updated,
            Phase::Publishing,
            Phase::Published,
            Phase::Finishing,
            Phase::Finished,
        ],
        DeployKind::Rollback => &[
            Phase::Starting,
            Phase::Started,
            Phase::Reverting,
            Phase::Reverted,
            Phase::Publishing,
            Phase::Published,
            Phase::FinishingRollback,
            Phase::Finished,
        ],
    }
}
