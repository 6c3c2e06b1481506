//! A bare mirror of a repository in the cache directory.
//!
//! It holds the branches and tags of its URL and nothing that could reveal a login: the URL is not written into it. It
//! comes into being under a temporary name and is renamed when it is whole, so a mirror that exists is usable. One
//! process at a time changes it.

use crate::error::Error;
use crate::git::{Git, last_lines};
use crate::{lock, url};
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use windlass_model::hex::hex;

/// A mirror that exists.
#[derive(Debug)]
pub(crate) struct Mirror {
    url: String,
    path: PathBuf,
    lock: PathBuf,
    /// Cloned just now: the next update would find nothing new.
    fresh: AtomicBool,
}

impl Mirror {
    /// The mirror of `url` under `cache`, cloned where it is missing.
    pub(crate) async fn open(url: &str, cache: &Path) -> Result<Self, Error> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(cache)
            .map_err(io("make", cache))?;
        let cache = cache.canonicalize().map_err(io("enter", cache))?;
        let name = digest(url);
        let mirror = Self {
            url: url.to_owned(),
            path: cache.join(format!("{name}.git")),
            lock: cache.join(format!("{name}.lock")),
            fresh: AtomicBool::new(false),
        };
        if !mirror.path.is_dir() {
            mirror.clone_into(&cache, &format!("{name}.part")).await?;
        }
        Ok(mirror)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fetches branches and tags, and forgets those that are gone. Does nothing right after the clone.
    pub(crate) async fn update(&self) -> Result<(), Error> {
        if self.fresh.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        self.fetch(&["--prune", "--no-tags"], &refspecs).await
    }

    /// Fetches one commit that no branch or tag leads to any more.
    pub(crate) async fn fetch_commit(&self, id: &str) -> Result<(), Error> {
        self.fetch(&["--no-tags"], &[id]).await
    }

    async fn fetch(&self, options: &[&str], refspecs: &[&str]) -> Result<(), Error> {
        let lock = lock::take(&self.lock).await?;
        remove_stale_locks(&self.path)?;
        let mut args = vec!["fetch", "--quiet", "--no-write-fetch-head"];
        args.extend(options);
        args.extend(["--", &self.url]);
        args.extend(refspecs);
        let git = Git::on(self.path.clone());
        self.talk(&git, &args, &lock).await
    }

    async fn clone_into(&self, cache: &Path, part: &str) -> Result<(), Error> {
        let lock = lock::take(&self.lock).await?;
        if self.path.is_dir() {
            return Ok(());
        }
        let whole = cache.join(part);
        if whole.exists() {
            fs::remove_dir_all(&whole).map_err(io("remove", &whole))?;
        }
        let git = Git::within(cache.to_owned());
        let args = [
            "clone",
            "--bare",
            "--quiet",
            "--template=",
            "--",
            &self.url,
            part,
        ];
        self.talk(&git, &args, &lock).await?;
        // The URL may carry a token; the section goes before anybody can see the mirror.
        Git::on(whole.clone())
            .bytes(&["config", "--remove-section", "remote.origin"])
            .await
            .ok();
        fs::rename(&whole, &self.path).map_err(io("rename", &whole))?;
        self.fresh.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn talk(&self, git: &Git, args: &[&str], lock: &File) -> Result<(), Error> {
        let held = lock.try_clone().map_err(io("lock", &self.lock))?;
        let output = git.network(args, held).await?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Unreachable {
            url: url::without_password(&self.url),
            stderr: url::mask(&last_lines(&output.stderr), &self.url),
            beside: None,
        })
    }
}

fn digest(url: &str) -> String {
    let digest = hex(&Sha256::digest(url.as_bytes()));
    digest.chars().take(24).collect()
}

/// Lock files that a killed git left. Ours is held by every git that works here, so none of them is in use.
fn remove_stale_locks(mirror: &Path) -> Result<(), Error> {
    let mut folders = vec![mirror.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(io("read", &folder))? {
            let path = entry.map_err(io("read", &folder))?.path();
            if path.extension().is_some_and(|ending| ending == "lock") {
                fs::remove_file(&path).map_err(io("remove", &path))?;
            } else if path.is_dir() && (folder != mirror || path.ends_with("refs")) {
                folders.push(path);
            }
        }
    }
    Ok(())
}

pub(crate) fn io<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> Error + 'a {
    move |source| Error::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}
