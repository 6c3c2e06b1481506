//! Writes the manual pages into a directory: `cargo xtask man` calls it. Not shipped, so that the program does not carry
//! what makes them.

mod pages;

use std::path::Path;
use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "a chore tells what went wrong")]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [directory, date] = words.as_slice() else {
        eprintln!("name the directory for the manual pages, and their date");
        return ExitCode::from(2);
    };
    match pages::write(Path::new(directory), date) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write to {directory}: {error}");
            ExitCode::FAILURE
        }
    }
}
