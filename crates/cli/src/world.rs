//! What commands may touch: terminal, environment, paths, time. Nothing else in Windlass reads them.

use crate::error::Failure;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The surroundings of one run.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing seen about a terminal, true or not by itself"
)]
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The environment; names and values that are not UTF-8 are left out.
    pub env: BTreeMap<String, String>,
    /// The working directory (after `-C`).
    pub directory: PathBuf,
    /// Whether a person can be asked: standard input and standard error are a terminal.
    pub interactive: bool,
    /// Whether standard error is a terminal.
    pub terminal: bool,
    /// The name of this machine.
    pub machine: String,
    /// The login name of the person here.
    pub user: String,
    /// Its number.
    pub uid: u32,
    /// Columns of the terminal; 100 without one.
    pub width: u16,
    /// Whether colours may be used on standard error.
    pub color: bool,
    /// Whether colours may be used on standard output.
    pub data_color: bool,
    /// Whether all that is kept goes when the process ends, so that nobody is sent to look at it.
    pub passing: bool,
}

/// One variable, for what must be known before there is a world.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

impl World {
    /// Looks around once.
    pub(crate) fn of_process(directory: Option<&Path>) -> Result<Self, Failure> {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let directory = working_directory(directory)?;
        let terminal = std::io::stderr().is_terminal();
        let no_color = env.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env.get("TERM").is_some_and(|term| term == "dumb");
        Ok(Self {
            passing: false,
            interactive: terminal && std::io::stdin().is_terminal(),
            terminal: terminal && !dumb,
            width: terminal_size().map_or(100, |(width, _)| width),
            color: terminal && !no_color && !dumb,
            data_color: std::io::stdout().is_terminal() && !no_color && !dumb,
            machine: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            user: user(&env),
            uid: rustix::process::getuid().as_raw(),
            directory,
            env,
        })
    }

    /// One variable of the environment.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The person's home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.var("HOME")
            .map_or_else(|| PathBuf::from("/"), PathBuf::from)
    }

    /// Where the journal and the logs lie.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.var("XDG_STATE_HOME")
            .map_or_else(|| self.home().join(".local/state"), PathBuf::from)
            .join("windlass")
    }

    /// Where the journal of this machine lies.
    pub(crate) fn journal(&self) -> PathBuf {
        self.state_dir().join("journal.db")
    }

    /// A path as a person types it, which may begin with `~/`.
    pub(crate) fn typed_path(&self, typed: &str) -> PathBuf {
        match typed.strip_prefix("~/") {
            Some(rest) => self.home().join(rest),
            None => self.directory.join(typed),
        }
    }

    /// Where mirrors of repositories lie.
    pub(crate) fn cache_dir(&self) -> PathBuf {
        self.var("XDG_CACHE_HOME")
            .map_or_else(|| self.home().join(".cache"), PathBuf::from)
            .join("windlass")
    }

    /// The page of the CI run that this is, where it is one.
    pub(crate) fn ci_link(&self) -> Option<String> {
        if let Some(url) = self.var("CI_JOB_URL").or_else(|| self.var("BUILD_URL")) {
            return Some(url.to_owned());
        }
        let (server, repository, run) = (
            self.var("GITHUB_SERVER_URL")?,
            self.var("GITHUB_REPOSITORY")?,
            self.var("GITHUB_RUN_ID")?,
        );
        Some(format!("{server}/{repository}/actions/runs/{run}"))
    }
}

/// Who works here. The environment says it first; cron, CI systems and containers often leave it unset.
fn user(env: &BTreeMap<String, String>) -> String {
    let named = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|name| env.get(name))
        .find(|value| !value.is_empty());
    named.cloned().or_else(login_name).unwrap_or_else(|| {
        let uid = rustix::process::geteuid();
        format!("uid {}", uid.as_raw())
    })
}

/// The name of the effective user, wherever this machine's accounts are kept; none where it has none.
fn login_name() -> Option<String> {
    let mut id = std::process::Command::new("id");
    let output = id.arg("-un").stdin(Stdio::null()).output().ok()?;
    // Some say the number of an account that has no name, and fail.
    let name = String::from_utf8(output.stdout).ok()?;
    let name = name.trim();
    (output.status.success() && !name.is_empty()).then(|| name.to_owned())
}

/// The directory to work in, which must be there.
fn working_directory(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let start = std::env::current_dir()
        .map_err(|error| Failure::usage(format!("there is no working directory: {error}")))?;
    let Some(given) = given else {
        return Ok(start);
    };
    let refused = |error: std::io::Error| {
        Failure::usage(format!("cannot work in `{}`: {error}", given.display()))
    };
    let directory = start.join(given).canonicalize().map_err(refused)?;
    if directory.is_dir() {
        Ok(directory)
    } else {
        Err(refused(std::io::ErrorKind::NotADirectory.into()))
    }
}

/// Columns and rows of the terminal at this moment, where standard error is one.
pub(crate) fn terminal_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
    // Zeros are what a terminal says that does not know.
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.max(40), size.ws_row))
}
