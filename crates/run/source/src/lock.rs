//! One process at a time works on a mirror.
//!
//! The lock belongs to the open file, not to the process: handed to a child as its standard input, it stays taken until
//! the child has ended too. The file itself stays, empty; removing it would let two processes lock two files.

use crate::error::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// How long another process may work: cloning a large repository takes minutes.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(100);

/// Takes the lock, waiting for whoever holds it. It is given back when the file and all its duplicates are closed.
pub(crate) async fn take(path: &Path) -> Result<File, Error> {
    let failed = |source| Error::Io {
        doing: "lock",
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) if waited >= PATIENCE => {
                return Err(Error::Busy {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::WouldBlock) => {}
        }
        tokio::time::sleep(PAUSE).await;
        waited = waited.saturating_add(PAUSE);
    }
}
