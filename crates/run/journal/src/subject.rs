//! What the records of one id are about.

use serde::{Deserialize, Serialize};
use windlass_model::host::HostTarget;
use windlass_model::plan::JobLimits;
use windlass_model::{Command, DeployId, HostName, JobKey, Plan, StepId, TaskName};

/// What an id stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "subject")]
pub enum Subject {
    /// A deploy or rollback.
    Deploy {
        /// What it does.
        plan: Plan,
    },
    /// A command run with `exec`, or a task run by itself.
    AdHoc {
        /// What it does.
        run: AdHoc,
    },
}

impl Subject {
    /// The id.
    pub fn id(&self) -> &DeployId {
        match self {
            Self::Deploy { plan } => &plan.deploy,
            Self::AdHoc { run } => &run.id,
        }
    }

    /// The plan, where it is a deploy.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Deploy { plan } => Some(plan),
            Self::AdHoc { .. } => None,
        }
    }

    /// The stage; empty for a command on a bare address.
    pub fn stage(&self) -> &str {
        match self {
            Self::Deploy { plan } => &plan.stage,
            Self::AdHoc { run } => &run.stage,
        }
    }

    pub(crate) fn has_step(&self, step: &StepId) -> bool {
        match self {
            Self::Deploy { plan } => plan.step(step).is_some(),
            Self::AdHoc { run } => run
                .hosts
                .iter()
                .any(|host| &run.step(&host.target.name) == step),
        }
    }
}

/// The same work on several hosts, side by side, outside of any deploy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdHoc {
    /// Its id.
    pub id: DeployId,
    /// The application; empty for a command on a bare address.
    pub application: String,
    /// The stage; empty for a command on a bare address.
    pub stage: String,
    /// `exec`, or the task's name.
    pub task: TaskName,
    /// The command as people should see it, on one line.
    pub show: String,
    /// Where it runs.
    pub hosts: Vec<AdHocHost>,
    /// Limits and times of the jobs.
    pub limits: JobLimits,
    /// What the command line set about the way to the hosts, each as KEY=VALUE. It is needed to reach them again.
    #[serde(default)]
    pub ways: Vec<String>,
}

impl AdHoc {
    /// The one step of this run on a host.
    pub fn step(&self, host: &HostName) -> StepId {
        StepId::of(&self.task, host)
    }

    /// The key of the job on a host. It is attempted once.
    pub fn key(&self, host: &HostName) -> JobKey {
        JobKey {
            deploy: self.id.clone(),
            step: self.step(host).as_str().to_owned(),
            host: host.clone(),
            attempt: 1,
        }
    }
}

/// One host of an ad hoc run and what is done there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdHocHost {
    /// Where it is.
    pub target: HostTarget,
    /// The command.
    pub command: Command,
}
