//! The entries of a commit's tree.

use crate::error::Error;
use crate::git::Git;

/// One entry of a tree, its path from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// The size of a file, where it was asked for.
    pub(crate) size: Option<u64>,
    pub(crate) path: String,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// The commit of a submodule.
    Submodule,
}

/// All entries of `revision` that are no directories; `sizes` costs a look at every file.
pub(crate) async fn entries(git: &Git, revision: &str, sizes: bool) -> Result<Vec<Entry>, Error> {
    let mut args = vec!["ls-tree", "-r", "-z", "--full-tree"];
    if sizes {
        args.push("--long");
    }
    args.push(revision);
    let output = git.bytes(&args).await?;
    Ok(output.split(|byte| *byte == 0).filter_map(entry).collect())
}

/// `mode SP type SP id [SP padded size] TAB path`.
fn entry(line: &[u8]) -> Option<Entry> {
    let line = String::from_utf8_lossy(line);
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split_ascii_whitespace();
    let (mode, _type, id) = (words.next()?, words.next()?, words.next()?);
    Some(Entry {
        kind: match mode {
            "160000" => Kind::Submodule,
            "120000" => Kind::Link,
            _ => Kind::File,
        },
        id: id.to_owned(),
        size: words.next().and_then(|word| word.parse().ok()),
        path: path.to_owned(),
    })
}
