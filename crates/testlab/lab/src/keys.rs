//! SSH keys and certificates, made by ssh-keygen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{LabError, at, output};

/// The kinds of keys people have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// ssh-ed25519.
    Ed25519,
    /// ECDSA on the curve nistp256.
    Ecdsa,
    /// RSA with 2048 bits; slow to make.
    Rsa,
}

/// A key pair in two files, in OpenSSH's formats.
#[derive(Debug, Clone)]
pub struct Key {
    path: PathBuf,
}

impl Key {
    /// Makes a key pair without a passphrase at `path` and `path.pub`.
    pub fn generate(path: impl Into<PathBuf>, kind: KeyKind) -> Result<Self, LabError> {
        Self::encrypted(path, kind, "")
    }

    /// Makes a key pair with a passphrase.
    pub fn encrypted(
        path: impl Into<PathBuf>,
        kind: KeyKind,
        passphrase: &str,
    ) -> Result<Self, LabError> {
        let path = path.into();
        let kind = match kind {
            KeyKind::Ed25519 => ["-t", "ed25519"].as_slice(),
            KeyKind::Ecdsa => &["-t", "ecdsa", "-b", "256"],
            KeyKind::Rsa => &["-t", "rsa", "-b", "2048"],
        };
        let mut command = Command::new("ssh-keygen");
        command
            .args(["-q", "-C", "lab", "-N", passphrase])
            .args(kind)
            .arg("-f")
            .arg(&path);
        output(&mut command)?;
        Ok(Self { path })
    }

    /// A key pair that is there already.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file with the private key.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The private key as text.
    pub fn private(&self) -> Result<String, LabError> {
        fs::read_to_string(&self.path).map_err(at(&self.path))
    }

    /// The public key as one line, without its end.
    pub fn public(&self) -> Result<String, LabError> {
        let path = self.beside(".pub");
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        Ok(text.trim_end().to_owned())
    }

    /// Has a certificate for users made by `authority`, at `path-cert.pub`, and returns that path.
    pub fn certify_user(&self, authority: &Self, principals: &str) -> Result<PathBuf, LabError> {
        self.certify(authority, principals, &[])
    }

    /// Has a certificate for hosts made by `authority`, at `path-cert.pub`, and returns that path.
    pub fn certify_host(&self, authority: &Self, principals: &str) -> Result<PathBuf, LabError> {
        self.certify(authority, principals, &["-h"])
    }

    fn certify(
        &self,
        authority: &Self,
        principals: &str,
        kind: &[&str],
    ) -> Result<PathBuf, LabError> {
        let mut command = Command::new("ssh-keygen");
        command
            .args(["-q", "-I", "lab", "-n", principals, "-V", "-1h:+1d"])
            .args(kind);
        command
            .arg("-s")
            .arg(&authority.path)
            .arg(self.beside(".pub"));
        output(&mut command)?;
        Ok(self.beside("-cert.pub"))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}
