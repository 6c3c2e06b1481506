//! Logs in with the keys of an ssh-agent.
//!
//! One that is not there, or that hangs, is named and passed over; it never stands in the way of other keys.

use std::path::Path;
use std::time::Duration;

use russh::client::AuthResult;
use russh::keys::HashAlg;
use russh::keys::agent::client::AgentClient;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::signer::{Agent, SignError};
use super::{Login, Lost, Progress, Step, agent};

/// An ssh-agent may ask its owner, or want a key touched; a server hangs up after two minutes.
const LIMIT: Duration = Duration::from_secs(60);

impl Login<'_> {
    /// The ssh-agent's keys, where there is one that answers.
    pub(super) async fn ask_agent(&mut self) -> Vec<agent::AgentKey> {
        let Some(socket) = &self.options.agent else {
            return Vec::new();
        };
        let _wait = self.patience.wait();
        match agent::keys(socket).await {
            Ok(keys) => {
                let limit = self.options.agent_answers_within.unwrap_or(LIMIT);
                match timeout(limit, self.connect_agent(socket)).await {
                    Ok(agent) => self.agent = agent.map(|agent| Agent::new(agent, limit)),
                    Err(_) => self.pass_over(&SignError::Silent(limit)),
                }
                keys
            }
            Err(error) => {
                self.unusable
                    .push(format!("ssh-agent at {}: {error}", socket.display()));
                Vec::new()
            }
        }
    }

    async fn connect_agent(&self, socket: &Path) -> Option<AgentClient<UnixStream>> {
        let mut agent = AgentClient::connect_uds(socket).await.ok()?;
        if let Some(binding) = self.handle.agent_session_binding()
            && let Err(error) = agent.bind_session(binding, false).await
        {
            // An ssh-agent that does not know the request has no key that would need it.
            tracing::debug!(%error, "ssh-agent does not bind keys to sessions");
        }
        Some(agent)
    }

    /// It did not answer in time: said also where another key lets us in.
    fn pass_over(&mut self, error: &SignError) {
        let socket = self.options.agent.as_deref().unwrap_or(Path::new(""));
        let what = format!("ssh-agent at {}: {error}", socket.display());
        self.warnings.push(what.clone());
        self.unusable.push(what);
    }

    /// Tries a key or certificate that the ssh-agent holds.
    pub(super) async fn try_agent_key(&mut self, key: &agent::AgentKey) -> Step {
        let wanted = match key.certificate() {
            _ if self.agent.is_none() => false,
            Some(_) => self.may_offer_keys(),
            None => self.may_offer(key.public()),
        };
        if !wanted {
            return Ok(Progress::Next);
        }
        let hash = self.rsa_hash(key.public()).await?;
        let from = format!("ssh-agent, {}", key.comment().escape_debug());
        let Some(mut agent) = self.agent.take() else {
            return Ok(Progress::Next);
        };
        let (user, patience) = (self.endpoint.user.as_str(), self.patience);
        let result = {
            // The ssh-agent may ask its owner, or want a key touched.
            let _wait = patience.wait();
            self.sign_with(&mut agent, key, user, hash).await
        };
        // One that is silent would be so for every key.
        self.agent = (!matches!(result, Err(SignError::Silent(_)))).then_some(agent);
        let what = key.certificate().map_or("key", |_| "certificate");
        match result {
            Ok(result) => {
                self.say_tried(what, key.public(), &from);
                self.take(Ok(result))
            }
            Err(_) if self.handle.is_closed() => Err(Lost),
            Err(error) => {
                if matches!(error, SignError::Silent(_)) {
                    self.pass_over(&error);
                    // The key's file, where there is one, is still to be tried.
                    self.offered
                        .retain(|old| old.key_data() != key.public().key_data());
                } else {
                    self.unusable.push(format!("{from}: {error}"));
                }
                Ok(Progress::Next)
            }
        }
    }

    async fn sign_with(
        &mut self,
        agent: &mut Agent,
        key: &agent::AgentKey,
        user: &str,
        hash: Option<HashAlg>,
    ) -> Result<AuthResult, SignError> {
        let handle = &mut *self.handle;
        if let Some(certificate) = key.certificate().cloned() {
            let with = handle.authenticate_certificate_with(user, certificate, hash, agent);
            return with.await;
        }
        let public = key.public().clone();
        handle
            .authenticate_publickey_with(user, public, hash, agent)
            .await
    }
}
