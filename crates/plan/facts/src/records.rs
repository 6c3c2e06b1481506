//! The form of an answer: records of a name, a blank, a value and a NUL.

use crate::error::Error;

/// The records of an answer, in order; the values as text, bytes that are not UTF-8 replaced.
pub(crate) fn records(stdout: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let mut records = Vec::new();
    for record in stdout.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(record);
        let (name, value) = text.split_once(' ').unwrap_or((&text, ""));
        if records.is_empty() && (name, value) != ("facts", "1") {
            let beginning = text.chars().take(80).collect();
            return Err(Error::NotAnAnswer { beginning });
        }
        records.push((name.to_owned(), value.to_owned()));
        if name == "end" {
            return Ok(records);
        }
    }
    Err(Error::CutOff {
        records: records.len().saturating_sub(1),
    })
}
