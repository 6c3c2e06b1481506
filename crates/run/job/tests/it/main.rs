//! Jobs, tried against real shells over pipes and against a real sshd.

#![cfg(target_os = "linux")]

mod basics;
mod holes;
mod local;
mod ssh;
mod stops;
mod support;
mod ways;
