//! A throw-away SSH host in process and a proxy that cuts, for the demo and the laboratory.
//!
//! [`DemoHost`] lets `windlass demo` show a whole deploy without sshd, root or network. [`Proxy`] shows the faults of
//! real networks on a real socket, exactly and on demand. Both listen on loopback only, and end when dropped.

#![warn(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod command;
mod error;
mod fault;
mod host;
#[cfg(target_os = "linux")]
mod process;
mod proxy;

pub use error::Error;
pub use fault::{Cut, CutAfter, Direction};
pub use host::DemoHost;
#[cfg(target_os = "linux")]
pub use process::Process;
pub use proxy::Proxy;
