//! What can go wrong with the repository on the controller, and the way out where there is one.

use std::io;
use std::path::PathBuf;

/// Why the repository did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no `git` on this machine.
    #[error("cannot run `git`")]
    GitMissing {
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A git command failed in a way that has no name of its own.
    #[error("`git {command}` ended with {status}: {stderr}")]
    Git {
        /// The subcommand.
        command: String,
        /// Its end: `exit status: 128`.
        status: String,
        /// The last lines of what it wrote to stderr.
        stderr: String,
    },
    /// Neither a working copy nor the setting `repository`.
    #[error("there is no git repository at or above `{}`", workdir.display())]
    NoRepository {
        /// Where the search began.
        workdir: PathBuf,
    },
    /// Git refuses a repository that belongs to another user.
    #[error("git does not trust the repository at or above `{}`: it belongs to another user", workdir.display())]
    ForeignOwner {
        /// Where the search began.
        workdir: PathBuf,
    },
    /// A name that git could take for an option, or that no ref can have.
    #[error("{what} {value:?} is not acceptable")]
    BadName {
        /// What the name is for.
        what: &'static str,
        /// The name.
        value: String,
    },
    /// Something that must be a full commit id is none.
    #[error("{value:?} is not a full commit id")]
    BadRevision {
        /// The value.
        value: String,
    },
    /// The forge did not give the repository.
    #[error("cannot fetch `{url}`: {stderr}")]
    Unreachable {
        /// The URL, without a password.
        url: String,
        /// The last lines of what git wrote to stderr.
        stderr: String,
        /// Where the working copy around windlass.toml comes from, without a password, where that is another URL.
        beside: Option<String>,
    },
    /// Nothing bears this name.
    #[error("there is no branch, tag or commit `{reference}` in {place}")]
    UnknownReference {
        /// The name as asked for.
        reference: String,
        /// The repository, for people.
        place: String,
        /// Names that are near.
        suggestions: Vec<String>,
    },
    /// A short id that several commits share.
    #[error("the id `{reference}` is short for {} commits", candidates.len())]
    Ambiguous {
        /// The short id.
        reference: String,
        /// The full ids.
        candidates: Vec<String>,
    },
    /// The name exists, but no commit is behind it.
    #[error("`{reference}` does not name a commit")]
    NotACommit {
        /// The name as asked for.
        reference: String,
    },
    /// The repository has no commit yet.
    #[error("the repository has no commit yet")]
    Empty,
    /// A commit that this repository does not hold.
    #[error("commit {revision} is not in {place}")]
    MissingCommit {
        /// The commit.
        revision: String,
        /// The repository, for people.
        place: String,
        /// Whether the repository is a mirror, fetched just now.
        mirror: bool,
    },
    /// The tree has a submodule that `.gitmodules` does not mention.
    #[error("the submodule at `{path}` has no URL in .gitmodules")]
    SubmoduleWithoutUrl {
        /// Its path in the tree.
        path: String,
    },
    /// Another process works on the mirror and does not end.
    #[error("another process has held the mirror's lock `{}` for ten minutes", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What to do next, where we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::GitMissing { .. } => {
                Some("install git, or set source = \"git\" to let the hosts fetch".to_owned())
            }
            Self::NoRepository { .. } => Some(
                "run it inside the project's working copy, or set `repository` to a URL".to_owned(),
            ),
            Self::ForeignOwner { .. } => Some(
                "git config --global --add safe.directory PATH, if the owner is trusted".to_owned(),
            ),
            Self::Unreachable {
                beside: Some(url), ..
            } => Some(format!(
                "the working copy here comes from {url}: where that is the same repository, `repository = \"{url}\"` takes the objects from here"
            )),
            Self::Unreachable { stderr, .. } => fetch_hint(stderr).map(str::to_owned),
            Self::UnknownReference { suggestions, .. } => Some(reference_hint(suggestions)),
            Self::Ambiguous { candidates, .. } => Some(format!("one of {}", candidates.join(", "))),
            Self::MissingCommit { mirror: false, .. } => Some("git fetch".to_owned()),
            Self::MissingCommit { mirror: true, .. } => {
                Some("push the commit to the repository".to_owned())
            }
            Self::SubmoduleWithoutUrl { .. } => {
                Some("add it to .gitmodules, or remove the entry with git rm".to_owned())
            }
            _ => None,
        }
    }
}

fn reference_hint(suggestions: &[String]) -> String {
    if suggestions.is_empty() {
        return "if it is new on the forge: git fetch".to_owned();
    }
    let quoted: Vec<String> = suggestions.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}?", quoted.join(" or "))
}

/// The cure for what git, ssh and curl say most often. Their words are stable: git runs with `LC_ALL=C`.
fn fetch_hint(stderr: &str) -> Option<&'static str> {
    const CURES: [(&str, &str); 9] = [
        (
            "Host key verification failed",
            "the forge's host key is not known here: ssh to it once by hand and compare the key",
        ),
        (
            "Permission denied (",
            "the forge accepted no key of yours: ssh-add -l shows what the ssh-agent holds",
        ),
        (
            "could not read Username",
            "the repository asks for a login: use an ssh URL, or a git credential helper",
        ),
        (
            "Authentication failed",
            "the forge refused the login: check the credentials that git uses",
        ),
        (
            "Could not resolve host",
            "the name has no address: check the setting `repository` and the network",
        ),
        (
            "Name or service not known",
            "the name has no address: check the setting `repository` and the network",
        ),
        (
            "does not appear to be a git repository",
            "check the setting `repository`",
        ),
        ("not found", "check the setting `repository`"),
        ("does not exist", "check the setting `repository`"),
    ];
    CURES
        .iter()
        .find(|(words, _)| stderr.contains(words))
        .map(|(_, cure)| *cure)
}
