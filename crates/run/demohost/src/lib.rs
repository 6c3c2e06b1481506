//! A throw-away SSH host in process and a proxy that cuts, for the demo and the laboratory.
//!
//! [`Proxy`] shows the faults of real networks on a real socket, exactly and on demand.

#![warn(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fault;
mod proxy;

pub use fault::{Cut, CutAfter, Direction};
pub use proxy::Proxy;
