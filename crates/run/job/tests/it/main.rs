//! Jobs, tried against real shells over pipes and against a real sshd.

#![cfg(target_os = "linux")]
#![expect(clippy::too_many_lines, reason = "a test tells its story in one place")]

mod basics;
mod holes;
mod local;
mod mute;
mod ssh;
mod stops;
mod support;
mod traces;
mod ways;
