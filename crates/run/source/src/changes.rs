//! What lies between two revisions, and what a revision's tree holds: for the plan. Nothing but objects is read.

use crate::Source;
use crate::error::Error;
use crate::tree::{Entry, Kind, entries};
use windlass_model::Revision;
use windlass_model::changes::{
    CHANGES_LISTED, COMMIT_FORM, Changes, FileChange, Files, InTree, Side, Watch, below,
    read_counts,
};

/// Files that are there only so that git keeps their directory.
const KEEPERS: [&str; 3] = [".keep", ".gitkeep", ".gitignore"];

/// How the way between two revisions is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    /// The directory of the repository that becomes the release; only its files count, and their paths begin there.
    pub subtree: Option<&'a str>,
    /// The paths to look at.
    pub watch: &'a [Watch],
}

impl Look<'_> {
    fn subtree(&self) -> &str {
        self.subtree.unwrap_or_default().trim_matches('/')
    }
}

impl Source {
    /// Whether this repository holds both, without asking anybody. What is no commit id is held by none.
    pub async fn holds_both(&self, one: &Revision, other: &Revision) -> Result<bool, Error> {
        for revision in [one, other] {
            if !Revision::is_id(revision.as_str()) || !self.holds(revision.as_str()).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What changes on the way from `from` to `to`. A mirror that lacks one of them fetches it.
    pub async fn changes(
        &self,
        from: &Revision,
        to: &Revision,
        look: Look<'_>,
    ) -> Result<Changes, Error> {
        let (from, to) = (self.present(from).await?, self.present(to).await?);
        let sides = format!("{from}...{to}");
        let args = ["rev-list", "--left-right", "--count", &sides, "--"];
        let counts = self.git.text(&args).await?;
        let (leaves, comes) = read_counts(&counts).unwrap_or_default();
        let files = self.differing(from, to, look).await?;
        Ok(Changes {
            comes: self.side(comes, from, to).await?,
            leaves: self.side(leaves, to, from).await?,
            told_by: None,
            cut: !self.cut_commits(&format!("{sides}\n")).await?.is_empty(),
            files: Files::of(&files),
            watched: look.watch.iter().map(|watch| watch.look(&files)).collect(),
        })
    }

    /// What stands at each of `paths` in the release that `revision` makes. A mirror that lacks it fetches it.
    pub async fn in_tree(
        &self,
        revision: &Revision,
        subtree: Option<&str>,
        paths: &[String],
    ) -> Result<Vec<InTree>, Error> {
        let id = self.present(revision).await?;
        let all = entries(&self.git, id, false).await?;
        let look = Look {
            subtree,
            watch: &[],
        };
        let release: Vec<(&str, &Entry)> = all
            .iter()
            .filter_map(|entry| Some((below(&entry.path, look.subtree())?, entry)))
            .collect();
        Ok(paths.iter().map(|path| at(&release, path)).collect())
    }

    async fn side(&self, count: usize, without: &str, with: &str) -> Result<Side, Error> {
        if count == 0 {
            return Ok(Side::default());
        }
        let range = format!("{without}..{with}");
        let most = format!("--max-count={CHANGES_LISTED}");
        let encoding = "--encoding=UTF-8";
        let args = ["log", "-z", encoding, COMMIT_FORM, &most, &range, "--"];
        let output = self.git.bytes(&args).await?;
        let output = String::from_utf8_lossy(&output);
        Ok(Side::read(count, output.split('\0')))
    }

    async fn differing(
        &self,
        from: &str,
        to: &str,
        look: Look<'_>,
    ) -> Result<Vec<FileChange>, Error> {
        let relative = format!("--relative={}/", look.subtree());
        let mut args = vec![
            "diff-tree",
            "-r",
            "-z",
            "--raw",
            "--numstat",
            "--no-renames",
        ];
        if !look.subtree().is_empty() {
            args.push(&relative);
        }
        args.extend([from, to, "--"]);
        let output = self.git.bytes(&args).await?;
        Ok(FileChange::read(
            String::from_utf8_lossy(&output).split('\0'),
        ))
    }
}

/// What stands at `path` among the entries of a release.
fn at(release: &[(&str, &Entry)], path: &str) -> InTree {
    let mut found = InTree::Nothing;
    for (place, entry) in release {
        let Some(inside) = below(place, path) else {
            continue;
        };
        if inside.is_empty() {
            return match entry.kind {
                Kind::File => InTree::File,
                Kind::Link | Kind::Submodule => InTree::Link,
            };
        }
        let name = inside.rsplit('/').next().unwrap_or_default();
        found = if KEEPERS.contains(&name) && found != InTree::Directory {
            InTree::Bare
        } else {
            InTree::Directory
        };
    }
    found
}
