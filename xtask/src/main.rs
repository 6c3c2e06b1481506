//! The project's chores: `cargo xtask NAME`.
//!
//! What the compiler and clippy cannot see is checked here (layers, sizes), and what takes longer than a test is
//! started here (soak, bench). Nothing of it is shipped.

#[cfg(target_os = "linux")]
mod bench;
mod docs;
mod error;
mod layers;
mod man;
#[cfg(target_os = "linux")]
mod package;
mod sizes;
mod soak;
mod workspace;

use error::Error;
use std::process::ExitCode;
use workspace::Workspace;

const USAGE: &str = "\
cargo xtask layers                 crates depend only as the table in xtask/src/layers/table.rs allows
cargo xtask sizes                  files of at most 400 lines, no silenced lint, a cap on packages
cargo xtask docs                   the documents that are made from tables: settings.md, from-capistrano.md
cargo xtask man                    the manual pages, into release/man of the target directory
cargo xtask package                the Debian package, made with cargo-deb and unpacked to be tried
cargo xtask package static         a binary that needs no library, tried by a demo
cargo xtask soak NAME [OPTIONS]    a long run: every-byte, random-cuts, simulate, projects
    --shard K/N                    only the K-th of N parts
    --continue                     go on where the last run of this part was stopped
cargo xtask bench [OPTIONS]        the figures of docs/benchmarks.md, measured anew
    --runs N                       how often what takes milliseconds is measured, the rest in proportion (default 21)
    --quick                        as seldom as says anything
    --long                         also what takes minutes by its nature
    --only NAME                    one file of xtask/src/bench, not written down
    --binary PATH                  this binary instead of a fresh release build
    --print                        only print the table";

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place that prints"
)]
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  because {error}");
                cause = error.source();
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(args: &[String]) -> Result<String, Error> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let workspace = Workspace::here();
    match words.as_slice() {
        ["layers"] => layers::check(&workspace),
        ["sizes"] => sizes::check(&workspace),
        ["docs"] => docs::write(&workspace),
        ["man"] => man::write(&workspace),
        ["soak", name, options @ ..] => soak::run(&workspace, name, options),
        #[cfg(target_os = "linux")]
        ["package"] => package::deb(&workspace),
        #[cfg(target_os = "linux")]
        ["package", "static"] => package::fixed(&workspace),
        #[cfg(target_os = "linux")]
        ["bench", options @ ..] => bench::run(&workspace, options),
        #[cfg(not(target_os = "linux"))]
        ["bench" | "package", ..] => Err(Error::NotHere),
        [] | ["help" | "--help" | "-h"] => Ok(USAGE.to_owned()),
        _ => Err(Error::Usage { usage: USAGE }),
    }
}
