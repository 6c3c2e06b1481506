//! Keys from files, read once and kept, so that no passphrase is asked for twice.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::{Certificate, PrivateKey, PublicKey, decode_secret_key};

use super::is_of;
use crate::options::{Prompt, Prompter};

/// How often a passphrase may be given wrong.
const TRIES: u32 = 3;

/// Private keys that were read already.
#[derive(Default)]
pub struct KeyRing {
    keys: Mutex<HashMap<PathBuf, Arc<PrivateKey>>>,
}

/// What a key file holds.
#[derive(Debug)]
pub(super) enum Loaded {
    /// A key without a passphrase, or one whose passphrase was given before.
    Ready(Arc<PrivateKey>),
    /// A key with a passphrase, and its public half where that can be read.
    Locked(Option<PublicKey>),
    /// Only the public half; an ssh-agent may hold the other.
    PublicOnly(PublicKey),
    /// No file.
    Missing,
    /// A file that is no key, or that may not be read.
    Unreadable(String),
}

impl Loaded {
    pub(super) fn public(&self) -> Option<PublicKey> {
        match self {
            Self::Ready(key) => Some(key.public_key().clone()),
            Self::Locked(public) => public.clone(),
            Self::PublicOnly(public) => Some(public.clone()),
            Self::Missing | Self::Unreadable(_) => None,
        }
    }
}

impl KeyRing {
    /// Reads a key file.
    pub(super) async fn load(&self, file: &Path) -> Loaded {
        if let Some(key) = self.kept(file) {
            return Loaded::Ready(key);
        }
        let path = file.to_owned();
        let loaded = tokio::task::spawn_blocking(move || read(&path)).await;
        let loaded = loaded.unwrap_or_else(|_| Loaded::Unreadable("reading it failed".to_owned()));
        if let Loaded::Ready(key) = &loaded {
            self.keep(file, Arc::clone(key));
        }
        loaded
    }

    /// Asks for the passphrase of a key. The error says in a few words why there is none.
    pub(super) async fn unlock(
        &self,
        file: &Path,
        prompter: &Prompter,
    ) -> Result<Arc<PrivateKey>, String> {
        let turn = prompter.turn().await;
        if let Some(key) = self.kept(file) {
            // Another session has asked for it meanwhile.
            return Ok(key);
        }
        for attempt in 0..TRIES {
            let prompt = Prompt::Passphrase {
                file: file.to_owned(),
                again: attempt > 0,
            };
            let Some(passphrase) = turn.ask(prompt).await else {
                return Err("no passphrase was given".to_owned());
            };
            let path = file.to_owned();
            // Deriving the key takes a noticeable time by design.
            let decrypted = tokio::task::spawn_blocking(move || {
                let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
                decode_secret_key(&text, Some(passphrase.reveal()))
                    .map_err(|error| error.to_string())
            });
            if let Ok(Ok(key)) = decrypted.await {
                let key = Arc::new(key);
                self.keep(file, Arc::clone(&key));
                return Ok(key);
            }
        }
        Err("passphrase was wrong".to_owned())
    }

    /// Those of the certificates in these files that belong to a key.
    pub(super) async fn certificates(
        &self,
        files: &[PathBuf],
        key: &PublicKey,
    ) -> Vec<Certificate> {
        let mut found = Vec::new();
        for file in files {
            let Ok(text) = tokio::fs::read_to_string(file).await else {
                continue;
            };
            match Certificate::from_openssh(text.trim()) {
                Ok(certificate) if is_of(&certificate, key) => found.push(certificate),
                Ok(_) => {}
                Err(error) => tracing::debug!(file = %file.display(), %error, "not a certificate"),
            }
        }
        found
    }

    fn kept(&self, file: &Path) -> Option<Arc<PrivateKey>> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(file).cloned()
    }

    fn keep(&self, file: &Path, key: Arc<PrivateKey>) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(file.to_owned(), key);
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing")
    }
}

fn read(file: &Path) -> Loaded {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return read_public(file).map_or(Loaded::Missing, Loaded::PublicOnly);
        }
        Err(error) => return Loaded::Unreadable(error.to_string()),
    };
    if let Ok(public) = PublicKey::from_openssh(text.trim()) {
        return Loaded::PublicOnly(public);
    }
    match decode_secret_key(&text, None) {
        Ok(key) if key.is_encrypted() => Loaded::Locked(Some(key.public_key().clone())),
        Ok(key) => Loaded::Ready(Arc::new(key)),
        Err(russh::keys::Error::KeyIsEncrypted) => Loaded::Locked(public_half(file, &text)),
        Err(error) => Loaded::Unreadable(error.to_string()),
    }
}

fn public_half(file: &Path, text: &str) -> Option<PublicKey> {
    let inside = PrivateKey::from_openssh(text).ok();
    inside
        .map(|key| key.public_key().clone())
        .or_else(|| read_public(file))
}

fn read_public(file: &Path) -> Option<PublicKey> {
    let mut path = file.as_os_str().to_owned();
    path.push(".pub");
    let text = std::fs::read_to_string(path).ok()?;
    PublicKey::from_openssh(text.trim()).ok()
}
