//! Commands that outlive their connection.
//!
//! A job is one or more commands that run one after another on a host, independent of any connection. It is named by
//! its key before anything is sent, started at most once by that key, and followed by offsets over any number of
//! connections; how it ended is read from its record on the host. The crate knows no recipe and decides nothing about
//! what a job's end means.
//!
//! On the host a small POSIX shell script, the supervisor, answers on one channel per connection. It starts a detached
//! wrapper, which claims the key with a hard link (exclusive and whole at once), checks boot id, deploy root and fence,
//! and only then runs the commands, each in a session of its own, with its output and status in files.

mod error;
mod follow;
mod frames;
mod host;
mod request;
mod types;

pub use error::Error;
pub use host::{Answer, Host, HostOptions};
pub use types::{
    CancelEnd, CancelReport, CommandReport, CommandResult, JobCommand, JobEvent, JobInfo,
    JobReport, JobSpec, Place,
};
