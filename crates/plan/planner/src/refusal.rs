//! Why a deploy does not begin: what is the matter, on which host, and what to do about it.

use crate::error::list;
use std::fmt;
use windlass_facts::{Linked, Lock};
use windlass_model::HostName;

/// One reason not to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The host.
    pub host: HostName,
    /// What is the matter.
    pub reason: Reason,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What is the matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Somebody else holds the deploy lock.
    Locked(Lock),
    /// Something that is no lock of ours lies in its place.
    ForeignLock {
        /// Its path.
        path: String,
    },
    /// The host runs something else than Linux with /proc.
    System {
        /// What `uname -s` says.
        system: String,
    },
    /// A program is missing.
    Tool {
        /// Its name, or what it is one of.
        name: String,
    },
    /// Processes do not survive the end of the login.
    Logout {
        /// The login.
        user: String,
    },
    /// The deploy root is no directory.
    RootNotADirectory {
        /// Its path.
        path: String,
    },
    /// The login may not write.
    NotWritable {
        /// Where.
        path: String,
        /// The login.
        user: String,
    },
    /// The file system is mounted read-only.
    ReadOnly {
        /// The deploy root.
        path: String,
    },
    /// The disk is full.
    NoSpace {
        /// The deploy root.
        path: String,
        /// What there is too little of.
        what: &'static str,
    },
    /// `current` is something else than a link.
    CurrentNotALink {
        /// Its path.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// A linked file is missing.
    LinkedFile {
        /// Its path in `shared`.
        path: String,
        /// What is there.
        state: Linked,
    },
    /// Something else lies where the repository mirror is to be.
    NoMirror {
        /// Its path.
        path: String,
        /// Whose it is, where that can be seen.
        whose: Option<&'static str>,
    },
    /// Something that a recipe needs is not there.
    Lacks {
        /// What, as the recipe says it.
        what: String,
    },
    /// Several hosts are one directory.
    SharedRoot {
        /// The path.
        path: String,
        /// The other hosts.
        others: Vec<HostName>,
    },
    /// The branch, tag or commit does not exist.
    NoSuchReference {
        /// What was asked for.
        reference: String,
        /// The repository.
        repository: String,
    },
    /// The repository cannot be read.
    Repository {
        /// The repository.
        repository: String,
        /// What git said.
        error: String,
    },
    /// Beginning the deploy did not work.
    NotBegun {
        /// What the system said.
        error: String,
    },
}

impl Refusal {
    /// Whether somebody else holds the lock.
    pub fn is_lock(&self) -> bool {
        matches!(self.reason, Reason::Locked(_))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.host, self.reason)
    }
}

impl fmt::Display for Reason {
    #[expect(clippy::too_many_lines, reason = "it is the table of all reasons")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(lock) => locked(f, lock),
            Self::ForeignLock { path } => write!(f, "`{path}` is no lock of Windlass"),
            Self::System { system } => {
                write!(
                    f,
                    "a host must run Linux with /proc; this one runs {system}"
                )
            }
            Self::Tool { name } => write!(f, "{name} is not installed"),
            Self::Logout { user } => {
                write!(f, "this host ends the processes of `{user}` at logout")
            }
            Self::RootNotADirectory { path } => write!(f, "`{path}` is not a directory"),
            Self::NotWritable { path, user } => write!(f, "`{user}` may not write to `{path}`"),
            Self::ReadOnly { path } => write!(f, "`{path}` is on a read-only file system"),
            Self::NoSpace { path, what } => write!(f, "no {what} left for `{path}`"),
            Self::CurrentNotALink { path, what } => write!(f, "`{path}` is {what}, not a link"),
            Self::LinkedFile {
                path,
                state: Linked::NotAFile,
            } => {
                write!(f, "linked file `{path}` is there but is not a file")
            }
            Self::LinkedFile { path, .. } => write!(f, "linked file `{path}` is missing"),
            Self::NoMirror { path, whose } => match whose {
                Some(whose) => write!(f, "`{path}` is a working copy of {whose}, not a git mirror"),
                None => write!(f, "`{path}` is there but is not a git mirror"),
            },
            Self::Lacks { what } => f.write_str(what),
            Self::SharedRoot { path, others } => {
                write!(f, "`{path}` is the same directory as on {}", list(others))
            }
            Self::NoSuchReference {
                reference,
                repository,
            } => {
                write!(
                    f,
                    "`{repository}` has no branch, tag or commit `{reference}`"
                )
            }
            Self::Repository { repository, error } => {
                write!(f, "`{repository}` cannot be read: {error}")
            }
            Self::NotBegun { error } => write!(f, "the deploy could not be begun: {error}"),
        }
    }
}

fn locked(f: &mut fmt::Formatter<'_>, lock: &Lock) -> fmt::Result {
    let since = i64::try_from(lock.since.seconds())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    write!(
        f,
        "locked by {} on {} for deploy {}",
        lock.owner, lock.machine, lock.deploy
    )?;
    if let Some(since) = since {
        write!(f, " since {}", since.strftime("%Y-%m-%d %H:%M:%S UTC"))?;
    }
    if let Some(reason) = &lock.reason {
        write!(f, " ({reason})")?;
    }
    if let Some(link) = &lock.link {
        write!(f, ", {link}")?;
    }
    Ok(())
}
