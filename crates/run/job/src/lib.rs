//! Commands that outlive their connection.
//!
//! A job is one or more commands that run one after another on a host, independent of any connection. It is named by
//! its key before anything is sent, started at most once by that key, and followed by offsets over any number of
//! connections; how it ended is read from its record on the host. The crate knows no recipe and decides nothing about
//! what a job's end means.
//!
//! On the host a small script of POSIX sh, the supervisor, answers on one channel per connection. It starts a detached
//! wrapper, which claims the key, checks boot id, deploy root and fence, and only then runs the commands, each in a
//! session of its own with its output and status in files. The claim is the first line of a file to which everyone only
//! appends: it is there whole or not at all, there is exactly one, and nothing ever takes it back.

mod account;
mod answer;
mod error;
mod frames;
mod host;
mod launcher;
mod layout;
mod mute;
mod orders;
mod request;
mod spec;
mod talks;
mod text;
mod tie;

pub use answer::Answer;
pub use error::Error;
pub use host::{Host, HostOptions};
pub use spec::{
    CancelEnd, CancelReport, CommandInfo, CommandReport, CommandResult, CommandState, Hold,
    JobCommand, JobEvent, JobInfo, JobReport, JobSpec, JobState, Owned, Place,
};
pub use tie::{Line, Link, Tie, Work};
