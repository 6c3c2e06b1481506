//! Sessions against a real sshd, plain and under each fault of the network.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and says where"
)]

mod channels;
mod ends;
mod host_keys;
mod logins;
mod proxy_commands;
mod questions;
mod reconnects;
mod refused_starts;
mod support;
mod taken_up;
mod uploads;
