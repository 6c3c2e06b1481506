//! Real sshd, fault-injecting proxy, throw-away hosts and repositories.
//!
//! Everything here is real: a real OpenSSH or dropbear, real git, real processes, real sockets, on loopback only.
//! Nothing needs an async runtime: calls block for some milliseconds, and the proxy has a thread of its own, so a test
//! may use them from anywhere. Dropping a value ends all it started and removes all it made, and nothing else.
//!
//! ```no_run
//! # fn main() -> Result<(), windlass_lab::LabError> {
//! use windlass_lab::{Cut, Sshd};
//!
//! let sshd = Sshd::builder().config("ClientAliveInterval 2").start()?;
//! let proxy = sshd.proxy()?;
//! proxy.cut_now(Cut::Reset);
//! # Ok(())
//! # }
//! ```
//!
//! Linux only, since it looks at processes through /proc. It is a dev-dependency and never shipped.

#![cfg(target_os = "linux")]

mod error;
mod git;
mod host;
mod keys;
mod login;
mod picture;
mod port;
mod redact;
mod sshd;
mod web;

pub use error::{LabError, available};
pub use git::{ODD_NAMES, Repo};
pub use host::{Counter, LabHost};
pub use keys::{Key, KeyKind};
pub use login::Shell;
pub use picture::Picture;
pub use redact::redactions;
pub use sshd::{Sshd, SshdBuilder};
pub use web::{Web, WebAnswer};
pub use windlass_demohost::{Cut, CutAfter, Direction, Process, Proxy};
