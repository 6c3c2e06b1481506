//! One line of a file of known hosts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use russh::keys::PublicKey;
use russh::keys::key::parse_public_key;
use sha1::Sha1;

use crate::pattern;

/// What a line's first word may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// The key must never be trusted.
    Revoked,
    /// The key signs the certificates of hosts.
    CertAuthority,
}

/// A line that was understood.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) marker: Option<Marker>,
    pub(super) hosts: Hosts,
    pub(super) key: PublicKey,
}

/// The hosts a line speaks of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hosts {
    /// A salted hash of one name.
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
    /// Patterns, `!` before one negates it.
    Patterns(String),
}

impl Line {
    /// Reads a line. `None` for an empty one or a comment; the error says what is wrong, without the line's own words.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "not text")?;
        let mut words = text
            .split([' ', '\t', '\r'])
            .filter(|word| !word.is_empty())
            .peekable();
        let marker = match words.peek() {
            None => return Ok(None),
            Some(word) if word.starts_with('#') => return Ok(None),
            Some(&"@revoked") => Some(Marker::Revoked),
            Some(&"@cert-authority") => Some(Marker::CertAuthority),
            Some(word) if word.starts_with('@') => return Err("unknown marker"),
            Some(_) => None,
        };
        if marker.is_some() {
            words.next();
        }
        let hosts = Hosts::parse(words.next().ok_or("no host")?)?;
        let kind = words.next().ok_or("no key type")?;
        let blob = words.next().ok_or("no key")?;
        let key = parse_key(kind, blob)?;
        Ok(Some(Self { marker, hosts, key }))
    }
}

/// Reads a key as it stands in files: its type, then base64.
pub(super) fn parse_key(kind: &str, blob: &str) -> Result<PublicKey, &'static str> {
    let blob = STANDARD.decode(blob).map_err(|_| "key is not base64")?;
    let key = parse_public_key(&blob).map_err(|_| "key of an unknown type, or damaged")?;
    if key.algorithm().as_str() == kind {
        Ok(key)
    } else {
        Err("key of another type than the line says")
    }
}

impl Hosts {
    fn parse(word: &str) -> Result<Self, &'static str> {
        let Some(hashed) = word.strip_prefix('|') else {
            return Ok(Self::Patterns(word.to_lowercase()));
        };
        let parts = hashed
            .strip_prefix("1|")
            .and_then(|rest| rest.split_once('|'));
        let (salt, hash) = parts.ok_or("hashed in an unknown way")?;
        let decode = |part| STANDARD.decode(part).map_err(|_| "hash is not base64");
        Ok(Self::Hashed {
            salt: decode(salt)?,
            hash: decode(hash)?,
        })
    }

    /// Whether they include a name, which is in lower case.
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Patterns(patterns) => pattern::list_matches(patterns.split(','), name),
            Self::Hashed { salt, hash } => {
                Hmac::<Sha1>::new_from_slice(salt).is_ok_and(|mut mac| {
                    mac.update(name.as_bytes());
                    mac.verify_slice(hash).is_ok()
                })
            }
        }
    }
}
