//! What can go wrong while telling.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why something could not be told. Each output is served even where another fails, and fails once: after its error
/// it is left out.
#[derive(Debug, Error)]
pub enum Error {
    /// Whoever read an output has gone: exit code 3.
    #[error("the output was closed by its reader")]
    BrokenPipe,
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Stdout(#[source] io::Error),
    /// Standard error cannot be written.
    #[error("cannot write to standard error")]
    Stderr(#[source] io::Error),
    /// The log file cannot be made or opened.
    #[error("cannot open the log file `{}`", path.display())]
    OpenLog {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something else lies where the log file belongs.
    #[error("`{}` is not a log file of this user alone: {found}", path.display())]
    ForeignLog {
        /// The file.
        path: PathBuf,
        /// What was found there.
        found: &'static str,
    },
    /// The log file cannot be read.
    #[error("cannot read the log")]
    ReadLog(#[source] io::Error),
    /// The log file cannot be written any more.
    #[error("cannot write to the log file `{}`", path.display())]
    WriteLog {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// The error of a failed write to standard output.
    pub(crate) fn stdout(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Stdout(source),
        }
    }

    /// The error of a failed write to standard error, which may be the same pipe.
    pub(crate) fn stderr(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Stderr(source),
        }
    }
}
