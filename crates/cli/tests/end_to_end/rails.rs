//! A real Rails application with the gems of the system: its assets are compiled while the connection goes away, its
//! database is migrated once, and a rollback brings the old assets back. And a real Bundler with a gem of the project's.

use crate::support::{Run, Stage, wait_until};
use std::process::{Command, Stdio};
use std::time::Duration;
use windlass_lab::{Counter, Cut, LabError, available};

/// How long compiling takes where it is meant to be slow.
const SLOW: Duration = Duration::from_secs(6);

const GEMFILE: &str = r#"source "https://gems.example.com"
gem "railties"
gem "activerecord"
gem "sprockets-rails"
gem "sqlite3"
"#;

const APPLICATION: &str = r#"require "bundler/setup"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "sprockets/railtie"
module Shop
  class Application < Rails::Application
    config.load_defaults 6.1
    config.eager_load = false
    config.secret_key_base = "x" * 64
  end
end
"#;

const DATABASE: &str = "production:\n  adapter: sqlite3\n  database: db/data/production.sqlite3\n";

const ENVIRONMENT: &str = "require_relative \"application\"\nRails.application.initialize!\n";

const STYLES: &str = "//= link_directory ../stylesheets .css\n";

const CSS: &str = "app/assets/stylesheets/application.css";

/// Whether Ruby has these gems; where not, a line says so.
pub(crate) fn ruby_has(gems: &str) -> bool {
    let script = format!("%w[{gems}].each {{ |name| gem name }}");
    let ruby = Command::new("ruby").args(["-e", &script]).output();
    let found = match ruby {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(LabError::Unavailable {
            what: "Ruby".to_owned(),
            why: format!("it needs the gems {gems}; on Debian ./test installs their packages"),
        }),
    };
    let found = available(found);
    found.expect("nothing else can be wrong").is_some()
}

/// The gems of the system that the application needs.
pub(crate) const RAILS: &str = "railties activerecord sprockets-rails sqlite3 bundler";

/// A migration that counts itself and makes a table.
fn migration(counter: &Counter, table: &str) -> String {
    format!(
        "class Create{name} < ActiveRecord::Migration[6.1]\n  def up\n    system({count:?})\n    create_table(:{table})\n  end\nend\n",
        name = table[..1].to_uppercase() + &table[1..],
        count = counter.command(),
    )
}

/// The tasks of Rails, of which compiling counts itself and takes its time.
fn rakefile(counter: &Counter) -> String {
    format!(
        "require_relative \"config/application\"\nRails.application.load_tasks\n\
         task(:slow) {{ system({:?}); sleep Float(ENV.fetch(\"SLOW\")) }}\n\
         Rake::Task[\"assets:precompile\"].enhance([\"slow\"])\n",
        counter.command()
    )
}

/// The application, and how often its assets were compiled and its tables made.
pub(crate) struct App {
    pub(crate) stage: Stage,
    pub(crate) compiled: Counter,
    pub(crate) migrated: Counter,
}

impl App {
    /// The application with its first table, committed together with its lock file.
    pub(crate) fn new() -> Self {
        let mut stage = Stage::new();
        let compiled = stage.host.counter("compiled");
        let migrated = stage.host.counter("migrated");
        stage
            .repo
            .commit(&[("Gemfile", GEMFILE)])
            .expect("committed");
        let lock = Command::new("bundle")
            .args(["lock", "--local"])
            .current_dir(stage.repo.work())
            .stdout(Stdio::null())
            .status();
        assert!(lock.expect("bundle runs").success(), "no Gemfile.lock");
        let first = migration(&migrated, "orders");
        let rakefile = rakefile(&compiled);
        let files = [
            ("Rakefile", rakefile.as_str()),
            ("config/application.rb", APPLICATION),
            ("config/environment.rb", ENVIRONMENT),
            ("config/database.yml", DATABASE),
            ("app/assets/config/manifest.js", STYLES),
            (CSS, "body { color: red }\n"),
            ("db/migrate/20260101000000_create_orders.rb", &first),
        ];
        stage.repo.commit(&files).expect("committed");
        Self {
            stage,
            compiled,
            migrated,
        }
    }

    /// A commit with a second table and another style sheet.
    pub(crate) fn change(&mut self, css: &str) {
        let second = migration(&self.migrated, "customers");
        let table = "db/migrate/20260201000000_create_customers.rb";
        let files = [(table, second.as_str()), (CSS, css)];
        self.stage.repo.commit(&files).expect("committed");
    }

    /// Deploys and loses the connection twice while assets are compiled.
    fn deploy_with_cuts(&self) -> Run {
        let running = self.stage.start_deploy();
        wait_until("assets are being compiled", || self.compiled.count() == 2);
        self.stage.proxy.cut_now(Cut::Reset);
        std::thread::sleep(Duration::from_secs(2));
        self.stage.proxy.cut_now(Cut::Finish);
        let run = running.finish();
        assert_eq!(run.code, 0, "{run}");
        assert!(run.count("connection_lost") >= 2, "{run}");
        run
    }

    fn configure(&self, slow: Duration) {
        let top =
            "recipes = [\"bundler\", \"rails\"]\nlinked_dirs = [\"log\", \"tmp\", \"db/data\"]";
        let tables = format!(
            "[bundler]\npath = \"system\"\nflags = [\"--quiet\", \"--local\"]\n[env]\nSLOW = \"{}\"\n",
            slow.as_secs()
        );
        self.stage.configure(top, &tables);
    }

