//! The paths below a deploy root, spelled once.
//!
//! The public part (`current`, `releases`, `shared`, `repo`, `revisions.log`) is Capistrano's, so that a directory can
//! be taken over and given back; everything of ours lies below `.windlass`. Paths are text and may contain anything
//! but NUL; a root that begins with `~/` must be resolved with the home from the host's facts before it gets here.

use crate::id::{DeployId, ReleaseName};

/// The directory of a deploy root that is ours.
pub const OURS: &str = ".windlass";

/// The paths of one deploy root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: String,
}

impl Layout {
    /// The layout below an absolute path; a trailing slash does not matter.
    pub fn new(root: &str) -> Self {
        let trimmed = root.trim_end_matches('/');
        Self {
            root: if trimmed.is_empty() {
                "/".to_owned()
            } else {
                trimmed.to_owned()
            },
        }
    }

    /// The root itself.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// A path below the root.
    pub fn join(&self, path: &str) -> String {
        format!("{}/{path}", self.root.trim_end_matches('/'))
    }

    /// The link to the live release.
    pub fn current(&self) -> String {
        self.join("current")
    }

    /// The directory of all releases.
    pub fn releases(&self) -> String {
        self.join("releases")
    }

    /// One release.
    pub fn release(&self, name: &ReleaseName) -> String {
        self.join(&format!("releases/{name}"))
    }

    /// What outlives releases.
    pub fn shared(&self) -> String {
        self.join("shared")
    }

    /// The repository mirror.
    pub fn repo(&self) -> String {
        self.join("repo")
    }

    /// One line per deploy or rollback, in Capistrano's words.
    pub fn revisions_log(&self) -> String {
        self.join("revisions.log")
    }

    /// Everything of ours.
    pub fn ours(&self) -> String {
        self.join(OURS)
    }

    /// A path in our part.
    pub fn our(&self, path: &str) -> String {
        self.join(&format!("{OURS}/{path}"))
    }

    /// The random id of this deploy root: two hosts with the same one are one directory.
    pub fn id(&self) -> String {
        self.our("id")
    }

    /// The deploy lock; absent when nobody holds it.
    pub fn lock(&self) -> String {
        self.our("lock")
    }

    /// The number of the newest owner; kept for ever, only grows.
    pub fn fence(&self) -> String {
        self.our("fence")
    }

    /// What a deploy keeps on the host: plan, decision, job records.
    pub fn deploy(&self, id: &DeployId) -> String {
        self.our(&format!("deploys/{id}"))
    }

    /// The plan of a deploy, on the hosts that keep it for other machines.
    pub fn plan(&self, id: &DeployId) -> String {
        self.our(&format!("deploys/{id}/plan"))
    }

    /// What was decided last for all hosts of a deploy, on the same hosts.
    pub fn decided(&self, id: &DeployId) -> String {
        self.our(&format!("deploys/{id}/decided"))
    }

    /// The job records of a deploy.
    pub fn jobs(&self, id: &DeployId) -> String {
        self.our(&format!("deploys/{id}/jobs"))
    }

    /// Scratch space of a deploy, on the same file system as everything else.
    pub fn tmp(&self, id: &DeployId) -> String {
        self.our(&format!("tmp-{id}"))
    }

    /// The state record of a release.
    pub fn release_record(&self, name: &ReleaseName) -> String {
        self.our(&format!("releases/{name}"))
    }

    /// Where failed releases are kept aside.
    pub fn failed(&self, name: &ReleaseName) -> String {
        self.our(&format!("failed/{name}"))
    }

    /// Where things wait to be removed.
    pub fn trash(&self) -> String {
        self.our("trash")
    }
}
