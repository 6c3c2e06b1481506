//! What can be wrong with an answer.

use thiserror::Error;

/// Why an answer cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The answer does not begin like one.
    #[error("the host's answer is not an answer to this question: it begins with `{beginning}`")]
    NotAnAnswer {
        /// Its first bytes.
        beginning: String,
    },
    /// The answer has no end.
    #[error("the host's answer was cut off after {records} records")]
    CutOff {
        /// How many records came whole.
        records: usize,
    },
    /// A record makes no sense.
    #[error("the host's answer says `{value}` for `{record}`, which makes no sense")]
    Senseless {
        /// The record's name.
        record: String,
        /// Its value.
        value: String,
    },
}
