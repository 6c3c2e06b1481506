//! What is written: one line of a deploy's story each.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_model::event::DeployEnd;
use windlass_model::{HostName, JobKey, StepId, StepOutcome};

/// Something that is about to be done, or was done. Secret values are never part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "record")]
pub enum Record {
    /// A step is about to be begun; written before anything is sent.
    Intent {
        /// The step.
        step: StepId,
        /// 1 for the first.
        attempt: u32,
        /// The job that carries it out; several steps may share one.
        job: JobKey,
    },
    /// A step ended.
    Outcome {
        /// The step.
        step: StepId,
        /// Which attempt.
        attempt: u32,
        /// How.
        outcome: StepOutcome,
        /// How long it took.
        duration: Duration,
    },
    /// The job ended before it came to this step: nothing of it was begun.
    NotReached {
        /// The step.
        step: StepId,
        /// Which attempt.
        attempt: u32,
    },
    /// The undo of a step is about to be begun. For `unlock@<host>`: the lock is about to be freed after the undo.
    UndoIntent {
        /// The step that is undone.
        step: StepId,
        /// 1 for the first.
        attempt: u32,
        /// The job that carries the undo out.
        job: JobKey,
    },
    /// The undo of a step ended.
    UndoOutcome {
        /// The step that was undone.
        step: StepId,
        /// Which attempt.
        attempt: u32,
        /// How.
        outcome: StepOutcome,
        /// How long it took.
        duration: Duration,
    },
    /// Something was decided for all hosts.
    Decision(Decision),
    /// Somebody asked for the deploy to be cancelled.
    CancelRequested,
    /// The engine stopped for now; jobs under way go on.
    Parked,
    /// An engine took the deploy up again.
    Resumed,
    /// A controller became its owner that had not begun it, or had lost it: from now on it speaks with these numbers.
    TakenOver {
        /// The deploy's number at each host's root.
        fences: BTreeMap<HostName, u64>,
    },
    /// The deploy is over, or stuck until a person has looked.
    Ended {
        /// How.
        end: DeployEnd,
    },
}

/// What holds for all hosts from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum Decision {
    /// Every host is ready: publishing begins.
    Publish,
    /// What was begun is undone, everywhere or but for the hosts that keep the release.
    Undo {
        /// Why, in one line.
        reason: String,
        /// The step whose failure led to it.
        failed: Option<StepId>,
        /// Whether a person asked for it.
        cancelled: bool,
        /// The hosts that keep the release: those of finished batches, where a failure stops a deploy part way.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<HostName>,
    },
    /// A failure is left as it is until a person says how to go on: nothing is undone, nothing more is begun.
    Pause {
        /// Why, in one line.
        reason: String,
        /// The step that failed.
        failed: Option<StepId>,
    },
    /// A person wants what failed to be tried again.
    Retry,
    /// A host failed, and the deploy goes on without it: it is put back when the others are through.
    Spare {
        /// The host.
        host: HostName,
        /// What failed there, in one line.
        reason: String,
    },
    /// The deploy has succeeded; only the locks remain to be freed.
    Done,
}
