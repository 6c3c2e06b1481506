//! The objects that a host lacks, as one pack file.
//!
//! The pack is thin: it may hold deltas against objects of the commits named in `have`, which the host must have whole.
//! `git index-pack --fix-thin --stdin` makes it complete there.

use crate::Source;
use crate::error::Error;
use crate::mirror::io;
use crate::resolve::checked;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
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
    /// Commits in it whose parents this repository lacks, because its history is cut. The receiving repository must
    /// list those whose parents it lacks too in its file `shallow`, or git there takes the history for damaged.
    pub shallow: Vec<Revision>,
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
            writeln!(revisions, "^{id}").ok();
        }
        let args = [
            "pack-objects",
            "--quiet",
            "--revs",
            "--thin",
            "--delta-base-offset",
            "--stdout",
        ];
        let file = create(to)?;
        self.git
            .fed(&args, revisions.as_bytes(), Some(file))
            .await?;
        let (objects, bytes) = measure(to)?;
        if objects == 0 {
            fs::remove_file(to).map_err(io("remove", to))?;
        }
        Ok(Pack {
            objects,
            bytes: if objects == 0 { 0 } else { bytes },
            path: to.to_owned(),
            shallow: self.cut_commits(&revisions).await?,
        })
    }

    /// Those of `revisions` that are commits of this repository.
    async fn known(&self, revisions: &[Revision]) -> Result<Vec<String>, Error> {
        let mut input = String::new();
        for revision in revisions {
            writeln!(input, "{}", checked(revision)?).ok();
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

    /// The commits among those selected at which this repository's history is cut.
    async fn cut_commits(&self, revisions: &str) -> Result<Vec<Revision>, Error> {
        if !self.is_shallow().await? {
            return Ok(Vec::new());
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
        Ok(cut.map(Revision::new).collect())
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

/// The number of objects, from the pack's own header (`PACK`, version, count), and the size of the file.
fn measure(path: &Path) -> Result<(u64, u64), Error> {
    let mut file = File::open(path).map_err(io("read", path))?;
    let mut header = [0; 12];
    file.read_exact(&mut header).map_err(io("read", path))?;
    let [.., a, b, c, d] = header;
    let bytes = file.metadata().map_err(io("read", path))?.len();
    Ok((u64::from(u32::from_be_bytes([a, b, c, d])), bytes))
}
