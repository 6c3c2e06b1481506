//! What a job is, what it tells while it runs, how it ended.

use std::time::Duration;
use windlass_model::{Command, CommandEnd, DeployId, JobKey, Pulse, StepId, Stream};

/// Where the records of jobs lie on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the directory of a deploy, which only the request that begins the deploy makes: where it is gone, nothing is
    /// started any more.
    Deploy {
        /// The deploy root.
        root: String,
        /// The deploy.
        deploy: DeployId,
        /// The boot in which the deploy began; another one starts nothing.
        boot_id: String,
        /// The id of the deploy root; another one starts nothing.
        root_id: String,
        /// The deploy's number; under a greater one nothing is started.
        fence: u64,
    },
    /// Below the login's home, or where that is not writable in a private directory under /tmp.
    Home,
}

/// Commands that run one after another, stopping at the first failure.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSpec {
    /// Its key: however often it is sent, it is started at most once.
    pub key: JobKey,
    /// Whether the file `reserve` in the deploy's directory is removed where there is no room for the records. It keeps
    /// room for undos on a disk that the deploy has filled.
    pub spends_reserve: bool,
    /// Where its records lie.
    pub place: Place,
    /// The commands.
    pub commands: Vec<JobCommand>,
}

/// One command of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobCommand {
    /// The step it carries out.
    pub step: StepId,
    /// Which attempt of the step this is; 1 for the first.
    pub attempt: u32,
    /// What is run.
    pub command: Command,
    /// Whether the following commands run although it failed.
    pub advisory: bool,
}

/// What a job tells while it is followed. Commands are named by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// It was claimed and runs.
    Running {
        /// The process that keeps its record.
        pid: u32,
    },
    /// A command has begun.
    CommandStarted {
        /// Which.
        index: usize,
    },
    /// A command wrote something. Every byte comes once, in order per stream.
    Output {
        /// Which command.
        index: usize,
        /// Where to.
        stream: Stream,
        /// The position of the first byte in the stream.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A command ended.
    CommandEnded {
        /// Which.
        index: usize,
        /// How.
        end: CommandEnd,
        /// After how long, by the host's clock.
        duration: Duration,
    },
    /// A command's `when` said that there is nothing to do.
    Skipped {
        /// Which.
        index: usize,
    },
    /// A silent command works.
    Pulse {
        /// Which.
        index: usize,
        /// What it is doing.
        pulse: Pulse,
    },
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobReport {
    /// Its commands.
    pub commands: Vec<CommandReport>,
    /// The end of the command that ended it.
    pub end: CommandEnd,
}

/// How one command of a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandReport {
    /// The step it carried out.
    pub step: StepId,
    /// How.
    pub result: CommandResult,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandResult {
    /// The job ended before it.
    NotReached,
    /// Its `when` said that there is nothing to do.
    Skipped,
    /// It was begun, and ended.
    Ended {
        /// How.
        end: CommandEnd,
        /// After how long, by the host's clock.
        duration: Duration,
        /// Bytes of standard output.
        stdout_len: u64,
        /// Bytes of standard error.
        stderr_len: u64,
        /// Whether some of it was beyond the limit of what is kept.
        truncated: bool,
    },
}

/// What an owner says of its deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is there, and will say so again within [`windlass_model::plan::LEASE`].
    Held,
    /// It rests: the deploy was parked, and whoever wants to may go on with it.
    Rests,
}

/// Whose a deploy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// That of whoever asks.
    Ours,
    /// Another controller's.
    Lost,
    /// Nobody's: it is over on this host.
    Over,
}

/// What came of stopping a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelReport {
    /// How it stands.
    pub end: CancelEnd,
}

/// How a job stands after it was to be stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelEnd {
    /// It was stopped and its processes are gone, or it will never start.
    Cancelled,
    /// It had ended by itself.
    AlreadyEnded(CommandEnd),
    /// These processes could not be got rid of.
    Stuck(Vec<u32>),
}

/// A job as its record on the host shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobInfo {
    /// Its key.
    pub key: JobKey,
    /// How it stands.
    pub state: JobState,
    /// Its commands, in order; none where it never starts, or where a Windlass that did not note them started it.
    pub commands: Vec<CommandInfo>,
}

/// A command of a job as the record shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandInfo {
    /// The step it carries out.
    pub step: StepId,
    /// Which attempt of the step.
    pub attempt: u32,
    /// How it stands.
    pub state: CommandState,
}

/// How a command stands on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// It runs, or the job has not come to it yet.
    Open,
    /// The job ended before it.
    NotReached,
    /// Its `when` said that there is nothing to do.
    Skipped,
    /// It ended.
    Ended {
        /// How.
        end: CommandEnd,
        /// After how long, by the host's clock.
        duration: Duration,
    },
}

/// How a job stands on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Its key was claimed so that it never starts.
    NeverStarts,
    /// It runs.
    Running {
        /// The process that keeps its record.
        pid: u32,
    },
    /// It ended, with the end of the command that ended it.
    Ended(CommandEnd),
}

/// How far a job's output is known already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offsets {
    /// The command.
    pub(crate) index: usize,
    /// The bytes known of its standard output.
    pub(crate) stdout: u64,
    /// The bytes known of its standard error.
    pub(crate) stderr: u64,
}
