//! How a host is reached: settings become what a session is told.

use crate::error::Failure;
use crate::world::World;
use std::path::PathBuf;
use std::sync::Arc;
use windlass_model::settings::{HostKeyPolicy, SshAgent, SshSettings};
use windlass_model::{ExitCode, HostTarget, Secret};
use windlass_transport::{
    AuthOptions, Endpoint, Hop, HostKeyOptions, HostKeyQuestion, KeyRing, Observer, OpenError,
    Pacer, Prompt, Prompter, Session, SessionOptions, Way,
};

/// What all sessions of a run share: handshakes are paced together, a passphrase is asked for once.
pub(crate) struct Reach {
    world: World,
    pacer: Arc<Pacer>,
    keys: Arc<KeyRing>,
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

    /// Opens the session of a host.
    pub(crate) async fn open(
        &self,
        target: &HostTarget,
        ssh: &SshSettings,
        observer: Observer,
    ) -> Result<Session, OpenError> {
        Session::open(self.options(target, ssh), observer).await
    }

    fn options(&self, target: &HostTarget, ssh: &SshSettings) -> SessionOptions {
        let user = target
            .user
            .clone()
            .or_else(|| ssh.user.clone())
            .unwrap_or_else(|| self.world.local_user());
        let port = target.port.or(ssh.port).unwrap_or(22);
        let endpoint = Endpoint {
            address: target.address.clone(),
            port,
            user: user.clone(),
        };
        let jumps = ssh
            .jump
            .iter()
            .filter_map(|jump| self.hop(jump, &user, ssh));
        SessionOptions {
            name: target.name.clone(),
            way: Way {
                target: endpoint,
                jumps: jumps.collect(),
                proxy_command: ssh.proxy_command.clone(),
            },
            auth: self.auth(ssh),
            host_keys: self.host_keys(ssh),
            keepalive_interval: ssh
                .keepalive_interval
                .unwrap_or(SshSettings::KEEPALIVE_INTERVAL),
            keepalive_count: ssh.keepalive_count.unwrap_or(SshSettings::KEEPALIVE_COUNT),
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
            auth: self.auth(ssh),
            host_keys: self.host_keys(ssh),
        })
    }

    fn auth(&self, ssh: &SshSettings) -> AuthOptions {
        let agent = match &ssh.agent {
            SshAgent::Usual => self.world.var("SSH_AUTH_SOCK").map(PathBuf::from),
            SshAgent::Off => None,
            SshAgent::Socket(path) => Some(self.path(path)),
        };
        let usual = ["id_ed25519", "id_ecdsa", "id_rsa"];
        let home = self.world.home().join(".ssh");
        AuthOptions {
            agent,
            identities: ssh.identities.iter().map(|path| self.path(path)).collect(),
            default_identities: if ssh.identities.is_empty() {
                usual.map(|name| home.join(name)).to_vec()
            } else {
                Vec::new()
            },
            certificates: ssh
                .certificates
                .iter()
                .map(|path| self.path(path))
                .collect(),
            identities_only: !ssh.identities.is_empty(),
            prompter: self.world.interactive.then(|| Prompter::new(ask)),
            keys: Arc::clone(&self.keys),
            forward_agent: ssh.forward_agent,
        }
    }

    fn host_keys(&self, ssh: &SshSettings) -> HostKeyOptions {
        let usual = || {
            vec![
                self.world.home().join(".ssh/known_hosts"),
                PathBuf::from("/etc/ssh/ssh_known_hosts"),
            ]
        };
        let files: Vec<PathBuf> = ssh.known_hosts.iter().map(|path| self.path(path)).collect();
        HostKeyOptions {
            policy: ssh.host_keys,
            ask: (self.world.interactive && ssh.host_keys == HostKeyPolicy::Strict)
                .then(|| HostKeyQuestion::new(ask_key)),
            ..HostKeyOptions::strict(if files.is_empty() { usual() } else { files })
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
        failure.hint("nothing was changed on any host")
    }
}
