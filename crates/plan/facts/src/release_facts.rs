//! The releases of a host: directories, our records of them, and what revisions.log says.
//!
//! Directories and `current` win over records, because Capistrano may have worked in between.

use crate::host_facts::HostFacts;
use serde::{Deserialize, Serialize};
use windlass_model::clock::Timestamp;
use windlass_model::release::{Release, ReleaseState};
use windlass_model::{DeployId, ReleaseName, Revision};

/// One directory below `releases` whose name is a release's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseFacts {
    /// Its name.
    pub name: ReleaseName,
    /// What `REVISION` in it says.
    pub revision: Option<Revision>,
    /// What `REVISION_TIME` in it says, in seconds since the Unix epoch.
    pub revision_time: Option<u64>,
    /// Our record of it.
    pub record: Option<ReleaseRecord>,
}

/// Our record of a release, `.windlass/releases/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRecord {
    /// What became of it.
    pub state: ReleaseState,
    /// The deploy that made it.
    pub deploy: DeployId,
    /// Since when it is in this state, by the host's clock.
    pub since: Timestamp,
}

/// One line of revisions.log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "said")]
pub enum Said {
    /// `Branch … (at …) deployed as release … by …`.
    Deployed {
        /// The release.
        release: ReleaseName,
        /// The branch.
        branch: String,
        /// By whom.
        by: String,
    },
    /// `… rolled back to release …`.
    RolledBack {
        /// The release.
        release: ReleaseName,
        /// By whom.
        by: String,
    },
}

impl Said {
    /// The release that the line is about.
    pub fn release(&self) -> &ReleaseName {
        match self {
            Self::Deployed { release, .. } | Self::RolledBack { release, .. } => release,
        }
    }

    /// Reads a line; anything else than the two forms is none.
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if let Some((by, release)) = line.rsplit_once(" rolled back to release ") {
            return ReleaseName::is_well_formed(release).then(|| Self::RolledBack {
                release: ReleaseName::new(release),
                by: by.to_owned(),
            });
        }
        let (head, tail) = line.rsplit_once(" deployed as release ")?;
        let (release, by) = tail.split_once(" by ")?;
        let (branch, _) = head.strip_prefix("Branch ")?.rsplit_once(" (at ")?;
        ReleaseName::is_well_formed(release).then(|| Self::Deployed {
            release: ReleaseName::new(release),
            branch: branch.to_owned(),
            by: by.to_owned(),
        })
    }
}

impl HostFacts {
    /// The release of this name, where the host has its directory.
    pub fn release(&self, name: &ReleaseName) -> Option<&ReleaseFacts> {
        self.releases.iter().find(|release| &release.name == name)
    }

    /// What a release counts as: its record, else what revisions.log and `current` say of a directory of Capistrano's.
    ///
    /// A record that says `live` of a release that `current` does not point at is worth nothing: the deploy was never
    /// over, and somebody has moved the link since.
    pub fn state(&self, release: &ReleaseFacts) -> ReleaseState {
        let is_live = self.live.as_ref() == Some(&release.name);
        match release.record.as_ref().map(|record| record.state) {
            Some(ReleaseState::Live) if !is_live => ReleaseState::Unknown,
            Some(ReleaseState::Unknown) | None => {
                let said = self.said.iter().any(|said| said.release() == &release.name);
                if is_live || said {
                    ReleaseState::Good
                } else {
                    ReleaseState::Unknown
                }
            }
            Some(state) => state,
        }
    }

    /// The releases with what they count as, oldest first.
    pub fn classified(&self) -> Vec<Release> {
        self.releases
            .iter()
            .map(|release| Release {
                name: release.name.clone(),
                revision: release.revision.clone(),
                state: self.state(release),
            })
            .collect()
    }

    /// The completed releases, oldest first.
    pub fn good(&self) -> impl Iterator<Item = &ReleaseFacts> {
        self.releases
            .iter()
            .filter(|release| self.state(release) == ReleaseState::Good)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_lines_of_capistrano_are_read_whatever_the_names_hold() {
        let said =
            Said::parse("Branch a (at b) (at 0123) deployed as release 20260401120000 by al by ce");
        let Some(Said::Deployed {
            release,
            branch,
            by,
        }) = said
        else {
            panic!("{said:?}")
        };
        assert_eq!(
            (release.as_str(), branch.as_str(), by.as_str()),
            ("20260401120000", "a (at b)", "al by ce")
        );
        let said = Said::parse("alice rolled back to release 20260401120000\n");
        assert!(matches!(said, Some(Said::RolledBack { by, .. }) if by == "alice"));
        for odd in [
            "",
            "Branch x deployed",
            "a rolled back to release 2026",
            "deployed as release 20260401120000 by x",
        ] {
            assert_eq!(Said::parse(odd), None, "{odd}");
        }
    }
}
