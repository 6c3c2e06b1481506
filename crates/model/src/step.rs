//! One task on one host, and what reverses it.

use crate::command::Command;
use crate::id::{HostName, Revision, StepId, TaskName};
use crate::plan::Phase;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One task on one host; the unit of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its plan.
    pub id: StepId,
    /// The task.
    pub task: TaskName,
    /// The phase it belongs to.
    pub phase: Phase,
    /// The host; for a local action the host on whose behalf it is done.
    pub host: HostName,
    /// The batch that it goes out with, from 0; none before publishing begins and after the last batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// What is done.
    pub action: Action,
    /// What reverses it.
    pub undo: Undo,
    /// Every step before this one, on all hosts, must have ended well before it may start.
    pub barrier: bool,
    /// How often it may be tried again after its end is known (0 = never).
    pub retries: u32,
    /// Whether it may be repeated without harm when its fate is not known.
    pub repeatable: bool,
    /// A failure is a warning, not a failed deploy (cleanup, log lines).
    pub advisory: bool,
    /// The command as people should see it, on one line.
    pub show: String,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action {
    /// A command on the host, as a job.
    Command {
        /// The command.
        command: Command,
    },
    /// A command on this machine.
    Local {
        /// The command.
        command: Command,
    },
    /// The git objects of `want` that the host lacks, as a pack file uploaded to `to`.
    Push {
        /// The revision that must be complete on the host.
        want: Revision,
        /// Commits that the host is known to have whole.
        have: Vec<Revision>,
        /// The path on the host that receives the pack; nothing is uploaded where the host has everything.
        to: String,
    },
    /// Nothing, for so long: between two batches. It runs nowhere, so that nothing is left behind where it is broken off.
    Pause {
        /// How long.
        length: Duration,
    },
}

/// What reverses a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "undo")]
pub enum Undo {
    /// Commands on the step's host, in this order. They may find that nothing, or only a part, was done.
    Commands {
        /// The commands.
        commands: Vec<Command>,
        /// In a few words, for the plan: `move aside`.
        show: String,
        /// Whether they may be carried out again where it is not known what became of them. So may those of recipes; a
        /// task's own may do something that must not happen twice.
        #[serde(default)]
        repeatable: bool,
    },
    /// Commands on this machine, in this order.
    Local {
        /// The commands.
        commands: Vec<Command>,
        /// In a few words, for the plan.
        show: String,
    },
    /// Nothing reverses it.
    None {
        /// Why not.
        reason: String,
    },
}

impl Undo {
    /// Whether it may be carried out again where it is not known what became of it.
    pub fn may_repeat(&self) -> bool {
        matches!(
            self,
            Self::Commands {
                repeatable: true,
                ..
            }
        )
    }
}
