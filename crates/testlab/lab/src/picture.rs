//! A whole picture of a directory: every path below it with all that a person could see of it.
//!
//! Two pictures are compared path by path, so that a test which finds a difference also names it. When something was last
//! read is no part of it: taking a picture reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::error::{LabError, at};

/// What a directory holds at one moment; the directory itself is the empty path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    content: Content,
    mode: u32,
    owner: (u32, u32),
    modified: Option<(i64, i64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Directory,
    File(Vec<u8>),
    Link(PathBuf),
    Socket,
    Other,
}

impl Picture {
    /// Takes a picture; links are not followed. One of nothing is empty.
    pub fn of(dir: &Path) -> Result<Self, LabError> {
        let mut entries = BTreeMap::new();
        let mut left = vec![dir.to_owned()];
        while let Some(path) = left.pop() {
            let Some(entry) = Entry::of(&path)? else {
                continue;
            };
            if entry.content == Content::Directory {
                for below in fs::read_dir(&path).map_err(at(&path))? {
                    left.push(below.map_err(at(&path))?.path());
                }
            }
            let name = path.strip_prefix(dir).unwrap_or(&path);
            entries.insert(name.to_owned(), entry);
        }
        Ok(Self { entries })
    }

    /// The same without the times of change, for what was made at two times.
    #[must_use]
    pub fn without_times(mut self) -> Self {
        for entry in self.entries.values_mut() {
            entry.modified = None;
        }
        self
    }

    /// The same without a path and what is below it.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        self.entries.retain(|name, _| !name.starts_with(path));
        self
    }

    /// What another picture shows otherwise, a line for each path; empty where they are the same.
    pub fn differences(&self, other: &Self) -> String {
        let paths: BTreeSet<&PathBuf> = self.entries.keys().chain(other.entries.keys()).collect();
        let mut text = String::new();
        for path in paths {
            let (one, two) = (self.entries.get(path), other.entries.get(path));
            if one != two {
                // Writing to a string cannot fail.
                writeln!(text, "{}: {} | {}", path.display(), show(one), show(two)).ok();
            }
        }
        text
    }
}

impl Entry {
    fn of(path: &Path) -> Result<Option<Self>, LabError> {
        let meta = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            meta => meta.map_err(at(path))?,
        };
        Ok(Some(Self {
            content: Content::of(path, &meta)?,
            mode: meta.mode(),
            owner: (meta.uid(), meta.gid()),
            modified: Some((meta.mtime(), meta.mtime_nsec())),
        }))
    }
}

impl Content {
    fn of(path: &Path, meta: &Metadata) -> Result<Self, LabError> {
        let kind = meta.file_type();
        Ok(if kind.is_dir() {
            Self::Directory
        } else if kind.is_symlink() {
            Self::Link(fs::read_link(path).map_err(at(path))?)
        } else if kind.is_file() {
            Self::File(fs::read(path).map_err(at(path))?)
        } else if kind.is_socket() {
            Self::Socket
        } else {
            Self::Other
        })
    }
}

fn show(entry: Option<&Entry>) -> String {
    let Some(entry) = entry else {
        return "nothing".to_owned();
    };
    let content = match &entry.content {
        Content::Directory => "directory".to_owned(),
        Content::File(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Content::Link(target) => format!("link to {}", target.display()),
        Content::Socket => "socket".to_owned(),
        Content::Other => "something else".to_owned(),
    };
    let shown: String = content.chars().take(200).collect();
    format!(
        "{:o} {:?} {:?} {shown}",
        entry.mode, entry.owner, entry.modified
    )
}
