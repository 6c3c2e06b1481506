//! Why an engine could not go on at all. A deploy that fails is no error: its end is told in an `EndSummary`.

use thiserror::Error as ThisError;
use windlass_model::DeployId;

/// Why an engine could not go on.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The journal would not take the deploy: it does not know it, and nothing was begun.
    #[error("the deploy could not be written down; nothing of it was begun")]
    NotBegun(#[source] windlass_journal::Error),
    /// The journal refused; jobs under way go on, and nothing more was started.
    #[error("the engine cannot go on without its journal")]
    Journal(#[from] windlass_journal::Error),
    /// The deploy has ended; there is nothing to go on with.
    #[error("{0} is over")]
    Over(DeployId),
    /// The id belongs to something else.
    #[error("{0} is not a deploy")]
    NotADeploy(DeployId),
    /// A task of the engine ended before its time.
    #[error("a part of the engine ended before its time")]
    Interrupted(#[source] tokio::task::JoinError),
    /// The engine's own account does not add up.
    #[error("the engine's account of {deploy} does not add up")]
    Account {
        /// Of which deploy.
        deploy: DeployId,
        /// Why.
        #[source]
        source: windlass_journal::Illegal,
    },
}
