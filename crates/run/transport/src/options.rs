//! What a session is told: where, by which way, as whom, whom to trust, how long to try.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use windlass_model::settings::{HostKeyPolicy, SshSettings};
use windlass_model::{HostName, Secret};

pub use crate::auth::KeyRing;
pub use crate::pacer::Pacer;

/// One end of an SSH connection. Address and user follow the strict grammar of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an IP address, without brackets.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The login.
    pub user: String,
}

impl Endpoint {
    /// The address and port, as one word.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.address, self.port)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.contains(':') {
            write!(f, "{}@[{}]:{}", self.user, self.address, self.port)
        } else {
            write!(f, "{}@{}:{}", self.user, self.address, self.port)
        }
    }
}

/// A jump host: its end, and how to log in there and whom to trust there.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Where it is.
    pub endpoint: Endpoint,
    /// How to log in.
    pub auth: AuthOptions,
    /// Whom to trust.
    pub host_keys: HostKeyOptions,
}

/// How the target is reached.
#[derive(Clone, Debug)]
pub struct Way {
    /// The host itself.
    pub target: Endpoint,
    /// Jump hosts, the one nearest to this machine first.
    pub jumps: Vec<Hop>,
    /// A command whose input and output are the connection; run by the shell after its tokens are filled.
    pub proxy_command: Option<String>,
}

impl Way {
    /// Straight to `target`.
    pub fn straight(target: Endpoint) -> Self {
        Self {
            target,
            jumps: Vec::new(),
            proxy_command: None,
        }
    }
}

/// How to log in.
#[derive(Clone, Debug, Default)]
pub struct AuthOptions {
    /// The socket of the ssh-agent.
    pub agent: Option<PathBuf>,
    /// Files of private keys named by a setting or by `ssh_config`; tried before the rest of the ssh-agent's keys.
    pub identities: Vec<PathBuf>,
    /// Files tried after the ssh-agent, where they exist: the usual `~/.ssh/id_*`.
    pub default_identities: Vec<PathBuf>,
    /// Files of certificates, beside those found next to the keys.
    pub certificates: Vec<PathBuf>,
    /// Whether keys of the ssh-agent are used only where `identities` names them.
    pub identities_only: bool,
    /// Whom to ask for passphrases and answers; none = nobody.
    pub prompter: Option<Prompter>,
    /// Keys that were decrypted already; shared by all sessions, so that a passphrase is asked for once.
    pub keys: Arc<KeyRing>,
    /// How long the ssh-agent may take to sign; none = a minute.
    pub agent_answers_within: Option<Duration>,
    /// Whether the ssh-agent may be forwarded to commands that ask for it.
    pub forward_agent: bool,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// The passphrase of a key.
    Passphrase {
        /// The key's file.
        file: PathBuf,
        /// Whether the one given before was wrong.
        again: bool,
    },
    /// A question of the server's (keyboard-interactive or password).
    Answer {
        /// Which login asks, as `user@address:port`.
        endpoint: String,
        /// The server's words; untrusted.
        text: String,
        /// Whether the answer may be seen.
        echo: bool,
    },
}

/// The attention of the one person there is: an answer can only be meant for the one question on the screen. Shared by all
/// sessions and by both kinds of questions.
#[derive(Clone, Debug, Default)]
pub struct Attention(Arc<Mutex<()>>);

impl Attention {
    async fn turn<Ask: ?Sized>(&self, ask: &Arc<Ask>) -> Turn<Ask> {
        Turn {
            ask: Arc::clone(ask),
            turn: Arc::new(Arc::clone(&self.0).lock_owned().await),
        }
    }
}

/// Leave to ask, until it is dropped and the last question is off the screen.
pub(crate) struct Turn<Ask: ?Sized> {
    ask: Arc<Ask>,
    turn: Arc<OwnedMutexGuard<()>>,
}

impl<Ask: ?Sized + Send + Sync + 'static> Turn<Ask> {
    /// Asks on a thread that may block. The turn lasts as long, even where nobody waits for the answer any more.
    async fn through<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Ask) -> T + Send + 'static,
    ) -> Option<T> {
        let (ask, turn) = (Arc::clone(&self.ask), Arc::clone(&self.turn));
        let asked = tokio::task::spawn_blocking(move || {
            let answer = question(&ask);
            drop(turn);
            answer
        });
        asked.await.ok()
    }
}

/// Asks a person for passphrases and answers. The function may block.
#[derive(Clone)]
pub struct Prompter {
    ask: Arc<AskPrompt>,
    attention: Attention,
}

type AskPrompt = dyn Fn(Prompt) -> Option<Secret> + Send + Sync;

impl Prompter {
    /// Asks through `ask`, which answers `None` where there is no answer.
    pub fn new(
        attention: &Attention,
        ask: impl Fn(Prompt) -> Option<Secret> + Send + Sync + 'static,
    ) -> Self {
        Self {
            ask: Arc::new(ask),
            attention: attention.clone(),
        }
    }

    /// Waits until nobody else asks.
    pub(crate) async fn turn(&self) -> Turn<AskPrompt> {
        self.attention.turn(&self.ask).await
    }
}

