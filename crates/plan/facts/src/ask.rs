//! What is asked of a host.

use crate::lock::Lock;
use windlass_model::technology::ManagerKind;

/// A question to one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The deploy root. May begin with `~/`, the login's home.
    pub root: String,
    /// Directories put before PATH while tools are looked for. `~/` is the login's home.
    pub path: Vec<String>,
    /// Linked files that are looked for in `shared`.
    pub linked_files: Vec<String>,
    /// Whether it is asked what linked files hold: their sizes and digests.
    pub digests: bool,
    /// Linked directories that are looked for in `shared`.
    pub linked_dirs: Vec<String>,
    /// A repository that the host itself is to ask (source `git`, first host).
    pub remote: Option<Remote>,
    /// Whether version managers for Ruby are looked for.
    pub ruby: Option<RubyAsk>,
    /// Whether the server's own settings are read (`check`).
    pub sshd: bool,
    /// Begins this deploy on the host where nothing speaks against it; none = look only.
    pub begin: Option<Begin>,
    /// Put before `/proc`, `/etc`, `/run` and `/var/lib` where the script asks whether processes survive a logout, and
    /// before the places of version managers outside the home. Empty but in tests.
    pub system_prefix: String,
}

/// Where version managers for Ruby are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RubyAsk {
    /// The one in question with its place; none = all of them in the usual places.
    pub place: Option<(ManagerKind, String)>,
}

/// A repository and the name of what is wanted from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Where the repository is.
    pub repository: String,
    /// A branch, a tag or a full commit id.
    pub reference: String,
    /// Lines of known hosts for the repository's host; empty = what the host itself knows.
    pub host_keys: Vec<String>,
}

/// The deploy to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Who takes the lock, for which deploy.
    pub lock: Lock,
    /// Thirty-two random hexadecimal digits for `.windlass/id`, used where the root has none yet.
    pub root_id: String,
    /// Which try this is to begin it, counted from 0: of what was given back in a turn, only a later one begins it again.
    pub turn: u32,
    /// Whether releases are made on this host: only then do linked files matter.
    pub release: bool,
}
