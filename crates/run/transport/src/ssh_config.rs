//! What the person's `ssh_config` says of a host, as `ssh -G` evaluates it.
//!
//! `ssh` itself is asked, so that `Include`, `Match` and every token mean what they mean to it. It cannot tell a default
//! from a setting: an interval of 0 counts as not set, and the identity files it names are tried only where they exist.
//! `StrictHostKeyChecking`, `RemoteCommand`, `RequestTTY`, `ControlMaster` and `ForwardAgent` are never taken from it. Where
//! `ssh` is not installed nothing is read, and the caller says so where there would have been something to read.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

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

/// What `ssh_config` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The name or address to connect to.
    pub address: Option<String>,
    /// The login.
    pub user: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Files of private keys, set or usual.
    pub identities: Vec<PathBuf>,
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
    /// `ServerAliveCountMax`, where the interval is not 0.
    pub keepalive_count: Option<u32>,
}

/// Files of known hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHosts {
    /// The person's own.
    pub own: Vec<PathBuf>,
    /// The machine's.
    pub global: Vec<PathBuf>,
}

/// Why `ssh_config` could not be evaluated.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigError {
    /// `ssh` did not understand a file.
    #[error("ssh_config cannot be evaluated for `{host}`: {message}")]
    Refused {
        /// The host.
        host: String,
        /// What ssh said.
        message: String,
    },
    /// `ssh` could not be run.
    #[error("ssh could not be run to evaluate ssh_config")]
    Run(#[source] Arc<std::io::Error>),
}

/// Asks `ssh -G`; none = `ssh` is not installed here.
pub async fn resolve(asked: &Asked, home: &Path) -> Result<Option<Said>, ConfigError> {
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
    Ok(Some(read(&String::from_utf8_lossy(&output.stdout), home)))
}

/// Reads what `ssh -G` prints: one `name value` a line.
fn read(text: &str, home: &Path) -> Said {
    let mut said = Said::default();
    let mut interval = 0;
    let mut count = None;
    let paths = |value: &str| {
        let words = value.split_whitespace().filter(|word| *word != "none");
        words.map(|path| expand(path, home)).collect::<Vec<_>>()
    };
    for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
        match name {
            "hostname" => said.address = Some(value.to_owned()),
            "user" => said.user = Some(value.to_owned()),
            "port" => said.port = value.parse().ok(),
            "identityfile" => said.identities.push(expand(value, home)),
            "certificatefile" => said.certificates.push(expand(value, home)),
            "identitiesonly" => said.identities_only = value == "yes",
            "identityagent" => said.agent = Some(value.to_owned()),
            "hostkeyalias" => said.host_key_alias = Some(value.to_owned()),
            "userknownhostsfile" => known_hosts(&mut said).own = paths(value),
            "globalknownhostsfile" => known_hosts(&mut said).global = paths(value),
            "proxyjump" if value != "none" => {
                said.jump = value.split(',').map(str::to_owned).collect();
            }
            "proxycommand" if value != "none" => said.proxy_command = Some(value.to_owned()),
            "serveraliveinterval" => interval = value.parse().unwrap_or(0),
            "serveralivecountmax" => count = value.parse().ok(),
            _ => {}
        }
    }
    if interval > 0 {
        said.keepalive_interval = Some(Duration::from_secs(interval));
        said.keepalive_count = count;
    }
    said
}

fn known_hosts(said: &mut Said) -> &mut KnownHosts {
    said.known_hosts.get_or_insert_default()
}

fn expand(path: &str, home: &Path) -> PathBuf {
    match path.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_zero_is_not_set() {
        let text = "hostname web1.internal\nport 2222\nserveraliveinterval 0\nserveralivecountmax 3\n\
                    identityfile ~/.ssh/id_ed25519\nproxyjump jump1,me@jump2:2200\n";
        let said = read(text, Path::new("/home/me"));
        assert_eq!(said.address.as_deref(), Some("web1.internal"));
        assert_eq!(
            (said.port, said.keepalive_interval, said.keepalive_count),
            (Some(2222), None, None)
        );
        assert_eq!(said.identities, [PathBuf::from("/home/me/.ssh/id_ed25519")]);
        assert_eq!(said.jump, ["jump1", "me@jump2:2200"]);
    }

    #[test]
    fn the_person_s_known_hosts_are_kept_apart_from_the_machine_s() {
        let known = |text| {
            let said = read(text, Path::new("/home/me"));
            said.known_hosts.expect("known hosts")
        };
        let both = known(
            "globalknownhostsfile /etc/ssh/ssh_known_hosts\nuserknownhostsfile ~/.ssh/a /srv/b\n",
        );
        assert_eq!(both.own, ["/home/me/.ssh/a", "/srv/b"].map(PathBuf::from));
        assert_eq!(both.global, [PathBuf::from("/etc/ssh/ssh_known_hosts")]);
        let none = known("globalknownhostsfile /etc/g\nuserknownhostsfile none\n");
        assert_eq!((none.own.len(), none.global.len()), (0, 1));
    }

    #[tokio::test]
    async fn ssh_evaluates_match_and_include() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("config");
        let text = "User everybody\nMatch host other\n  Port 9\nHost prod-*\n  HostName %h.example.com\n  ServerAliveInterval=30\n";
        std::fs::write(&file, text).expect("written");
        let asked = Asked {
            host: "prod-1".into(),
            file: Some(file),
            ..Asked::default()
        };
        let Some(said) = resolve(&asked, dir.path()).await.expect("evaluated") else {
            return;
        };
        assert_eq!(said.address.as_deref(), Some("prod-1.example.com"));
        assert_eq!(
            (said.user.as_deref(), said.port),
            (Some("everybody"), Some(22))
        );
        assert_eq!(said.keepalive_interval, Some(Duration::from_secs(30)));
    }
}