impl Turn<AskPrompt> {
    /// The answer, where there is one.
    pub(crate) async fn ask(&self, prompt: Prompt) -> Option<Secret> {
        self.through(move |ask| ask(prompt)).await.flatten()
    }
}

impl fmt::Debug for Prompter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prompter")
    }
}

/// Files of known hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHosts {
    /// The person's own; a key accepted for the first time is added to the first.
    pub own: Vec<PathBuf>,
    /// The machine's; never written to.
    pub global: Vec<PathBuf>,
}

/// Whom to trust.
#[derive(Clone, Debug)]
pub struct HostKeyOptions {
    /// The name under which the host is looked up instead of its address.
    pub alias: Option<String>,
    /// Where known hosts are listed.
    pub known: KnownHosts,
    /// What an unknown key means. A changed or revoked one is always refused.
    pub policy: HostKeyPolicy,
    /// Asked about an unknown key where the policy is strict.
    pub ask: Option<HostKeyQuestion>,
}

impl HostKeyOptions {
    /// Strict, with these files of the person's.
    pub fn strict(files: Vec<PathBuf>) -> Self {
        Self {
            alias: None,
            known: KnownHosts {
                own: files,
                global: Vec::new(),
            },
            policy: HostKeyPolicy::Strict,
            ask: None,
        }
    }
}

/// Asks a person whether to trust a key: the host as known hosts name it, the key's kind and its fingerprint.
#[derive(Clone)]
pub struct HostKeyQuestion {
    ask: Arc<AskKey>,
    attention: Attention,
}

/// Host, kind of key, fingerprint.
type AskKey = dyn Fn(&str, &str, &str) -> bool + Send + Sync;

impl HostKeyQuestion {
    /// Asks through `ask`, which may block.
    pub fn new(
        attention: &Attention,
        ask: impl Fn(&str, &str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            ask: Arc::new(ask),
            attention: attention.clone(),
        }
    }

    /// Waits until nobody else asks.
    pub(crate) async fn turn(&self) -> Turn<AskKey> {
        self.attention.turn(&self.ask).await
    }
}

impl Turn<AskKey> {
    /// Whether the key is to be trusted.
    pub(crate) async fn ask(&self, host: String, kind: String, fingerprint: String) -> bool {
        let answer = self.through(move |ask| ask(&host, &kind, &fingerprint));
        answer.await.unwrap_or(false)
    }
}

impl fmt::Debug for HostKeyQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKeyQuestion")
    }
}

/// All a session is told.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// The host as everything else names it.
    pub name: HostName,
    /// How it is reached.
    pub way: Way,
    /// How to log in there.
    pub auth: AuthOptions,
    /// Whom to trust there.
    pub host_keys: HostKeyOptions,
    /// How often a silent connection is probed; zero = never.
    pub keepalive_interval: Duration,
    /// How many probes may stay unanswered.
    pub keepalive_count: NonZeroU32,
    /// How long the first connection is tried.
    pub connect_for: Duration,
    /// How long a lost connection is dialled again.
    pub reconnect_for: Duration,
    /// Paces handshakes; shared by all sessions.
    pub pacer: Arc<Pacer>,
}

impl SessionOptions {
    /// The defaults for a host that is reached straight: keepalive 15 s and 3, 30 s to connect, 1 h to come back.
    pub fn new(
        name: HostName,
        target: Endpoint,
        auth: AuthOptions,
        host_keys: HostKeyOptions,
    ) -> Self {
        Self {
            name,
            way: Way::straight(target),
            auth,
            host_keys,
            keepalive_interval: SshSettings::KEEPALIVE_INTERVAL,
            keepalive_count: SshSettings::KEEPALIVE_COUNT,
            connect_for: Duration::from_secs(30),
            reconnect_for: Duration::from_secs(3600),
            pacer: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Notes how many questions are on the screen at once, and stays there for a while.
    #[derive(Default)]
    struct Screen {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Screen {
        fn show(&self) {
            self.now.fetch_add(1, Ordering::SeqCst);
            self.most
                .fetch_max(self.now.load(Ordering::SeqCst), Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(100));
            self.now.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn one_question_is_on_the_screen_at_a_time_of_whichever_kind() {
        let (attention, screen) = (Attention::default(), Arc::new(Screen::default()));
        let shown = Arc::clone(&screen);
        let key = HostKeyQuestion::new(&attention, move |_, _, _| {
            shown.show();
            true
        });
        let shown = Arc::clone(&screen);
        let prompter = Prompter::new(&attention, move |_| {
            shown.show();
            None
        });
        let about_key = async |host: &str| {
            let turn = key.turn().await;
            turn.ask(host.to_owned(), "ssh-ed25519".to_owned(), String::new())
                .await
        };
        let prompt = Prompt::Answer {
            endpoint: "deploy@web3:22".to_owned(),
            text: "code:".to_owned(),
            echo: true,
        };
        let about_login = async { prompter.turn().await.ask(prompt).await };
        // A question that nobody waits for any more is on the screen all the same.
        let given_up = tokio::time::timeout(Duration::from_millis(20), about_key("web0"));
        drop(given_up.await);
        let (one, two, _) = tokio::join!(about_key("web1"), about_key("web2"), about_login);
        assert!(one && two);
        assert_eq!(screen.most.load(Ordering::SeqCst), 1);
    }
}
