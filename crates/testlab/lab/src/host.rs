//! A throw-away deploy root, and what is left in it afterwards.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use windlass_demohost::Process;

use crate::error::{LabError, at};

/// How long something may take to go by itself before it counts as left over.
const PATIENCE: Duration = Duration::from_secs(10);

/// A directory to deploy to, with nothing in it.
#[derive(Debug)]
pub struct LabHost {
    dir: TempDir,
}

/// Counts how often a command ran, across processes and connections.
#[derive(Debug)]
pub struct Counter {
    path: PathBuf,
}

impl LabHost {
    /// An empty one.
    pub fn new() -> Result<Self, LabError> {
        Ok(Self {
            dir: tempfile::Builder::new().prefix("windlass-lab-").tempdir()?,
        })
    }

    /// The setting `deploy_to`. It does not exist yet.
    pub fn deploy_to(&self) -> PathBuf {
        self.dir.path().join("deploy_to")
    }

    /// A directory beside it, for files of the test.
    pub fn outside(&self) -> &Path {
        self.dir.path()
    }

    /// Where `current` points, verbatim; `None` if there is no such link.
    pub fn current(&self) -> Option<PathBuf> {
        fs::read_link(self.deploy_to().join("current")).ok()
    }

    /// The name of the release that `current` points at.
    pub fn live(&self) -> Option<String> {
        Some(self.current()?.file_name()?.to_str()?.to_owned())
    }

    /// The names below `releases`, sorted.
    pub fn releases(&self) -> Vec<String> {
        self.list("releases")
    }

    /// The names below a directory of the deploy root, sorted; none if it is not there.
    pub fn list(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.deploy_to().join(path));
        let name = |entry: std::io::Result<fs::DirEntry>| Some(entry.ok()?.file_name());
        let mut names: Vec<String> = entries
            .into_iter()
            .flatten()
            .filter_map(name)
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A file below the deploy root.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, LabError> {
        let path = self.deploy_to().join(path);
        fs::read(&path).map_err(at(&path))
    }

    /// Writes a file below the deploy root, with the directories it needs.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<(), LabError> {
        let path = self.deploy_to().join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        fs::write(&path, content).map_err(at(&path))
    }

    /// A counter with a name.
    pub fn counter(&self, name: &str) -> Counter {
        Counter {
            path: self.dir.path().join(format!("count-{name}")),
        }
    }

    /// Jobs of this host that still run, and any process that works below its directory.
    pub fn processes(&self) -> Vec<Process> {
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        let here = |process: &Process| {
            process.pid() != own && !is_ssh(process) && process.mentions(self.dir.path())
        };
        Process::all().into_iter().filter(here).collect()
    }

    /// Fails the test if the deploy left a process, scratch files or a lock.
    ///
    /// # Panics
    ///
    /// If anything is left after some seconds; that is its purpose.
    pub fn assert_nothing_left(&self) {
        let end = Instant::now() + PATIENCE;
        let mut left = self.left();
        while !left.is_empty() && Instant::now() < end {
            sleep(Duration::from_millis(20));
            left = self.left();
        }
        assert!(left.is_empty(), "left on the host:\n{left}");
    }

    /// What is left, one a line.
    pub fn left(&self) -> String {
        let mut text = String::new();
        for process in self.processes() {
            // Writing to a string cannot fail.
            writeln!(text, "process {process}").ok();
        }
        for name in self.list(".windlass") {
            if name == "lock" || name.starts_with("tmp-") {
                writeln!(text, "file .windlass/{name}").ok();
            }
        }
        for name in self.list(".windlass/trash") {
            writeln!(text, "file .windlass/trash/{name}").ok();
        }
        text
    }
}

impl Counter {
    /// A shell command that counts one.
    pub fn command(&self) -> String {
        format!("echo once >> '{}'", self.path.display())
    }

    /// How often it ran.
    pub fn count(&self) -> usize {
        fs::read_to_string(&self.path)
            .unwrap_or_default()
            .lines()
            .count()
    }
}

/// A client of the test's own speaks of paths in its arguments.
fn is_ssh(process: &Process) -> bool {
    matches!(process.name(), "ssh" | "sshd" | "windlass")
}
