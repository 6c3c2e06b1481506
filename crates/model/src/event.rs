//! Everything that can be shown. Events are derived, never the truth: the journal and the hosts' records are.
//!
//! The engine sends them, the reporter shows them, `--json` prints them one a line. A field may be added within a
//! format number; nothing is renamed or removed.

use crate::clock::Timestamp;
use crate::disconnect::DisconnectKind;
use crate::id::{DeployId, HostName, PlanDigest, ReleaseName, Revision, StepId, TaskName};
use crate::job::{Pulse, Stream};
use crate::outcome::StepOutcome;
use crate::plan::DeployKind;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The format number of events, printed with `--json`.
pub const EVENT_FORMAT: u32 = 1;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// In which deploy.
    pub deploy: Option<DeployId>,
    /// What.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum EventBody {
    /// A deploy begins, or goes on after a stop.
    DeployStarted {
        /// What it will do, in a few words.
        summary: DeploySummary,
        /// Whether it goes on with an earlier run.
        resumed: bool,
    },
    /// The first step of a task begins on some host.
    TaskStarted {
        /// The task.
        task: TaskName,
        /// Its command, on one line.
        show: String,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        step: StepId,
        /// Its task.
        task: TaskName,
        /// Its host.
        host: HostName,
        /// 1 for the first.
        attempt: u32,
        /// Its command, on one line.
        show: String,
    },
    /// A command wrote something.
    Output {
        /// The step.
        step: StepId,
        /// Its host.
        host: HostName,
        /// Where to.
        stream: Stream,
        /// The bytes, exactly.
        #[serde(with = "bytes_as_text")]
        bytes: Vec<u8>,
    },
    /// A silent command says that it works.
    StepPulse {
        /// The step.
        step: StepId,
        /// Its host.
        host: HostName,
        /// What it is doing.
        pulse: Pulse,
    },
    /// A step ended.
    StepEnded {
        /// The step.
        step: StepId,
        /// Its task.
        task: TaskName,
        /// Its host.
        host: HostName,
        /// How.
        outcome: StepOutcome,
        /// How long it took on the host.
        duration: Duration,
        /// A few words worth knowing: `reused`, `sent 214 objects, 1.1 MB`.
        note: Option<String>,
        /// Whether its failure is only a warning.
        advisory: bool,
    },
    /// A step is tried again.
    StepRetried {
        /// The step.
        step: StepId,
        /// Its host.
        host: HostName,
        /// The attempt that begins.
        attempt: u32,
    },
    /// A connection ended.
    ConnectionLost {
        /// The host.
        host: HostName,
        /// How.
        kind: DisconnectKind,
        /// The command that goes on there, as its process group.
        pid: Option<u32>,
    },
    /// Nothing is heard of a job that owes a pulse; a second connection is dialled beside the first.
    ConnectionSilent {
        /// The host.
        host: HostName,
        /// For how long.
        silent: Duration,
    },
    /// Still no connection; told once and then at growing distances.
    StillReconnecting {
        /// The host.
        host: HostName,
        /// How long it has been gone.
        gone: Duration,
        /// The latest reason.
        kind: DisconnectKind,
        /// When it will be given up, measured from the loss.
        give_up_after: Duration,
    },
    /// The connection is back.
    ConnectionBack {
        /// The host.
        host: HostName,
        /// How long it was gone.
        gone: Duration,
    },
    /// Something failed or was cancelled; what was done is undone in reverse order.
    UnwindStarted {
        /// Why, in one line.
        reason: String,
    },
    /// The undo of a step begins.
    UndoStarted {
        /// The step.
        step: StepId,
        /// Its host.
        host: HostName,
        /// In a few words.
        show: String,
    },
    /// The undo of a step ended.
    UndoEnded {
        /// The step.
        step: StepId,
        /// Its host.
        host: HostName,
        /// How.
        outcome: StepOutcome,
        /// How long it took.
        duration: Duration,
    },
    /// Something that a person should know and that fails nothing.
    Warning {
        /// The host, where it is about one.
        host: Option<HostName>,
        /// What is true.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A deploy is over, or stopped for now.
    DeployEnded {
        /// What it came to.
        summary: EndSummary,
    },
}

