//! Writes a key down that was accepted for the first time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use russh::keys::PublicKey;

use super::Name;

/// Adds one line to a file, making the file and its directory where they are missing.
///
/// The line goes in by one write under a lock, so that two programs at once leave two whole lines, and nothing that
/// stood there before is touched.
pub(crate) fn append(file: &Path, name: &Name, key: &PublicKey) -> io::Result<()> {
    let key = key.to_openssh().map_err(io::Error::other)?;
    let mut key = key.split(' ');
    let (Some(kind), Some(blob)) = (key.next(), key.next()) else {
        return Err(io::Error::other("key cannot be written"));
    };
    make_directory(file)?;
    let mut opened = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .mode(0o600)
        .open(file)?;
    opened.lock()?;
    let before = if ends_in_newline(&mut opened)? {
        ""
    } else {
        "\n"
    };
    let line = format!("{before}{} {kind} {blob}\n", name.full);
    opened.write_all(line.as_bytes())?;
    opened.sync_data()
}

fn make_directory(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() && !directory.exists() => {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
        }
        _ => Ok(()),
    }
}

/// An empty file counts as ended.
fn ends_in_newline(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(&last == b"\n")
}
