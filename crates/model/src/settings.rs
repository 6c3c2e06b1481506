//! The settings in force, typed: what recipes, the planner and the engine may read.
//!
//! Made by the config crate, once for a stage and once for each of its hosts. Every value in here has been checked: a
//! linked path is relative and has no `..`, a role is a plain word, a duration is in range. Where a value came from is
//! not kept here; the config crate answers that.

use crate::command::Environment;
use crate::health::HealthCheck;
use crate::host::HostTarget;
use crate::id::TaskName;
use crate::plan::{DeployKind, JobLimits};
use crate::rollout::RolloutSettings;
use crate::technology::{BundlerSettings, RailsSettings, RubySettings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

/// Every setting of a stage, or of one host of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own, named as in the file"
)]
pub struct Settings {
    /// The application's name: letters, digits, `.`, `-`, `_`.
    pub application: String,
    /// How the code comes to the hosts.
    pub source: SourceKind,
    /// Where the repository is; none = the working copy's own.
    pub repository: Option<String>,
    /// The branch, tag or commit to deploy.
    pub branch: String,
    /// The sub-directory of the repository that becomes the release; none = all of it.
    pub subtree: Option<String>,
    /// How many commits a host fetches; none = all (source `git`).
    pub depth: Option<u32>,
    /// Whether submodules are part of the release.
    pub submodules: bool,
    /// Whether Git LFS files are fetched; without it a pointer in the tree is an error.
    pub git_lfs: bool,
    /// Lines in the format of known hosts, for the repository's host; empty = the controller's known hosts.
    pub repository_host_keys: Vec<String>,
    /// The deploy root. May begin with `~/`, the login's home; otherwise absolute.
    pub deploy_to: String,
    /// Whether hosts may share one deploy root: file steps once, restarts on each.
    pub shared_deploy_to: bool,
    /// How many completed releases are kept.
    pub keep_releases: u32,
    /// Files of a release that are links into `shared`.
    pub linked_files: Vec<String>,
    /// Directories of a release that are links into `shared`.
    pub linked_dirs: Vec<String>,
    /// The recipes in use, in order.
    pub recipes: Vec<String>,
    /// How Ruby is found.
    pub ruby: RubySettings,
    /// How the recipe `bundler` installs gems.
    pub bundler: BundlerSettings,
    /// What the recipe `rails` does.
    pub rails: RailsSettings,
    /// Directories put before PATH, the first foremost. `~/` is the login's home.
    pub path: Vec<String>,
    /// Variables for every command on the hosts, literal.
    pub env: Environment,
    /// Secrets by the variable that carries them, each with the place its value comes from.
    pub secrets: BTreeMap<String, SecretReference>,
    /// How encrypted files of secrets are read.
    pub age: AgeSettings,
    /// The words of the shell that runs scripts; never empty.
    pub shell: Vec<String>,
    /// File mode mask of commands as octal digits; none = the login's own.
    pub umask: Option<String>,
    /// The command that makes the application take up a changed `current`, per role.
    pub restart: BTreeMap<String, String>,
    /// What must be true of a published release in this stage, in the order of the file.
    pub health: Vec<HealthCheck>,
    /// The user's own tasks for this stage, in the order of the file.
    pub tasks: Vec<Task>,
    /// How a release goes out.
    pub rollout: RolloutSettings,
    /// Limits and times of the jobs.
    pub limits: JobLimits,
    /// Whether a terminal is asked before anything is changed.
    pub confirm: bool,
    /// What SIGINT and SIGTERM do without a terminal.
    pub on_term: OnTerm,
    /// How hosts are reached.
    pub ssh: SshSettings,
}

/// How the code comes to the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The controller sends the objects over the SSH connection.
    Push,
    /// The host fetches by itself.
    Git,
}

/// What a signal without a terminal does to a running deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTerm {
    /// Stop for now; `resume` goes on.
    Park,
    /// Undo it.
    Cancel,
}

/// Where the value of a secret comes from. The value itself is never a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretReference {
    /// The controller's environment variable of this name.
    FromEnv(String),
    /// What this script prints on the controller.
    Command(String),
    /// A file of the project that `age` encrypted.
    Age {
        /// The file; relative = below the project.
        file: String,
        /// Which of its lines of the form `NAME=VALUE`; none = all of the file is the value.
        key: Option<String>,
    },
}

