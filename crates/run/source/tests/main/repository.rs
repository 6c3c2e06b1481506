//! Repositories made for a test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use windlass_model::Revision;
use windlass_source::Source;

/// A name with everything that a shell, or a careless argument list, would trip over.
pub(crate) const AWKWARD: &str = "a b'c\"d$HOME`id`;&ü–日";

/// A directory with repositories in it, removed at the end.
pub(crate) struct Yard {
    dir: TempDir,
}

/// One repository in the yard.
pub(crate) struct Repository {
    pub(crate) path: PathBuf,
}

impl Yard {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("windlass $(x) ")
            .tempdir()
            .unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// A repository with the branch `main` and no commit.
    pub(crate) fn empty(&self, name: &str) -> Repository {
        let path = self.path(name);
        std::fs::create_dir(&path).unwrap();
        let repository = Repository { path };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.git(&["config", "user.name", "Somebody"]);
        repository.git(&["config", "user.email", "somebody@example.com"]);
        repository
    }

    /// A repository with one commit.
    pub(crate) fn repository(&self, name: &str) -> Repository {
        let repository = self.empty(name);
        repository.commit("README", "hello", "First");
        repository
    }

    /// A clone with its own `origin`.
    pub(crate) fn clone_of(&self, from: &Repository, name: &str, options: &[&str]) -> Repository {
        let path = self.path(name);
        let mut args: Vec<&OsStr> = vec![OsStr::new("clone"), OsStr::new("--quiet")];
        args.extend(options.iter().map(OsStr::new));
        let url = format!("file://{}", from.path.display());
        args.extend([OsStr::new(&url), path.as_os_str()]);
        succeed(git_in(self.dir.path()).args(args).output().unwrap());
        let clone = Repository { path };
        clone.git(&["config", "user.name", "Somebody"]);
        clone.git(&["config", "user.email", "somebody@example.com"]);
        clone
    }

    /// The repository as a source, found from its own directory.
    pub(crate) async fn open(&self, repository: &Repository) -> Source {
        Source::open(None, &repository.path, &self.cache())
            .await
            .unwrap()
    }
}

impl Repository {
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = succeed(git_in(&self.path).args(args).output().unwrap());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn succeeds(&self, args: &[&str]) -> bool {
        let output = git_in(&self.path).args(args).output().unwrap();
        output.status.success()
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn commit(&self, file: &str, content: &str, message: &str) -> Revision {
        self.write(file, content);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.head()
    }

    pub(crate) fn head(&self) -> Revision {
        Revision::new(self.git(&["rev-parse", "HEAD"]))
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }
}

fn git_in(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(["-c", "protocol.file.allow=always"]);
    command
}

fn succeed(output: Output) -> Output {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
