//! What can go wrong with the journal.

use std::path::PathBuf;
use thiserror::Error as ThisError;
use windlass_model::{DeployId, StepId};

/// Why the journal could not do what it was asked.
#[derive(Debug, ThisError)]
pub enum Error {
    /// A file or directory of the journal could not be made or opened.
    #[error("the journal's `{path}` cannot be used")]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database refused.
    #[error("the journal cannot be read or written")]
    Database(#[from] rusqlite::Error),
    /// The file was written by a newer Windlass.
    #[error(
        "the journal has format {found}, this Windlass knows {known}: Windlass {needs} or newer is needed"
    )]
    NewerFormat {
        /// The format of the file.
        found: u32,
        /// The newest format known here.
        known: u32,
        /// The version that wrote it.
        needs: String,
    },
    /// The file is a database, but not a journal.
    #[error("`{path}` is not a journal of Windlass")]
    NotAJournal {
        /// Which.
        path: PathBuf,
    },
    /// A deploy's plan was written by a newer Windlass.
    #[error("the plan of {deploy} has format {found}: Windlass {needs} or newer is needed")]
    NewerPlan {
        /// Which.
        deploy: DeployId,
        /// The format of the plan.
        found: u32,
        /// The version that wrote it.
        needs: String,
    },
    /// Something stored cannot be read back.
    #[error("what the journal holds of {deploy} is damaged")]
    Damaged {
        /// Whose.
        deploy: DeployId,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// A record does not follow from those before it.
    #[error("a record of {deploy} does not fit what came before it")]
    Illegal {
        /// Whose.
        deploy: DeployId,
        /// Which.
        #[source]
        source: Illegal,
    },
    /// There is already a deploy with this id.
    #[error("the journal already has {0}")]
    Exists(DeployId),
    /// No deploy has this id.
    #[error("the journal has no deploy `{0}`")]
    Unknown(String),
    /// More than one deploy could be meant.
    #[error("`{wanted}` may be any of {}", list(candidates))]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// What it may mean.
        candidates: Vec<DeployId>,
    },
    /// An engine of this machine works on the deploy.
    #[error("{deploy} is being worked on by another Windlass of this machine{}", process(*pid))]
    Owned {
        /// Which.
        deploy: DeployId,
        /// The process, where it is known.
        pid: Option<u32>,
    },
    /// A value could not be written as JSON.
    #[error("a record cannot be written")]
    Unwritable(#[source] serde_json::Error),
}

/// Why a record does not follow from those before it.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum Illegal {
    /// The step is not in the plan.
    #[error("the plan has no step `{0}`")]
    UnknownStep(StepId),
    /// The attempt is not the next one, or the one before it has not ended.
    #[error("attempt {attempt} of `{step}` is not the next one")]
    NotNext {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// An end without a beginning, or a second end.
    #[error("attempt {attempt} of `{step}` is not under way")]
    NotOpen {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// A step forward after the decision to undo.
    #[error("`{0}` cannot begin: the deploy is being undone")]
    Unwinding(StepId),
    /// An undo without the decision to undo.
    #[error("`{0}` cannot be undone: the deploy goes forward")]
    NotUnwinding(StepId),
    /// A step of a deploy that waits for a person.
    #[error("`{0}` cannot begin: the deploy is paused after a failure")]
    Paused(StepId),
    /// A step of a host that failed and is gone on without.
    #[error("`{0}` cannot begin: its host failed and is left behind")]
    Spared(StepId),
    /// An undo on a host that keeps the release.
    #[error("`{0}` cannot be undone: its host keeps the release")]
    Kept(StepId),
    /// An undo of something that never began.
    #[error("`{0}` cannot be undone: it never began")]
    NeverBegun(StepId),
    /// A decision that contradicts an earlier one, or repeats it.
    #[error("the decision contradicts an earlier one")]
    Decided,
    /// The deploy has ended.
    #[error("the deploy has ended")]
    Over,
    /// The deploy was parked or stuck and nobody has taken it up again.
    #[error("the deploy rests and was not taken up again")]
    Resting,
}

fn list(ids: &[DeployId]) -> String {
    let names: Vec<&str> = ids.iter().map(DeployId::as_str).collect();
    names.join(", ")
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}
