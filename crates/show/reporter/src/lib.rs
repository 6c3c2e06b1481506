//! Events in; console, live area, JSON lines and log file out.
//!
//! [`Reporter`] is the one place that writes to the terminal while a deploy goes on. It guarantees that the same
//! events give the same lines, that colour never carries meaning, that control characters from a host cannot move the
//! cursor of the reader's terminal, that values to mask appear nowhere, and that its memory is bounded by the number
//! of running steps, never by what they write. It never decides anything, reads no environment and no clock.

mod console;
mod error;
mod json;
mod log_file;
mod log_words;
mod mask;
mod numbers;
mod output;
mod reporter;
mod split;
mod style;
pub mod view;
mod visible;
pub mod words;

pub use error::Error;
pub use log_file::copy_host_lines;
pub use mask::Masks;
pub use output::{Earlier, Mode, Options, Output};
pub use reporter::Reporter;
pub use visible::{plain as visible_text, screen as visible_output};
