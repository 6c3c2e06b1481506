//! Which files an `Include` names.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Here;
use super::error::Why;
use crate::pattern;

/// Whose file it is: that decides where its relative paths begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Person,
    Machine,
}

/// The path that a word of an `Include` means, which may hold wildcards.
pub(super) fn anchored(word: &str, owner: Owner, here: &Here) -> Result<PathBuf, Why> {
    if word.is_empty() {
        return Err(Why::Wrong("`Include` has an empty value".to_owned()));
    }
    if word.contains(['[', '\\', '%']) || word.contains("${") {
        let what = format!("`Include {word}` is more than a path with `*` and `?`");
        return Err(Why::OnlySsh(what));
    }
    if let Some(after) = word.strip_prefix('~') {
        if owner == Owner::Machine {
            let what = format!("`Include {word}` names a home in a file that is for all");
            return Err(Why::Wrong(what));
        }
        let (name, below) = after.split_once('/').unwrap_or((after, ""));
        return Ok(Path::new(&here.home_of(name)?).join(below));
    }
    let start = match owner {
        Owner::Person => here.home.join(".ssh"),
        Owner::Machine => PathBuf::from("/etc/ssh"),
    };
    Ok(start.join(word))
}

/// The files that are there, in order.
pub(super) fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for component in path.components() {
        let name = component.as_os_str().to_string_lossy().into_owned();
        if !matches!(component, Component::Normal(_)) || !name.contains(['*', '?']) {
            for path in &mut found {
                path.push(component);
            }
            continue;
        }
        let mut below = Vec::new();
        for dir in &found {
            below.extend(
                entries(dir, &name)?
                    .into_iter()
                    .map(|entry| dir.join(entry)),
            );
        }
        found = below;
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    Ok(found)
}

/// The names in a directory that fit; as with shells, a hidden one only where the pattern begins with its dot.
fn entries(dir: &Path, wanted: &str) -> io::Result<Vec<OsString>> {
    let nothing = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    };
    let list = match std::fs::read_dir(dir) {
        Ok(list) => list,
        Err(error) if nothing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in list {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        if pattern::matches(wanted, &text) && (wanted.starts_with('.') || !text.starts_with('.')) {
            names.push(name);
        }
    }
    Ok(names)
}
