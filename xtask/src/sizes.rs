//! Whether files and the dependency tree have stayed small.
//!
//! The length of functions and the number of their arguments are clippy's to count (thresholds in clippy.toml); here it
//! is only seen to that no such lint is silenced by `allow`, which needs no reason and outlives its cause.

use crate::error::{Error, verdict};
use crate::workspace::Workspace;
use std::fs;

/// The longest a file may be, without its tests.
const FILE_LINES: usize = 400;
/// The most packages `Cargo.lock` may name, our own included. Raising it is a decision, with its reason in the commit.
const PACKAGES: usize = 330;

/// Reads the workspace and judges it.
pub(crate) fn check(workspace: &Workspace) -> Result<String, Error> {
    let mut findings = Vec::new();
    let mut count = 0;
    for (folder, ending) in [("crates", "rs"), ("crates", "sh"), ("xtask", "rs")] {
        for path in workspace.files(folder, ending)? {
            let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
            let found = in_file(&workspace.shown(&path), &text);
            findings.extend(found);
            count += 1;
        }
    }
    let lock = workspace.root.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).map_err(Error::file("read", &lock))?;
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    if packages > PACKAGES {
        findings.push(format!(
            "Cargo.lock: {packages} packages, at most {PACKAGES}; is the newest dependency worth it?"
        ));
    }
    verdict(
        findings,
        format!("sizes: {count} files, {packages} packages"),
    )
}

/// What is wrong with one file, a line each.
fn in_file(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = lines_without_tests(text);
    if lines > FILE_LINES && !name.contains("/tests/") {
        findings.push(format!("{name}: {lines} lines, at most {FILE_LINES}"));
    }
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if ["#[allow(", "#![allow("]
            .iter()
            .any(|start| line.starts_with(start))
        {
            findings.push(format!(
                "{name}:{}: write #[expect(.., reason = \"..\")] instead of allow",
                number + 1
            ));
        }
    }
    findings
}

/// The lines before the test module at the end.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| match pair {
        ["#[cfg(test)]", next] => next.starts_with("mod ") && next.ends_with('{'),
        _ => false,
    });
    tests.unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_at_the_end_do_not_count() {
        let long = "//! x\n".repeat(FILE_LINES);
        let tests = "#[cfg(test)]\nmod tests {\n    x\n}\n";
        assert_eq!(in_file("a.rs", &format!("{long}{tests}")), [""; 0]);
        assert_eq!(in_file("a.rs", &format!("{long}x\n")).len(), 1);
        assert_eq!(in_file("a/tests/b.rs", &format!("{long}x\n")), [""; 0]);
    }

    #[test]
    fn allow_is_found_where_it_stands() {
        let text = "fn a() {}\n    #[allow(dead_code)]\n// #[allow(dead_code)]\n";
        let findings = in_file("a.rs", text);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("a.rs:2:"));
    }
}
