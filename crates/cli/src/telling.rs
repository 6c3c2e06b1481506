//! What a run is told on: the reporter with the screen and the log, and the record beside the journal from which `attach`
//! and `show` tell a run again.

use crate::args::Global;
use crate::error::{Failure, OrFail as _};
use crate::world::World;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use windlass_model::{DeployId, ExitCode, Secret, StepId};
use windlass_reporter::{Mode, Options, Output, Reporter};

/// What is told besides the screen.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    /// How the screen shows it.
    pub mode: Mode,
    /// The full log for people.
    pub log: Option<PathBuf>,
    /// The record for `attach` and `show`.
    pub record: Option<PathBuf>,
    /// Values that appear nowhere.
    pub secrets: Vec<Secret>,
    /// Nothing on the screen: the engine of a detached deploy.
    pub quiet: bool,
}

/// Where a run's events are recorded.
pub(crate) fn record_path(world: &World, deploy: &DeployId) -> PathBuf {
    world
        .state_dir()
        .join("logs")
        .join(format!("{deploy}.events"))
}

/// The outputs of this process as the reporter wants them.
pub(crate) fn output(world: &World, global: &Global, quiet: bool) -> Output {
    if quiet {
        return Output {
            stdout: Box::new(std::io::sink()),
            stderr: Box::new(std::io::sink()),
            terminal: false,
            width: world.width,
            color: false,
            json: false,
        };
    }
    Output {
        stdout: Box::new(std::io::stdout()),
        stderr: Box::new(std::io::stderr()),
        terminal: world.terminal && !global.json,
        width: world.width,
        color: world.color && !global.no_color,
        json: global.json,
    }
}

/// A reporter for this process.
pub(crate) fn reporter(
    world: &World,
    global: &Global,
    telling: &Telling,
) -> Result<Reporter, Failure> {
    let options = Options {
        mode: telling.mode,
        verbose: global.verbose,
        interactive: world.interactive,
        log: telling.log.clone(),
        secrets: telling.secrets.clone(),
    };
    Reporter::new(output(world, global, telling.quiet), options).or_fail(ExitCode::Internal)
}

/// The outputs of a run, open. Where nothing is told on them, the files that were made for it go again.
pub(crate) struct Outputs {
    /// The screen and the log.
    pub reporter: Reporter,
    /// The record.
    pub record: Option<Reporter>,
    /// The options that the next command needs as well.
    pub global: Global,
    /// Steps whose output is told nowhere.
    pub withheld: BTreeSet<StepId>,
    fresh: Fresh,
}

impl Outputs {
    /// Opens them.
    pub(crate) fn open(world: &World, global: &Global, telling: &Telling) -> Result<Self, Failure> {
        let paths = [&telling.log, &telling.record].into_iter().flatten();
        let fresh = Fresh(paths.filter(|path| !path.exists()).cloned().collect());
        let record = match &telling.record {
            Some(path) => Some(recorder(path, &telling.secrets)?),
            None => None,
        };
        Ok(Self {
            reporter: reporter(world, global, telling)?,
            record,
            global: global.clone(),
            withheld: BTreeSet::new(),
            fresh,
        })
    }

    /// Keeps the files: from here on they are written.
    pub(crate) fn kept(self) -> (Reporter, Option<Reporter>) {
        self.fresh.keep();
        (self.reporter, self.record)
    }
}

/// Files that were not there before.
struct Fresh(Vec<PathBuf>);

impl Fresh {
    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        for path in &self.0 {
            // One that could not be made is not there; any other is empty and does no harm.
            drop(std::fs::remove_file(path));
        }
    }
}

/// The record is what `--json` prints, in a file of this user alone: one masked event a line.
fn recorder(path: &Path, secrets: &[Secret]) -> Result<Reporter, Failure> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            Failure::new(
                ExitCode::Internal,
                format!("cannot write {}: {error}", path.display()),
            )
        })?;
    let output = Output {
        stdout: Box::new(file),
        stderr: Box::new(std::io::sink()),
        terminal: false,
        width: 100,
        color: false,
        json: true,
    };
    let options = Options {
        secrets: secrets.to_vec(),
        ..Options::default()
    };
    Reporter::new(output, options).or_fail(ExitCode::Internal)
}
