//! The plan: everything a deploy will do, fixed before anything is done.

use crate::command::Command;
use crate::host::HostTarget;
use crate::id::{DeployId, HostName, ReleaseName, Revision, StepId};
use crate::rollout::OnFailure;
use crate::step::Step;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The format number written into plans; a binary refuses a plan with a greater one. Since 2 there are batches, pauses and
/// what a failure does; a plan of format 1 has one batch and is undone everywhere.
pub const PLAN_FORMAT: u32 = 2;

/// The task that makes the release directory; its undo moves the release aside.
pub const RELEASE: &str = "release";

/// The task that moves `current`.
pub const PUBLISH: &str = "publish";

/// What the waits before batches are called, with the number of the batch behind it; settings cannot name a task so.
pub const PAUSE: &str = "rollout:batch-";

/// The task that ends a successful deploy on a host: the release is good, the lock is free. Its steps are the last of the
/// plan, and once one of them has begun nothing is undone any more.
pub const UNLOCK: &str = "unlock";

/// So long a deploy counts as held after its controller was heard of last.
pub const LEASE: Duration = Duration::from_secs(300);

/// What kind of run a plan describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployKind {
    /// A new release.
    Deploy,
    /// An older release becomes current again.
    Rollback,
}

/// The phases, in Capistrano's words and order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before anything: checks, the lock.
    Starting,
    /// Hook after starting.
    Started,
    /// The code is brought (deploy).
    Updating,
    /// Everything heavy: bundle, assets, migrations (deploy).
    Updated,
    /// The older release is chosen (rollback).
    Reverting,
    /// Hook after reverting (rollback).
    Reverted,
    /// `current` moves; restart.
    Publishing,
    /// Hook after publishing.
    Published,
    /// Cleanup (deploy).
    Finishing,
    /// Cleanup (rollback).
    FinishingRollback,
    /// The log line, the unlock.
    Finished,
}

impl Phase {
    /// All phases in order; a plan uses those of its kind.
    pub const ALL: [Self; 11] = [
        Self::Starting,
        Self::Started,
        Self::Updating,
        Self::Updated,
        Self::Reverting,
        Self::Reverted,
        Self::Publishing,
        Self::Published,
        Self::Finishing,
        Self::FinishingRollback,
        Self::Finished,
    ];

    /// The phase's name in settings and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Updating => "updating",
            Self::Updated => "updated",
            Self::Reverting => "reverting",
            Self::Reverted => "reverted",
            Self::Publishing => "publishing",
            Self::Published => "published",
            Self::Finishing => "finishing",
            Self::FinishingRollback => "finishing_rollback",
            Self::Finished => "finished",
        }
    }
}

/// Limits and times that hold for every job of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLimits {
    /// How often a silent job says that it works; zero = never.
    pub pulse_interval: Duration,
    /// From TERM to KILL when a job is stopped.
    pub kill_after: Duration,
    /// Bytes kept of each output stream.
    pub output_limit: u64,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            pulse_interval: Duration::from_secs(10),
            kill_after: Duration::from_secs(10),
            output_limit: 256 << 20,
        }
    }
}

/// What a host looked like when the plan was made, as far as carrying it out needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHost {
    /// Where it is.
    pub target: HostTarget,
    /// The deploy root with `~/` resolved.
    pub root: String,
    /// The id of the deploy root (`.windlass/id`).
    pub root_id: String,
    /// The host's boot id at the time.
    pub boot_id: String,
    /// The number of this deploy at this root (`.windlass/fence`).
    pub fence: u64,
    /// Whether jobs must be started through the user's lingering manager, since processes do not survive a logout.
    #[serde(default)]
    pub user_manager: bool,
    /// What `current` pointed at, verbatim.
    pub previous_target: Option<String>,
    /// The release that was live, where it was one.
    pub previous: Option<ReleaseName>,
    /// Its revision.
    pub previous_revision: Option<Revision>,
    /// Ends the deploy on this host after everything was undone: the decision `undone`, the scratch space removed, the
    /// lock freed last. May be repeated. After a success the steps of [`UNLOCK`] do this instead. None where another host
    /// does it for the deploy root that they share.
    pub unlock: Option<Command>,
}

/// Everything a deploy will do. Immutable once made; the journal refers to its digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: u32,
    /// The deploy that this plan belongs to.
    pub deploy: DeployId,
    /// Deploy or rollback.
    pub kind: DeployKind,
    /// The application.
    pub application: String,
    /// The stage.
    pub stage: String,
    /// The release to be published.
    pub release: ReleaseName,
    /// Its revision, the same on all hosts.
    pub revision: Option<Revision>,
    /// The branch or other name by which the revision was asked for.
    pub branch: Option<String>,
    /// First line of the commit's message, where it is known.
    pub subject: Option<String>,
    /// The reason given with `-m`.
    pub reason: Option<String>,
    /// The hosts, in the order of the inventory.
    pub hosts: Vec<PlanHost>,
    /// Optional hosts that were not reached: they stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<HostName>,
    /// The steps. On each host they run in this order; [`Step::barrier`] holds hosts together.
    pub steps: Vec<Step>,
    /// How many hosts may fail from publishing on before the deploy does.
    #[serde(default)]
    pub max_failures: u32,
    /// What a failure does.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Limits and times of the jobs.
    pub limits: JobLimits,
}

impl Plan {
    /// The step with this id.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| &step.id == id)
    }

    /// The host with this name.
    pub fn host(&self, name: &HostName) -> Option<&PlanHost> {
        self.hosts.iter().find(|host| &host.target.name == name)
    }

    /// How many batches there are: one more than the last that a step stands in, or one where nothing is published.
    pub fn batches(&self) -> u32 {
        let last = self.steps.iter().filter_map(|step| step.batch).max();
        last.map_or(1, |last| last.saturating_add(1))
    }

    /// The batch that each host stands in; hosts on which nothing is done between the first flip and the last have none.
    pub fn hosts_in_batches(&self) -> BTreeMap<&HostName, u32> {
        let steps = self.steps.iter();
        steps
            .filter_map(|step| Some((&step.host, step.batch?)))
            .collect()
    }

    /// Whether a host that keeps the release still does `step` when the others are undone: what cannot fail a deploy, and the
    /// end. A task of people's own that comes after publishing is about a deploy that went well everywhere.
    pub fn is_last_word(step: &Step) -> bool {
        let after = step.phase > Phase::Publishing && step.batch.is_none();
        after && (step.advisory || Self::is_closing(step))
    }

    /// The hosts that stand for their deploy roots, in the order of the plan: theirs are the lock and what lies beside it.
    pub fn root_keepers(&self) -> impl Iterator<Item = &PlanHost> {
        self.hosts.iter().filter(|host| host.unlock.is_some())
    }

    /// Whether `step` belongs to [`UNLOCK`]: from it on the deploy counts as done.
    pub fn is_closing(step: &Step) -> bool {
        step.task.as_str() == UNLOCK
    }
}
