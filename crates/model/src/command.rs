//! A command for a host: a script with all that it needs, as typed values.
//!
//! Nothing in here is quoted yet; [`Command::prelude`] renders the values for a POSIX shell with [`crate::shell`], so
//! that no value is ever parsed by a shell by accident.

use crate::shell;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Environment variables with literal values.
pub type Environment = BTreeMap<String, String>;

/// A script and its surroundings. It is run as a file by `shell`, in `dir`, with stdin from /dev/null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The script, as written.
    pub script: String,
    /// The words of the shell that runs the script file; empty = `sh -e`.
    pub shell: Vec<String>,
    /// The directory to be in; none = the login's home.
    pub dir: Option<String>,
    /// Variables with literal values.
    pub env: Environment,
    /// Directories to be put before PATH. `~/` is the login's home.
    pub path: Vec<String>,
    /// Names of the secrets it may see; their values travel beside the script.
    pub secrets: Vec<String>,
    /// File mode mask as octal digits; none = the login's own.
    pub umask: Option<String>,
    /// Whether it wants a terminal.
    pub pty: bool,
    /// Another user to become, through `sudo -n`.
    pub sudo: Option<String>,
    /// A script that decides whether there is anything to do: status 0 = yes. Runs in the same surroundings.
    pub when: Option<String>,
    /// The longest it may run.
    pub timeout: Option<Duration>,
    /// The longest it may be silent.
    pub idle_timeout: Option<Duration>,
    /// Whether the ssh-agent may be forwarded to it; only for commands that may be repeated.
    pub forward_agent: bool,
}

impl Command {
    /// A command of our own: a script for `sh -e` with nothing around it.
    pub fn script(script: impl Into<String>) -> Self {
        Self {
            script: script.into(),
            ..Self::default()
        }
    }

    /// The words of the shell that runs the script.
    pub fn shell_words(&self) -> Vec<String> {
        if self.shell.is_empty() {
            vec!["sh".to_owned(), "-e".to_owned()]
        } else {
            self.shell.clone()
        }
    }

    /// The lines of sh that set up the surroundings: umask, PATH, variables, directory.
    ///
    /// A missing directory ends with status 1 and a sentence on stderr, before the script is begun.
    pub fn prelude(&self) -> String {
        let mut lines = vec!["unset TMOUT".to_owned()];
        lines.push("[ -n \"${LANG-}${LC_ALL-}\" ] || export LANG=C.UTF-8".to_owned());
        if let Some(umask) = &self.umask {
            lines.push(format!("umask {}", shell::quote(umask)));
        }
        for dir in self.path.iter().rev() {
            lines.push(format!("PATH={}:\"$PATH\"", home_path(dir)));
        }
        lines.push("export PATH".to_owned());
        for (name, value) in &self.env {
            lines.push(format!("export {name}={}", shell::quote(value)));
        }
        if let Some(dir) = &self.dir {
            let shown = shell::quote(&format!("windlass: cannot enter {dir}"));
            lines.push(format!(
                "cd -- {} || {{ echo {shown} >&2; exit 1; }}",
                home_path(dir)
            ));
        }
        lines.join("\n")
    }
}

/// Quotes a path in which a leading `~/` is the login's home.
pub fn home_path(path: &str) -> String {
    match path.strip_prefix("~/") {
        Some(rest) => format!("\"$HOME\"/{}", shell::quote(rest)),
        None => shell::quote(path),
    }
}
