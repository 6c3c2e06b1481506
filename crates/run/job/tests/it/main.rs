//! Jobs, tried against real shells over pipes and against a real sshd.

#![cfg(target_os = "linux")]

mod basics;
mod local;
mod ssh;
mod support;
