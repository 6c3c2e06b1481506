//! Tests of the crate from outside: whole projects in, the text of windlass.toml out.

mod accepted;
mod answers;
mod cases;
mod fuzz;
mod noise;
mod outside;

use std::fs;
use std::path::{Path, PathBuf};
use windlass_capfile::{Imported, SourceFile, Surroundings, import};
use windlass_config::{COMMANDS, Config, Given, Source};

/// The files of a project under `tests/cases`.
fn case(name: &str) -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(name);
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(&root)
                .expect("below")
                .display()
                .to_string();
            files.push(SourceFile::new(
                name,
                fs::read_to_string(&path).expect("text"),
            ));
        }
    }
    files.sort_by(|one, two| one.name.cmp(&two.name));
    files
}

const AROUND: Surroundings<'static> = Surroundings {
    reserved: COMMANDS,
    application: "folder",
};

fn imported(files: &[SourceFile]) -> Imported {
    import(files, AROUND).expect("a project")
}

/// The import of one deploy.rb with a stage beside it.
fn of(settings: &str) -> Imported {
    imported(&[
        SourceFile::new("config/deploy.rb", settings),
        SourceFile::new(
            "config/deploy/production.rb",
            "server 'web1.example.com', roles: %w[app]\n",
        ),
    ])
}

/// What windlass.toml's own reader says; nothing where it accepts the text.
fn mistakes(text: &str) -> String {
    let source = Source::file("windlass.toml", text);
    let given = Given {
        recipes: &["bundler", "rails"],
        ..Given::default()
    };
    match Config::load(&source, given) {
        Ok(config) => {
            let stages: Vec<String> = config.stages().into_iter().map(str::to_owned).collect();
            let found = stages.iter().filter_map(|stage| config.stage(stage).err());
            found.map(|mistakes| mistakes.to_string()).collect()
        }
        Err(mistakes) => mistakes.to_string(),
    }
}
