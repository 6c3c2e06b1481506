//! Measures the figures of docs/benchmarks.md, each beside its baseline in the same run.
//!
//! A figure is one file below: a function that takes the [`Bench`] and gives rows. What can be disturbed by the
//! machine is measured several times, and the median is taken.

mod binary_size;
mod report;
mod sample;
mod start_up;

use crate::error::Error;
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a figure needs to measure.
pub(crate) struct Bench {
    /// The binary under measurement.
    binary: PathBuf,
    /// How often to measure.
    runs: usize,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What is measured.
    figure: String,
    /// The value, with its unit.
    ours: String,
    /// What it is measured against, with its value; empty where there is nothing to compare with.
    baseline: String,
    /// Ours to the baseline's, where that says something.
    ratio: String,
    /// What it must not exceed.
    to_meet: String,
    /// Whether it does not.
    met: bool,
}

type Figure = fn(&Bench) -> Result<Vec<Row>, Error>;

/// The figures, in the order of the table.
const FIGURES: &[Figure] = &[start_up::measure, binary_size::measure];

/// Measures, prints and writes. A figure that is missed is an error, after the table is written.
pub(crate) fn run(workspace: &Workspace, words: &[&str]) -> Result<String, Error> {
    let options = read(words)?;
    let bench = Bench {
        binary: match options.binary {
            Some(path) => path,
            None => build(workspace)?,
        },
        runs: options.runs,
    };
    let mut rows = Vec::new();
    for figure in FIGURES {
        rows.extend(figure(&bench)?);
    }
    let table = report::table(&rows, bench.runs);
    if !options.print_only {
        report::write(&workspace.root.join("docs/benchmarks.md"), &table)?;
    }
    let missed: Vec<&Row> = rows.iter().filter(|row| !row.met).collect();
    if missed.is_empty() {
        return Ok(table);
    }
    let lines = missed.iter().map(|row| {
        let Row {
            figure,
            ours,
            to_meet,
            ..
        } = row;
        format!("missed: {figure}: {ours}, to meet {to_meet}")
    });
    Err(Error::Findings {
        findings: std::iter::once(table).chain(lines).collect(),
    })
}

struct Options {
    runs: usize,
    binary: Option<PathBuf>,
    print_only: bool,
}

fn read(words: &[&str]) -> Result<Options, Error> {
    let mut options = Options {
        runs: 21,
        binary: None,
        print_only: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().copied().unwrap_or_default();
        match *word {
            "--print" => options.print_only = true,
            "--binary" => options.binary = Some(PathBuf::from(value())),
            "--runs" => options.runs = count(value())?,
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
        _ => Err(Error::Value {
            option: "--runs",
            value: text.to_owned(),
        }),
    }
}

/// The release binary, built as it is shipped.
fn build(workspace: &Workspace) -> Result<PathBuf, Error> {
    let status = workspace
        .cargo(&["build", "--release", "-p", "windlass"])
        .status()
        .map_err(|source| Error::NotRun {
            program: "cargo build".to_owned(),
            source,
        })?;
    if status.success() {
        return Ok(workspace.root.join("target/release/windlass"));
    }
    Err(Error::Ended {
        program: "cargo build --release".to_owned(),
        status: status.to_string(),
    })
}

/// Runs a program to its end without showing what it says, and wants success.
fn quietly(program: &Path, args: &[&str]) -> Result<(), Error> {
    let output = Command::new(program)
        .args(args)
        .output()
        .map_err(|source| Error::NotRun {
            program: program.display().to_string(),
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Ended {
        program: program.display().to_string(),
        status: output.status.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let options = read(&["--runs", "3", "--print", "--binary", "/bin/x"]).unwrap();
        assert_eq!((options.runs, options.print_only), (3, true));
        assert_eq!(options.binary, Some(PathBuf::from("/bin/x")));
        assert!(read(&["--runs", "0"]).is_err());
        assert!(read(&["--fast"]).is_err());
    }
}
