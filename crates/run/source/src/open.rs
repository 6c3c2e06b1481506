//! Finds the repository: the working copy's, where it is the one meant, else a mirror.

use crate::error::Error;
use crate::git::{Git, last_lines, wanted};
use crate::mirror::Mirror;
use crate::url::{Location, without_password};
use crate::{Place, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Source {
    /// Opens the repository of a deploy.
    ///
    /// The working copy found upward from `workdir` is taken where `repository` is not set or is the URL of one of its
    /// remotes; a bare `repository` of another place is mirrored into `cache`, which is made where it is missing.
    pub async fn open(
        repository: Option<&str>,
        workdir: &Path,
        cache: &Path,
    ) -> Result<Self, Error> {
        if let Some(url) = repository {
            check_url(url)?;
        }
        let found = working_copy(workdir).await?;
        if let Some(copy) = &found
            && let Some(source) = copy.chosen(repository, workdir, cache)
        {
            return Ok(source);
        }
        let Some(url) = repository else {
            return Err(Error::NoRepository {
                workdir: workdir.to_owned(),
            });
        };
        let mirror = mirrored(&absolute(url, workdir), cache).await;
        mirror.map_err(|error| match error {
            Error::Unreachable { url, stderr, .. } => Error::Unreachable {
                beside: found.as_ref().and_then(WorkingCopy::comes_from),
                url,
                stderr,
            },
            error => error,
        })
    }
}

/// A mirror of `url` as a source.
pub(crate) async fn mirrored(url: &str, cache: &Path) -> Result<Source, Error> {
    check_url(url)?;
    let mirror = Mirror::open(url, cache).await?;
    Ok(Source {
        git: Git::on(mirror.path().to_owned()),
        cache: cache.to_owned(),
        url: Some(url.to_owned()),
        place: Place::Mirror(Arc::new(mirror)),
    })
}

/// A working copy with its remotes.
pub(crate) struct WorkingCopy {
    pub(crate) git_dir: PathBuf,
    pub(crate) top: Option<PathBuf>,
    /// Name and URL; a remote with several URLs stands here several times.
    remotes: Vec<(String, String)>,
}

impl WorkingCopy {
    /// This working copy as a source, where it is the one meant.
    pub(crate) fn chosen(
        &self,
        repository: Option<&str>,
        workdir: &Path,
        cache: &Path,
    ) -> Option<Source> {
        let remote = match repository {
            None => self.usual_remote(),
            Some(url) => {
                let wanted = Location::read(url, workdir);
                let remote = self.remote_at(&wanted, workdir);
                if remote.is_none() && !self.lies_at(&wanted) {
                    return None;
                }
                remote
            }
        };
        let url = remote.map(|(_, url)| url.as_str()).or(repository);
        Some(Source {
            git: Git::on(self.git_dir.clone()),
            cache: cache.to_owned(),
            url: url.map(|url| absolute(url, workdir)),
            place: Place::WorkingCopy {
                top: self.top.clone(),
                remote: remote.map(|(name, _)| name.clone()),
            },
        })
    }

    fn remote_at(&self, wanted: &Location, workdir: &Path) -> Option<&(String, String)> {
        let base = self.top.as_deref().unwrap_or(workdir);
        self.remotes
            .iter()
            .find(|(_, url)| Location::read(url, base).same(wanted))
    }

    /// `repository = "."`, or the path of this very working copy.
    fn lies_at(&self, wanted: &Location) -> bool {
        let Location::Local(path) = wanted else {
            return false;
        };
        let git_dir = self.git_dir.canonicalize().ok();
        self.top.as_ref() == Some(path) || git_dir.as_ref() == Some(path)
    }

    /// The URL of the usual remote as a setting may have it: without what lets somebody in.
    fn comes_from(&self) -> Option<String> {
        let (_, url) = self.usual_remote()?;
        Some(without_password(url).replacen("***@", "", 1))
    }

    /// The remote that stands for the forge when nothing says which: `origin`, or the only one.
    fn usual_remote(&self) -> Option<&(String, String)> {
        let origin = self.remotes.iter().find(|(name, _)| name == "origin");
        let first = self.remotes.first();
        let only = first.filter(|(name, _)| self.remotes.iter().all(|(other, _)| other == name));
        origin.or(only)
    }
}

/// The working copy, or bare repository, at or above `dir`.
pub(crate) async fn working_copy(dir: &Path) -> Result<Option<WorkingCopy>, Error> {
    let within = Git::within(dir.to_owned());
    let args = ["rev-parse", "--absolute-git-dir"];
    let output = within.output(&args).await?;
    if !output.status.success() {
        let stderr = last_lines(&output.stderr);
        if stderr.contains("dubious ownership") {
            return Err(Error::ForeignOwner {
                workdir: dir.to_owned(),
            });
        }
        // Anything else, a damaged configuration say, must not look like a place without a repository.
        if !stderr.contains("not a git repository") {
            wanted(&args, &output)?;
        }
        return Ok(None);
    }
    let git_dir = path_of(&output.stdout);
    let top = within.output(&["rev-parse", "--show-toplevel"]).await?;
    let top = top.status.success().then(|| path_of(&top.stdout));
    let git = Git::on(git_dir.clone());
    Ok(Some(WorkingCopy {
        git_dir,
        top: top.map(|path| path.canonicalize().unwrap_or(path)),
        remotes: remotes(&git).await?,
    }))
}

/// The remotes as written, then with the user's `insteadOf` applied.
async fn remotes(git: &Git) -> Result<Vec<(String, String)>, Error> {
    let pattern = r"^remote\..*\.url$";
    let output = git
        .output(&["config", "--null", "--get-regexp", pattern])
        .await?;
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut remotes: Vec<(String, String)> = written
        .split('\0')
        .filter_map(|entry| {
            let (key, url) = entry.split_once('\n')?;
            let name = key.strip_prefix("remote.")?.strip_suffix(".url")?;
            Some((name.to_owned(), url.to_owned()))
        })
        .collect();
    let shown = git.text(&["remote", "-v"]).await?;
    remotes.extend(shown.lines().filter_map(|line| {
        let (name, rest) = line.split_once('\t')?;
        let (url, _) = rest.rsplit_once(" (fetch)")?;
        Some((name.to_owned(), url.to_owned()))
    }));
    Ok(remotes)
}

/// What git, ssh or a person could misread.
fn check_url(url: &str) -> Result<(), Error> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    if url.is_empty()
        || url.starts_with('-')
        || host.starts_with('-')
        || url.chars().any(char::is_control)
    {
        return Err(Error::BadName {
            what: "repository",
            value: url.to_owned(),
        });
    }
    Ok(())
}

/// A local path made independent of the directory we happen to be in.
fn absolute(url: &str, workdir: &Path) -> String {
    match Location::read(url, workdir) {
        Location::Local(path) if !url.contains("://") => {
            path.to_str().map_or(url.to_owned(), str::to_owned)
        }
        _ => url.to_owned(),
    }
}

fn path_of(stdout: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    let line = stdout.strip_suffix(b"\n").unwrap_or(stdout);
    PathBuf::from(std::ffi::OsStr::from_bytes(line))
}
