//! Releases and what became of them.

use crate::id::{ReleaseName, Revision};
use serde::{Deserialize, Serialize};

/// What is known of a release directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// Being made by a deploy.
    Building,
    /// Complete, not published yet.
    Ready,
    /// Published, its deploy not over yet.
    Live,
    /// Published by a deploy that ended well.
    Good,
    /// Its deploy failed.
    Failed,
    /// No record says what it is; never chosen by itself.
    Unknown,
}

impl ReleaseState {
    /// The word in records and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Good => "good",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word back; anything else is `None`.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Building,
            Self::Ready,
            Self::Live,
            Self::Good,
            Self::Failed,
            Self::Unknown,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// One release on one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its directory name.
    pub name: ReleaseName,
    /// What `REVISION` in it says.
    pub revision: Option<Revision>,
    /// What became of it.
    pub state: ReleaseState,
}

impl ReleaseName {
    /// Whether the name has the form of a release: 14 digits.
    pub fn is_well_formed(name: &str) -> bool {
        name.len() == 14 && name.bytes().all(|b| b.is_ascii_digit())
    }
}
