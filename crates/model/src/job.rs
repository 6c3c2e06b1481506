//! Words of jobs: commands that outlive their connection.

use crate::id::{DeployId, HostName};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The key of a job: a request that carries it starts the job at most once, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobKey {
    /// The deploy, or an ad hoc id for `exec` and `run`.
    pub deploy: DeployId,
    /// What the job is within the deploy: the id of its first step, or `undo.<…>`.
    pub step: String,
    /// The host.
    pub host: HostName,
    /// 1 for the first attempt.
    pub attempt: u32,
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.deploy, self.step, self.host, self.attempt
        )
    }
}

/// One of the two output streams of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What the supervisor says of a silent command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// How long the command runs.
    pub age: Duration,
    /// CPU time of its process group so far.
    pub cpu: Duration,
    /// Resident memory of its process group, in bytes; 0 where it is not known.
    pub memory: u64,
    /// How long it has written nothing.
    pub silent: Duration,
    /// The process group.
    pub pid: u32,
}
