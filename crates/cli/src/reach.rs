//! How a host is reached: settings become what a session is told.

use crate::error::Failure;
use crate::world::World;
use std::path::PathBuf;
use std::sync::Arc;
use windlass_model::settings::{HostKeyPolicy, SshAgent, SshSettings};
use windlass_model::{ExitCode, HostTarget, Secret};
use windlass_transport::ssh_config::{self, Asked, ConfigError, Here, Said};
use windlass_transport::{
    Attention, AuthOptions, Endpoint, Hop, HostKeyOptions, HostKeyQuestion, KeyRing, KnownHosts,
    Observer, OpenError, Pacer, Prompt, Prompter, Session, SessionOptions, Way,
};

/// What all sessions of a run share: handshakes are paced together, a passphrase is asked for once.
pub(crate) struct Reach {
    world: World,
    pacer: Arc<Pacer>,
    keys: Arc<KeyRing>,
    /// Nobody is asked where nobody is there.
    questions: Option<(Prompter, HostKeyQuestion)>,
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
        let attention = Attention::default();
        let questions = (
            Prompter::new(&attention, ask),
            HostKeyQuestion::new(&attention, ask_key),
        );
        Self {
            questions: world.interactive.then_some(questions),
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
        let asked = Asked {
            host: target.address.clone(),
            user: target.user.clone().or_else(|| ssh.user.clone()),
            port: target.port.or(ssh.port),
            file: self.config(ssh),
        };
        let said = self.said(&asked, ssh).await?;
        let way = Way {
            target: self.endpoint(asked, &said),
            jumps: self.jumps(ssh, &said).await?,
            proxy_command: ssh
                .proxy_command
                .clone()
                .or_else(|| said.proxy_command.clone())
                .filter(|command| command != "none"),
        };
        let options = self.options(target, ssh, (way, &said));
        match contact {
            Contact::First => Session::open(options, observer).await,
            Contact::Again => Ok(Session::take_up(options, observer)),
        }
    }

    /// The file of `ssh_config` to read instead of the usual ones.
    fn config(&self, ssh: &SshSettings) -> Option<PathBuf> {
        ssh.config.as_deref().map(|file| self.path(file))
    }

    /// What `ssh_config` says of a host: nothing where it is not to be read.
    async fn said(&self, asked: &Asked, ssh: &SshSettings) -> Result<Said, OpenError> {
        if ssh.config.as_deref() == Some("none") {
            return Ok(Said::default());
        }
        let here = Here {
            home: self.world.home(),
            user: self.world.user.clone(),
            uid: self.world.uid,
            machine: self.world.machine.clone(),
            env: self.world.env.clone(),
        };
        Ok(ssh_config::resolve(asked, &here).await?)
    }

    /// One end of the way: what windlass.toml says first, then what `ssh_config` said.
    fn endpoint(&self, asked: Asked, said: &Said) -> Endpoint {
        let user = asked.user.or_else(|| said.user.clone());
        Endpoint {
            address: said.address.clone().unwrap_or(asked.host),
            port: asked.port.or(said.port).unwrap_or(22),
            user: user.unwrap_or_else(|| self.world.user.clone()),
        }
    }

    /// The jump hosts, each with what `ssh_config` says of it. The whole chain is named in one place: jump hosts that it
    /// names for a jump host are not added.
    async fn jumps(&self, ssh: &SshSettings, said: &Said) -> Result<Vec<Hop>, OpenError> {
        // As with ssh, the login of the hosts is not that of a jump host that only ssh_config knows.
        let (jumps, user) = if ssh.jump.is_empty() {
            (&said.jump, None)
        } else {
            (&ssh.jump, ssh.user.as_ref())
        };
        let mut hops = Vec::new();
        for jump in jumps.iter().filter(|jump| *jump != "none") {
            let (host, named, port) = address(jump)?;
            let asked = Asked {
                host,
                user: named.or_else(|| user.cloned()),
                port,
                file: self.config(ssh),
            };
            let said = self.said(&asked, ssh).await?;
            hops.push(Hop {
                auth: self.auth(ssh, &said),
                host_keys: self.host_keys(ssh, &said),
                endpoint: self.endpoint(asked, &said),
            });
        }
        Ok(hops)
    }

