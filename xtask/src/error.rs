//! Why a chore did not end well.

use std::io;
use std::path::PathBuf;

/// Why a chore did not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line was not understood.
    #[error("{usage}")]
    Usage {
        /// How it is meant.
        usage: &'static str,
    },
    /// An option's value is not acceptable.
    #[error("`{option}` does not take {value:?}")]
    Value {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
    },
    /// The chore is a check, and found something.
    #[error("{}", findings.join("\n"))]
    Findings {
        /// One line each.
        findings: Vec<String>,
    },
    /// A file could not be read or written.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A program could not be started.
    #[error("cannot run {program}")]
    NotRun {
        /// The program.
        program: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A program that is needed is not there.
    #[error("{program} is not installed: {hint}")]
    NotInstalled {
        /// The program.
        program: &'static str,
        /// How it is installed.
        hint: &'static str,
    },
    /// A program ended badly.
    #[error("{program} ended with {status}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
    },
    /// A measurement could not be made.
    #[error("cannot measure: {doing} failed")]
    Measuring {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The benchmarks' laboratory, and what packages are made with, are not there on this system.
    #[error("benchmarks and packages are made on Linux only")]
    #[cfg(not(target_os = "linux"))]
    NotHere,
    /// The answer of `cargo metadata` is not JSON.
    #[error("cannot read the answer of cargo metadata")]
    Metadata(#[from] serde_json::Error),
    /// A manifest is not TOML.
    #[error("cannot read {}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
}

impl Error {
    /// 2 for the command line, 1 for all else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Value { .. } => 2,
            _ => 1,
        }
    }

    /// For `map_err`: what was tried in a measurement.
    #[cfg(target_os = "linux")]
    pub(crate) fn measuring<E>(doing: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Measuring {
            doing,
            source: source.into(),
        }
    }

    /// For `map_err`: the file, and what was tried with it.
    pub(crate) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }
}

/// The verdict of a check.
pub(crate) fn verdict(findings: Vec<String>, well: String) -> Result<String, Error> {
    if findings.is_empty() {
        Ok(well)
    } else {
        Err(Error::Findings { findings })
    }
}
