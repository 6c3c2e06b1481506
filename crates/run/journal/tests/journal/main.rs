//! The journal over real files: what was written is read back, what does not fit is refused, whoever writes.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "helpers of tests fail as tests do, and a table of cases is as long as it is"
)]

mod formats;
mod lists;
mod processes;
mod records;
mod support;
