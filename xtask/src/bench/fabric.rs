//! The baseline of whole deploys: Fabric, from the Python package index, in an environment of its own under target.

use super::quietly;
use crate::error::Error;
use std::path::{Path, PathBuf};

const VERSION: &str = "fabric==3.2.3";
const NAMES: &str = "import fabric, paramiko; print('Fabric', fabric.__version__, 'on Paramiko', paramiko.__version__)";

/// Fabric, ready to be run.
pub(crate) struct Fabric {
    /// The Python that has it.
    pub(super) python: PathBuf,
    /// Our script.
    pub(super) script: PathBuf,
    /// What it is, for the table.
    pub(super) names: String,
}

impl Fabric {
    /// Uses the environment there is, or makes it.
    pub(super) fn ready(root: &Path) -> Result<Self, Error> {
        let place = root.join("target/bench-venv");
        let python = place.join("bin/python");
        let names = || quietly(&python, &["-c", NAMES]);
        let names = names().or_else(|_| {
            let place = place.to_string_lossy();
            quietly(Path::new("python3"), &["-m", "venv", &place])?;
            quietly(&python, &["-m", "pip", "install", "--quiet", VERSION])?;
            names()
        })?;
        Ok(Self {
            python,
            script: root.join("xtask/src/bench/deploy.py"),
            names,
        })
    }
}
