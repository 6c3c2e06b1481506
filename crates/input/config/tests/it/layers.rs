//! What wins over what, and where a value says it comes from.

use crate::{RECIPES, given, load, mistakes, rendered};
use std::time::Duration;
use windlass_config::{Argument, Config, Given, Source, Stage};
use windlass_model::plan::DeployKind;
use windlass_model::settings::{Hook, HostKeyPolicy, SecretReference, SourceKind};

const EXAMPLE: &str = include_str!("../example.toml");

fn stage(text: &str, name: &str) -> Stage {
    load(text)
        .and_then(|config| config.stage(name))
        .map_err(|mistakes| rendered(&mistakes))
        .expect("settings")
}

#[test]
fn the_example_of_the_design_loads() {
    let stage = stage(EXAMPLE, "production");
    let settings = stage.settings();
    assert_eq!(settings.application, "shop");
    assert_eq!(settings.branch, "release");
    assert_eq!(settings.deploy_to, "/var/www/shop");
    assert_eq!(settings.source, SourceKind::Push);
    assert_eq!(
        settings.linked_dirs,
        [
            "log",
            "tmp/pids",
            "public/system",
            "storage",
            "public/assets"
        ]
    );
    assert_eq!(settings.recipes, ["bundler", "rails"]);
    assert_eq!(settings.shell, ["sh", "-e"]);
    assert_eq!(
        settings.ssh.keepalive_interval,
        Some(Duration::from_secs(15))
    );
    assert_eq!(settings.ssh.host_keys, HostKeyPolicy::Strict);
    assert_eq!(settings.ssh.known_hosts, ["~/.ssh/known_hosts"]);
    assert_eq!(settings.limits.pulse_interval, Duration::from_secs(10));
    assert_eq!(settings.limits.output_limit, 256 << 20);
    assert!(settings.confirm);
    let from_env = SecretReference::FromEnv("RAILS_MASTER_KEY".to_owned());
    assert_eq!(settings.secrets.get("RAILS_MASTER_KEY"), Some(&from_env));
    let task = settings.tasks.first().expect("a task");
    assert_eq!(task.hook, Some(Hook::After("published".to_owned())));
    assert_eq!(task.on, [DeployKind::Deploy]);
    let hosts = stage.hosts();
    assert_eq!(hosts[0].address.names.len(), 20);
    assert_eq!(hosts[0].address.names[1], "web02.example.com");
    assert_eq!(
        (hosts[1].release, hosts[1].primary.as_slice()),
        (false, &["db".to_owned()][..])
    );
}

/// `RAILS_ENV` and the linked directories that these settings give a host of `production`.
fn brought(settings: &str) -> (Option<String>, String) {
    let text = format!(
        "application = \"a\"\n{settings}\n[stages.production]\nhosts = [{{ address = \"h\", env = {{ A = \"b\" }} }}]\n"
    );
    let stage = stage(&text, "production");
    let on = stage.settings_on(&stage.hosts()[0]).expect("settings");
    assert_eq!(on.linked_dirs, stage.settings().linked_dirs);
    (on.env.get("RAILS_ENV").cloned(), on.linked_dirs.join(" "))
}

#[test]
fn the_recipe_rails_brings_its_environment_and_the_directory_of_assets() {
    let cases = [
        ("", None, ""),
        (
            "recipes = [\"rails\"]\nlinked_dirs = [\"log\"]",
            Some("production"),
            "log public/assets",
        ),
        (
            "recipes = [\"rails\"]\nrails = { env = \"live\", assets_prefix = \"packs/\" }",
            Some("live"),
            "public/packs",
        ),
        (
            "recipes = [\"rails\"]\nenv = { RAILS_ENV = \"own\" }\nlinked_dirs = [\"public/\"]",
            Some("own"),
            "public",
        ),
        (
            "recipes = [\"rails\"]\nsecrets = { RAILS_ENV = { from_env = \"E\" } }\nrails.assets = false",
            None,
            "",
        ),
        (
            "recipes = [\"rails\"]\nlinked_dirs = [\"public/assets/uploads\"]",
            Some("production"),
            "public/assets/uploads",
        ),
    ];
    for (settings, env, dirs) in cases {
        let (found_env, found_dirs) = brought(settings);
        assert_eq!(
            (found_env.as_deref(), found_dirs.as_str()),
            (env, dirs),
            "{settings}"
        );
    }
}

