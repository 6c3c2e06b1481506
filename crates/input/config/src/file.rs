//! The file: found upward from a directory, read, and parsed as TOML.
//!
//! A file of noise costs bounded time and gives a bounded number of mistakes.

use crate::error::{Error, Mistake, Mistakes};
use crate::keys::{ROOT, Scope};
use crate::origin::{Place, Source};
use crate::typing::{At, Typing};
use crate::value::Table;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::DeTable;

/// The file's name.
pub const FILE_NAME: &str = "windlass.toml";

/// No settings are larger; a larger file is something else.
const LARGEST: u64 = 4 << 20;

/// The nearest windlass.toml in `start` or the directories above it.
pub fn find(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .map(|dir| dir.join(FILE_NAME))
        .find(|path| path.is_file())
}

/// Reads a file of settings. `shown` is how people know it in messages.
pub fn read(path: &Path, shown: &str) -> Result<Arc<Source>, Mistakes> {
    let unreadable = |reason: String| {
        let path = shown.to_owned();
        Mistakes::from(Mistake::new(Error::Unreadable { path, reason }))
    };
    let length = path
        .metadata()
        .map_err(|error| unreadable(reason(&error)))?
        .len();
    if length > LARGEST {
        return Err(unreadable(format!(
            "it has {length} bytes, and settings never need more than {LARGEST}"
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(reason(&error)))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::file(shown, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..at).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            Err(unreadable(format!("line {line} is not UTF-8 text")))
        }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}

/// The values of a file, and what is wrong with them. After a mistake in the TOML itself nothing else is said.
pub(crate) fn parse(source: &Arc<Source>, recipes: &[&str]) -> (Table, Vec<Mistake>) {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        let mistakes = errors.iter().map(|error| {
            let message = error.message().to_owned();
            let mistake = Mistake::new(Error::Syntax { message });
            match error.span() {
                Some(span) => mistake.at(&Place::new(source, span)),
                None => mistake,
            }
        });
        return (Table::new(), mistakes.collect());
    }
    let mut typing = Typing::new(source, recipes);
    let at = At {
        path: "",
        scope: Scope::FILE,
        key: &Place::new(source, 0..0),
    };
    let table = typing.table(at, ROOT, document.get_ref());
    (table, typing.mistakes)
}
