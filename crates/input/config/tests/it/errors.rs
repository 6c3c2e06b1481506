//! Every mistake as people see it. Cases are files in tests/cases; the screens stand beside them in snapshots.

use crate::{given, load, mistakes, numbered, rendered};
use std::path::Path;
use windlass_config::{Argument, Config, Given, Source};
use windlass_model::ExitCode;

#[test]
fn cases() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = std::fs::read_dir(&dir)
        .expect("cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(paths.len() > 10);
    for path in paths {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name");
        let text = std::fs::read_to_string(&path).expect("a case");
        let outcome = load(&text).and_then(|config| {
            let stages = config.stages();
            config.stage(stages.first().copied().unwrap_or("production"))
        });
        let mistakes = outcome
            .map(|stage| stage.settings().clone())
            .expect_err(name);
        assert_eq!(mistakes.exit_code(), ExitCode::Config);
        insta::assert_snapshot!(name, rendered(&mistakes));
    }
}

#[test]
fn an_unknown_key_is_shown_with_a_suggestion() {
    insta::assert_snapshot!(mistakes("application = \"shop\"\n\nkeep_release = 5\n"), @r"
      × unknown key `keep_release`
       ╭─[windlass.toml:3:1]
     3 │ keep_release = 5
       · ──────┬─────
       ·       ╰── did you mean `keep_releases`?
       ╰────
    ");
}

#[test]
fn a_word_of_capistrano_is_translated() {
    insta::assert_snapshot!(mistakes("repo_url = \"git@example.com:shop.git\"\n"), @r#"
      × `repo_url` is Capistrano's word; here it is `repository`
       ╭─[windlass.toml:1:1]
     1 │ repo_url = "git@example.com:shop.git"
       · ────────
       ╰────
    "#);
}

#[test]
fn several_mistakes_are_one_diagnostic_too() {
    let mistakes = load("a = 1\nbranch = 2\n").expect_err("mistakes");
    assert_eq!(mistakes.to_string(), "2 mistakes in the settings");
    assert_eq!(
        miette::Diagnostic::related(&mistakes).map(Iterator::count),
        Some(2)
    );
    insta::assert_snapshot!(format!("{mistakes:#}"), @r"
    windlass.toml:1:1: unknown key `a`
    windlass.toml:2:10: `branch` is a whole number, but should be text
    ");
}

#[test]
fn a_stage_that_does_not_exist_lists_those_that_do() {
    let text =
        "application = 'a'\n[stages.staging]\nhosts = ['a']\n[stages.production]\nhosts = ['b']\n";
    let config = load(text).expect("settings");
    let screen = rendered(&config.stage("prodution").expect_err("a mistake"));
    insta::assert_snapshot!(screen);
}

#[test]
fn mistakes_outside_the_file_name_their_source() {
    let environment = [
        ("WINDLASS_KEEP_RELEASES", "five"),
        ("WINDLASS_KEEP_RELEASE", "secret-5"),
        ("WINDLASS_SSH_PORT", "0"),
        ("WINDLASS_PULSE_INTERVAL", "10"),
        ("WINDLASS_SECRETS_KEY", "hunter2"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let arguments = [
        "secrets.KEY=hunter2",
        "keep_release=3",
        "stages.x.branch=a",
        "repo_url=x",
        "rollout.confirm_within=1s",
    ]
    .map(|text| Argument::set(text).expect("an argument"));
    let given = Given {
        environment: &environment,
        arguments: &arguments,
        ..given()
    };
    let source = Source::file("windlass.toml", "application = \"shop\"\n");
    let screen = rendered(&Config::load(&source, given).expect_err("mistakes"));
    assert!(!screen.contains("hunter2") && !screen.contains("secret-5"));
    insta::assert_snapshot!(screen);
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_shown() {
    let screen =
        mistakes("application = \"a\"\n[secrets]\nKEY = \"hunter2\"\nbranch = \"hunter3\"\n");
    assert!(!screen.contains("hunter"));
    insta::assert_snapshot!(screen);
}

#[test]
fn a_password_in_the_repository_is_refused_and_not_shown() {
    let url = "https://bot:hunter2@git.example.com/acme/shop.git";
    let screen = mistakes(&format!("application = \"a\"\nrepository = \"{url}\"\n"));
    assert!(!screen.contains("hunter2"), "{screen}");
    insta::assert_snapshot!(screen);
    let environment = [("WINDLASS_REPOSITORY".to_owned(), url.to_owned())];
    let argument = format!("repository={url}");
    let arguments = [Argument::set(&argument).expect("an argument")];
    let given = Given {
        environment: &environment,
        arguments: &arguments,
        ..given()
    };
    let source = Source::file("windlass.toml", "application = \"a\"\n");
    let screen = rendered(&Config::load(&source, given).expect_err("mistakes"));
    assert!(!screen.contains("hunter2"), "{screen}");
    assert_eq!(
        screen.matches("`repository` holds a password").count(),
        2,
        "{screen}"
    );
}

#[test]
fn many_mistakes_are_counted() {
    let text = numbered(100, |n| format!("unknown{n} = 1\n"));
    let mistakes = load(&text).expect_err("mistakes");
    assert_eq!(mistakes.iter().count(), 21);
    assert_eq!(
        mistakes.iter().last().map(ToString::to_string).as_deref(),
        Some("80 more like these")
    );
}