#[test]
fn what_a_recipe_brings_says_so() {
    let text = "application = \"a\"\nrecipes = [\"rails\"]\n[stages.s]\nhosts = [\"h\"]\n";
    let stage = stage(text, "s");
    let origin = stage.origin("env.RAILS_ENV").expect("an origin");
    assert_eq!(origin.to_string(), "recipe `rails`");
    let dirs = stage.setting("linked_dirs");
    assert_eq!(
        dirs[0].origins.last().map(ToString::to_string).as_deref(),
        Some("recipe `rails`")
    );
}

#[test]
fn the_table_of_a_recipe_needs_the_recipe() {
    let with = |settings: &str, stage: &str| {
        load(&format!(
            "application = \"a\"\n{settings}\n[stages.s]\nhosts = [\"h\"]\n{stage}\n"
        ))
    };
    let wrong = with("rails.env = \"live\"", "").expect_err("a mistake");
    assert!(
        rendered(&wrong).contains("which is in use nowhere"),
        "{}",
        rendered(&wrong)
    );
    for stage in ["recipes = [\"rails\"]", "add.recipes = [\"rails\"]"] {
        assert!(with("rails.env = \"live\"", stage).is_ok(), "{stage}");
    }
}

#[test]
fn the_place_of_a_version_manager_needs_its_name() {
    let text = "application = \"a\"\nruby.path = \"/opt/rbenv\"\n[stages.s]\nhosts = [\"h\"]\n";
    let wrong = load(text)
        .and_then(|config| config.stage("s"))
        .expect_err("a mistake");
    assert!(
        rendered(&wrong).contains("but `manager` does not name one"),
        "{}",
        rendered(&wrong)
    );
}

#[test]
fn stages_keep_the_order_of_the_file() {
    let config = load(EXAMPLE).expect("settings");
    assert_eq!(config.stages(), ["staging", "production"]);
}

const LAYERS: &str = r#"
application = "shop"
path = ["/file"]
umask = "022"
[env]
WHO = "file"
ONLY_FILE = "1"
[ssh]
user = "file"
[roles.worker]
umask = "027"
add.path = ["/role"]
env = { WHO = "role", ROLE = "worker" }
[roles.late]
umask = "077"
[stages.production]
hosts = [
  "plain",
  { address = "w1", roles = ["worker"] },
  { address = "own@w2:2222", roles = ["worker", "late"], env = { WHO = "host" }, deploy_to = "~/{stage}" },
  { address = "w3", roles = ["late", "worker"], path = ["/host"], user = "three" },
]
env = { WHO = "stage" }
add = { path = ["/stage", "/file"] }
"#;

#[test]
fn each_layer_wins_over_the_ones_below() {
    let stage = stage(LAYERS, "production");
    let on: Vec<_> = stage
        .hosts()
        .iter()
        .map(|host| stage.settings_on(host).expect("settings"))
        .collect();
    let who: Vec<_> = on
        .iter()
        .map(|settings| settings.env["WHO"].as_str())
        .collect();
    assert_eq!(who, ["stage", "role", "host", "role"]);
    let masks: Vec<_> = on
        .iter()
        .map(|settings| settings.umask.as_deref().unwrap_or("-"))
        .collect();
    assert_eq!(masks, ["022", "027", "077", "027"]);
    let users: Vec<_> = on
        .iter()
        .map(|settings| settings.ssh.user.as_deref().unwrap_or("-"))
        .collect();
    assert_eq!(users, ["file", "file", "own", "three"]);
    assert_eq!(on[2].ssh.port, Some(2222));
    assert_eq!(on[2].deploy_to, "~/production");
    assert_eq!(on[1].path, ["/file", "/stage", "/role"]);
    assert_eq!(on[3].path, ["/host"]);
    assert!(on.iter().all(|settings| settings.env["ONLY_FILE"] == "1"));
    assert!(
        std::sync::Arc::ptr_eq(&on[0], stage.settings()),
        "hosts without layers share one value"
    );
}

