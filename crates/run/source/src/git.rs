//! Runs `git`: an argument vector, no shell, no prompt, the C locale.
//!
//! Variables with which a calling git (a hook, an alias) would point us at another repository are taken away; what a
//! user may have set for the transport (`GIT_SSH_COMMAND`, askpass, `GIT_CONFIG_COUNT`) stays. Dropping a future ends
//! the process it waits for.

use crate::error::Error;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Variables that name another repository, or change how objects are seen.
const FOREIGN: [&str; 15] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_CONFIG",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// How many lines of git's stderr an error keeps.
const STDERR_LINES: usize = 5;

/// Git in one directory.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    dir: PathBuf,
    /// Whether `dir` is the repository itself; otherwise git searches upward from it.
    exact: bool,
}

impl Git {
    /// Git on the repository (the `.git` directory or bare repository) `dir`.
    pub(crate) fn on(dir: PathBuf) -> Self {
        Self { dir, exact: true }
    }

    /// Git as typed in `dir`.
    pub(crate) fn within(dir: PathBuf) -> Self {
        Self { dir, exact: false }
    }

    /// Where it runs.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs it, whatever the outcome.
    pub(crate) async fn output(&self, args: &[&str]) -> Result<Output, Error> {
        let mut command = self.command(args);
        // A Ctrl-C on the terminal is for Windlass to interpret; it must not end a child that only reads.
        command.process_group(0);
        command.output().await.map_err(|error| self.not_run(error))
    }

    /// Runs a command that talks to a forge. It stays in the foreground group, since ssh may ask on the terminal, and
    /// carries `lock` as its (empty) standard input: the lock stays taken while git runs, even if we die first.
    pub(crate) async fn network(&self, args: &[&str], lock: File) -> Result<Output, Error> {
        let mut command = self.command(args);
        command.stdin(Stdio::from(lock));
        command.output().await.map_err(|error| self.not_run(error))
    }

    /// Runs it and wants success; gives the bytes of stdout.
    pub(crate) async fn bytes(&self, args: &[&str]) -> Result<Vec<u8>, Error> {
        let output = self.output(args).await?;
        wanted(args, &output)?;
        Ok(output.stdout)
    }

    /// Runs it and wants success; gives stdout as text without the last newline.
    pub(crate) async fn text(&self, args: &[&str]) -> Result<String, Error> {
        let bytes = self.bytes(args).await?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// Runs it with `input` on stdin and wants success; stdout goes to `to`, or is given back.
    pub(crate) async fn fed(
        &self,
        args: &[&str],
        input: &[u8],
        to: Option<File>,
    ) -> Result<Vec<u8>, Error> {
        let mut command = self.command(args);
        command.process_group(0).stdin(Stdio::piped());
        command.stdout(to.map_or_else(Stdio::piped, Stdio::from));
        command.stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.not_run(error))?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A broken pipe means that git ended early; its status and stderr say why.
                stdin.write_all(input).await.ok();
            }
        };
        let ((), output) = tokio::join!(feed, child.wait_with_output());
        let output = output.map_err(|error| self.not_run(error))?;
        wanted(args, &output)?;
        Ok(output.stdout)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        if self.exact {
            command.arg("--git-dir").arg(&self.dir);
        }
        for setting in [
            "core.quotePath=false",
            "core.fsmonitor=false",
            "log.showSignature=false",
            "gc.autoDetach=false",
            "maintenance.autoDetach=false",
        ] {
            command.args(["-c", setting]);
        }
        command.args(args).current_dir(&self.dir);
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The operating system says "not found" for a missing program and for a missing directory alike.
    fn not_run(&self, source: io::Error) -> Error {
        if self.dir.is_dir() {
            Error::GitMissing { source }
        } else {
            Error::Io {
                doing: "enter",
                path: self.dir.clone(),
                source,
            }
        }
    }
}

/// The last lines of what git wrote to stderr.
pub(crate) fn last_lines(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(STDERR_LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}

/// An error unless git ended well.
pub(crate) fn wanted(args: &[&str], output: &Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Git {
        command: args.first().copied().unwrap_or_default().to_owned(),
        status: output.status.to_string(),
        stderr: last_lines(&output.stderr),
    })
}
