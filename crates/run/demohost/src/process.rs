//! Processes, seen through /proc and signalled so that never another one is hit.
//!
//! A process is its pid and its start time together; a signal goes through a pidfd that was checked against both.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// One process, as it was when looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pid: i32,
    parent: i32,
    started: u64,
    name: String,
}

impl Process {
    /// The process with this number, if it lives. A zombie does not.
    pub fn find(pid: i32) -> Option<Self> {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        let (head, rest) = stat.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        if matches!(*words.first()?, "Z" | "X") {
            return None;
        }
        let parent = words.get(1)?.parse().ok()?;
        let started = words.get(19)?.parse().ok()?;
        Some(Self {
            pid,
            parent,
            started,
            name: name.to_owned(),
        })
    }

    /// All that live.
    pub fn all() -> Vec<Self> {
        let Ok(entries) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter_map(Self::find).collect()
    }

    /// Children, their children, and so on, as far as the chain of parents is unbroken.
    pub fn descendants(&self) -> Vec<Self> {
        let all = Self::all();
        let mut found = vec![self.clone()];
        let mut next = 0;
        while let Some(parent) = found.get(next).map(|process| process.pid) {
            found.extend(
                all.iter()
                    .filter(|process| process.parent == parent)
                    .cloned(),
            );
            next += 1;
        }
        found.split_off(1)
    }

    /// Its number.
    pub const fn pid(&self) -> i32 {
        self.pid
    }

    /// The first 15 bytes of its program's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it still lives.
    pub fn lives(&self) -> bool {
        Self::find(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Its arguments, for people.
    pub fn command_line(&self) -> String {
        String::from_utf8_lossy(&self.read("cmdline"))
            .replace('\0', " ")
            .trim_end()
            .to_owned()
    }

    /// The value of a variable of its first environment; `None` also where it may not be read.
    pub fn variable(&self, name: &str) -> Option<Vec<u8>> {
        let environment = self.read("environ");
        let mut lines = environment.split(|byte| *byte == 0);
        let of = |line: &[u8]| {
            Some(
                line.strip_prefix(name.as_bytes())?
                    .strip_prefix(b"=")?
                    .to_vec(),
            )
        };
        lines.find_map(of)
    }

    /// Whether its working directory, arguments or environment speak of a path.
    pub fn mentions(&self, path: &Path) -> bool {
        let needle = path.as_os_str().as_bytes();
        let within = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let directory = self.link("cwd").unwrap_or_default();
        within(directory.as_os_str().as_bytes())
            || within(&self.read("cmdline"))
            || within(&self.read("environ"))
    }

    /// Sends a signal to this very process; `false` if it is gone or not ours to signal.
    pub fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return false;
        };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
            return false;
        };
        // Between the look and the open another process may have got the number.
        self.lives() && pidfd_send_signal(&handle, signal).is_ok()
    }

    /// Its mount namespace, as /proc names it.
    pub fn mounts(&self) -> Option<PathBuf> {
        self.link("ns/mnt")
    }

    fn link(&self, name: impl AsRef<OsStr>) -> Option<PathBuf> {
        std::fs::read_link(
            Path::new("/proc")
                .join(self.pid.to_string())
                .join(name.as_ref()),
        )
        .ok()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(format!("/proc/{}/{name}", self.pid)).unwrap_or_default()
    }
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}) {}", self.pid, self.name, self.command_line())
    }
}