#[test]
fn add_appends_in_every_layer_and_in_inner_tables() {
    let stage = stage(
        "application = 'a'\npath = ['/file']\n[ssh]\nidentities = 'one'\n\
         [roles.app]\nadd.ssh.identities = ['two']\n[stages.s]\n\
         hosts = [{ address = 'h', path = ['/host'] }, { address = 'i', add = { path = ['/add', '/file'] } }]\n",
        "s",
    );
    let on: Vec<_> = stage
        .hosts()
        .iter()
        .map(|host| stage.settings_on(host).expect("settings"))
        .collect();
    assert_eq!(on[0].path, ["/host"]);
    assert_eq!(on[1].path, ["/file", "/add"]);
    assert_eq!(on[0].ssh.identities, ["one", "two"]);
    assert_eq!(stage.settings().ssh.identities, ["one"]);
}

#[test]
fn environment_and_command_line_win_over_everything() {
    let environment = [
        ("WINDLASS_SSH_USER", "env"),
        ("WINDLASS_UMASK", "007"),
        ("WINDLASS_PATH", "/a, /b"),
        ("WINDLASS_ENV_WHO", "env"),
        ("WINDLASS_KEEP_RELEASES", "7"),
        ("WINDLASS_JOB", "ignored"),
        ("PATH", "ignored"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let arguments = [
        Argument::set("umask=070").expect("an argument"),
        Argument::option("--branch", "branch", "hot,fix"),
        Argument::set("linked_dirs=[\"a,b\"]").expect("an argument"),
        Argument::set("branch=ümlaut'$x`").expect("an argument"),
    ];
    let given = Given {
        environment: &environment,
        arguments: &arguments,
        recipes: &RECIPES,
    };
    let config = Config::load(&Source::file("windlass.toml", LAYERS), given).expect("settings");
    let stage = config.stage("production").expect("a stage");
    let settings = stage.settings_on(&stage.hosts()[2]).expect("settings");
    assert_eq!(settings.ssh.user.as_deref(), Some("env"));
    assert_eq!(settings.umask.as_deref(), Some("070"));
    assert_eq!(settings.path, ["/a", "/b"]);
    assert_eq!(settings.env["WHO"], "env");
    assert_eq!(settings.keep_releases, 7);
    assert_eq!(settings.branch, "ümlaut'$x`");
    assert_eq!(settings.linked_dirs, ["a,b"]);
    let origin = |key| stage.origin(key).map(|origin| origin.to_string());
    assert_eq!(origin("umask").as_deref(), Some("--set umask"));
    assert_eq!(
        origin("keep_releases").as_deref(),
        Some("WINDLASS_KEEP_RELEASES")
    );
    assert_eq!(origin("ssh.connect_for").as_deref(), Some("default"));
}

#[test]
fn every_value_in_force_says_where_it_comes_from() {
    let config = load(LAYERS).expect("settings");
    let stage = config.stage("production").expect("a stage");
    let said: Vec<_> = stage
        .effective(Some(&stage.hosts()[2]))
        .expect("settings")
        .into_iter()
        .filter(|setting| {
            setting
                .origins
                .iter()
                .any(|origin| origin.place().is_some())
        })
        .map(|setting| {
            let origins: Vec<_> = setting.origins.iter().map(ToString::to_string).collect();
            format!(
                "{} = {} ({})",
                setting.key,
                setting.value,
                origins.join(", ")
            )
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn scripts_and_variables_are_never_filled() {
    let stage = stage(
        r#"
application = "shop"
subtree = "apps/{application}/{other}"
env = { A = "{stage}" }
restart = { app = "restart {application}" }
[[tasks]]
name = "t"
run = "echo {stage}"
undo = "echo {stage}"
when = "echo {stage}"
dir = "{stage}"
[stages.production]
hosts = ["web.{stage}.example.com"]
"#,
        "production",
    );
    let settings = stage.settings();
    assert_eq!(settings.subtree.as_deref(), Some("apps/shop/{other}"));
    assert_eq!(settings.env["A"], "{stage}");
    assert_eq!(settings.restart["app"], "restart {application}");
    let task = &settings.tasks[0];
    assert_eq!(task.run, "echo {stage}");
    assert_eq!(
        (task.undo.as_deref(), task.when.as_deref()),
        (Some("echo {stage}"), Some("echo {stage}"))
    );
    assert_eq!(task.dir.as_deref(), Some("production"));
    assert_eq!(
        stage.hosts()[0].address.names,
        ["web.production.example.com"]
    );
}

#[test]
fn tasks_of_other_stages_are_left_out() {
    let text = "application = 'a'\n[[tasks]]\nname = 'x'\nrun = 'x'\nstages = 'staging'\nsudo = true\n\
                [stages.staging]\nhosts = ['a']\n[stages.production]\nhosts = ['b']\n";
    assert!(stage(text, "production").settings().tasks.is_empty());
    let staging = stage(text, "staging");
    assert_eq!(staging.settings().tasks[0].sudo.as_deref(), Some("root"));
}

#[test]
fn without_a_file_there_are_settings_all_the_same() {
    let arguments = [Argument::set("ssh.user=root").expect("an argument")];
    let given = Given {
        arguments: &arguments,
        ..given()
    };
    let stage = Config::without_file(given)
        .and_then(|config| config.no_stage())
        .expect("settings");
    assert_eq!(stage.settings().ssh.user.as_deref(), Some("root"));
    assert_eq!(stage.settings().shell, ["sh", "-e"]);
}

#[test]
fn a_secret_says_where_its_value_is_and_is_shown_as_written() {
    let text = "application = 'a'\n[secrets]\nA = { from_env = 'X' }\nB = { command = 'op read \"op://x\"' }\n\
        C = { age = 'c.age' }\nD = { age = 'd.age', key = 'D' }\n[stages.s]\nhosts = ['h']\n\
        [stages.s.secrets]\nA = { age = 'a.age' }\n";
    let stage = stage(text, "s");
    let age = |file: &str, key: Option<&str>| SecretReference::Age {
        file: file.to_owned(),
        key: key.map(str::to_owned),
    };
    for (name, reference, shown) in [
        ("A", age("a.age", None), "{ age = \"a.age\" }"),
        (
            "B",
            SecretReference::Command("op read \"op://x\"".to_owned()),
            "{ command = \"op read \\\"op://x\\\"\" }",
        ),
        ("C", age("c.age", None), "{ age = \"c.age\" }"),
        (
            "D",
            age("d.age", Some("D")),
            "{ age = \"d.age\", key = \"D\" }",
        ),
    ] {
        assert_eq!(stage.settings().secrets.get(name), Some(&reference));
        assert_eq!(stage.setting(&format!("secrets.{name}"))[0].value, shown);
    }
}

#[test]
fn the_file_is_searched_upward() {
    let root = tempfile::tempdir().expect("a directory");
    let deep = root.path().join("a/b/c");
    std::fs::create_dir_all(&deep).expect("directories");
    let path = root.path().join("a/windlass.toml");
    std::fs::write(&path, EXAMPLE).expect("a file");
    assert_eq!(windlass_config::find(&deep), Some(path.clone()));
    let source = windlass_config::read(&path, "windlass.toml").expect("a source");
    assert_eq!(source.text(), EXAMPLE);
    std::fs::write(&path, b"a = 1\nb = \"\xff\"\n").expect("a file");
    let error = windlass_config::read(&path, "windlass.toml").expect_err("no text");
    assert_eq!(
        error.to_string(),
        "cannot read windlass.toml: line 2 is not UTF-8 text"
    );
}

#[test]
fn what_is_wrong_in_another_stage_is_found_too() {
    let text = "application = 'a'\n[stages.x]\nhosts = ['a']\n[stages.y]\nhosts = ['-a']\n";
    assert!(mistakes(text).contains("begins with `-`"));
}
