//! What people should know about the working copy before it is deployed: changes that are not committed, commits that
//! are not pushed.

use crate::error::Error;
use crate::git::Git;
use crate::resolve::checked;
use crate::{Place, Source};
use windlass_model::Revision;

/// The state of the working copy. It only warns: what is deployed is a commit, wherever it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingState {
    /// The branch that is checked out; none when no branch is.
    pub branch: Option<String>,
    /// How many tracked files differ from the last commit.
    pub changed: usize,
    /// How many files git does not know, a directory of them counted once.
    pub untracked: usize,
    /// Commits up to the given one that no branch of the remote has, as of the last fetch; none without a remote.
    pub unpushed: Option<u64>,
    /// Whether the history is cut.
    pub shallow: bool,
}

impl Source {
    /// The state of the working copy, seen from `revision`; none for a mirror.
    pub async fn working_state(&self, revision: &Revision) -> Result<Option<WorkingState>, Error> {
        let Place::WorkingCopy { top, remote } = &self.place else {
            return Ok(None);
        };
        let id = checked(revision)?;
        let (changed, untracked) = match top {
            Some(top) => changes(&Git::within(top.clone())).await?,
            None => (0, 0),
        };
        let unpushed = match remote {
            Some(remote) => Some(self.unpushed(id, remote).await?),
            None => None,
        };
        Ok(Some(WorkingState {
            branch: self.checked_out_branch().await?,
            changed,
            untracked,
            unpushed,
            shallow: self.is_shallow().await?,
        }))
    }

    /// Whether the history of this repository is cut.
    pub async fn is_shallow(&self) -> Result<bool, Error> {
        let answer = self
            .git
            .text(&["rev-parse", "--is-shallow-repository"])
            .await?;
        Ok(answer == "true")
    }

    /// The branch that is checked out; none when no branch is.
    pub async fn checked_out_branch(&self) -> Result<Option<String>, Error> {
        let output = self
            .git
            .output(&["symbolic-ref", "--quiet", "--short", "HEAD"])
            .await?;
        let name = String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned();
        Ok(output.status.success().then_some(name))
    }

    async fn unpushed(&self, id: &str, remote: &str) -> Result<u64, Error> {
        let pushed = format!("--remotes={remote}");
        let count = self
            .git
            .text(&["rev-list", "--count", id, "--not", &pushed])
            .await?;
        Ok(count.parse().unwrap_or_default())
    }
}

async fn changes(git: &Git) -> Result<(usize, usize), Error> {
    let args = [
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--ignore-submodules=untracked",
    ];
    let output = git.bytes(&args).await?;
    let entries: Vec<&[u8]> = output
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty())
        .collect();
    let (untracked, changed): (Vec<&[u8]>, Vec<&[u8]>) = entries
        .into_iter()
        .partition(|entry| entry.starts_with(b"??"));
    Ok((changed.len(), untracked.len()))
}
