//! What the person's `ssh_config` says of a host.
//!
//! Where `ssh` is installed it is asked (`ssh -G`), so that `Include`, `Match` and every token mean what they mean to it.
//! Elsewhere the files are read here, and what only `ssh` could evaluate stops the host instead of being guessed at. Either
//! way the answer has one shape. `ssh -G` cannot tell a default from a setting: an interval of 0 counts as not set, and the
//! identity files it names are tried only where they exist. `StrictHostKeyChecking`, `RemoteCommand`, `RequestTTY`,
//! `ControlMaster` and `ForwardAgent` are never taken from it.

mod criteria;
mod error;
mod gathered;
mod include;
mod keywords;
mod line;
mod printed;
mod reader;
mod tokens;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use self::error::Why;
pub use self::error::{ConfigError, Place};
use crate::options::KnownHosts;

/// What is asked about.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The host as the inventory names it.
    pub host: String,
    /// The login, where a setting names one.
    pub user: Option<String>,
    /// The port, where a setting names one.
    pub port: Option<u16>,
    /// Another file than the usual ones.
    pub file: Option<PathBuf>,
}

/// Where and for whom it is evaluated.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// The person's home directory.
    pub home: PathBuf,
    /// The person's login.
    pub user: String,
    /// Its number.
    pub uid: u32,
    /// The name of this machine.
    pub machine: String,
    /// The environment.
    pub env: BTreeMap<String, String>,
}

impl Here {
    /// The home directory of a login; the empty name is the person's own.
    fn home_of(&self, name: &str) -> Result<String, Why> {
        if name.is_empty() || name == self.user {
            return Ok(self.home.to_string_lossy().into_owned());
        }
        Err(Why::OnlySsh(format!("`~{name}` is another login's home")))
    }

    /// The socket of an ssh-agent, which may be named by the variable that holds it.
    fn agent(&self, text: &str) -> String {
        match text.strip_prefix('$') {
            Some(name) => self.env.get(name).map_or("none", String::as_str).to_owned(),
            None => text.to_owned(),
        }
    }
}

/// What `ssh_config` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The name or address to connect to.
    pub address: Option<String>,
    /// The login.
    pub user: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Files of private keys, set or usual; none = nothing is said of them.
    pub identities: Option<Vec<PathBuf>>,
    /// Files of certificates.
    pub certificates: Vec<PathBuf>,
    /// Whether only those keys are to be used.
    pub identities_only: bool,
    /// The socket of the ssh-agent; `none` turns it off.
    pub agent: Option<String>,
    /// The name under which the host key is looked up.
    pub host_key_alias: Option<String>,
    /// Files of known hosts; none = nothing is said of them.
    pub known_hosts: Option<KnownHosts>,
    /// Jump hosts, the nearest first, each `[user@]host[:port]`.
    pub jump: Vec<String>,
    /// The proxy command.
    pub proxy_command: Option<String>,
    /// `ServerAliveInterval`, where it is not 0.
    pub keepalive_interval: Option<Duration>,
    /// `ServerAliveCountMax`, where the interval is not 0; nor is it: to never give up is no choice here.
    pub keepalive_count: Option<NonZeroU32>,
}

/// Asks `ssh -G`, or reads the files where `ssh` is not installed.
pub async fn resolve(asked: &Asked, here: &Here) -> Result<Said, ConfigError> {
    if let Some(text) = ask_ssh(asked).await? {
        return printed::read(&text, asked, here).map_err(|why| why.printed(&asked.host));
    }
    let (asked, here) = (asked.clone(), here.clone());
    // A file may lie on a disk that takes its time.
    tokio::task::spawn_blocking(move || reader::evaluate(&asked, &here))
        .await
        .map_err(|error| ConfigError::Run(Arc::new(error.into())))?
}

/// What `ssh -G` prints; none = `ssh` is not installed here.
async fn ask_ssh(asked: &Asked) -> Result<Option<String>, ConfigError> {
    let mut command = tokio::process::Command::new("ssh");
    command.arg("-G").stdin(Stdio::null());
    if let Some(file) = &asked.file {
        command.arg("-F").arg(file);
    }
    if let Some(user) = &asked.user {
        command.arg("-l").arg(user);
    }
    if let Some(port) = asked.port {
        command.arg("-p").arg(port.to_string());
    }
    let output = match command.arg("--").arg(&asked.host).output().await {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ConfigError::Run(Arc::new(error))),
    };
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(ConfigError::Refused {
            host: asked.host.clone(),
            message,
        });
    }
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[cfg(test)]
mod tests;
