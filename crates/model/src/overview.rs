//! What somebody wants to know before a deploy: what comes and what leaves, what is missing, what is removed, and the steps
//! in their order.
//!
//! The planner makes it from the plan and from what git says, the reporter draws it, and `plan --json` prints it. It
//! decides nothing and is no plan: what is carried out is [`crate::Plan`].

use crate::changes::Changes;
use crate::id::{HostName, PlanDigest, ReleaseName, Revision, TaskName};
use crate::plan::{DeployKind, Phase};
use crate::rollout::OnFailure;
use serde::Serialize;
use std::time::Duration;

/// A deploy or rollback in the large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Deploy or rollback.
    pub kind: DeployKind,
    /// The application.
    pub application: String,
    /// The stage.
    pub stage: String,
    /// The release that a rollback goes back to. A deploy names its own when it begins.
    pub release: Option<ReleaseName>,
    /// The revision.
    pub revision: Option<Revision>,
    /// The branch or other name by which it was asked for.
    pub branch: Option<String>,
    /// First line of the commit's message, where it is known.
    pub subject: Option<String>,
    /// The plan's digest.
    pub digest: PlanDigest,
    /// The hosts.
    pub hosts: Vec<HostName>,
    /// Whether the deploy holds its locks already: it waits for a yes.
    pub begun: bool,
    /// What speaks against it.
    pub refused: Vec<Remark>,
    /// What is worth knowing and stops nothing.
    pub notes: Vec<Remark>,
    /// What it changes, by hosts on which the same is live.
    pub changes: Vec<Change>,
    /// The linked files.
    pub linked: Vec<LinkedPath>,
    /// Linked paths that the revision's tree holds as well; none = the tree is not known here.
    pub replaced: Option<Vec<Replaced>>,
    /// What old releases are removed, by hosts that are alike.
    pub removals: Vec<Removal>,
    /// How it goes out.
    pub rollout: Rollout,
    /// The steps, those of hosts that do the same in one row, in their order.
    pub steps: Vec<StepRow>,
}

/// How a release goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rollout {
    /// The hosts of each batch; hosts on which nothing is published are in none.
    pub batches: Vec<Vec<HostName>>,
    /// How long is waited between two batches.
    pub pause: Duration,
    /// How many hosts may fail before the deploy does.
    pub max_failures: u32,
    /// What a failure does.
    pub on_failure: OnFailure,
}

/// Something to be said about a host, or about all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The host, where it is about one.
    pub host: Option<HostName>,
    /// What is true.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What a deploy changes on hosts on which the same is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The hosts.
    pub hosts: Vec<HostName>,
    /// What is live on them.
    pub live: Live,
    /// What changes.
    pub brings: Brings,
}

/// What is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Live {
    /// Nothing.
    Nothing,
    /// A revision.
    Revision {
        /// Which.
        revision: Revision,
    },
    /// Something without a `REVISION`.
    Unmarked {
        /// Where `current` points.
        target: String,
    },
    /// Something whose `REVISION` is no commit id.
    Garbled {
        /// Where `current` points.
        target: String,
        /// What `REVISION` says.
        said: String,
    },
}

/// What a deploy changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Brings {
    /// It is the first.
    Everything,
    /// The same revision is live already.
    Nothing,
    /// What lies between the two revisions.
    Changes(Changes),
    /// That is not known.
    NotKnown {
        /// Why.
        reason: String,
        /// How it can be seen.
        hint: Option<String>,
    },
}

/// A linked file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkedPath {
    /// Its path in `shared`.
    pub path: String,
    /// Hosts that have it.
    pub present: Vec<HostName>,
    /// Hosts on which it is missing, or no file.
    pub missing: Vec<HostName>,
    /// The command that brings it there.
    pub hint: Option<String>,
}

/// A linked path that the revision's tree holds as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The path.
    pub path: String,
    /// Whether making the release fails there, since a linked file cannot take a directory's place.
    pub blocks: bool,
}

/// What old releases are removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// The hosts.
    pub hosts: Vec<HostName>,
    /// The setting `keep_releases`.
    pub keep: u32,
    /// The releases that go, oldest first.
    pub removed: Vec<ReleaseName>,
    /// Failed releases kept aside that go.
    pub failed: Vec<ReleaseName>,
    /// The releases that stay, oldest first.
    pub stays: Vec<Stay>,
}

/// A release that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stay {
    /// The release.
    pub release: ReleaseName,
    /// Why.
    pub why: Why,
}

/// Why a release stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is live, and after the deploy the previous one.
    Live,
    /// A rollback goes back to it.
    RollbackTarget,
    /// It is among the newest.
    Newest,
}

/// One task on hosts that do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing to know of a step, true or not by itself"
)]
pub struct StepRow {
    /// The phase.
    pub phase: Phase,
    /// The batch that it goes out with, from 0; none before publishing begins and after the last batch.
    pub batch: Option<u32>,
    /// The task.
    pub task: TaskName,
    /// The hosts; for a local task the one on whose behalf it runs.
    pub hosts: Vec<HostName>,
    /// Whether it runs on this machine.
    pub local: bool,
    /// Whether it runs on one host for all.
    pub once: bool,
    /// Whether it waits until every host has come this far.
    pub waits: bool,
    /// Whether its failure is only a warning.
    pub advisory: bool,
    /// The command on one line.
    pub command: String,
    /// What reverses it.
    pub undo: Option<String>,
    /// Why nothing does.
    pub no_undo: Option<String>,
}
