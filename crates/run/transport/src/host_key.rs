//! Decides whether a host's key is trusted. The default answer is no.
//!
//! A changed or revoked key is refused whatever the settings say. Once a session has logged in to a host, it accepts
//! that one key only.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey, PublicKeyOrCertificate};
use windlass_model::clock::{Clock, SystemClock};
use windlass_model::settings::HostKeyPolicy;

use crate::host_key_error::HostKeyError;
use crate::known_hosts::{self, Entries, Known, Name};
use crate::options::{Endpoint, HostKeyOptions};
use crate::patience::Patience;
use crate::pattern;

/// The key of a session's first connection, once it has logged in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pin(Arc<Mutex<Pinned>>);

#[derive(Debug, Default)]
struct Pinned {
    key: Option<PublicKey>,
    /// What was accepted as new. The server may have hung up before a person's answer came, and one yes is enough.
    accepted: Option<PublicKey>,
}

impl Pin {
    pub(crate) fn get(&self) -> Option<PublicKey> {
        self.lock().key.clone()
    }

    pub(crate) fn set(&self, key: PublicKey) {
        self.lock().key.get_or_insert(key);
    }

    fn accept(&self, key: &PublicKey) {
        self.lock().accepted = Some(key.clone());
    }

    fn was_accepted(&self, key: &PublicKey) -> bool {
        let accepted = &self.lock().accepted;
        accepted
            .as_ref()
            .is_some_and(|accepted| accepted.key_data() == key.key_data())
    }

    fn lock(&self) -> MutexGuard<'_, Pinned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Judges the keys that one end shows.
pub(crate) struct Judge {
    name: Name,
    options: HostKeyOptions,
    entries: Entries,
    pin: Pin,
    /// The time of the attempt, which does not run while a person compares fingerprints.
    patience: Arc<Patience>,
    shown: Mutex<Option<PublicKey>>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Judge {
    /// Reads what is known of an end.
    pub(crate) fn new(
        endpoint: &Endpoint,
        options: &HostKeyOptions,
        pin: Pin,
        patience: Arc<Patience>,
    ) -> Result<Self, HostKeyError> {
        let name = Name::new(&endpoint.address, endpoint.port, options.alias.as_deref());
        let entries = read(&name, options)?;
        Ok(Self {
            name,
            options: options.clone(),
            entries,
            pin,
            patience,
            shown: Mutex::new(None),
        })
    }

    /// The algorithms to ask for first: those of keys that are known, so that a host known by one kind of key does not
    /// show another.
    pub(crate) fn preferred(&self) -> Vec<Algorithm> {
        let pinned = self.pin.get().into_iter();
        let known = self.entries.trusted().iter();
        pinned
            .map(|key| key.algorithm())
            .chain(known.map(|known| known.key.algorithm()))
            .collect()
    }

    /// What is wrong with the files of known hosts.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.entries.warnings
    }

    /// Whether certificates are worth asking for.
    pub(crate) fn wants_certificates(&self) -> bool {
        !self.entries.authorities.is_empty()
    }

    /// Remembers the key that was shown as the session's only one; called after login.
    pub(crate) fn settle(&self) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*shown {
            self.pin.set(key.clone());
        }
    }

    /// Whether to go on with a host that proved to have this key.
    pub(crate) async fn judge(&self, shown: &PublicKeyOrCertificate) -> Result<(), HostKeyError> {
        let key = PublicKey::from(shown.public_key().key_data().clone());
        self.check_revoked(&key)?;
        if let Some(pinned) = self.pin.get() {
            return if pinned.key_data() == key.key_data() {
                Ok(())
            } else {
                Err(self.not_the_first(&key))
            };
        }
        if !self.certified(shown)? {
            self.check_known(&key).await?;
        }
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(())
    }

    /// Whether an authority that is trusted for this host vouches for the key.
    fn certified(&self, shown: &PublicKeyOrCertificate) -> Result<bool, HostKeyError> {
        let Some(certificate) = shown.certificate() else {
            return Ok(false);
        };
        let authority = PublicKey::from(certificate.signature_key().clone());
        self.check_revoked(&authority)?;
        if find(&self.entries.authorities, &authority).is_none() {
            // As in OpenSSH, the key inside may still be known by itself.
            return Ok(false);
        }
        let refuse = |what| HostKeyError::Certificate {
            host: self.name.full.clone(),
            what,
        };
        check_certificate(certificate, &authority, self.name.principal()).map_err(refuse)?;
        Ok(true)
    }

