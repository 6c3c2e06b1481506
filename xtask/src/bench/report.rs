//! The table as Markdown, and its place in docs/benchmarks.md.
//!
//! The part between the two marks is ours; whatever people wrote around it stays.

use super::{Bench, Row, quietly};
use crate::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";
const HEAD: &str = "\
# Benchmarks

`cargo xtask bench` measures these figures and writes this table, each figure beside its baseline in the same run.
";

/// The rows as a Markdown table, with what they were measured on and what was not measured.
pub(super) fn table(bench: &Bench, rows: &[Row], absent: &[String]) -> String {
    let mut text = format!("{}; {}.\n\n", machine(), beside(bench));
    text.push_str(&markdown(rows));
    if !absent.is_empty() {
        text.push_str("\nNot measured in this run:\n\n");
    }
    for line in absent {
        writeln!(text, "- {line}").ok();
    }
    text
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| figure | Windlass | beside it | ratio | to meet | |\n");
    text.push_str("|---|---:|---:|---:|---:|---|\n");
    for row in rows {
        let verdict = row.verdict();
        let Row {
            figure,
            ours,
            baseline,
            ratio,
            to_meet,
            ..
        } = row;
        writeln!(
            text,
            "| {figure} | {ours} | {baseline} | {ratio} | {to_meet} | {verdict} |"
        )
        .ok();
    }
    text
}

/// The baselines, and when they were measured.
fn beside(bench: &Bench) -> String {
    let said = |program: &str, args: &[&str]| quietly(Path::new(program), args).unwrap_or_default();
    let ssh = said("sh", &["-c", "ssh -V 2>&1"]);
    let ssh = ssh.split(',').next().unwrap_or_default().to_owned();
    let fabric = bench.fabric.as_ref().map(|fabric| fabric.names.clone());
    let names = [fabric.unwrap_or_default(), ssh, said("git", &["--version"])];
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
    let date = said("date", &["-u", "+%Y-%m-%d"]);
    // What else the machine had to do belongs to the figures.
    let load = said("cut", &["-d ", "-f2", "/proc/loadavg"]);
    format!(
        "beside it {}; measured on {date}, medians of up to {} runs, load average over the last 5 minutes {load}",
        names.join(", "),
        bench.runs
    )
}

/// Puts the table between the marks of `file`; makes the file, or the marks at its end, where they are missing.
pub(super) fn write(file: &Path, table: &str) -> Result<(), Error> {
    let old = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => HEAD.to_owned(),
        Err(error) => return Err(Error::file("read", file)(error)),
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(Error::file("make", folder))?;
    }
    fs::write(file, placed(&old, table)).map_err(Error::file("write", file))
}

fn placed(old: &str, table: &str) -> String {
    let part = format!("{BEGIN}\n{table}{END}");
    let around = old.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{part}{after}"))
    });
    around.unwrap_or_else(|| format!("{}\n\n{part}\n", old.trim_end()))
}

/// The processor, as the kernel names it, and how many of them.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let listed = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = listed
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    format!("{cores} × {model}, {}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_around_the_table_stay() {
        let first = placed("# Benchmarks\n\nBefore.\n", "one\n");
        let marked = first.replace(END, &format!("{END}\n\nAfter."));
        let second = placed(&marked, "two\n");
        assert!(second.starts_with("# Benchmarks\n\nBefore.\n\n"));
        assert!(second.ends_with("After.\n"));
        assert!(second.contains("two") && !second.contains("one"));
    }

    #[test]
    fn a_missed_figure_is_called_that() {
        let row = Row::new("f", "6 ms")
            .beside("`true`: 1 ms")
            .ratio(6.0)
            .promise("≤ 5 ms", false);
        let table = markdown(&[row]);
        let last = table.lines().last().unwrap();
        assert_eq!(
            last,
            "| f | 6 ms | `true`: 1 ms | 6.00 × | ≤ 5 ms | missed |"
        );
    }
}