    /// The name and text of the manifest that all releases share.
    pub(crate) fn manifest(&self) -> (String, String) {
        let names = self.stage.host.list("shared/public/assets");
        let mut names = names.into_iter();
        let name = names.find(|name| name.starts_with(".sprockets-manifest"));
        let name = name.expect("a manifest");
        let text = self
            .stage
            .host
            .read(&format!("shared/public/assets/{name}"));
        let text = String::from_utf8(text.expect("it can be read")).expect("UTF-8");
        (name, text)
    }

    /// Whether the shared database has a table.
    pub(crate) fn has_table(&self, table: &str) -> bool {
        let database = self.stage.host.read("shared/db/data/production.sqlite3");
        let database = database.expect("a database");
        String::from_utf8_lossy(&database).contains(&format!("CREATE TABLE \"{table}\""))
    }

    fn assert_counts(&self, wanted: usize, run: &Run) {
        assert_eq!(self.compiled.count(), wanted, "compiled\n{run}");
        assert_eq!(self.migrated.count(), wanted, "migrated\n{run}");
    }
}

#[test]
fn assets_are_compiled_once_and_the_database_is_migrated_once_whatever_the_connection_does() {
    if !ruby_has(RAILS) {
        return;
    }
    let mut app = App::new();
    app.configure(Duration::ZERO);
    let first = app.stage.deploy_first();
    let (name, old_manifest) = app.manifest();
    assert!(app.has_table("orders"));

    app.change("body { color: blue }\n");
    app.configure(SLOW);
    let run = app.deploy_with_cuts();
    app.assert_counts(2, &run);
    assert!(app.has_table("customers"));
    let (same, new_manifest) = app.manifest();
    assert_eq!(same, name);
    assert_ne!(new_manifest, old_manifest);
    let live = app.stage.host.live().expect("a release is live");
    assert_ne!(live, first);
    let kept = format!("releases/{live}/assets_manifest_backup/{name}");
    assert_eq!(
        app.stage.host.read(&kept).expect("kept"),
        new_manifest.as_bytes()
    );
    app.stage.assert_clean();

    let run = app
        .stage
        .run(&["rollback", "production", "--json", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(app.stage.host.live().as_ref(), Some(&first), "{run}");
    assert_eq!(app.manifest(), (name, old_manifest), "{run}");
    app.assert_counts(2, &run);
    app.stage.assert_clean();
}

#[test]
fn what_cannot_be_compiled_is_undone_and_nothing_is_migrated() {
    if !ruby_has(RAILS) {
        return;
    }
    let mut app = App::new();
    app.configure(Duration::ZERO);
    let first = app.stage.deploy_first();
    let before = app.manifest();
    app.change("/*\n *= require nothing\n */\n");
    let run = app.stage.run(&["deploy", "production", "--json", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(app.migrated.count(), 1, "{run}");
    assert_eq!(app.stage.host.live().as_ref(), Some(&first), "{run}");
    assert_eq!(app.manifest(), before, "{run}");
    app.stage.assert_clean();
}

/// A gem of the project's own in `vendor/cache`, from which Bundler installs without a registry.
fn vendored_gem(stage: &mut Stage) {
    const SPECIFICATION: &str = "Gem::Specification.new do |spec|\n  spec.name = \"hello\"\n  spec.version = \"0.1.0\"\n  \
        spec.summary = \"says hello\"\n  spec.authors = [\"nobody\"]\n  spec.files = [\"lib/hello.rb\"]\nend\n";
    const LOCK: &str = "GEM\n  remote: https://gems.example.com/\n  specs:\n    hello (0.1.0)\n\n\
        PLATFORMS\n  ruby\n\nDEPENDENCIES\n  hello\n";
    let files = [
        ("hello.gemspec", SPECIFICATION),
        ("lib/hello.rb", "HELLO = \"hello\"\n"),
        (
            "Gemfile",
            "source \"https://gems.example.com\"\ngem \"hello\"\n",
        ),
        ("Gemfile.lock", LOCK),
        ("vendor/cache/.keep", ""),
    ];
    stage.repo.commit(&files).expect("committed");
    let built = stage
        .program("gem")
        .args([
            "build",
            "-q",
            "hello.gemspec",
            "-o",
            "vendor/cache/hello-0.1.0.gem",
        ])
        .output()
        .expect("gem runs");
    assert!(built.status.success(), "{built:?}");
    stage.repo.commit(&[]).expect("committed");
}

#[test]
fn gems_go_to_where_all_releases_find_them_and_are_installed_once() {
    if !ruby_has("bundler") {
        return;
    }
    let mut stage = Stage::new();
    vendored_gem(&mut stage);
    let task = "[bundler]\nbinstubs = \"stubs\"\nflags = [\"--local\"]\n[[tasks]]\nname = \"hello\"\nafter = \"updated\"\n\
        run = \"bundle exec ruby -e 'require %q(hello); puts HELLO, $LOADED_FEATURES.grep(/hello/)'\"\n";
    stage.configure("recipes = [\"bundler\"]", task);
    let place = stage.host.deploy_to().join("shared/bundle");
    for said in ["hello 0.1.0", "nothing to install"] {
        let run = stage.run(&["deploy", "production", "--json", "--yes"]);
        assert_eq!(run.code, 0, "{run}");
        let output = run.output_of("hello", "stdout");
        let output = String::from_utf8(output).expect("UTF-8");
        assert!(output.starts_with("hello\n"), "{output}");
        assert!(output.contains(place.to_str().expect("UTF-8")), "{output}");
        let installed = run.output_of("bundler:install", "stdout");
        let installed = String::from_utf8(installed).expect("UTF-8");
        assert!(installed.contains(said), "{installed}");
        let stub = stage.host.list("current/stubs");
        assert!(stub.contains(&"bundle".to_owned()), "{stub:?}");
    }
    stage.assert_clean();
}
