//! From the configuration of a stage and the filters of this invocation to the hosts with their roles.
//!
//! Hosts come in the order of the file, with unique names; patterns are expanded. Each host carries the settings in
//! force on it. Primaries are those of the whole stage: a filter takes hosts away and never moves a once-only task to
//! another host. The crate opens no connection and reads no `ssh_config`.

mod build;
mod error;
mod filter;

pub use build::build;
pub use error::Error;
pub use filter::Filter;