impl EventBody {
    /// The host that it is about, where it is about one.
    pub fn host(&self) -> Option<&HostName> {
        match self {
            Self::DeployStarted { .. }
            | Self::TaskStarted { .. }
            | Self::UnwindStarted { .. }
            | Self::DeployEnded { .. } => None,
            Self::Warning { host, .. } => host.as_ref(),
            Self::StepStarted { host, .. }
            | Self::Output { host, .. }
            | Self::StepPulse { host, .. }
            | Self::StepEnded { host, .. }
            | Self::StepRetried { host, .. }
            | Self::ConnectionLost { host, .. }
            | Self::ConnectionSilent { host, .. }
            | Self::StillReconnecting { host, .. }
            | Self::ConnectionBack { host, .. }
            | Self::UndoStarted { host, .. }
            | Self::UndoEnded { host, .. } => Some(host),
        }
    }
}

/// What a deploy is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploySummary {
    /// Deploy or rollback.
    pub kind: DeployKind,
    /// The application.
    pub application: String,
    /// The stage.
    pub stage: String,
    /// The release.
    pub release: ReleaseName,
    /// Its revision.
    pub revision: Option<Revision>,
    /// The branch or other name by which the revision was asked for.
    pub branch: Option<String>,
    /// First line of the commit's message.
    pub subject: Option<String>,
    /// The hosts.
    pub hosts: Vec<HostName>,
    /// How many different tasks.
    pub tasks: usize,
    /// How many steps.
    pub steps: usize,
    /// The plan's digest.
    pub digest: PlanDigest,
}

/// How a deploy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployEnd {
    /// Deployed everywhere.
    Deployed,
    /// Undone everywhere after a failure.
    Undone,
    /// Undone everywhere because a person asked for it.
    CancelledUndone,
    /// Stopped part way after a failure: the hosts of finished batches keep the release, the others are undone.
    Stopped,
    /// An undo failed, or a host is in doubt.
    Stuck,
    /// Stopped for now; `resume` goes on.
    Parked,
    /// Another controller has taken over; this one changed nothing more.
    Fenced,
    /// A person freed the lock of a stuck deploy: what could be neither finished nor undone stays as it is.
    GivenUp,
}

/// What is true at the end, for the end screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndSummary {
    /// How it ended.
    pub end: DeployEnd,
    /// How long it took.
    pub duration: Duration,
    /// The step that failed first, where one did.
    pub failed: Option<FailedStep>,
    /// What is live on each host now, where it is known: the release or `current`'s verbatim target.
    pub live: Vec<(HostName, Option<String>)>,
    /// Hosts whose state is not known, each with what is the matter.
    pub in_doubt: Vec<(HostName, String)>,
    /// Optional hosts that were left out and stay behind, each with the reason.
    #[serde(default)]
    pub behind: Vec<(HostName, String)>,
    /// Hosts on which the failed release was moved aside, with the path.
    pub moved_aside: Vec<(HostName, String)>,
    /// Commands that still run: host and what.
    pub still_runs: Vec<(HostName, String)>,
    /// Connections lost and the time that the deploy waited for them.
    pub connections_lost: u32,
    /// Time spent without a connection while something was waited for.
    pub connections_cost: Duration,
    /// The slowest task and its time.
    pub slowest: Option<(TaskName, Duration)>,
    /// The next command to type.
    pub next: Vec<String>,
    /// The full log.
    pub log: Option<String>,
}

/// The step whose failure ended a deploy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedStep {
    /// The step.
    pub step: StepId,
    /// Its task.
    pub task: TaskName,
    /// Its host.
    pub host: HostName,
    /// Its command, on one line.
    pub show: String,
    /// How it ended.
    pub outcome: StepOutcome,
    /// After how long.
    pub duration: Duration,
    /// Other hosts that had finished the same task.
    pub succeeded_on: Vec<HostName>,
}

/// Host output is bytes: text where it is UTF-8, `{"base64": "…"}` otherwise.
mod bytes_as_text {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Text(String),
        Bytes { base64: String },
    }

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Shape::Bytes {
                base64: STANDARD.encode(bytes),
            }
            .serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D>(deserializer: D) -> Result<Vec<u8>, D::Error>
    where
        D: Deserializer<'de>,
    {
        match Shape::deserialize(deserializer)? {
            Shape::Text(text) => Ok(text.into_bytes()),
            Shape::Bytes { base64 } => STANDARD.decode(base64).map_err(D::Error::custom),
        }
    }
}
