//! One engine per deploy: a file lock, which the system takes back from a process that dies.

use crate::error::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use windlass_model::DeployId;

/// The right to work on a deploy; given back when dropped.
#[derive(Debug)]
pub struct Owner {
    _lock: File,
}

impl Owner {
    /// Takes the lock file at `path`, or says who holds it.
    pub(crate) fn take(path: &Path, deploy: &DeployId) -> Result<Self, Error> {
        let fail = |source| Error::Path {
            path: path.to_owned(),
            source,
        };
        // Never truncated on opening: the present holder's process id is in it.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Owned {
                    deploy: deploy.clone(),
                    pid: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        file.set_len(0).map_err(fail)?;
        file.rewind().map_err(fail)?;
        write!(file, "{}", std::process::id()).map_err(fail)?;
        Ok(Self { _lock: file })
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
