//! The repository on the controller: resolves what a person typed into a commit, packs the objects that a host lacks,
//! tells what changed between two releases.
//!
//! It speaks to git by running `git` with an argument vector, never through a shell. The user's working copy is only
//! ever read: nothing in it is fetched, moved or configured. What the working copy cannot give comes from a bare mirror
//! in a cache directory that the caller names.
//!
//! The crate knows no host: what it packs is a file, and bringing it anywhere is the business of others.

#![warn(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod changes;
mod error;
mod git;
mod lfs;
mod lock;
mod mirror;
mod open;
mod pack;
mod resolve;
mod submodule;
mod tree;
mod url;
mod working_copy;

pub use changes::Look;
pub use error::Error;
pub use pack::Pack;
pub use resolve::{Found, Resolved, Tracking};
pub use submodule::Submodule;
pub use working_copy::WorkingState;

use git::Git;
use mirror::Mirror;
use std::path::PathBuf;
use std::sync::Arc;

/// The repository that a deploy takes its objects from: the working copy's, or a cached mirror.
///
/// Cheap to clone; all clones are the same repository.
#[derive(Clone, Debug)]
pub struct Source {
    git: Git,
    cache: PathBuf,
    /// The repository's URL, against which relative URLs of submodules are read.
    url: Option<String>,
    place: Place,
}

/// Which kind of repository it is.
#[derive(Clone, Debug)]
enum Place {
    /// The user's own.
    WorkingCopy {
        /// The top of the checked out tree; none in a bare repository.
        top: Option<PathBuf>,
        /// The remote that stands for the forge.
        remote: Option<String>,
    },
    /// Ours, under the cache directory.
    Mirror(Arc<Mirror>),
}

impl Source {
    /// Whether this is a mirror in the cache rather than the user's working copy.
    pub fn is_mirror(&self) -> bool {
        matches!(self.place, Place::Mirror(_))
    }

    /// The repository's URL without a password, where it has one; for people.
    pub fn shown_url(&self) -> Option<String> {
        self.url.as_deref().map(url::without_password)
    }

    fn remote(&self) -> Option<&str> {
        match &self.place {
            Place::WorkingCopy { remote, .. } => remote.as_deref(),
            Place::Mirror(_) => None,
        }
    }
}
