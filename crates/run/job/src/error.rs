//! What can keep a job from being followed.

/// Why a job or a question could not be followed. What becomes of a job on its host is not decided by it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The session has no connection any more.
    #[error("host could not be reached again")]
    Session(#[from] windlass_transport::Error),
    /// The host cannot do what was asked, or its answer is none of ours.
    #[error("{0}")]
    Answer(String),
}
