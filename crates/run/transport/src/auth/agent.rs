//! Asks an ssh-agent which keys it holds.
//!
//! The SSH library's own question fails as a whole for one key it cannot read; here such a key is left out.

use std::io;
use std::path::Path;
use std::time::Duration;

use russh::keys::key::parse_public_key;
use russh::keys::{Certificate, PublicKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
/// As in OpenSSH.
const LONGEST_ANSWER: u32 = 256 * 1024;
const LIMIT: Duration = Duration::from_secs(10);

/// A key that an ssh-agent holds.
#[derive(Debug)]
pub(super) struct AgentKey {
    public: PublicKey,
    certificate: Option<Certificate>,
    comment: String,
}

impl AgentKey {
    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    pub(super) fn comment(&self) -> &str {
        &self.comment
    }

    fn parse(blob: &[u8], comment: &[u8]) -> Option<Self> {
        let comment = String::from_utf8_lossy(comment).into_owned();
        let mut rest = blob;
        let kind = take_string(&mut rest)?;
        if kind.ends_with(b"-cert-v01@openssh.com") {
            // The library bounds the nesting of certificates before it reads one.
            parse_public_key(blob).ok()?;
            let certificate = Certificate::from_bytes(blob).ok()?;
            return Some(Self {
                public: PublicKey::from(certificate.public_key().clone()),
                certificate: Some(certificate),
                comment,
            });
        }
        Some(Self {
            public: parse_public_key(blob).ok()?,
            certificate: None,
            comment,
        })
    }
}

/// The keys behind a socket, certificates among them.
pub(super) async fn keys(socket: &Path) -> io::Result<Vec<AgentKey>> {
    let answer = timeout(LIMIT, ask(socket))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    parse(&answer).ok_or_else(|| io::Error::other("its answer was not understood"))
}

async fn ask(socket: &Path) -> io::Result<Vec<u8>> {
    let mut agent = UnixStream::connect(socket).await?;
    agent.write_all(&[0, 0, 0, 1, REQUEST_IDENTITIES]).await?;
    let length = agent.read_u32().await?;
    if length > LONGEST_ANSWER {
        return Err(io::Error::other("its answer is too long"));
    }
    let mut answer = Vec::new();
    agent
        .take(u64::from(length))
        .read_to_end(&mut answer)
        .await?;
    Ok(answer)
}

fn parse(answer: &[u8]) -> Option<Vec<AgentKey>> {
    let (kind, mut rest) = answer.split_first()?;
    if *kind != IDENTITIES_ANSWER {
        return None;
    }
    let count = take_u32(&mut rest)?;
    let mut keys = Vec::new();
    for _ in 0..count {
        let blob = take_string(&mut rest)?;
        let comment = take_string(&mut rest)?;
        keys.extend(AgentKey::parse(blob, comment));
    }
    Some(keys)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*number))
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_u32(rest)?).ok()?;
    let (string, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn string(bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap();
        [&length.to_be_bytes(), bytes].concat()
    }

    #[test]
    fn a_key_that_cannot_be_read_does_not_hide_the_others() {
        let good = STANDARD
            .decode("AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ")
            .unwrap();
        let strange = string(b"ssh-tomorrow");
        let mut answer = vec![IDENTITIES_ANSWER, 0, 0, 0, 2];
        for blob in [&strange, &good] {
            answer.extend(string(blob));
            answer.extend(string(b"comment"));
        }
        let keys = parse(&answer).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].comment(), "comment");
    }

    #[test]
    fn an_answer_cut_short_is_an_error_at_every_byte() {
        let mut answer = vec![IDENTITIES_ANSWER, 0, 0, 0, 1];
        answer.extend(string(b"blob"));
        answer.extend(string(b"comment"));
        assert!(parse(&answer).is_some());
        for length in 0..answer.len() {
            assert!(parse(&answer[..length]).is_none(), "{length}");
        }
    }
}
