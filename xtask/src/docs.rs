//! The documents that are made from tables of the program. A test of each table's crate says when one is out of date.

use crate::error::Error;
use crate::workspace::Workspace;
use std::fs;

/// Writes them anew.
pub(crate) fn write(workspace: &Workspace) -> Result<String, Error> {
    let pages = [
        ("settings.md", windlass_config::reference()),
        ("from-capistrano.md", windlass_foreign::page()),
    ];
    for (name, page) in &pages {
        let path = workspace.root.join("docs").join(name);
        fs::write(&path, page).map_err(Error::file("write", &path))?;
    }
    Ok(format!("docs: {} pages written", pages.len()))
}
