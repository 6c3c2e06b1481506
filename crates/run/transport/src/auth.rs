//! Logs in: with the ssh-agent's keys, with key files and certificates, by answering questions.
//!
//! Keys named by a setting come first, then the ssh-agent's others, then the usual files; whatever needs a person comes
//! last. Nothing is offered twice, since servers count.

mod agent;
mod key_ring;
mod questions;
mod refusal;
mod signer;
mod through_agent;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use russh::client::{AuthResult, Handle};
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use russh::{MethodKind, MethodSet};

pub use self::key_ring::KeyRing;
use self::key_ring::Loaded;
pub use self::refusal::AuthError;
pub(crate) use self::refusal::Failure;
use crate::client::Client;
use crate::options::{AuthOptions, Endpoint};
use crate::patience::Patience;

/// The connection ended.
#[derive(Debug)]
struct Lost;

/// One login under way.
pub(crate) struct Login<'a> {
    handle: &'a mut Handle<Client>,
    endpoint: &'a Endpoint,
    options: &'a AuthOptions,
    patience: &'a Patience,
    agent: Option<signer::Agent>,
    allowed: Option<MethodSet>,
    tried: Vec<String>,
    unusable: Vec<String>,
    /// What a person should know of also where somebody is let in.
    warnings: Vec<String>,
    offered: Vec<PublicKey>,
    /// What the server takes for RSA keys: asked once, and the answer may be SHA-1 only.
    #[expect(
        clippy::option_option,
        reason = "the inner one is the library's word for SHA-1"
    )]
    rsa_hash: Option<Option<HashAlg>>,
}

/// Whether to go on with the next key.
type Step = Result<Progress, Lost>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    In,
    Next,
}

impl<'a> Login<'a> {
    pub(crate) fn new(
        handle: &'a mut Handle<Client>,
        endpoint: &'a Endpoint,
        options: &'a AuthOptions,
        patience: &'a Patience,
    ) -> Self {
        Self {
            handle,
            endpoint,
            options,
            patience,
            agent: None,
            allowed: None,
            tried: Vec::new(),
            unusable: Vec::new(),
            warnings: Vec::new(),
            offered: Vec::new(),
            rsa_hash: None,
        }
    }

    /// Tries everything in order; returns what a person should know all the same.
    pub(crate) async fn log_in(mut self) -> Result<Vec<String>, Failure> {
        match self.try_all().await {
            Ok(Progress::In) => Ok(self.warnings),
            Ok(Progress::Next) => Err(Failure::Refused(self.summary())),
            Err(Lost) => Err(Failure::Lost(self.summary())),
        }
    }

    async fn try_all(&mut self) -> Step {
        let agent_keys = self.ask_agent().await;
        let mut locked = Vec::new();
        for file in &self.options.identities {
            if self.try_file(file, &agent_keys, true, &mut locked).await? == Progress::In {
                return Ok(Progress::In);
            }
        }
        if !self.options.identities_only {
            for key in &agent_keys {
                if self.try_agent_key(key).await? == Progress::In {
                    return Ok(Progress::In);
                }
            }
        }
        for file in &self.options.default_identities {
            if self.try_file(file, &agent_keys, false, &mut locked).await? == Progress::In {
                return Ok(Progress::In);
            }
        }
        for file in locked {
            if self.try_locked(&file).await? == Progress::In {
                return Ok(Progress::In);
            }
        }
        if self.try_nothing().await? == Progress::In {
            return Ok(Progress::In);
        }
        self.try_questions().await
    }

    fn summary(self) -> AuthError {
        let allowed = self.allowed.unwrap_or_else(MethodSet::empty);
        AuthError {
            endpoint: self.endpoint.to_string(),
            tried: self.tried,
            allowed: allowed
                .iter()
                .map(|kind| <&str>::from(kind).to_owned())
                .collect(),
            unusable: self.unusable,
        }
    }

