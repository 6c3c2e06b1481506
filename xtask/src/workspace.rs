//! The workspace as cargo and the disk show it.

use crate::error::Error;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The checkout this was built from.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
}

/// A crate of the workspace and what it depends on, by kind.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Its folder, relative to the root.
    pub(crate) folder: String,
    pub(crate) normal: BTreeSet<String>,
    pub(crate) dev: BTreeSet<String>,
    /// What its manifest says.
    pub(crate) manifest: toml::Table,
}

impl Workspace {
    pub(crate) fn here() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: own.parent().unwrap_or(own).to_owned(),
        }
    }

    /// Cargo, run in the root.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root).args(args);
        command
    }

    /// Where cargo puts what it makes.
    pub(crate) fn target(&self) -> Result<PathBuf, Error> {
        let metadata = self.metadata()?;
        let target = metadata.get("target_directory").and_then(Value::as_str);
        Ok(target.map_or_else(|| self.root.join("target"), PathBuf::from))
    }

    fn metadata(&self) -> Result<Value, Error> {
        let mut cargo = self.cargo(&["metadata", "--format-version", "1", "--no-deps"]);
        Ok(serde_json::from_str(&said(&mut cargo)?)?)
    }

    /// The crates of the workspace, from `cargo metadata`.
    pub(crate) fn crates(&self) -> Result<Vec<Crate>, Error> {
        let metadata = self.metadata()?;
        let packages = metadata.get("packages").and_then(Value::as_array);
        let packages = packages.into_iter().flatten();
        packages.map(|package| self.read(package)).collect()
    }

    /// Every file below `folder` with this ending, in order.
    pub(crate) fn files(&self, folder: &str, ending: &str) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.join(folder)];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(Error::file("read", &folder))?;
            for entry in entries {
                let path = entry.map_err(Error::file("read", &folder))?.path();
                if path.is_dir() && !path.ends_with("target") {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == ending) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The path as people type it in the root.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.display().to_string()
    }

    fn read(&self, package: &Value) -> Result<Crate, Error> {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let path = PathBuf::from(text("manifest_path"));
        let manifest = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let dependencies = package.get("dependencies").and_then(Value::as_array);
        let names = |dev: bool| {
            let all = dependencies.into_iter().flatten();
            let wanted = all.filter(|dependency| {
                let kind = dependency.get("kind").and_then(Value::as_str);
                (kind == Some("dev")) == dev
            });
            let names = wanted.filter_map(|dependency| dependency.get("name")?.as_str());
            names.map(str::to_owned).collect()
        };
        Ok(Crate {
            name: text("name").to_owned(),
            folder: self.shown(path.parent().unwrap_or(&path)),
            normal: names(false),
            dev: names(true),
            manifest: toml::from_str(&manifest).map_err(|source| Error::Manifest {
                path: path.clone(),
                source,
            })?,
        })
    }
}

/// Runs a program to its end in sight of the person, and wants success.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(not_run(command))?;
    ended(command, status)
}

/// Runs a program to its end, wants success, and gives what it said on standard output.
pub(crate) fn said(command: &mut Command) -> Result<String, Error> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(not_run(command))?;
    ended(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn not_run(command: &Command) -> impl FnOnce(std::io::Error) -> Error {
    let program = named(command);
    move |source| Error::NotRun { program, source }
}

fn ended(command: &Command, status: ExitStatus) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    Err(Error::Ended {
        program: named(command),
        status: status.to_string(),
    })
}

/// The program with its first word, as in `cargo metadata`.
fn named(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.take(2).map(|word| word.to_string_lossy());
    words.collect::<Vec<_>>().join(" ")
}
