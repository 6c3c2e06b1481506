//! What a host looks like, as its answer says. Nothing in here is judged.

use crate::lease::Lease;
use crate::lock::Lock;
use crate::release_facts::{ReleaseFacts, Said};
use crate::sshd::SshdSettings;
use serde::{Deserialize, Serialize};
use windlass_model::technology::ManagerKind;
use windlass_model::{DeployId, ReleaseName, Revision};

/// The facts of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// The operating system, as `uname -s` says.
    pub system: String,
    /// Whether there is a /proc that shows processes.
    pub has_proc: bool,
    /// The boot id; empty where the system has none.
    pub boot_id: String,
    /// The login's name.
    pub user: String,
    /// The login's user number.
    pub uid: u32,
    /// The login's own group.
    #[serde(default)]
    pub group: String,
    /// The login's home.
    pub home: String,
    /// The login's shell.
    pub shell: String,
    /// The login's file mode mask, in octal digits.
    pub umask: String,
    /// PATH as commands see it, the setting `path` included.
    pub path: String,
    /// The tools that were found.
    pub tools: Vec<Tool>,
    /// Version managers seen in the usual places, such as `~/.rbenv`.
    pub version_managers: Vec<String>,
    /// The version managers for Ruby, where they were asked for, in the order of preference.
    #[serde(default)]
    pub rubies: Vec<Rubies>,
    /// Whether processes survive the end of the login.
    pub logout: Logout,
    /// The deploy root.
    pub root: Root,
    /// The deploy root's id; none = Windlass was never here.
    pub root_id: Option<String>,
    /// The number of the newest owner of the root; 0 = none yet.
    pub fence: u64,
    /// What `current` is.
    pub current: Current,
    /// Whether `current` is a link to nothing.
    pub current_dangles: bool,
    /// The release that `current` points at.
    pub live: Option<ReleaseName>,
    /// What `REVISION` in `current` says, also where that is no release.
    pub live_revision: Option<Revision>,
    /// Where `releases/current` points, the left-over of a crash of Capistrano's.
    pub stale_link: Option<String>,
    /// The releases, oldest first.
    pub releases: Vec<ReleaseFacts>,
    /// Names below `releases` that are no release's.
    pub strays: Vec<String>,
    /// Failed releases kept aside, oldest first.
    pub failed: Vec<ReleaseName>,
    /// The last lines of revisions.log, oldest first.
    pub said: Vec<Said>,
    /// The linked files and what is there of them.
    pub linked_files: Vec<LinkedFile>,
    /// Linked directories that `shared` lacks.
    pub missing_linked_dirs: Vec<String>,
    /// The repository mirror.
    pub repository: Option<Repository>,
    /// What lies in the mirror's place and is none: `svn`, `hg` or `other`.
    #[serde(default)]
    pub no_mirror: Option<String>,
    /// Free space where the deploy root is or would be.
    pub disk: Disk,
    /// Who holds the deploy lock.
    pub lock: Option<Lock>,
    /// Whether its holder was heard of lately; none where a Windlass took it that did not note that.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// The lock's file as it is, where it is no lock of ours.
    pub foreign_lock: Option<String>,
    /// The deploys that left a directory here, in the order of their numbers.
    pub deploys: Vec<DeployFacts>,
    /// What the asked repository answered.
    pub remote: Option<RemoteFacts>,
    /// The server's settings, where they were asked for and readable.
    pub sshd: Option<SshdSettings>,
    /// What came of the wish to begin a deploy.
    pub begun: Begun,
}

/// A program that the host has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// Its version, for those that were asked.
    pub version: Option<String>,
}

/// A version manager for Ruby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rubies {
    /// Which one.
    pub kind: ManagerKind,
    /// Where it is: its own directory, or for chruby the one whose `bin` has its programs.
    pub path: String,
    /// The versions of Ruby that it has, by the names of their directories.
    pub versions: Vec<String>,
}

