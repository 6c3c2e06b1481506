//! The manual pages: one for each command, and nothing in them that a formatter complains of.

#[path = "../examples/man/pages.rs"]
mod pages;

use std::process::Command;

#[test]
fn every_command_has_a_page_that_mandoc_finds_nothing_wrong_with() {
    let folder = tempfile::tempdir().expect("a directory");
    pages::write(folder.path(), "2026-11-28").expect("written");
    for command in windlass::command_line().get_subcommands() {
        let page = format!("windlass-{}.1", command.get_name());
        let there = folder.path().join(page).is_file();
        assert_eq!(there, !command.is_hide_set(), "{}", command.get_name());
    }
    for page in std::fs::read_dir(folder.path()).expect("read") {
        let page = page.expect("an entry").path();
        let mut mandoc = Command::new("mandoc");
        let lint = match mandoc
            .args(["-T", "lint", "-W", "warning"])
            .arg(&page)
            .output()
        {
            Ok(lint) => lint,
            Err(error) => {
                eprintln!("SKIPPED: mandoc looks at no page: {error}");
                return;
            }
        };
        let said = String::from_utf8_lossy(&lint.stdout);
        assert!(lint.status.success(), "{}\n{said}", page.display());
    }
}
