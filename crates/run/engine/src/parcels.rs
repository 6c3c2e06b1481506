//! The packs that hosts are sent, each made once however many hosts lack the same objects.
//!
//! A pack lies in a file that only this user can read, and goes with the run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use windlass_model::Revision;
use windlass_model::hex::hex;
use windlass_source::{Pack, Source};
use windlass_transport::UploadSource;

use crate::short_file::SHORT;

/// What is read at once.
const CHUNK: usize = 128 * 1024;

/// The packs made so far.
pub(crate) struct Parcels {
    scratch: PathBuf,
    made: Mutex<BTreeMap<Contents, Slot>>,
}

/// The commit that is wanted and those that are there.
type Contents = (Revision, BTreeSet<Revision>);

/// Where a pack is, or will be once somebody has made it.
type Slot = (PathBuf, Arc<OnceCell<Arc<Parcel>>>);

/// A pack file with its digest. Dropping it removes the file.
pub(crate) struct Parcel {
    pub(crate) pack: Pack,
    /// None where there is nothing to send.
    file: Option<File>,
    digest: String,
}

impl Parcels {
    /// Makes packs in this directory, which is made when it is needed.
    pub(crate) fn new(scratch: PathBuf) -> Self {
        Self {
            scratch,
            made: Mutex::default(),
        }
    }

    /// What a host lacks for `want` that has the commits `have` whole.
    pub(crate) async fn parcel(
        &self,
        source: &Source,
        want: &Revision,
        have: &[Revision],
    ) -> Result<Arc<Parcel>, Box<dyn std::error::Error + Send + Sync>> {
        let (path, cell) = self.slot(want, have);
        let made = cell.get_or_try_init(|| async {
            std::fs::create_dir_all(&self.scratch)?;
            let pack = source.pack(want, have, &path).await?;
            Ok(Arc::new(Parcel::of(pack)?))
        });
        made.await.cloned()
    }

    fn slot(&self, want: &Revision, have: &[Revision]) -> Slot {
        let contents = (want.clone(), have.iter().cloned().collect());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{}-{}.pack", std::process::id(), made.len());
        let slot = made
            .entry(contents)
            .or_insert_with(|| (self.scratch.join(name), Arc::default()));
        (slot.0.clone(), Arc::clone(&slot.1))
    }
}

impl Parcel {
    fn of(pack: Pack) -> io::Result<Self> {
        let mut parcel = Self {
            pack,
            file: None,
            digest: String::new(),
        };
        if parcel.pack.objects > 0 {
            let (file, digest) = opened(&parcel.pack.path)?;
            (parcel.file, parcel.digest) = (Some(file), digest);
        }
        Ok(parcel)
    }
}

impl Parcel {
    /// All of it, where it is so short that it needs no upload.
    pub(crate) fn short(&self) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = self.file.as_ref().filter(|_| self.pack.bytes <= SHORT) else {
            return Ok(None);
        };
        let mut bytes = vec![0; usize::try_from(self.pack.bytes).unwrap_or_default()];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(Some(bytes))
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        if self.pack.objects > 0
            && let Err(error) = std::fs::remove_file(&self.pack.path)
        {
            tracing::debug!(%error, "pack was not removed");
        }
    }
}

/// A file and the SHA-256 of it, in lower-case hexadecimal.
fn opened(path: &Path) -> io::Result<(File, String)> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(buffer.get(..read).unwrap_or_default());
    }
    Ok((file, hex(&digest.finalize())))
}

impl UploadSource for &Parcel {
    fn len(&self) -> u64 {
        self.pack.bytes
    }

    fn sha256(&self) -> &str {
        &self.digest
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.file {
            Some(file) => file.read_at(buffer, offset),
            None => Ok(0),
        }
    }
}