    async fn check_known(&self, key: &PublicKey) -> Result<(), HostKeyError> {
        if self.is_known(&self.entries, key)? || self.pin.was_accepted(key) {
            return Ok(());
        }
        if self.options.policy == HostKeyPolicy::AcceptNew {
            self.pin.accept(key);
            return self.write_down(key);
        }
        let (kind, fingerprint) = describe(key);
        let host = self.name.full.clone();
        let unknown = HostKeyError::Unknown {
            host: host.clone(),
            kind: kind.clone(),
            fingerprint: fingerprint.clone(),
            file: self.options.known.own.first().cloned(),
        };
        let Some(question) = &self.options.ask else {
            return Err(unknown);
        };
        let _wait = self.patience.wait();
        let turn = question.turn().await;
        // The same key may have been asked about meanwhile, that of a shared jump host for one.
        if self.is_known(&read(&self.name, &self.options)?, key)? {
            return Ok(());
        }
        if !turn.ask(host, kind, fingerprint).await {
            return Err(unknown);
        }
        self.pin.accept(key);
        self.write_down(key)
    }

    /// Whether the key is the host's; an error where the host is known by another.
    fn is_known(&self, entries: &Entries, key: &PublicKey) -> Result<bool, HostKeyError> {
        if find(entries.trusted(), key).is_some() {
            return Ok(true);
        }
        let Some(Known { file, line, .. }) = entries.keys.first().cloned() else {
            return Ok(false);
        };
        let (kind, fingerprint) = describe(key);
        Err(HostKeyError::Changed {
            host: self.name.full.clone(),
            kind,
            fingerprint,
            file,
            line,
        })
    }

    /// Adds the key to the person's own file; where there is none, it is asked about again another time.
    fn write_down(&self, key: &PublicKey) -> Result<(), HostKeyError> {
        let Some(file) = self.options.known.own.first() else {
            return Ok(());
        };
        known_hosts::append(file, &self.name, key).map_err(|source| HostKeyError::Unwritable {
            file: file.clone(),
            source: Arc::new(source),
        })
    }

    fn check_revoked(&self, key: &PublicKey) -> Result<(), HostKeyError> {
        match find(&self.entries.revoked, key) {
            None => Ok(()),
            Some(known) => Err(HostKeyError::Revoked {
                host: self.name.full.clone(),
                file: known.file.clone(),
                line: known.line,
            }),
        }
    }

    fn not_the_first(&self, key: &PublicKey) -> HostKeyError {
        let (kind, fingerprint) = describe(key);
        HostKeyError::NotTheFirst {
            host: self.name.full.clone(),
            kind,
            fingerprint,
        }
    }
}

fn read(name: &Name, options: &HostKeyOptions) -> Result<Entries, HostKeyError> {
    let files = options.known.own.iter().chain(&options.known.global);
    Entries::find(name, files).map_err(|(file, source)| HostKeyError::Unreadable {
        file,
        source: Arc::new(source),
    })
}

fn find<'a>(known: &'a [Known], key: &PublicKey) -> Option<&'a Known> {
    known
        .iter()
        .find(|known| known.key.key_data() == key.key_data())
}

fn describe(key: &PublicKey) -> (String, String) {
    let kind = key.algorithm().as_str().to_owned();
    (kind, key.fingerprint(HashAlg::Sha256).to_string())
}

/// Whether a certificate is one for this host, in force, and signed by the authority.
fn check_certificate(
    certificate: &Certificate,
    authority: &PublicKey,
    host: &str,
) -> Result<(), &'static str> {
    if certificate.cert_type() != CertType::Host {
        return Err("it is not one for hosts");
    }
    if !certificate.critical_options().is_empty() {
        return Err("it has conditions that are not understood");
    }
    let names = certificate.valid_principals();
    if !names
        .iter()
        .any(|name| pattern::matches(&name.to_lowercase(), host))
    {
        return Err("it is for another host");
    }
    let now = SystemClock.now().seconds();
    certificate
        .validate_at(now, [&authority.fingerprint(HashAlg::Sha256)])
        .map_err(|_| "its time is over or its signature is wrong")
}
