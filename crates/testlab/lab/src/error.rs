//! What can go wrong in the laboratory.

use std::io;
use std::path::PathBuf;

/// An error of the laboratory itself, never of what is tested in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// This machine or this user cannot have it; see [`available`].
    #[error("{what} is not available here: {why}")]
    Unavailable {
        /// What was asked for.
        what: String,
        /// What is missing.
        why: String,
    },
    /// A program could not be started.
    #[error("cannot run `{program}`")]
    Run {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("`{program}` failed: {output}")]
    Failed {
        /// Its name and arguments.
        program: String,
        /// What it said.
        output: String,
    },
    /// A daemon ended, or did not accept in time.
    #[error("{daemon} does not accept connections; its log: {log}")]
    NotAccepting {
        /// Its name.
        daemon: String,
        /// All it logged.
        log: String,
    },
    /// A file or directory of the laboratory.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A socket of the laboratory.
    #[error("cannot use a loopback socket")]
    Socket(#[from] io::Error),
    /// The proxy.
    #[error("cannot start a proxy")]
    Proxy(#[from] windlass_demohost::Error),
}

/// `None`, and a line on stderr that says so, where this machine cannot have it; other errors stay errors.
///
/// A test that begins with this is skipped where, say, tcsh is not installed, and nobody takes that for a success.
#[expect(clippy::print_stderr, reason = "a skipped test has to be seen")]
pub fn available<T>(result: Result<T, LabError>) -> Result<Option<T>, LabError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error @ LabError::Unavailable { .. }) => {
            eprintln!("SKIPPED: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// An error about a path.
pub(crate) fn at(path: &std::path::Path) -> impl FnOnce(io::Error) -> LabError {
    let path = path.to_owned();
    move |source| LabError::File { path, source }
}

/// Runs a program to its end and returns its stdout.
pub(crate) fn output(command: &mut std::process::Command) -> Result<String, LabError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(std::process::Stdio::null()).output();
    let output = output.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LabError::Unavailable {
            what: program.clone(),
            why: "it is not installed".to_owned(),
        },
        _ => LabError::Run {
            program: program.clone(),
            source,
        },
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(LabError::Failed {
        program: format!("{command:?}"),
        output: String::from_utf8_lossy(&said).into_owned(),
    })
}
