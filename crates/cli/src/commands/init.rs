//! `init`: looks at the project and writes a windlass.toml of at most 25 lines; beside a Capfile, the one that carries that
//! project over.

use crate::args::InitArgs;
use crate::capistrano;
use crate::error::Failure;
use crate::project::{Project, application_name, recognise};
use crate::world::World;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use windlass_model::ExitCode;

/// Writes the file and says what comes next.
pub(crate) fn init(world: &World, args: &InitArgs) -> Result<ExitCode, Failure> {
    let path = world.directory.join("windlass.toml");
    if path.exists() && !args.force {
        return Err(Failure::new(
            ExitCode::Failed,
            format!("{} is there already", path.display()),
        )
        .hint("windlass init --force writes over it"));
    }
    if let Some(imported) = capistrano::carried_over(&world.directory)? {
        write(&path, &imported.text, args.force)?;
        crate::screen::say(&format!("wrote {} from the Capfile", path.display()));
        if imported.second {
            crate::screen::say(
                "it is a project of Capistrano 2: what means the same is carried over, look at the rest line by line",
            );
        }
        for line in capistrano::account(&imported) {
            crate::screen::say(&line);
        }
        crate::screen::say(if imported.todos.is_empty() {
            "next: windlass plan STAGE, which shows what a deploy would do and changes nothing"
        } else {
            "next: look at the lines with TODO, then: windlass check STAGE"
        });
        return Ok(ExitCode::Done);
    }
    let project = look(&world.directory);
    write(&path, &project.settings(), args.force)?;
    crate::screen::say(&format!("wrote {} for {}", path.display(), project.kind));
    crate::screen::say(
        "next: put your host into [stages.production], then: windlass check production",
    );
    Ok(ExitCode::Done)
}

/// Writes the file whole or not at all; one that is there stays unless it is to be written over.
fn write(path: &Path, text: &str, over: bool) -> Result<(), Failure> {
    written(path, text, over).map_err(|error| {
        let text = format!("cannot write {}: {error}", path.display());
        Failure::new(ExitCode::Failed, text)
    })
}

fn written(path: &Path, text: &str, over: bool) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mode = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new()
        .permissions(mode)
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    let placed = if over {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    };
    placed.map_err(|error| error.error)?;
    Ok(())
}

fn look(directory: &Path) -> Project {
    let name = directory
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let package = std::fs::read_to_string(directory.join("package.json")).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_str(&package).unwrap_or_default();
    Project {
        application: application_name(&name.unwrap_or_default()),
        repository: git(directory, &["remote", "get-url", "origin"]).map(without_secret),
        branch: git(directory, &["symbolic-ref", "--short", "HEAD"]),
        kind: recognise(|path| directory.join(path).exists()),
        node_build: package.pointer("/scripts/build").is_some(),
    }
}

/// The URL of a clone as windlass.toml takes it.
fn without_secret(url: String) -> String {
    windlass_model::grammar::without_password(&url).unwrap_or(url)
}

/// What git says, or nothing where there is no repository or no git: `init` guesses, it does not insist.
fn git(directory: &Path, words: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(words)
        .current_dir(directory)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_init_writes_holds_no_token() {
        let cases = [
            (
                "https://token@forge.example.com/shop.git",
                "https://forge.example.com/shop.git",
            ),
            (
                "https://me:word@forge.example.com",
                "https://forge.example.com",
            ),
            (
                "ssh://git:word@forge.example.com:22/shop",
                "ssh://git@forge.example.com:22/shop",
            ),
            (
                "ssh://git@forge.example.com/shop",
                "ssh://git@forge.example.com/shop",
            ),
            (
                "git@forge.example.com:shop.git",
                "git@forge.example.com:shop.git",
            ),
            ("/srv/git/a@b.git", "/srv/git/a@b.git"),
        ];
        for (given, wanted) in cases {
            assert_eq!(without_secret(given.to_owned()), wanted);
        }
    }
}
