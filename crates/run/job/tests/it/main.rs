//! Jobs, tried against real shells over pipes and against a real sshd.

#![cfg(target_os = "linux")]
#![expect(
    unreachable_pub,
    clippy::too_many_lines,
    clippy::semicolon_if_nothing_returned,
    clippy::items_after_statements,
    clippy::case_sensitive_file_extension_comparisons,
    let_underscore_drop,
    reason = "a case is read from top to bottom, and helpers are shared by the files of one binary"
)]

mod basics;
mod holes;
mod local;
mod ssh;
mod stops;
mod support;
mod ways;
