//! How commands and steps end.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The status with which a command ended, as its record on the host says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExitStatus(pub u8);

impl ExitStatus {
    /// Whether the command succeeded.
    pub fn success(self) -> bool {
        self.0 == 0
    }

    /// The signal that a status above 128 usually stands for.
    ///
    /// A shell reports a child that was killed by signal n as 128 + n; a command may also choose such a status itself,
    /// so this is a reading, never a fact.
    pub fn signal(self) -> Option<&'static str> {
        const NAMES: [&str; 15] = [
            "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE",
            "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
        ];
        let index = usize::from(self.0.checked_sub(129)?);
        NAMES.get(index).copied()
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.signal() {
            Some("SIGKILL") => f.write_str("killed by SIGKILL (often the out-of-memory killer)"),
            Some(signal) => write!(f, "killed by {signal}"),
            None => write!(f, "exit status {}", self.0),
        }
    }
}

/// How one command of a job ended, read from its record on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandEnd {
    /// It ran to its end with this status.
    Exited(ExitStatus),
    /// It ran longer than its `timeout` and was stopped.
    TimedOut,
    /// It was silent for longer than its `idle_timeout` and was stopped.
    IdleTimedOut,
    /// A person or an unwind stopped it, or kept it from starting.
    Cancelled,
    /// It was never started, and will not be by this key; a new attempt is safe.
    NotStarted,
    /// No disk space for its record; it was not started.
    NoSpace,
    /// Its record has no end and its process is gone; whether it finished its work is not known.
    Lost,
    /// The host was started anew in the meantime.
    Rebooted,
    /// Another controller has taken over; nothing was started.
    Fenced,
    /// Another machine answers under this name; nothing was started.
    OtherHost,
}

impl CommandEnd {
    /// Whether the command is known to have succeeded: an exit status 0 that was read.
    pub fn success(self) -> bool {
        matches!(self, Self::Exited(status) if status.success())
    }

    /// Whether the command may have done something; false where it is known that it was not started.
    pub fn may_have_begun(self) -> bool {
        match self {
            Self::Exited(_)
            | Self::TimedOut
            | Self::IdleTimedOut
            | Self::Cancelled
            | Self::Lost
            | Self::Rebooted => true,
            Self::NotStarted | Self::NoSpace | Self::Fenced | Self::OtherHost => false,
        }
    }
}

impl fmt::Display for CommandEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => status.fmt(f),
            Self::TimedOut => f.write_str("stopped after its timeout"),
            Self::IdleTimedOut => f.write_str("stopped after saying nothing for its idle_timeout"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::NotStarted => f.write_str("not started"),
            Self::NoSpace => f.write_str("not started: no space left on the host for its record"),
            Self::Lost => f.write_str("lost: its process is gone and left no exit status"),
            Self::Rebooted => f.write_str("cut short by a reboot of the host"),
            Self::Fenced => f.write_str("not started: another controller has taken over"),
            Self::OtherHost => f.write_str("not started: another machine answers under this name"),
        }
    }
}

/// How a step ended, for the journal and the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum StepOutcome {
    /// It did what it should.
    Succeeded,
    /// Its `when` said that there is nothing to do.
    Skipped,
    /// Its command ended otherwise than with status 0.
    Failed {
        /// How.
        end: CommandEnd,
    },
    /// It could not be carried out for a reason outside of any command.
    Broken {
        /// What went wrong, for people.
        reason: String,
    },
}

impl StepOutcome {
    /// Whether later steps may go on.
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Skipped)
    }

    /// Whether the step may have done something; false where it is known that nothing of it was started.
    pub fn may_have_begun(&self) -> bool {
        match self {
            Self::Succeeded | Self::Broken { .. } => true,
            Self::Skipped => false,
            Self::Failed { end } => end.may_have_begun(),
        }
    }
}

impl From<CommandEnd> for StepOutcome {
    fn from(end: CommandEnd) -> Self {
        if end.success() {
            Self::Succeeded
        } else {
            Self::Failed { end }
        }
    }
}
