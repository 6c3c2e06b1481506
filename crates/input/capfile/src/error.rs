//! Why a project cannot be read at all. What can be read but not carried over is no error: it is in the ledger.

use crate::files::LARGEST;
use std::time::Duration;

/// What went wrong before anything was understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A file is longer than any deploy file.
    #[error("{file} has {bytes} bytes, and deploy files never need more than {LARGEST}")]
    TooLong {
        /// The file, as people know it.
        file: String,
        /// Its length.
        bytes: usize,
    },
    /// There are too many files or too much text in them.
    #[error("the deploy files together have {bytes} bytes, and never need more than {limit}")]
    TooMuch {
        /// Their length.
        bytes: usize,
        /// What they may have.
        limit: usize,
    },
    /// Not Ruby.
    #[error("{file}:{line}: this is not Ruby: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Where in it.
        line: u32,
        /// What the parser says.
        message: String,
    },
    /// Deeper than anything a person writes.
    #[error("{file}: something in it is nested more than {limit} deep")]
    TooDeep {
        /// The file.
        file: String,
        /// How deep is allowed.
        limit: u32,
    },
    /// The parser did not come back.
    #[error("{file}: reading it took more than {} s", .limit.as_secs_f64())]
    TooSlow {
        /// The file.
        file: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The parser broke.
    #[error("{file}: the parser broke on it; this is a defect of Windlass")]
    ParserBroke {
        /// The file.
        file: String,
    },
    /// No thread to parse on.
    #[error("no thread could be started to read {file}")]
    NoThread {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::TooLong { file, .. }
            | Self::TooDeep { file, .. }
            | Self::TooSlow { file, .. } => {
                format!(
                    "move what is no deploy setting out of {file}, or move {file} away and run windlass init again"
                )
            }
            Self::TooMuch { .. } => {
                "move task files that are not needed for a deploy out of lib/capistrano/tasks"
                    .to_owned()
            }
            Self::Syntax { file, line, .. } => {
                format!(
                    "ruby -c {file} says the same; mend line {line} and run windlass init again"
                )
            }
            Self::ParserBroke { file } => {
                format!(
                    "report it with {file}; until then, move {file} away and run windlass init again"
                )
            }
            Self::NoThread { reason, .. } => format!("the system says: {reason}"),
        }
    }
}
