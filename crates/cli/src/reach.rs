//! How a host is reached: settings become what a session is told.

use crate::error::Failure;
use crate::world::World;
use std::path::PathBuf;
use std::sync::Arc;
use windlass_model::settings::{HostKeyPolicy, SshAgent, SshSettings};
use windlass_model::{ExitCode, HostTarget, Secret};
use windlass_transport::ssh_config::{self, Asked, KnownHosts, Said};
use windlass_transport::{
    AuthOptions, Endpoint, Hop, HostKeyOptions, HostKeyQuestion, KeyRing, Observer, OpenError,
    Pacer, Prompt, Prompter, Session, SessionEvent, SessionOptions, Way,
};

/// What all sessions of a run share: handshakes are paced together, a passphrase is asked for once.
pub(crate) struct Reach {
    world: World,
    pacer: Arc<Pacer>,
    keys: Arc<KeyRing>,
}

/// What is known of the hosts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    /// Nothing: whoever is not there is named before anything is changed.
    First,
    /// Something was begun on them: whoever is away is waited for like one that was lost, and holds up no other.
    Again,
}

impl Reach {
    /// In these surroundings.
    pub(crate) fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            pacer: Arc::default(),
            keys: Arc::default(),
        }
    }

    /// Opens the session of a host, or takes it up.
    pub(crate) async fn open(
        &self,
        target: &HostTarget,
        ssh: &SshSettings,
        observer: Observer,
        contact: Contact,
    ) -> Result<Session, OpenError> {
        let said = self.said(target, ssh, &observer).await?;
        let options = self.options(target, ssh, &said);
        match contact {
            Contact::First => Session::open(options, observer).await,
            Contact::Again => Ok(Session::take_up(options, observer)),
        }
    }

    /// What `ssh_config` says of the host; nothing where it is not to be read.
    async fn said(
        &self,
        target: &HostTarget,
        ssh: &SshSettings,
        observer: &Observer,
    ) -> Result<Said, OpenError> {
        if ssh.config.as_deref() == Some("none") {
            return Ok(Said::default());
        }
        let asked = Asked {
            host: target.address.clone(),
            user: target.user.clone().or_else(|| ssh.user.clone()),
            port: target.port.or(ssh.port),
            file: ssh.config.as_deref().map(|file| self.path(file)),
        };
        let home = self.world.home();
        if let Some(said) = ssh_config::resolve(&asked, &home).await? {
            return Ok(said);
        }
        if asked.file.is_some() || home.join(".ssh/config").exists() {
            let text =
                "ssh is not installed here, so ssh_config is not read; [ssh] in windlass.toml is";
            observer(SessionEvent::Warning(text.to_owned()));
        }
        Ok(Said::default())
    }

    /// The road to the host: windlass.toml first, then what `ssh_config` said.
    fn way(&self, target: &HostTarget, ssh: &SshSettings, said: &Said) -> Way {
        let user = target
            .user
            .clone()
            .or_else(|| ssh.user.clone())
            .or_else(|| said.user.clone());
        let user = user.unwrap_or_else(|| self.world.local_user());
        let endpoint = Endpoint {
            address: said
                .address
                .clone()
                .unwrap_or_else(|| target.address.clone()),
            port: target.port.or(ssh.port).or(said.port).unwrap_or(22),
            user: user.clone(),
        };
        let jumps = if ssh.jump.is_empty() {
            &said.jump
        } else {
            &ssh.jump
        };
        let jumps = jumps.iter().filter(|jump| *jump != "none");
        let command = ssh
            .proxy_command
            .clone()
            .or_else(|| said.proxy_command.clone());
        Way {
            target: endpoint,
            jumps: jumps
                .filter_map(|jump| self.hop(jump, &user, ssh))
                .collect(),
            proxy_command: command.filter(|command| command != "none"),
        }
    }

    fn options(&self, target: &HostTarget, ssh: &SshSettings, said: &Said) -> SessionOptions {
        let keepalive = ssh.keepalive_interval.or(said.keepalive_interval);
        let count = ssh.keepalive_count.or(said.keepalive_count);
        SessionOptions {
            name: target.name.clone(),
            way: self.way(target, ssh, said),
            auth: self.auth(ssh, said),
            host_keys: self.host_keys(ssh, said),
            keepalive_interval: keepalive.unwrap_or(SshSettings::KEEPALIVE_INTERVAL),
            keepalive_count: count.unwrap_or(SshSettings::KEEPALIVE_COUNT),
            connect_for: ssh.connect_for,
            reconnect_for: ssh.reconnect_for,
            pacer: Arc::clone(&self.pacer),
        }
    }

    /// A jump host, as settings write it; their grammar was checked when they were read.
    fn hop(&self, jump: &str, user: &str, ssh: &SshSettings) -> Option<Hop> {
        let address = windlass_config::Address::parse(jump).ok()?;
        let endpoint = Endpoint {
            user: address.user.unwrap_or_else(|| user.to_owned()),
            port: address.port.unwrap_or(22),
            address: address.names.into_iter().next()?,
        };
        Some(Hop {
            endpoint,
            auth: self.auth(ssh, &Said::default()),
            host_keys: self.host_keys(ssh, &Said::default()),
        })
    }

    fn auth(&self, ssh: &SshSettings, said: &Said) -> AuthOptions {
        let agent = match (&ssh.agent, said.agent.as_deref()) {
            (SshAgent::Off, _) | (SshAgent::Usual, Some("none")) => None,
            (SshAgent::Socket(path), _) => Some(self.path(path)),
            (SshAgent::Usual, Some(path)) if path != "SSH_AUTH_SOCK" => Some(self.path(path)),
            (SshAgent::Usual, _) => self.world.var("SSH_AUTH_SOCK").map(PathBuf::from),
        };
        let home = self.world.home().join(".ssh");
        let usual = || {
            ["id_ed25519", "id_ecdsa", "id_rsa"]
                .map(|name| home.join(name))
                .to_vec()
        };
        let default_identities = match (ssh.identities.is_empty(), said.identities.is_empty()) {
            (false, _) => Vec::new(),
            (true, false) => said.identities.clone(),
            (true, true) => usual(),
        };
        let named = ssh.certificates.iter().map(|path| self.path(path));
        AuthOptions {
            agent,
            identities: ssh.identities.iter().map(|path| self.path(path)).collect(),
            default_identities,
            certificates: named.chain(said.certificates.iter().cloned()).collect(),
            identities_only: !ssh.identities.is_empty() || said.identities_only,
            prompter: self.world.interactive.then(|| Prompter::new(ask)),
            keys: Arc::clone(&self.keys),
            forward_agent: ssh.forward_agent,
        }
    }

    fn host_keys(&self, ssh: &SshSettings, said: &Said) -> HostKeyOptions {
        let usual = || KnownHosts {
            own: vec![self.world.home().join(".ssh/known_hosts")],
            global: vec![PathBuf::from("/etc/ssh/ssh_known_hosts")],
        };
        let named: Vec<PathBuf> = ssh.known_hosts.iter().map(|path| self.path(path)).collect();
        let files = if named.is_empty() {
            said.known_hosts.clone().unwrap_or_else(usual)
        } else {
            KnownHosts {
                own: named,
                global: Vec::new(),
            }
        };
        let asks = self.world.interactive && ssh.host_keys == HostKeyPolicy::Strict;
        HostKeyOptions {
            alias: said.host_key_alias.clone(),
            policy: ssh.host_keys,
            ask: asks.then(|| HostKeyQuestion::new(ask_key)),
            global_files: files.global,
            ..HostKeyOptions::strict(files.own)
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        match path.strip_prefix("~/") {
            Some(rest) => self.world.home().join(rest),
            None => self.world.directory.join(path),
        }
    }
}

