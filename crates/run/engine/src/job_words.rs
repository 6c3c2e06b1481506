//! The words of jobs, until the job crate has them.
#![expect(missing_docs, reason = "stands in until the job crate has these words")]
use std::time::Duration;
use windlass_model::*;
#[derive(Clone, Debug)]
pub enum Place {
    Deploy {
        root: String,
        deploy: DeployId,
        boot_id: String,
        root_id: String,
        fence: u64,
    },
    Home,
}
#[derive(Clone, Debug)]
pub struct JobSpec {
    pub key: JobKey,
    pub place: Place,
    pub commands: Vec<JobCommand>,
}
#[derive(Clone, Debug)]
pub struct JobCommand {
    pub step: StepId,
    pub command: Command,
    pub advisory: bool,
}
#[derive(Clone, Debug)]
pub enum JobEvent {
    Running {
        pid: u32,
    },
    CommandStarted {
        index: usize,
    },
    Output {
        index: usize,
        stream: Stream,
        offset: u64,
        bytes: Vec<u8>,
    },
    CommandEnded {
        index: usize,
        end: CommandEnd,
        duration: Duration,
    },
    Skipped {
        index: usize,
    },
    Pulse {
        index: usize,
        pulse: Pulse,
    },
}
#[derive(Clone, Debug)]
pub struct JobReport {
    pub commands: Vec<CommandReport>,
    pub end: CommandEnd,
}
#[derive(Clone, Debug)]
pub struct CommandReport {
    pub step: StepId,
    pub result: CommandResult,
}
#[derive(Clone, Debug)]
pub enum CommandResult {
    NotReached,
    Skipped,
    Ended {
        end: CommandEnd,
        duration: Duration,
        stdout_len: u64,
        stderr_len: u64,
        truncated: bool,
    },
}
#[derive(Clone, Debug)]
pub struct CancelReport {
    pub end: CancelEnd,
}
#[derive(Clone, Debug)]
pub enum CancelEnd {
    Cancelled,
    AlreadyEnded(CommandEnd),
    Stuck(Vec<u32>),
}
