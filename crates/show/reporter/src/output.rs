//! Where a reporter writes to, and what it is asked to show.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use windlass_model::{Secret, StepId};

/// How long each step took the last time.
pub type Earlier = BTreeMap<StepId, Duration>;

/// The outputs of one run.
pub struct Output {
    /// For data: JSON lines, the output of `exec` and `run`.
    pub stdout: Box<dyn Write + Send>,
    /// For everything else.
    pub stderr: Box<dyn Write + Send>,
    /// Whether standard error is a terminal that can move its cursor: the live area is shown.
    pub terminal: bool,
    /// Columns.
    pub width: u16,
    /// Whether colours are used. `NO_COLOR` is the caller's business.
    pub color: bool,
    /// Whether events go to standard output, one a line.
    pub json: bool,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("terminal", &self.terminal)
            .field("width", &self.width)
            .field("color", &self.color)
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

/// What kind of run is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A deploy or rollback: tasks with their times; output only where asked for or where something fails.
    #[default]
    Deploy,
    /// `exec` or `run`: the output itself. On one host byte for byte, on several each line with its host.
    Command {
        /// On how many hosts.
        hosts: usize,
    },
}

/// What is asked of a reporter.
#[derive(Debug, Default)]
pub struct Options {
    /// What kind of run.
    pub mode: Mode,
    /// Show the output of a deploy's commands as it comes.
    pub verbose: bool,
    /// Whether a person can press Ctrl-C: told where it helps.
    pub interactive: bool,
    /// The full log, made with mode 0600; a log of an earlier part of the same deploy is gone on with.
    pub log: Option<PathBuf>,
    /// Values that are shown as `***` in every output.
    pub secrets: Vec<Secret>,
}
