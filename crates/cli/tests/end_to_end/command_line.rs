//! What is said to words that mean nothing here, and which options choose hosts where.

use crate::support::{Run, Running, Stage, toml};
use windlass_lab::Sshd;

fn stdout(run: &Run) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// Asserts the code and that standard error has the words.
fn assert_said(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{run}");
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is said\n{run}");
    }
}

#[test]
fn slips_are_named() {
    let stage = Stage::new();
    stage.configure("", "");
    let run = stage.run(&["-C", "no/such/place", "config"]);
    assert_said(&run, 2, &["no/such/place", "No such file"]);
    let run = stage.run(&["-C", "windlass.toml", "config"]);
    assert_said(&run, 2, &["windlass.toml", "directory"]);
    let run = stage.run(&["stauts"]);
    assert_said(&run, 2, &["stauts", "'status'"]);
}

#[test]
fn habits_are_understood_and_the_usual_form_is_named() {
    let stage = Stage::new();
    stage.configure(
        "",
        "[[tasks]]\nname = \"sidekiq:restart\"\nrun = \"echo own\"\ndir = \"/\"\n",
    );
    let run = stage.run(&["production", "deploy:check", "-z", "127.0.0.1"]);
    let usual = "(usually: windlass check production --host 127.0.0.1)\n";
    assert_said(&run, 0, &[usual]);
    assert!(
        !run.stderr.contains('\u{1b}'),
        "no colour without a terminal\n{run}"
    );

    let mut command = stage.windlass(&["production", "deploy", "-n"]);
    command.env("HOSTS", "web9");
    let run = Running::new(command).finish();
    assert_said(&run, 4, &["production -n --host web9)", "web9"]);

    let run = stage.run(&["production", "deploy", "--trace"]);
    assert_said(
        &run,
        2,
        &["`--trace` is Capistrano's word", "windlass show"],
    );
    let run = stage.run(&["production", "deploy:cleanup"]);
    assert_said(
        &run,
        2,
        &["`deploy:cleanup` is Capistrano's word", "keep_releases"],
    );
    let run = stage.run(&["config", "production", "repo_url"]);
    assert_said(
        &run,
        20,
        &["`repo_url` is Capistrano's word", "`repository`"],
    );
    // A task of the project's own is meant, also where another tool has one of that name.
    let run = stage.run(&["production", "sidekiq:restart"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(stdout(&run).contains("own"), "{run}");
}

#[test]
fn the_next_command_has_the_options_that_this_one_needed() {
    let stage = Stage::new();
    stage.configure("linked_files = [\"a.env\"]", "");
    let here = stage.repo.work();
    let [app, file] = ["sub", "other.toml"].map(|name| here.join(name));
    std::fs::create_dir(&app).expect("made");
    std::fs::rename(here.join("windlass.toml"), file).expect("moved");
    std::fs::write(here.join("a.env"), "A=1").expect("written");
    let global = [
        "-C",
        "sub",
        "--config",
        "../other.toml",
        "--set",
        "keep_releases=3",
    ];
    let options = "-C sub --config ../other.toml";
    let run = |words: &[&str]| stage.run(&[words, &global].concat());
    let said = |command: &str| format!("windlass {options} --set 'keep_releases=3' {command}");
    let setup = run(&["setup", "production"]);
    assert_said(&setup, 1, &[&said("setup production")]);
    let setup = run(&["setup", "production", "--yes"]);
    assert_said(&setup, 0, &[&said("check production")]);
    let plan = stdout(&run(&["plan", "production"]));
    assert!(plan.contains(&said("deploy production")), "{plan}");
    let failed = run(&[
        "deploy",
        "production",
        "--yes",
        "--set",
        "restart.app=exit 1",
    ]);
    let sets = "--set 'restart.app=exit 1' --set 'keep_releases=3'";
    let again = format!("windlass {options} {sets} deploy production");
    assert_said(&failed, 1, &[&again]);
}

#[test]
fn init_says_what_it_saw() {
    let stage = Stage::new();
    for name in ["package.json", "package-lock.json"] {
        std::fs::write(stage.repo.work().join(name), "{}").expect("written");
    }
    let run = stage.run(&["init"]);
    assert_said(&run, 0, &["for a Node.js project with npm\n"]);
}

#[test]
fn init_beside_a_capfile_carries_the_project_over() {
    let stage = Stage::new();
    let here = stage.repo.work();
    std::fs::create_dir_all(here.join("config/deploy")).expect("directories");
    for (name, text) in [
        (
            "Capfile",
            "require 'capistrano/setup'\nrequire 'capistrano/gulp'\n",
        ),
        (
            "config/deploy.rb",
            "set :application, 'shop'\nset :linked_dirs, %w[log]\n\
             after 'deploy:published', :warm do\n  on(roles(:app)) { execute :true }\nend\n",
        ),
        (
            "config/deploy/production.rb",
            "server 'web1.example.com', user: 'deploy', roles: %w[app]\n",
        ),
    ] {
        std::fs::write(here.join(name), text).expect("written");
    }
    let run = stage.run(&["init"]);
    let todo = "  Capfile:2 require 'capistrano/gulp'";
    assert_said(
        &run,
        0,
        &["from the Capfile\n", "of 3 files; 1 TODO in it:\n", todo],
    );
    let run = stage.run(&["config", "production", "linked_dirs"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        String::from_utf8_lossy(&run.stdout).contains("log"),
        "{run}"
    );
    let run = stage.run(&["tasks", "production"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        String::from_utf8_lossy(&run.stdout).contains("warm"),
        "{run}"
    );
}

#[test]
fn init_says_that_a_project_is_of_capistrano_2() {
    let stage = Stage::new();
    let here = stage.repo.work();
    std::fs::create_dir_all(here.join("config")).expect("directories");
    let settings = "set :application, 'shop'\nset :repository, '/srv/shop.git'\nrole :app, 'h1'\n";
    std::fs::write(
        here.join("Capfile"),
        "load 'deploy'\nload 'config/deploy'\n",
    )
    .expect("written");
    std::fs::write(here.join("config/deploy.rb"), settings).expect("written");
    let run = stage.run(&["init"]);
    assert_said(&run, 0, &["it is a project of Capistrano 2:"]);
}

#[test]
fn init_says_where_a_capfile_is_no_ruby() {
    let stage = Stage::new();
    std::fs::write(stage.repo.work().join("Capfile"), "require 'a'\nset :b,,\n").expect("written");
    let run = stage.run(&["init"]);
    assert_said(&run, 20, &["Capfile:2: this is not Ruby", "mend line 2"]);
    assert!(!stage.repo.work().join("windlass.toml").exists(), "{run}");
}

#[test]
fn hosts_are_chosen_only_where_that_has_a_meaning() {
    let stage = Stage::new();
    stage.configure("", "");
    for words in [
        ["schema", "--host=127.0.0.1"],
        ["tasks", "--role=app"],
        ["resume", "--exclude=web1"],
        ["attach", "--host=127.0.0.1"],
        ["cancel", "--host=127.0.0.1"],
    ] {
        let run = stage.run(&words);
        assert_said(&run, 2, &["--host, --role and --exclude"]);
        assert!(run.stdout.is_empty(), "{run}");
    }
}

/// Two hosts with a root each; the second has an environment of its own.
fn two_hosts() -> Stage {
    let stage = Stage::with(Sshd::builder().addresses(2));
    stage.configure("", "");
    let file = stage.repo.work().join("windlass.toml");
    let written = std::fs::read_to_string(&file).expect("read");
    let (top, _) = written.split_once("hosts = [").expect("hosts");
    let host = |number: u8, more: &str| {
        let address = format!(
            "{}@127.0.0.{number}:{}",
            stage.sshd.user(),
            stage.sshd.port()
        );
        let root = stage.host.outside().join(format!("root{number}"));
        let root = toml(root.to_str().expect("UTF-8"));
        format!(
            "{{ address = {}, deploy_to = {root}{more} }}",
            toml(&address)
        )
    };
    let hosts = [host(1, ""), host(2, ", env = { ONLY = \"here\" }")].join(", ");
    std::fs::write(file, format!("{top}hosts = [{hosts}]\n")).expect("written");
    stage
}

#[test]
fn config_shows_what_is_in_force_on_a_host() {
    let stage = two_hosts();
    let run = stage.run(&["config", "production", "env.ONLY", "--host=127.0.0.2"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(stdout(&run).contains("here"), "{run}");
    let json = ["config", "production", "linked_dirs", "--json", "--set"];
    let run = stage.run(&[&json[..], &["linked_dirs=[\"a b\"]"]].concat());
    let row = &run.events()[0];
    assert_eq!(
        (&row["format"], &row["value"][0]),
        (&1.into(), &"a b".into())
    );
    assert_eq!(row["origins"][0], "--set linked_dirs", "{run}");
    let run = stage.run(&["config", "production", "env.ONLY", "--host=127.0.0.1"]);
    assert_said(&run, 20, &["env.ONLY"]);
    let run = stage.run(&["config", "production", "--host=127.*"]);
    assert_said(&run, 2, &["127.0.0.1", "127.0.0.2"]);
    let run = stage.run(&["config", "production", "--host=web9"]);
    assert_said(&run, 4, &["web9"]);
}

#[test]
fn show_is_data_and_knows_hosts() {
    let stage = two_hosts();
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    let all = stage.run(&["show", "production"]);
    assert_eq!((all.code, all.stderr.as_str()), (0, ""), "{all}");
    for word in ["127.0.0.1", "127.0.0.2", "deployed"] {
        assert!(stdout(&all).contains(word), "{all}");
    }
    let one = stage.run(&["show", "production", "--host", "127.0.0.2"]);
    assert_eq!((one.code, one.stderr.as_str()), (0, ""), "{one}");
    assert!(stdout(&one).contains(" 127.0.0.2 "), "{one}");
    assert!(!stdout(&one).contains(" 127.0.0.1 "), "{one}");
    let json = stage.run(&["show", "production", "--host", "127.0.0.2", "--json"]);
    assert_eq!(json.code, 0, "{json}");
    assert!(json.count("step_ended") > 0, "{json}");
    assert!(
        json.events()
            .iter()
            .all(|event| event["host"] == "127.0.0.2"),
        "{json}"
    );
    assert_said(
        &stage.run(&["show", "production", "--host", "web9"]),
        4,
        &["web9"],
    );

    let run = stage.run(&["history", "--host", "127.0.0.2"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(stdout(&run).contains("production"), "{run}");
    assert_said(&stage.run(&["history", "--host", "web9"]), 4, &[]);
}

#[test]
fn who_deploys_is_known_where_the_environment_does_not_say_it() {
    let stage = Stage::new();
    stage.configure("", "");
    // An account without a name: `id` says its number and fails.
    let nameless = stage.home().join("bin");
    std::fs::create_dir(&nameless).expect("made");
    let id = nameless.join("id");
    std::fs::write(&id, "#!/bin/sh\necho 4711\nexit 1\n").expect("written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&id, executable).expect("made executable");
    let path = std::env::var_os("PATH").expect("a path");
    let dirs = std::iter::once(nameless).chain(std::env::split_paths(&path));
    let without = std::env::join_paths(dirs).expect("a path");

    let output = |option: &str| {
        let output = std::process::Command::new("id").arg(option).output();
        let text = String::from_utf8(output.expect("id runs").stdout).expect("UTF-8");
        text.trim().to_owned()
    };
    let uid = format!("uid {}", output("-u"));
    for (path, who) in [(path, output("-un")), (without, uid)] {
        let mut command = stage.windlass(&["deploy", "production", "--yes", "--json"]);
        command.env_remove("USER").env("PATH", path);
        let run = Running::new(command).finish();
        assert_eq!(run.code, 0, "{run}");
        let log = std::fs::read_to_string(stage.host.deploy_to().join("revisions.log"));
        let log = log.expect("read");
        let last = log.lines().last().expect("a line");
        assert!(last.ends_with(&format!("by {who}")), "{who}\n{log}");
    }
}
