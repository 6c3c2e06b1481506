//! A file system that is soon full.

use std::fs;
use std::path::PathBuf;
use std::process::Command as Process;

/// A file system of a few megabytes; none where the tests may not mount one.
pub(crate) struct SmallDisk {
    pub(crate) path: PathBuf,
}

impl SmallDisk {
    pub(crate) fn at(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let mut mount = Process::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(&path);
        mount
            .output()
            .unwrap()
            .status
            .success()
            .then_some(Self { path })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Process::new("umount").arg(&self.path).status();
        let done = unmounted.is_ok_and(|status| status.success());
        assert!(done, "{} stays mounted", self.path.display());
    }
}
