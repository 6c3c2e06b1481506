//! Why a host's key is refused, and what a person does about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a host's key is refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HostKeyError {
    /// No file knows a key of the host.
    #[error("host key of `{host}` is not known ({kind} {fingerprint})")]
    Unknown {
        /// The host as known hosts name it.
        host: String,
        /// The kind of key it showed.
        kind: String,
        /// The key's fingerprint.
        fingerprint: String,
        /// The file that new keys are written to, where there is one.
        file: Option<PathBuf>,
    },
    /// The host showed another key than the one that is known.
    #[error("host key of `{host}` has changed ({kind} {fingerprint}); {file}:{line} knows another", file = file.display())]
    Changed {
        /// The host as known hosts name it.
        host: String,
        /// The kind of key it showed.
        kind: String,
        /// That key's fingerprint.
        fingerprint: String,
        /// The file that knows another.
        file: PathBuf,
        /// Where in the file.
        line: usize,
    },
    /// A file says never to trust this key.
    #[error("host key of `{host}` is revoked by {file}:{line}", file = file.display())]
    Revoked {
        /// The host as known hosts name it.
        host: String,
        /// The file that says so.
        file: PathBuf,
        /// Where in the file.
        line: usize,
    },
    /// The host's certificate is not good.
    #[error("host certificate of `{host}` is not good: {what}")]
    Certificate {
        /// The host as known hosts name it.
        host: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The host shows another key than at the first connection.
    #[error("host `{host}` shows another key than at the first connection ({kind} {fingerprint})")]
    NotTheFirst {
        /// The host as known hosts name it.
        host: String,
        /// The kind of key it showed now.
        kind: String,
        /// That key's fingerprint.
        fingerprint: String,
    },
    /// A file of known hosts could not be read.
    #[error("known hosts in {file} could not be read", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The accepted key could not be written down.
    #[error("host key could not be added to {file}", file = file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
}

impl HostKeyError {
    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown {
                host,
                file: Some(file),
                ..
            } => Some(format!(
                "compare the fingerprint with the host's own, then add the key with `{} >> {}`",
                scan(host),
                windlass_model::shell::quote(&file.display().to_string()),
            )),
            Self::Unknown { host, .. } => Some(format!(
                "name a file for what `{}` says in `ssh.known_hosts`, once its fingerprint is the host's own",
                scan(host)
            )),
            Self::Changed { host, file, .. } => Some(format!(
                "if the host was really set up anew: `ssh-keygen -R {host} -f {}`",
                windlass_model::shell::quote(&file.display().to_string()),
                host = windlass_model::shell::quote(host),
            )),
            _ => None,
        }
    }
}

/// The command that fetches a host's keys.
fn scan(host: &str) -> String {
    let parts = host
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]:"));
    match parts {
        Some((address, port)) => format!("ssh-keyscan -p {port} {address}"),
        None => format!("ssh-keyscan {host}"),
    }
}