/// How encrypted files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgeSettings {
    /// Files of identities, with which the controller decrypts.
    pub identities: Vec<String>,
}

/// How hosts are reached. What is not set here is left to `ssh_config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshSettings {
    /// The login.
    pub user: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The `ssh_config` file to honour; none = the usual ones, `none` = no file at all.
    pub config: Option<String>,
    /// Files of private keys.
    pub identities: Vec<String>,
    /// Files of certificates.
    pub certificates: Vec<String>,
    /// Which ssh-agent is asked.
    pub agent: SshAgent,
    /// Files of known hosts; empty = the usual ones.
    pub known_hosts: Vec<String>,
    /// What an unknown host key means.
    pub host_keys: HostKeyPolicy,
    /// How often a silent connection is probed; zero = never; none = `ssh_config`, else [`SshSettings::KEEPALIVE_INTERVAL`].
    pub keepalive_interval: Option<Duration>,
    /// How many probes may stay unanswered; none = `ssh_config`, else [`SshSettings::KEEPALIVE_COUNT`].
    pub keepalive_count: Option<NonZeroU32>,
    /// How long the first connection of a deploy is tried.
    pub connect_for: Duration,
    /// How long a lost connection is dialled again.
    pub reconnect_for: Duration,
    /// Whether the ssh-agent may be forwarded to steps that may be repeated.
    pub forward_agent: bool,
    /// Jump hosts, the one nearest to this machine first, each as `[user@]host[:port]`.
    pub jump: Vec<String>,
    /// The command whose input and output are the connection.
    pub proxy_command: Option<String>,
}

impl SshSettings {
    /// How often a silent connection is probed where nothing says otherwise.
    pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
    /// How many probes may stay unanswered where nothing says otherwise.
    pub const KEEPALIVE_COUNT: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
}

/// Which ssh-agent is asked for keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SshAgent {
    /// The one that the environment or `ssh_config` names, where there is one.
    Usual,
    /// None.
    Off,
    /// The one behind this socket.
    Socket(String),
}

/// What an unknown host key means. A changed or revoked one is always refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostKeyPolicy {
    /// Refused.
    Strict,
    /// Accepted and written down.
    AcceptNew,
}

/// A task of the user's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own, named as in the file"
)]
pub struct Task {
    /// Its name, unique in the file.
    pub name: TaskName,
    /// The script, as written; run in the release directory, or in the deploy root before that is made, unless `dir` says
    /// otherwise.
    pub run: String,
    /// Hosts of these roles; empty = all.
    pub roles: Vec<String>,
    /// Hosts of these names; empty = all.
    pub hosts: Vec<String>,
    /// Where in the deploy it stands; none = only on demand.
    pub hook: Option<Hook>,
    /// The script that reverses it.
    pub undo: Option<String>,
    /// Only on the primary host of its roles.
    pub once: bool,
    /// On the controller instead of the hosts.
    pub local: bool,
    /// The kinds of run it belongs to.
    pub on: Vec<DeployKind>,
    /// Variables of its own, literal.
    pub env: Environment,
    /// The directory to be in; relative = below the release, or below the deploy root before the release is made.
    pub dir: Option<String>,
    /// A script that decides whether there is anything to do.
    pub when: Option<String>,
    /// The longest it may run.
    pub timeout: Option<Duration>,
    /// The longest it may be silent.
    pub idle_timeout: Option<Duration>,
    /// How often it may be tried again after its end is known.
    pub retries: u32,
    /// Whether it may be repeated without harm when its fate is not known.
    pub repeatable: bool,
    /// The words of its own shell; empty = the setting's.
    pub shell: Vec<String>,
    /// Whether it wants a terminal.
    pub pty: bool,
    /// The user to become.
    pub sudo: Option<String>,
}

impl Task {
    /// Whether it may run on this host, as its roles and hosts say.
    pub fn is_for(&self, host: &HostTarget) -> bool {
        let has_role = host.roles.iter().any(|role| self.roles.contains(role));
        let is_named = self.hosts.iter().any(|name| name == host.name.as_str());
        (self.roles.is_empty() || has_role) && (self.hosts.is_empty() || is_named)
    }
}

/// Where a task stands: before or after a phase or another task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// Before the phase or task of this name.
    Before(String),
    /// After the phase or task of this name.
    After(String),
}
