//! The manual pages, made from the command line itself by an example of cli: so neither the program nor this one carries
//! what makes them.

use crate::error::Error;
use crate::workspace::{Workspace, run, said};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const GIT_DATE: [&str; 3] = ["log", "-1", "--format=%cs"];

/// Writes them into `release/man` of the target directory, where cargo-deb looks for them.
pub(crate) fn write(workspace: &Workspace) -> Result<String, Error> {
    let folder = pages(workspace)?;
    Ok(format!("man: the pages are in {}", folder.display()))
}

/// Writes them, and says where they are. Pages of an earlier time go.
pub(crate) fn pages(workspace: &Workspace) -> Result<PathBuf, Error> {
    let folder = workspace.target()?.join("release/man");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Error::file("empty", &folder))?;
    }
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    let mut example = workspace.cargo(&[
        "run",
        "--quiet",
        "--package",
        "windlass",
        "--example",
        "man",
    ]);
    // The date of the commit, so that the same commit gives the same pages.
    let date = said(
        Command::new("git")
            .current_dir(&workspace.root)
            .args(GIT_DATE),
    )?;
    run(example.arg("--").arg(&folder).arg(date.trim()))?;
    Ok(folder)
}
