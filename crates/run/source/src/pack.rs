//! The objects that a host lacks, as one file: a line, then a pack of git's.
//!
//! The line names the commits in the pack at which this repository's history is cut, separated by spaces; mostly there
//! are none. The receiving repository must list those whose parents it lacks in its file `shallow`, or git there takes
//! the history for damaged.
//!
//! The pack is thin: it may hold deltas against objects of the commits named in `have`, which the host must have whole.
//! `git index-pack --fix-thin --stdin` makes it complete there.

use crate::Source;
use crate::error::Error;
use crate::mirror::io;
use crate::resolve::checked;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use windlass_model::Revision;

/// A pack file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// How many objects it holds; with 0 there is no file, and nothing to send.
    pub objects: u64,
    /// Its size.
    pub bytes: u64,
    /// Where it is, mode 0600.
    pub path: PathBuf,
}

impl Source {
    /// Packs what a repository needs for `want`, given that it has `have` whole, into the file `to`.
    ///
    /// A `have` that this repository does not know is left out: the pack only grows by it. An old file at `to` is
    /// replaced. A mirror that lacks `want` fetches it first.
    pub async fn pack(&self, want: &Revision, have: &[Revision], to: &Path) -> Result<Pack, Error> {
        let want = self.present(want).await?;
        let have = self.known(have).await?;
        let mut revisions = format!("{want}\n");
        for id in &have {
            revisions.extend(["^", id, "\n"]);
        }
        let args = [
            "pack-objects",
            "--quiet",
            "--revs",
            "--thin",
            "--delta-base-offset",
            "--stdout",
        ];
        let mut file = create(to)?;
        let cut = self.cut_commits(&revisions).await? + "\n";
        file.write_all(cut.as_bytes()).map_err(io("write", to))?;
        self.git
            .fed(&args, revisions.as_bytes(), Some(file))
            .await?;
        let (objects, bytes) = measure(to, cut.len())?;
        if objects == 0 {
            fs::remove_file(to).map_err(io("remove", to))?;
        }
        Ok(Pack {
            objects,
            bytes: if objects == 0 { 0 } else { bytes },
            path: to.to_owned(),
        })
    }

    /// Those of `revisions` that are commits of this repository.
    async fn known(&self, revisions: &[Revision]) -> Result<Vec<String>, Error> {
        let mut input = String::new();
        for revision in revisions {
            input.extend([checked(revision)?, "\n"]);
        }
        let output = self
            .git
            .fed(&["cat-file", "--batch-check"], input.as_bytes(), None)
            .await?;
        let text = String::from_utf8_lossy(&output).into_owned();
        let commits = text.lines().filter_map(|line| {
            let mut words = line.split(' ');
            let id = words.next()?;
            (words.next()? == "commit").then(|| id.to_owned())
        });
        Ok(commits.collect())
    }

    /// The commits among those selected at which this repository's history is cut, separated by spaces.
    pub(crate) async fn cut_commits(&self, revisions: &str) -> Result<String, Error> {
        if !self.is_shallow().await? {
            return Ok(String::new());
        }
        let file = self
            .git
            .text(&["rev-parse", "--git-path", "shallow"])
            .await?;
        let file = self.git.dir().join(file);
        let listed = fs::read_to_string(&file).map_err(io("read", &file))?;
        let selected = self
            .git
            .fed(&["rev-list", "--stdin"], revisions.as_bytes(), None)
            .await?;
        let selected = String::from_utf8_lossy(&selected).into_owned();
        let selected: std::collections::BTreeSet<&str> = selected.lines().collect();
        let cut = listed.lines().filter(|id| selected.contains(id));
        Ok(cut.collect::<Vec<_>>().join(" "))
    }
}

/// A new file that only we can read; whatever was there before is not followed but removed.
fn create(path: &Path) -> Result<File, Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(io("replace", path)(error));
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(io("create", path))
}

/// The number of objects, from the pack's own header (`PACK`, version, count) behind the line, and the size of the file.
fn measure(path: &Path, line: usize) -> Result<(u64, u64), Error> {
    let mut file = File::open(path).map_err(io("read", path))?;
    let mut header = [0; 12];
    let behind = u64::try_from(line).unwrap_or(0);
    file.seek(SeekFrom::Start(behind))
        .map_err(io("read", path))?;
    file.read_exact(&mut header).map_err(io("read", path))?;
    let [.., a, b, c, d] = header;
    let bytes = file.metadata().map_err(io("read", path))?.len();
    Ok((u64::from(u32::from_be_bytes([a, b, c, d])), bytes))
}
