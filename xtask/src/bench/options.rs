//! The words after `cargo xtask bench`.

use super::{FIGURES, RUNS};
use crate::error::Error;
use std::path::PathBuf;

pub(super) struct Options {
    pub(super) runs: usize,
    pub(super) binary: Option<PathBuf>,
    pub(super) long: bool,
    only: Option<String>,
    print_only: bool,
}

impl Options {
    /// Whether this figure is to be measured.
    pub(super) fn wants(&self, figure: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == figure)
    }

    /// Whether the table goes into the file: never one of a single figure.
    pub(super) fn writes(&self) -> bool {
        !self.print_only && self.only.is_none()
    }
}

pub(super) fn read(words: &[&str]) -> Result<Options, Error> {
    let mut options = Options {
        runs: RUNS,
        binary: None,
        long: false,
        only: None,
        print_only: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().copied().unwrap_or_default();
        match *word {
            "--print" => options.print_only = true,
            "--long" => options.long = true,
            "--quick" => options.runs = 3,
            "--binary" => options.binary = Some(PathBuf::from(value())),
            "--runs" => options.runs = count(value())?,
            "--only" => options.only = Some(name(value())?),
            _ => {
                return Err(Error::Usage {
                    usage: crate::USAGE,
                });
            }
        }
    }
    Ok(options)
}

fn count(text: &str) -> Result<usize, Error> {
    match text.parse() {
        Ok(runs) if runs > 0 => Ok(runs),
        _ => Err(wrong("--runs", text)),
    }
}

fn name(text: &str) -> Result<String, Error> {
    let known = FIGURES.iter().any(|figure| figure.name == text);
    if known {
        return Ok(text.to_owned());
    }
    Err(wrong("--only", text))
}

fn wrong(option: &'static str, value: &str) -> Error {
    Error::Value {
        option,
        value: value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let options = read(&["--runs", "3", "--print", "--binary", "/bin/x"]).unwrap();
        assert_eq!((options.runs, options.writes()), (3, false));
        assert_eq!(options.binary, Some(PathBuf::from("/bin/x")));
        assert!(read(&["--runs", "0"]).is_err());
        assert!(read(&["--fast"]).is_err());
    }

    #[test]
    fn a_single_figure_is_not_written() {
        let options = read(&["--only", "upload", "--quick"]).unwrap();
        assert!(options.wants("upload") && !options.wants("start-up"));
        assert!(!options.writes());
        assert!(read(&["--only", "uplaod"]).is_err());
        assert!(read(&["--quick"]).unwrap().writes());
    }
}
