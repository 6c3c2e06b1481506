//! Git LFS pointers in a tree.
//!
//! A pointer is a short text in the place of a large file. `git archive` on a host writes it out as it is, so a release
//! would hold the pointer instead of the file.

use crate::Source;
use crate::error::Error;
use crate::tree::{self, Kind};
use std::fmt::Write as _;
use windlass_model::Revision;

/// The first line of every pointer.
const FIRST_LINE: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// A pointer has an oid of 64 digits and a size besides the first line, and is smaller than 1 KiB by its specification.
const SIZES: std::ops::Range<u64> = 110..1024;

impl Source {
    /// The files of `revision` that are Git LFS pointers.
    pub async fn lfs_pointers(&self, revision: &Revision) -> Result<Vec<String>, Error> {
        let id = self.present(revision).await?;
        let mut candidates = tree::entries(&self.git, id, true).await?;
        candidates.retain(|entry| {
            entry.kind == Kind::File && entry.size.is_some_and(|size| SIZES.contains(&size))
        });
        let mut input = String::new();
        for entry in &candidates {
            writeln!(input, "{}", entry.id).ok();
        }
        let contents = self
            .git
            .fed(&["cat-file", "--batch"], input.as_bytes(), None)
            .await?;
        let mut rest = contents.as_slice();
        let pointers = candidates.into_iter().filter(|_| {
            let blob = next_blob(&mut rest);
            blob.is_some_and(|blob| blob.starts_with(FIRST_LINE))
        });
        Ok(pointers.map(|entry| entry.path).collect())
    }
}

/// Takes one answer of `cat-file --batch` off the front: `id SP type SP size LF content LF`.
fn next_blob<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (head, tail) = rest.split_at_checked(end)?;
    let size = std::str::from_utf8(head).ok()?.rsplit(' ').next()?;
    let tail = tail.get(1..)?;
    let (blob, tail) = tail.split_at_checked(size.parse().ok()?)?;
    *rest = tail.get(1..)?;
    Some(blob)
}
