//! All that a plan is made from.

use crate::recipe::Recipe;
use std::collections::BTreeMap;
use windlass_facts::HostFacts;
use windlass_model::clock::Timestamp;
use windlass_model::{DeployId, DeployKind, HostName, Inventory, ReleaseName, Revision};

/// All that a plan is made from.
pub struct Request<'a> {
    /// The deploy that the plan will belong to.
    pub deploy: DeployId,
    /// The controller's time; it names the release.
    pub now: Timestamp,
    /// Deploy or rollback.
    pub run: Run,
    /// The hosts with their settings.
    pub inventory: &'a Inventory,
    /// What each of them looks like.
    pub facts: &'a BTreeMap<HostName, HostFacts>,
    /// The recipes in use; their tasks stand in this order within a phase.
    pub recipes: &'a [Box<dyn Recipe>],
    /// Who deploys: the name in revisions.log.
    pub operator: String,
    /// The reason given with `-m`.
    pub reason: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// Brings a new release.
    Deploy {
        /// What people call it: the branch or tag asked for, or the id where a commit was.
        name: String,
        /// What is deployed, as resolved on the controller (source `push`); none = as the first host resolved it
        /// (source `git`, in its facts).
        wanted: Option<Wanted>,
    },
    /// Publishes an older one.
    Rollback {
        /// The release asked for; none = the newest good one that all hosts have.
        to: Option<ReleaseName>,
    },
}

/// A resolved revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The commit.
    pub revision: Revision,
    /// First line of its message.
    pub subject: Option<String>,
}

impl Request<'_> {
    /// Deploy or rollback.
    pub fn kind(&self) -> DeployKind {
        match self.run {
            Run::Deploy { .. } => DeployKind::Deploy,
            Run::Rollback { .. } => DeployKind::Rollback,
        }
    }
}
