//! What lies between two revisions, as git tells it, and how its words are read.
//!
//! The words are the same whoever runs git, this machine or a host: the form of a commit is [`COMMIT_FORM`], that of files
//! what `git diff-tree --raw --numstat` writes. Texts are as the repository has them, control characters too; whoever
//! shows them makes those visible.

use crate::id::{HostName, Revision};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many commits of a side, and how many files, are listed at most; the rest is counted.
pub const CHANGES_LISTED: usize = 5_000;

/// The form in which `git log` is to write a commit.
pub const COMMIT_FORM: &str = "--format=%H %s";

/// What a deploy of one revision over another brings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Commits that only the new revision has.
    pub comes: Side,
    /// Commits that only the old one has: more than none when going back or sideways.
    pub leaves: Side,
    /// Whether the history is cut in between, so that there may be more of both.
    pub cut: bool,
    /// The host whose mirror told it; none = the repository of this machine.
    #[serde(default)]
    pub told_by: Option<HostName>,
    /// Files of the release that differ.
    pub files: Files,
    /// What was to be looked at, in its order.
    pub watched: Vec<Watched>,
}

/// Commits that only one of two revisions has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// How many there are.
    pub count: usize,
    /// The newest of them, the newest first.
    pub commits: Vec<Commit>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its id.
    pub revision: Revision,
    /// The first line of its message.
    pub subject: String,
}

/// Files that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// How many.
    pub count: usize,
    /// Lines that come, binary files not counted.
    pub insertions: u64,
    /// Lines that go, likewise.
    pub deletions: u64,
    /// Their paths, from the release's own directory.
    pub names: Vec<String>,
    /// All of them by where they are at the top of the release, the fullest first.
    #[serde(default)]
    pub places: Vec<Place>,
}

/// A directory or a file at the top of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its name; a directory's ends with `/`.
    pub path: String,
    /// How many files in it differ.
    pub count: usize,
}

impl Place {
    fn all(changes: &[FileChange]) -> Vec<Self> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for change in changes {
            let top = change.path.split_inclusive('/').next().unwrap_or_default();
            *counts.entry(top).or_default() += 1;
        }
        let place = |(path, count): (&str, usize)| Self {
            path: path.to_owned(),
            count,
        };
        let mut places: Vec<Self> = counts.into_iter().map(place).collect();
        places.sort_by_key(|place| std::cmp::Reverse(place.count));
        places
    }
}

/// A path that is worth a look before a deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The file or directory, from the release's own directory.
    pub path: String,
    /// Whether new files in it are named: each means work, such as a migration.
    pub names_new: bool,
}

/// What became of such a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The path.
    pub path: String,
    /// Whether anything in it differs.
    pub changed: bool,
    /// The new files in it, where they were to be named.
    pub added: Option<Vec<String>>,
}

/// What stands in a revision's tree at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InTree {
    /// Nothing.
    Nothing,
    /// A file.
    File,
    /// A symbolic link, or a submodule.
    Link,
    /// A directory with nothing in it but files that keep it there, such as `.gitkeep`.
    Bare,
    /// A directory with more in it.
    Directory,
}

/// One file that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// Whether it is new.
    pub added: bool,
    /// Lines that come.
    pub insertions: u64,
    /// Lines that go.
    pub deletions: u64,
}

impl Side {
    /// Reads `git log` in [`COMMIT_FORM`]; an entry that is no commit is passed over.
    pub fn read<'a>(count: usize, entries: impl Iterator<Item = &'a str>) -> Self {
        let commits = entries.filter_map(|entry| {
            let (id, subject) = entry.split_once(' ')?;
            Revision::is_id(id).then(|| Commit {
                revision: Revision::new(id),
                subject: subject.to_owned(),
            })
        });
        Self {
            count,
            commits: commits.take(CHANGES_LISTED).collect(),
        }
    }
}

impl FileChange {
    /// Reads the fields of `git diff-tree --raw --numstat --no-renames -z`.
    pub fn read<'a>(mut fields: impl Iterator<Item = &'a str>) -> Vec<Self> {
        let mut changes: Vec<Self> = Vec::new();
        let mut lines = 0;
        while let Some(field) = fields.next() {
            if let Some(raw) = field.strip_prefix(':') {
                let Some(path) = fields.next() else { break };
                changes.push(Self {
                    path: path.to_owned(),
                    added: raw.ends_with('A'),
                    ..Self::default()
                });
            } else if let Some((come, go, path)) = numbers(field) {
                // Both lists have the same files in the same order.
                if let Some(change) = changes.get_mut(lines).filter(|change| change.path == path) {
                    (change.insertions, change.deletions) = (come, go);
                }
                lines += 1;
            }
        }
        changes
    }
}