fn ask(prompt: Prompt) -> Option<Secret> {
    let (question, echo) = match prompt {
        Prompt::Passphrase { file, again } => {
            let again = if again { "that was not it; " } else { "" };
            (format!("{again}passphrase of {}: ", file.display()), false)
        }
        Prompt::Answer {
            endpoint,
            text,
            echo,
        } => (
            format!("{endpoint}: {} ", windlass_reporter::visible_text(&text)),
            echo,
        ),
    };
    crate::screen::answer(&question, echo).map(Secret::new)
}

fn ask_key(host: &str, kind: &str, fingerprint: &str) -> bool {
    crate::screen::say(&format!(
        "the host key of {host} is not known: {kind} {fingerprint}"
    ));
    crate::screen::answer("trust it and write it down? [y/N] ", true)
        .is_some_and(|word| matches!(word.trim(), "y" | "yes"))
}

/// What a person wants to know first where a host was not reached.
pub(crate) const NOTHING_CHANGED: &str = "nothing was changed on any host";

/// Why a host was not reached, as people see it.
pub(crate) fn reach_failure(target: &HostTarget, error: &OpenError) -> Failure {
    let failure = Failure::from_error(error.exit_code(), error);
    let failure = Failure {
        text: format!("{}: {}", target.name, failure.text),
        ..failure
    };
    let failure = match error {
        OpenError::HostKey(error) => match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        },
        _ => failure,
    };
    if failure.code == ExitCode::Internal {
        failure
    } else {
        failure.hint(NOTHING_CHANGED)
    }
}
