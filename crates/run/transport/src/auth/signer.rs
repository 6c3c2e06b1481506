//! Has an ssh-agent sign, and does not wait for it for ever.
//!
//! One that hangs would hold up a login that has other keys, and with it a session that is to come back.

use std::time::Duration;

use russh::keys::HashAlg;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::{AgentAuthError, Signer};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// An ssh-agent that is given a limited time.
pub(super) struct Agent {
    client: AgentClient<UnixStream>,
    limit: Duration,
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    /// The ssh-agent did not answer; it is not asked again.
    #[error("no answer within {} s, so it is passed over; see whether it waits for its owner, or start it again", .0.as_secs())]
    Silent(Duration),
    /// It answered, and not with a signature.
    #[error(transparent)]
    Agent(#[from] AgentAuthError),
}

impl From<russh::SendError> for SignError {
    fn from(error: russh::SendError) -> Self {
        Self::Agent(error.into())
    }
}

impl Agent {
    pub(super) fn new(client: AgentClient<UnixStream>, limit: Duration) -> Self {
        Self { client, limit }
    }
}

impl Signer for Agent {
    type Error = SignError;

    async fn auth_sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        let signed = timeout(self.limit, self.client.auth_sign(key, hash, to_sign)).await;
        Ok(signed.map_err(|_| SignError::Silent(self.limit))??)
    }
}
