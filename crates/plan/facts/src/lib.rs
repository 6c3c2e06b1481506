//! Questions to a host: the script that asks and the parser of the answer.
//!
//! One script asks everything, so that a deploy spends one round trip on it. It is plain POSIX sh and leaves no trace,
//! unless [`Ask::begin`] is set: then it also begins the deploy on the host (takes the lock, raises the fence, makes the
//! deploy's directory), and asked again for the same deploy it answers the same. The crate guarantees that no value in
//! the question is parsed by the host's shell, and that an answer that was cut off is never taken for a whole one. It
//! judges nothing: what a fact means for a deploy is the planner's business.

mod ask;
mod error;
mod history;
mod host_facts;
mod lease;
mod lock;
mod mounts;
mod owner;
mod read;
mod records;
mod reference;
mod release_facts;
mod script;
mod sshd;

pub use ask::{Ask, Begin, Remote, RubyAsk};
pub use error::Error;
pub use history::{HistoryAsk, history, read_history};
pub use host_facts::{
    Begun, Content, Current, DeployFacts, Disk, Entry, HostFacts, Linked, LinkedFile, Logout,
    RemoteFacts, Repository, Root, Rubies, Tool,
};
pub use lease::Lease;
pub use lock::Lock;
pub use owner::{Stand, TakeOver, Taken, read_stand, read_take_over, stand, take_over};
pub use read::read;
pub use reference::find_reference;
pub use release_facts::{ReleaseFacts, ReleaseRecord, Said};
pub use script::{give_back, script};
pub use sshd::SshdSettings;
