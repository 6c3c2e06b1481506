//! Throw-away git repositories with known commits.
//!
//! A work tree and a bare repository that follows it. Author, committer and dates are fixed, nobody's configuration is
//! read, nothing is signed: the same calls make the same commit ids on every machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::error::{LabError, at, output};

/// Names that have hurt tools: as paths, branches (where git allows it), values.
pub const ODD_NAMES: [&str; 12] = [
    "with space",
    "it's",
    "\"quoted\"",
    "ünïcödé-日本",
    "$HOME",
    "`id`",
    "$(id)",
    "semi;colon & more",
    "-dash",
    "back\\slash",
    "star*",
    "new\nline",
];

/// 2024-01-02T03:04:05Z; every commit is a minute later than the one before.
const FIRST_DATE: u64 = 1_704_164_645;

/// A work tree with its bare repository.
#[derive(Debug)]
pub struct Repo {
    dir: TempDir,
    commits: u64,
}

impl Repo {
    /// An empty repository with the branch `main`.
    pub fn new() -> Result<Self, LabError> {
        let dir = tempfile::Builder::new().prefix("windlass-lab-").tempdir()?;
        let repo = Self { dir, commits: 0 };
        for path in [repo.work(), repo.bare()] {
            fs::create_dir_all(&path).map_err(at(&path))?;
        }
        repo.git(&["init", "--quiet", "--initial-branch=main"])?;
        output(repo.command(&repo.bare()).args([
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
        ]))?;
        for (name, value) in [("uploadpack.allowAnySHA1InWant", "true"), ("gc.auto", "0")] {
            output(repo.command(&repo.bare()).args(["config", name, value]))?;
        }
        let bare = repo.bare().display().to_string();
        repo.git(&["remote", "add", "origin", &bare])?;
        Ok(repo)
    }

    /// A repository with a few commits, a branch `release`, a tag `v1`, a sub-tree `app/` and a script.
    pub fn sample() -> Result<Self, LabError> {
        let mut repo = Self::new()?;
        repo.commit(&[("README", "a sample\n"), ("app/main.rb", "puts 1\n")])?;
        repo.git(&["tag", "v1"])?;
        repo.git(&["branch", "release"])?;
        repo.commit(&[
            ("app/main.rb", "puts 2\n"),
            ("bin/build", "#!/bin/sh\necho built\n"),
        ])?;
        repo.make_executable("bin/build")?;
        Ok(repo)
    }

    /// The work tree.
    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// The bare repository, for `repository = …`.
    pub fn bare(&self) -> PathBuf {
        self.dir.path().join("origin.git")
    }

    /// Writes files, commits everything and pushes it; returns the commit's id.
    pub fn commit(&mut self, files: &[(&str, &str)]) -> Result<String, LabError> {
        for (name, content) in files {
            let path = self.work().join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(at(parent))?;
            }
            fs::write(&path, content).map_err(at(&path))?;
        }
        self.commits += 1;
        let message = format!("Commit {}", self.commits);
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", &message])?;
        self.push()?;
        self.head()
    }

    /// Makes a file of the work tree executable and commits that.
    pub fn make_executable(&mut self, name: &str) -> Result<String, LabError> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.work().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(at(&path))?;
        self.commit(&[])
    }

    /// Makes a branch at the present commit, or goes to the one there is.
    pub fn branch(&self, name: &str) -> Result<(), LabError> {
        let full = format!("refs/heads/{name}");
        let there = self
            .git(&["show-ref", "--verify", "--quiet", &full])
            .is_ok();
        let arguments: &[&str] = if there {
            &["switch", "--quiet", name]
        } else {
            &["switch", "--quiet", "-c", name]
        };
        self.git(arguments)?;
        self.push()
    }

    /// Tags the present commit, with a message of the tag's own.
    pub fn tag(&self, name: &str) -> Result<(), LabError> {
        self.git(&["tag", "--annotate", "--message", name, name])?;
        self.push()
    }

    /// Adds another repository as a submodule; returns the commit's id.
    pub fn submodule(&mut self, other: &Self, path: &str) -> Result<String, LabError> {
        let url = other.bare().display().to_string();
        self.git(&[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            &url,
            path,
        ])?;
        self.commit(&[])
    }

    /// The id of the present commit.
    pub fn head(&self) -> Result<String, LabError> {
        self.id("HEAD")
    }

    /// The commit id that a revision stands for.
    pub fn id(&self, revision: &str) -> Result<String, LabError> {
        let revision = format!("{revision}^{{commit}}");
        Ok(self
            .git(&["rev-parse", "--verify", "--end-of-options", &revision])?
            .trim()
            .to_owned())
    }

    /// Any git command in the work tree; returns its stdout.
    pub fn git(&self, arguments: &[&str]) -> Result<String, LabError> {
        output(self.command(&self.work()).args(arguments))
    }

    /// Brings the bare repository to the state of the work tree's.
    pub fn push(&self) -> Result<(), LabError> {
        self.git(&["push", "--quiet", "--mirror", "origin"])
            .map(|_| ())
    }

    fn command(&self, dir: &Path) -> Command {
        let date = format!("{} +0000", FIRST_DATE + 60 * self.commits);
        let mut command = Command::new("git");
        command
            .current_dir(dir)
            .env("HOME", self.dir.path())
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0");
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "Lab")
                .env(format!("GIT_{who}_DATE"), &date);
            command.env(format!("GIT_{who}_EMAIL"), "lab@example.com");
        }
        for inherited in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
        ] {
            command.env_remove(inherited);
        }
        command
    }
}
