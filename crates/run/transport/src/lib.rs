//! Sessions to hosts over SSH that survive lost connections.
//!
//! A [`Session`] is the lasting tie to a host; a [`Connection`] is one authenticated SSH connection, which dies and says
//! why; a [`Channel`] runs one command inside it. The crate guarantees that no byte of a command goes to a host whose key
//! was not checked, that every end of a connection is named by its kind, and that a session dials again by itself until
//! it is told to stop. It does not know what a deploy, a release or a job is, and it never repeats a command.

#![warn(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod attempt;
mod auth;
mod channel;
mod client;
mod connection;
mod dial;
mod error;
mod event;
mod first_contact;
mod host_key;
mod host_key_error;
mod known_hosts;
mod options;
mod pacer;
mod patience;
mod pattern;
mod percent;
mod proxy_command;
mod redial;
mod schedule;
mod session;
mod spool;
pub mod ssh_config;
mod stream;
mod task;
mod tcp;
mod terms;
mod upload;

pub use auth::AuthError;
pub use channel::{Channel, ChannelMessage};
pub use connection::{Connection, ExecOptions};
pub use error::{Error, OpenError, UploadError};
pub use event::{Observer, SessionEvent};
pub use host_key_error::HostKeyError;
pub use options::{
    Attention, AuthOptions, Endpoint, Hop, HostKeyOptions, HostKeyQuestion, KeyRing, KnownHosts,
    Pacer, Prompt, Prompter, SessionOptions, Way,
};
pub use session::Session;
pub use upload::{InMemory, Upload, UploadSource};