/// `12 TAB 3 TAB path`; binary files have `-` for both.
fn numbers(field: &str) -> Option<(u64, u64, &str)> {
    let (come, rest) = field.split_once('\t')?;
    let (go, path) = rest.split_once('\t')?;
    let number = |text: &str| text.parse().unwrap_or(0);
    Some((number(come), number(go), path))
}

/// The two numbers of `git rev-list --left-right --count`.
pub fn read_counts(text: &str) -> Option<(usize, usize)> {
    let (left, right) = text.trim().split_once('\t')?;
    Some((left.parse().ok()?, right.parse().ok()?))
}

impl Files {
    /// Counts and lists them.
    pub fn of(changes: &[FileChange]) -> Self {
        Self {
            count: changes.len(),
            insertions: changes.iter().map(|change| change.insertions).sum(),
            deletions: changes.iter().map(|change| change.deletions).sum(),
            names: changes
                .iter()
                .take(CHANGES_LISTED)
                .map(|change| change.path.clone())
                .collect(),
            places: Place::all(changes),
        }
    }
}

impl Watch {
    /// A path of which it is said whether it differs.
    pub fn changed(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            names_new: false,
        }
    }

    /// A directory whose new files are named.
    pub fn new_files(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            names_new: true,
        }
    }

    /// What became of it.
    pub fn look(&self, changes: &[FileChange]) -> Watched {
        let inside: Vec<&FileChange> = changes
            .iter()
            .filter(|change| below(&change.path, &self.path).is_some())
            .collect();
        let new = inside.iter().filter(|change| change.added);
        let names = new.filter_map(|change| below(&change.path, &self.path));
        Watched {
            path: self.path.clone(),
            changed: !inside.is_empty(),
            added: self.names_new.then(|| names.map(str::to_owned).collect()),
        }
    }
}

/// The part of `path` below `directory`; empty where they are the same. Everything is below the empty one.
pub fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let directory = directory.trim_matches('/');
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() || directory.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_with_their_lines_whatever_they_are_called() {
        let fields = [
            ":000000 100644 0000000 1111111 A",
            ":odd\tname",
            ":100644 100644 1111111 2222222 M",
            "logo.png",
            ":100644 000000 1111111 0000000 D",
            "db/migrate/1_a.rb",
            "3\t0\t:odd\tname",
            "-\t-\tlogo.png",
            "0\t7\tdb/migrate/1_a.rb",
            "",
        ];
        let changes = FileChange::read(fields.into_iter());
        let files = Files::of(&changes);
        assert_eq!((files.count, files.insertions, files.deletions), (3, 3, 7));
        assert_eq!(files.names, [":odd\tname", "logo.png", "db/migrate/1_a.rb"]);
        let watched = Watch::new_files("db/migrate").look(&changes);
        assert!(watched.changed);
        assert_eq!(watched.added, Some(Vec::new()));
        assert!(!Watch::changed("db/mig").look(&changes).changed);
        assert!(Watch::changed("logo.png").look(&changes).changed);
    }

    #[test]
    fn files_are_counted_by_place_although_only_some_are_named() {
        let change = |path: String| FileChange {
            path,
            ..FileChange::default()
        };
        let mut changes: Vec<FileChange> = (0..CHANGES_LISTED + 7)
            .map(|number| change(format!("app/{number}")))
            .collect();
        changes.extend(["lib/a", "lib/b", "lib"].map(|path| change(path.to_owned())));
        let files = Files::of(&changes);
        let places = files.places.iter();
        let places: Vec<_> = places.map(|it| (it.path.as_str(), it.count)).collect();
        assert_eq!(
            places,
            [("app/", CHANGES_LISTED + 7), ("lib/", 2), ("lib", 1)]
        );
        assert_eq!(files.names.len(), CHANGES_LISTED);
    }

    #[test]
    fn what_is_cut_off_or_no_answer_is_read_as_far_as_it_goes() {
        assert_eq!(FileChange::read([":000000 A"].into_iter()), []);
        assert_eq!(FileChange::read(["1\t2\tnobody"].into_iter()), []);
        assert_eq!(read_counts("fatal: bad object"), None);
        assert_eq!(read_counts("2\t40\n"), Some((2, 40)));
        let side = Side::read(1, ["warning: odd"].into_iter());
        assert_eq!(side.commits, []);
    }
}