    fn options(
        &self,
        target: &HostTarget,
        ssh: &SshSettings,
        (way, said): (Way, &Said),
    ) -> SessionOptions {
        let keepalive = ssh.keepalive_interval.or(said.keepalive_interval);
        let count = ssh.keepalive_count.or(said.keepalive_count);
        SessionOptions {
            name: target.name.clone(),
            way,
            auth: self.auth(ssh, said),
            host_keys: self.host_keys(ssh, said),
            keepalive_interval: keepalive.unwrap_or(SshSettings::KEEPALIVE_INTERVAL),
            keepalive_count: count.unwrap_or(SshSettings::KEEPALIVE_COUNT),
            connect_for: ssh.connect_for,
            reconnect_for: ssh.reconnect_for,
            pacer: Arc::clone(&self.pacer),
        }
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
        let default_identities = match &said.identities {
            _ if !ssh.identities.is_empty() => Vec::new(),
            Some(said) => said.clone(),
            None => usual(),
        };
        let named = ssh.certificates.iter().map(|path| self.path(path));
        AuthOptions {
            agent,
            identities: ssh.identities.iter().map(|path| self.path(path)).collect(),
            default_identities,
            certificates: named.chain(said.certificates.iter().cloned()).collect(),
            identities_only: !ssh.identities.is_empty() || said.identities_only,
            prompter: self
                .questions
                .as_ref()
                .map(|(prompter, _)| prompter.clone()),
            keys: Arc::clone(&self.keys),
            agent_answers_within: None,
            forward_agent: ssh.forward_agent,
        }
    }

    fn host_keys(&self, ssh: &SshSettings, said: &Said) -> HostKeyOptions {
        let usual = || KnownHosts {
            own: vec![self.world.home().join(".ssh/known_hosts")],
            global: vec![PathBuf::from("/etc/ssh/ssh_known_hosts")],
        };
        let named: Vec<PathBuf> = ssh.known_hosts.iter().map(|path| self.path(path)).collect();
        let known = if named.is_empty() {
            said.known_hosts.clone().unwrap_or_else(usual)
        } else {
            KnownHosts {
                own: named,
                global: Vec::new(),
            }
        };
        let question = self
            .questions
            .as_ref()
            .map(|(_, question)| question.clone());
        HostKeyOptions {
            alias: said.host_key_alias.clone(),
            policy: ssh.host_keys,
            ask: question.filter(|_| ssh.host_keys == HostKeyPolicy::Strict),
            known,
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        match path.strip_prefix("~/") {
            Some(rest) => self.world.home().join(rest),
            None => self.world.directory.join(path),
        }
    }
}

/// Host, login and port of a jump host. A jump host that cannot be read must not be left out.
fn address(jump: &str) -> Result<(String, Option<String>, Option<u16>), ConfigError> {
    let refused = |message: String| ConfigError::Refused {
        host: jump.to_owned(),
        message,
    };
    let address = windlass_model::address::Address::parse(jump).map_err(refused)?;
    let name = address.names.into_iter().next();
    let name = name.ok_or_else(|| refused("it names no host".to_owned()))?;
    Ok((name, address.user, address.port))
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
    let question = format!(
        "{host} has a host key that is not known: {kind} {fingerprint}; trust it and write it down? [y/N] "
    );
    crate::screen::answer(&question, true).is_some_and(|word| matches!(word.trim(), "y" | "yes"))
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
        OpenError::SshConfig(error) => match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        },
        _ => failure,
    };
    if failure.code == ExitCode::Internal {
        failure
    } else {
        failure.unchanged()
    }
}
