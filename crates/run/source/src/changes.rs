//! What lies between two revisions, for the plan.

use crate::Source;
use crate::error::Error;
use windlass_model::Revision;

/// How many commits, and how many files, are listed at most; the rest is counted.
pub const CHANGES_SHOWN: usize = 500;

/// What a deploy of one revision over another brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Commits that the new revision has and the old one has not, the newest first, with their subjects.
    pub commits: Vec<(Revision, String)>,
    /// How many there are.
    pub commit_count: usize,
    /// How many commits the old revision has that the new one has not: more than 0 when going back or sideways.
    pub left_behind: usize,
    /// Files that differ.
    pub files: Vec<String>,
    /// How many there are.
    pub file_count: usize,
}

impl Source {
    /// What changes on the way from `from` to `to`; at most [`CHANGES_SHOWN`] of each are listed.
    pub async fn changes(&self, from: &Revision, to: &Revision) -> Result<Changes, Error> {
        let (from, to) = (self.present(from).await?, self.present(to).await?);
        let sides = format!("{from}...{to}");
        let counts = self
            .git
            .text(&["rev-list", "--left-right", "--count", &sides])
            .await?;
        let (left_behind, commit_count) = counts.split_once('\t').unwrap_or_default();
        let mut files = self.differing(from, to, &[]).await?;
        let file_count = files.len();
        files.truncate(CHANGES_SHOWN);
        Ok(Changes {
            commits: self.commits(from, to).await?,
            commit_count: commit_count.parse().unwrap_or_default(),
            left_behind: left_behind.parse().unwrap_or_default(),
            files,
            file_count,
        })
    }

    /// Which of `paths` (files or directories) differ between the two, in their order. Unlike the list in
    /// [`Changes`], this has no bound.
    pub async fn touched<'a>(
        &self,
        from: &Revision,
        to: &Revision,
        paths: &[&'a str],
    ) -> Result<Vec<&'a str>, Error> {
        let (from, to) = (self.present(from).await?, self.present(to).await?);
        let files = self.differing(from, to, paths).await?;
        let within = |path: &str| {
            files.iter().any(|file| {
                file.strip_prefix(path.trim_end_matches('/'))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        Ok(paths.iter().copied().filter(|path| within(path)).collect())
    }

    async fn commits(&self, from: &str, to: &str) -> Result<Vec<(Revision, String)>, Error> {
        let range = format!("{from}..{to}");
        let most = format!("--max-count={CHANGES_SHOWN}");
        let args = [
            "log",
            "-z",
            "--encoding=UTF-8",
            "--format=%H %s",
            &most,
            &range,
            "--",
        ];
        let output = self.git.bytes(&args).await?;
        let entries = output.split(|byte| *byte == 0).filter_map(|entry| {
            let entry = String::from_utf8_lossy(entry);
            let (id, subject) = entry.split_once(' ')?;
            Some((Revision::new(id), subject.to_owned()))
        });
        Ok(entries.collect())
    }

    async fn differing(&self, from: &str, to: &str, paths: &[&str]) -> Result<Vec<String>, Error> {
        let mut args = vec![
            "diff-tree",
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            from,
            to,
            "--",
        ];
        args.extend(paths);
        let output = self.git.bytes(&args).await?;
        let names = output
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty());
        Ok(names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect())
    }
}
