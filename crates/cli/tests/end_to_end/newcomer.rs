//! The first minutes of somebody with a Rails application that Capistrano deploys: a clone, `init`, `plan`, `deploy`, no
//! edit of windlass.toml, and back to Capistrano's release.
//!
//! The plugins of Capistrano are stand-ins of our own (Debian has none); what they run is real.

use crate::cap;
use crate::rails::{App, RAILS, ruby_has};
use crate::support::{Run, Running};
use std::path::{Path, PathBuf};
use std::process::Command;
use windlass_lab::Picture;

const PLUGINS: [(&str, &str); 2] = [
    ("bundler", include_str!("plugins/bundler.rb")),
    ("rails", include_str!("plugins/rails.rb")),
];

/// What the gems of the system and the test's slow task ask for; the rest is what any such project says.
const SETTINGS: &str = "append :linked_files, 'config/master.key'\nappend :linked_dirs, 'log', 'tmp', 'db/data'\nset :keep_releases, 3\nset :bundle_path, nil\n\
    set :bundle_flags, '--quiet --local'\nset :default_env, { slow: '0' }\n";

/// The application with its Capistrano files, all committed.
fn project() -> App {
    let mut app = App::new();
    let stage = &mut app.stage;
    let plugins = stage.home().join("plugins/capistrano");
    std::fs::create_dir_all(&plugins).expect("made");
    for (name, text) in PLUGINS {
        std::fs::write(plugins.join(format!("{name}.rb")), text).expect("written");
    }
    cap::write_project(stage, SETTINGS);
    let lines = "require 'capistrano/bundler'\nrequire 'capistrano/rails'\n";
    let capfile = format!("{}{lines}", cap::CAPFILE);
    let committed = stage.repo.commit(&[("Capfile", capfile.as_str())]);
    committed.expect("committed");
    let key = stage.host.write("shared/config/master.key", "secret");
    key.expect("written");
    app
}

/// A clone, as a person has it who begins.
fn clone(app: &App) -> PathBuf {
    let at = app.stage.home().join("clone");
    let mut command = Command::new("git");
    command
        .args(["clone", "-q"])
        .arg(app.stage.repo.bare())
        .arg(&at);
    assert!(command.status().expect("git starts").success());
    at
}

fn windlass(app: &App, at: &Path, words: &[&str]) -> Run {
    let mut command = app.stage.windlass(words);
    command.current_dir(at);
    let run = Running::new(command).finish();
    assert_eq!(run.code, 0, "{words:?}: {run}");
    run
}

fn assert_counts(app: &App, wanted: usize) {
    let counts = (app.compiled.count(), app.migrated.count());
    assert_eq!(counts, (wanted, wanted));
}

/// `init` and `plan`, which change nothing on the host and leave nothing to do.
fn init_and_plan(app: &App, at: &Path) {
    let picture = || Picture::of(app.stage.host.outside()).expect("a picture");
    let before = picture();
    let run = windlass(app, at, &["init"]);
    assert!(run.stderr.contains("nothing is left to do"), "{run}");
    let plan = windlass(app, at, &["plan", "production"]);
    let shown = String::from_utf8_lossy(&plan.stdout).into_owned();
    for wanted in ["bundle install", "assets:precompile", "db:migrate"] {
        assert!(shown.contains(wanted), "{plan}");
    }
    assert_eq!(before.differences(&picture()), "");
}

#[test]
fn a_rails_application_of_capistranos_is_deployed_without_an_edit() {
    if !cap::is_here() || !ruby_has(RAILS) {
        return;
    }
    let mut app = project();
    let first = cap::deploy(&app.stage);
    let before = app.manifest();
    assert_counts(&app, 1);
    app.change("body { color: blue }\n");
    let at = clone(&app);
    init_and_plan(&app, &at);

    let run = windlass(&app, &at, &["deploy", "production", "--yes"]);
    let second = app.stage.host.live().expect("a release is live");
    assert!(second > first, "{run}");
    assert_counts(&app, 2);
    assert!(app.has_table("customers"), "{run}");
    let after = app.manifest();
    assert_ne!(after, before, "{run}");

    let run = windlass(&app, &at, &["rollback", "production", "--yes"]);
    assert_eq!(app.stage.host.live().as_ref(), Some(&first), "{run}");
    assert_eq!(app.manifest(), before, "{run}");
    app.stage.assert_clean();

    // Whoever thinks better of it goes back to Capistrano, and that to the release of Windlass's.
    let third = cap::deploy(&app.stage);
    let run = cap::cap(&app.stage, &["deploy:rollback"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(app.stage.host.live(), Some(second), "{run}");
    assert!(!app.stage.host.releases().contains(&third), "{run}");
}