    /// Tries a key file, by way of the ssh-agent where it holds the key.
    async fn try_file(
        &mut self,
        file: &Path,
        agent_keys: &[agent::AgentKey],
        named: bool,
        locked: &mut Vec<std::path::PathBuf>,
    ) -> Step {
        let loaded = self.options.keys.load(file).await;
        let public = loaded.public();
        let held = agent_keys.iter().filter(|key| {
            public
                .as_ref()
                .is_some_and(|public| public.key_data() == key.public().key_data())
        });
        let mut in_agent = false;
        for key in held {
            in_agent = true;
            if self.try_agent_key(key).await? == Progress::In {
                return Ok(Progress::In);
            }
        }
        match loaded {
            // Without its ssh-agent, passed over meanwhile, the file is what is left.
            _ if in_agent && self.agent.is_some() => Ok(Progress::Next),
            Loaded::Ready(key) => self.try_private(file, key).await,
            Loaded::Locked(_) => {
                locked.push(file.to_owned());
                Ok(Progress::Next)
            }
            Loaded::Missing if !named => Ok(Progress::Next),
            Loaded::Missing => self.cannot_use(file, "no such file"),
            Loaded::PublicOnly(_) => self.cannot_use(file, "the ssh-agent does not hold it"),
            Loaded::Unreadable(why) => self.cannot_use(file, &why),
        }
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "it ends the arms that go on with the next key"
    )]
    fn cannot_use(&mut self, file: &Path, why: &str) -> Step {
        self.unusable.push(format!("{}: {why}", file.display()));
        Ok(Progress::Next)
    }

    /// Asks for the passphrase, then tries.
    async fn try_locked(&mut self, file: &Path) -> Step {
        if !self.may_offer_keys() {
            return Ok(Progress::Next);
        }
        let Some(prompter) = self.options.prompter.clone() else {
            return self.cannot_use(file, "needs a passphrase and there is nobody to ask");
        };
        let unlocked = {
            let _wait = self.patience.wait();
            self.options.keys.unlock(file, &prompter).await
        };
        match unlocked {
            Ok(key) => self.try_private(file, key).await,
            Err(why) => self.cannot_use(file, &why),
        }
    }

    /// Tries a private key: with its certificates, then by itself.
    async fn try_private(&mut self, file: &Path, key: Arc<PrivateKey>) -> Step {
        let mut certificates = self.options.certificates.clone();
        let mut beside = file.as_os_str().to_owned();
        beside.push("-cert.pub");
        certificates.push(beside.into());
        for certificate in self
            .options
            .keys
            .certificates(&certificates, key.public_key())
            .await
        {
            if self.may_offer_keys() {
                self.say_tried("certificate", key.public_key(), &file.display().to_string());
                let result = self
                    .handle
                    .authenticate_openssh_cert(&self.endpoint.user, Arc::clone(&key), certificate)
                    .await;
                if self.take(result)? == Progress::In {
                    return Ok(Progress::In);
                }
            }
        }
        if !self.may_offer(key.public_key()) {
            return Ok(Progress::Next);
        }
        self.say_tried("key", key.public_key(), &file.display().to_string());
        let hash = self.rsa_hash(key.public_key()).await?;
        let key = PrivateKeyWithHashAlg::new(key, hash);
        let result = self
            .handle
            .authenticate_publickey(&self.endpoint.user, key)
            .await;
        self.take(result)
    }

    /// Whether the server still takes keys.
    fn may_offer_keys(&self) -> bool {
        self.allows(MethodKind::PublicKey)
    }

    /// Whether a method is worth trying: also before the server has said which it takes.
    fn allows(&self, kind: MethodKind) -> bool {
        self.allowed
            .as_ref()
            .is_none_or(|allowed| allowed.contains(&kind))
    }

    /// The same for one key, which is then counted as offered.
    fn may_offer(&mut self, key: &PublicKey) -> bool {
        if !self.may_offer_keys()
            || self
                .offered
                .iter()
                .any(|old| old.key_data() == key.key_data())
        {
            return false;
        }
        self.offered.push(key.clone());
        true
    }

    fn say_tried(&mut self, what: &str, key: &PublicKey, from: &str) {
        let kind = key.algorithm();
        let fingerprint = key.fingerprint(HashAlg::Sha256);
        self.tried
            .push(format!("{what} {} {fingerprint} ({from})", kind.as_str()));
    }

    /// The hash that the server wants with RSA keys; asked once, and only where there is one.
    async fn rsa_hash(&mut self, key: &PublicKey) -> Result<Option<HashAlg>, Lost> {
        if !key.algorithm().is_rsa() {
            return Ok(None);
        }
        if let Some(hash) = self.rsa_hash {
            return Ok(hash);
        }
        let best = self.handle.best_supported_rsa_hash().await;
        // A server that does not say takes the new hashes where it takes RSA at all.
        let hash = best.map_err(|_| Lost)?.unwrap_or(Some(HashAlg::Sha512));
        self.rsa_hash = Some(hash);
        Ok(hash)
    }

    /// Reads a server's answer.
    fn take(&mut self, result: Result<AuthResult, russh::Error>) -> Step {
        match result {
            Ok(AuthResult::Success) => Ok(Progress::In),
            // The library says the same of a connection that ended.
            Ok(_) | Err(_) if self.handle.is_closed() => Err(Lost),
            Ok(AuthResult::Failure {
                remaining_methods, ..
            }) => {
                self.allowed = Some(remaining_methods);
                Ok(Progress::Next)
            }
            Err(error) => {
                self.unusable.push(error.to_string());
                Ok(Progress::Next)
            }
        }
    }
}

impl fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("endpoint", self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Whether a certificate is one of a key's.
fn is_of(certificate: &Certificate, key: &PublicKey) -> bool {
    certificate.public_key() == key.key_data()
}