/// Whether processes survive the end of the login that started them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Logout {
    /// They do.
    #[default]
    Survive,
    /// They do not, but the user's lingering manager can hold them.
    UserManager,
    /// They do not, and nothing can hold them.
    Die,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Nothing.
    #[default]
    Absent,
    /// A directory, or a link to one.
    Directory,
    /// Something else.
    Other,
}

/// The deploy root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Its path with `~/` resolved.
    pub path: String,
    /// What stands there.
    pub entry: Entry,
    /// The nearest directory above that exists; the root itself where it exists.
    pub nearest: String,
    /// Who owns that directory.
    pub nearest_owner: String,
    /// What the login may not write to, with the system's words where something was tried.
    pub not_writable: Vec<String>,
    /// Whether its file system is mounted read-only.
    pub read_only: bool,
}

/// What `current` is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "current")]
pub enum Current {
    /// Nothing.
    #[default]
    Absent,
    /// A link.
    Link {
        /// Where it points, verbatim (bytes that are not UTF-8 replaced).
        target: String,
    },
    /// A directory.
    Directory,
    /// Something else.
    Other,
}

/// A linked file and what is there of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedFile {
    /// Its path below `shared`.
    pub path: String,
    /// What is there.
    pub state: Linked,
    /// What it holds, where that was asked for and the login may read it.
    #[serde(default)]
    pub content: Option<Content>,
}

/// What a file holds, without showing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of it, in lower-case hexadecimal.
    pub sha256: String,
}

/// What is there of a linked file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linked {
    /// A file.
    Present,
    /// Nothing, or a dangling link.
    Missing,
    /// Something that is no file.
    NotAFile,
}

/// The repository mirror.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Whether it holds the whole history. Where not, nothing may be taken for being there.
    pub whole: bool,
    /// The commits at the tips of its refs.
    pub tips: Vec<Revision>,
    /// Refs of ours, `refs/windlass/<release>`, by release.
    pub kept: Vec<ReleaseName>,
    /// What git said where it could not read the mirror.
    pub error: Option<String>,
}

/// Free space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Bytes that the login may still write.
    pub free: Option<u64>,
    /// Files that may still be made.
    pub inodes: Option<u64>,
}

/// A deploy that left its directory below `.windlass/deploys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployFacts {
    /// The deploy.
    pub id: DeployId,
    /// Its number at this root.
    pub fence: u64,
    /// How it was decided; none = in flight, or its controller is gone.
    pub decision: Option<String>,
}

/// What the asked repository answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "remote")]
pub enum RemoteFacts {
    /// It has what was asked for.
    Found {
        /// The commit.
        revision: Revision,
    },
    /// It can be read and has nothing of this name.
    NotFound {
        /// What was asked for.
        reference: String,
        /// Some of the branches that it has.
        branches: Vec<String>,
    },
    /// It cannot be read.
    Unreadable {
        /// What git said.
        error: String,
    },
}

/// What came of the wish to begin a deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "begun")]
pub enum Begun {
    /// There was no such wish.
    #[default]
    NotAsked,
    /// The lock is held for this deploy.
    Begun {
        /// The deploy's number at this root.
        fence: u64,
    },
    /// Another deploy holds the lock ([`HostFacts::lock`]); nothing was changed.
    Locked,
    /// Something else spoke against it, which the facts show; nothing was changed.
    Refused,
    /// It was tried and did not work; what was made was taken away again.
    Failed {
        /// What the system said.
        error: String,
    },
}

impl HostFacts {
    /// Where a tool is.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The commits that are known to be whole on this host.
    pub fn whole_commits(&self) -> Vec<Revision> {
        self.repository
            .as_ref()
            .filter(|repository| repository.whole && repository.error.is_none())
            .map(|repository| repository.tips.clone())
            .unwrap_or_default()
    }

    /// The path that `~/` and relative parts resolve to, or the path as it is.
    pub fn expand(&self, path: &str) -> String {
        match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.home.trim_end_matches('/')),
            None => path.to_owned(),
        }
    }
}
