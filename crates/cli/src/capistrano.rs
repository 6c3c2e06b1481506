//! A Capistrano project beside which `init` is called: finds and reads its files, and says what became of them.

use crate::error::Failure;
use crate::project::application_name;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use windlass_capfile::{Imported, SourceFile, Surroundings, import};
use windlass_config::COMMANDS;
use windlass_model::ExitCode;

/// Names under which Capistrano finds its first file.
const CAPFILES: [&str; 4] = ["Capfile", "capfile", "Capfile.rb", "capfile.rb"];
/// How much of a file is read: the importer refuses long ones, and nobody waits for a device.
const LONGEST: u64 = 1 << 20;
/// No project has more files for a deploy.
const MOST: usize = 1000;
/// How many TODOs are said on the screen; all of them are in the file.
const SAID: usize = 5;

/// The project of this directory as windlass.toml; none where there is no Capfile.
pub(crate) fn carried_over(directory: &Path) -> Result<Option<Imported>, Failure> {
    let Some(capfile) = CAPFILES.iter().find(|name| directory.join(name).is_file()) else {
        return Ok(None);
    };
    let mut paths = vec![directory.join(capfile), directory.join("config/deploy.rb")];
    // A stage is a file right there; what lies deeper belongs to nobody.
    let stages = entries(&directory.join("config/deploy"))?;
    paths.extend(stages.into_iter().filter(|path| ends_with(path, &["rb"])));
    tasks(&directory.join("lib/capistrano/tasks"), &mut paths)?;
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        let name = path.strip_prefix(directory).unwrap_or(path);
        files.push(SourceFile::new(name.display().to_string(), read(path)?));
    }
    let name = directory.file_name().map(|name| name.to_string_lossy());
    let around = Surroundings {
        reserved: COMMANDS,
        application: &application_name(&name.unwrap_or_default()),
    };
    let refused = |error: windlass_capfile::Error| {
        Failure::new(ExitCode::Config, error.to_string()).hint(error.hint())
    };
    import(&files, around).map(Some).map_err(refused)
}

/// What became of the project, as lines.
pub(crate) fn account(imported: &Imported) -> Vec<String> {
    let todos = match imported.todos.len() {
        0 => "nothing is left to do".to_owned(),
        1 => "1 TODO in it:".to_owned(),
        number => format!("{number} TODOs in it:"),
    };
    let mut lines = vec![format!(
        "carried over {} statements of {} files; {todos}",
        imported.carried(),
        imported.files,
    )];
    lines.extend(
        imported
            .todos
            .iter()
            .take(SAID)
            .map(|todo| format!("  {todo}")),
    );
    let more = imported.todos.len().saturating_sub(SAID);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
}

/// Adds the task files in a directory and below it.
fn tasks(directory: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for path in entries(directory)? {
        if paths.len() > MOST {
            return Err(Failure::new(
                ExitCode::Config,
                format!("{} holds more than {MOST} files", directory.display()),
            )
            .hint("move what is no part of a deploy out of it, and run windlass init again"));
        }
        // A link to a directory could lead back to where it lies.
        if path.is_dir() && !path.is_symlink() {
            tasks(&path, paths)?;
        } else if ends_with(&path, &["rake", "cap", "rb"]) {
            paths.push(path);
        }
    }
    Ok(())
}

fn ends_with(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}

/// What is in a directory, by name; nothing where there is no such directory.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let found = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|error| unreadable(directory, &error))?;
    let mut paths: Vec<PathBuf> = found.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| unreadable(path, &error))?;
    Ok(text)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        ExitCode::Config,
        format!("cannot read {}: {error}", path.display()),
    )
    .hint("mend it, or move it away, and run windlass init again")
}
