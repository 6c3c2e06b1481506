//! Measures the figures of docs/benchmarks.md, each beside its baseline in the same run.
//!
//! A figure is one file below: a function that takes the [`Bench`] and gives rows. What can be disturbed by the
//! machine is measured several times, ours and the baseline in turn, and the median is taken. A figure that cannot be
//! measured is named below the table and does not keep the others from being measured.

mod binary_size;
mod black_hole;
mod child;
mod coming_back;
mod dead_minute;
mod deploy_cost;
mod durable_command;
mod fabric;
mod options;
mod report;
mod round_trips;
mod row;
mod sample;
mod sessions;
mod stage;
mod start_up;
mod tie;
mod upload;

use crate::error::Error;
use crate::workspace::{Workspace, run as run_program};
use fabric::Fabric;
use options::Options;
use row::Row;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a figure needs to measure.
pub(crate) struct Bench {
    /// The binary under measurement.
    binary: PathBuf,
    /// The baseline of whole deploys.
    fabric: Result<Fabric, String>,
    /// How often to measure what takes milliseconds.
    runs: usize,
}

/// One file below.
struct Figure {
    /// What `--only` calls it.
    name: &'static str,
    /// Whether it takes minutes by its nature and is measured with `--long` alone.
    long: bool,
    measure: fn(&Bench) -> Result<Vec<Row>, Error>,
}

const fn figure(name: &'static str, measure: fn(&Bench) -> Result<Vec<Row>, Error>) -> Figure {
    Figure {
        name,
        long: false,
        measure,
    }
}

/// The figures, in the order of the table.
const FIGURES: &[Figure] = &[
    figure("round-trips", round_trips::measure),
    figure("deploy-cost", deploy_cost::measure),
    figure("durable-command", durable_command::measure),
    figure("sessions", sessions::measure),
    figure("coming-back", coming_back::measure),
    figure("black-hole", black_hole::measure),
    Figure {
        long: true,
        ..figure("dead-minute", dead_minute::measure)
    },
    figure("upload", upload::measure),
    figure("start-up", start_up::measure),
    figure("binary-size", binary_size::measure),
];

/// How often is measured by default.
const RUNS: usize = 21;

/// Measures, prints and writes. A figure that is missed is an error, after the table is written.
pub(crate) fn run(workspace: &Workspace, words: &[&str]) -> Result<String, Error> {
    let options = options::read(words)?;
    if cfg!(debug_assertions) {
        return again_in_release(workspace, words);
    }
    let bench = Bench {
        binary: match &options.binary {
            // It is run in other directories than this one.
            Some(path) => fs::canonicalize(path).map_err(Error::file("find", path))?,
            None => build(workspace)?,
        },
        fabric: Fabric::ready(&workspace.root).map_err(|error| chain(&error)),
        runs: options.runs,
    };
    let (rows, absent) = measure(&bench, &options);
    let table = report::table(&bench, &rows, &absent);
    if options.writes() {
        report::write(&workspace.root.join("docs/benchmarks.md"), &table)?;
    }
    let missed: Vec<String> = rows.iter().filter_map(Row::missed).collect();
    if missed.is_empty() {
        return Ok(table);
    }
    Err(Error::Findings {
        findings: std::iter::once(table).chain(missed).collect(),
    })
}

/// The rows, and what could not or was not to be measured.
fn measure(bench: &Bench, options: &Options) -> (Vec<Row>, Vec<String>) {
    let mut rows = Vec::new();
    let mut absent = Vec::new();
    if let Err(why) = &bench.fabric {
        absent.push(format!("Fabric: {why}"));
    }
    for figure in FIGURES.iter().filter(|figure| options.wants(figure.name)) {
        if figure.long && !options.long {
            absent.push(format!("{}: only with --long", figure.name));
            continue;
        }
        say(figure.name);
        match (figure.measure)(bench) {
            Ok(measured) => rows.extend(measured),
            Err(error) => absent.push(format!("{}: {}", figure.name, chain(&error))),
        }
    }
    (rows, absent)
}

impl Bench {
    /// How often to measure what is measured `times` times by default.
    fn of(&self, times: usize) -> usize {
        (times * self.runs).div_ceil(RUNS).max(3)
    }
}

/// The same in the release profile: what is measured inside this process must be built as it is shipped.
fn again_in_release(workspace: &Workspace, words: &[&str]) -> Result<String, Error> {
    let mut cargo = workspace.cargo(&["run", "--quiet", "--release", "-p", "xtask", "--", "bench"]);
    run_program(cargo.args(words)).map(|()| String::new())
}

/// The release binary, built as it is shipped.
fn build(workspace: &Workspace) -> Result<PathBuf, Error> {
    run_program(&mut workspace.cargo(&["build", "--release", "-p", "windlass"]))?;
    Ok(workspace.target()?.join("release/windlass"))
}

/// Runs a program to its end without showing what it says, and wants success; gives what it said.
fn quietly(program: &Path, args: &[&str]) -> Result<String, Error> {
    let shown = program.display().to_string();
    let output = Command::new(program).args(args).output();
    let output = output.map_err(not_run(shown.clone()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(Error::Ended {
        program: shown,
        status: output.status.to_string(),
    })
}

fn not_run(program: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    let program = program.into();
    move |source| Error::NotRun { program, source }
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let lines: Vec<String> = causes.map(ToString::to_string).collect();
    lines.join(": ").replace('\n', " ")
}

#[expect(
    clippy::print_stderr,
    reason = "a run takes minutes, and people want to see where it is"
)]
fn say(figure: &str) {
    eprintln!("measuring {figure}");
}
