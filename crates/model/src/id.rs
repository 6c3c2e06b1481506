//! Identifiers as distinct types, so that a host's name cannot stand where a step's id belongs.
//!
//! They are opaque strings to everything but their makers; `Display` prints them as they are.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a value that its maker vouches for.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id_type! {
    /// One run that brings a release onto a stage, such as `d-7k3fq2`.
    DeployId
}
id_type! {
    /// A host as the inventory names it: its address, with the port where that is needed to tell two apart.
    HostName
}
id_type! {
    /// A task such as `rails:assets`.
    TaskName
}
id_type! {
    /// One step of a plan, unique in it: `<task>@<host>`; the unit of the journal.
    StepId
}
id_type! {
    /// A release's directory name: 14 digits, `YYYYmmddHHMMSS` in UTC.
    ReleaseName
}
id_type! {
    /// A full commit id.
    Revision
}
id_type! {
    /// The digest of a plan, in lower-case hexadecimal.
    PlanDigest
}

impl Revision {
    /// Whether a text is a whole commit id, of SHA-1 or of SHA-256.
    pub fn is_id(text: &str) -> bool {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// The first seven digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl StepId {
    /// The id of `task` on `host`.
    pub fn of(task: &TaskName, host: &HostName) -> Self {
        Self(format!("{task}@{host}"))
    }
}
