//! A deploy that was begun is gone on with, or undone, whatever windlass.toml and the environment have become since.

use crate::support::{Run, Running, Stage, wait_until};
use windlass_lab::Sshd;

const CANARY: &str = "canary-5c2e71-value";

/// A build that tells its secret and goes on until it is let.
const BUILD: &str = "[[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = '''\n: >\"$DEPLOY_SHARED_PATH/runs\"\n\
     while [ ! -e \"$DEPLOY_SHARED_PATH/ends\" ]; do sleep 0.1; done\nprintf %s \"${TOKEN-none}\" >\"$DEPLOY_SHARED_PATH/had\"'''\n";

fn with_token(stage: &Stage, arguments: &[&str]) -> Run {
    let mut command = stage.windlass(arguments);
    command.env("THE_TOKEN", CANARY);
    Running::new(command).finish()
}

/// Deploys until the build runs on every host, and leaves it there.
fn parked(stage: &Stage, runs: impl Fn() -> bool) {
    let mut command = stage.windlass(&["deploy", "production", "--yes"]);
    command.env("THE_TOKEN", CANARY);
    let deploy = Running::new(command);
    wait_until("the build runs", runs);
    deploy.signal("TERM");
    let run = deploy.finish();
    assert_eq!(run.code, 11, "{run}");
}

#[test]
fn undoing_needs_no_secret_that_no_undo_names() {
    let stage = Stage::new();
    let says = BUILD.replace(": >", "echo \"to\"\"ld: $TOKEN\"\n: >");
    let secrets = "[secrets]\nTOKEN = { from_env = \"THE_TOKEN\" }\n";
    stage.configure("", &format!("{secrets}{says}"));
    let runs = || stage.host.read("shared/runs").is_ok();
    parked(&stage, runs);
    // Nobody has it any more, and what was told cannot be masked.
    let run = stage.run(&["cancel", "production", "-v"]);
    assert_eq!(run.code, 1, "{run}");
    for told in ["is not shown", "cancelled"] {
        assert!(run.stderr.contains(told), "{told}\n{run}");
    }
    assert!(!run.stderr.contains("told: "), "{run}");
    stage.assert_clean();

    // Where it is at hand it is masked, and the output is told.
    std::fs::remove_file(stage.host.deploy_to().join("shared/runs")).expect("removed");
    parked(&stage, runs);
    let run = with_token(&stage, &["cancel", "production", "-v"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("told: ***"), "{run}");
    stage.assert_clean();
}

#[test]
fn an_undo_that_names_a_secret_needs_it() {
    let stage = Stage::new();
    let undo = BUILD.replace("after = ", "undo = \"true\"\nafter = ");
    let secrets = "[secrets]\nTOKEN = { from_env = \"THE_TOKEN\" }\n";
    stage.configure("", &format!("{secrets}{undo}"));
    parked(&stage, || stage.host.read("shared/runs").is_ok());
    let run = stage.run(&["cancel", "production"]);
    assert_eq!(run.code, 20, "{run}");
    assert!(run.stderr.contains("THE_TOKEN"), "{run}");
    let run = with_token(&stage, &["cancel", "production"]);
    assert_eq!(run.code, 1, "{run}");
    stage.assert_clean();
}

/// Two hosts, the second with a role of its own and the secret that goes with it, where a deploy was begun; gives their
/// roots.
fn with_a_worker(stage: &Stage) -> Vec<std::path::PathBuf> {
    let secrets = "[roles.worker.secrets]\nTOKEN = { from_env = \"THE_TOKEN\" }\n";
    stage.configure("", &format!("{secrets}{BUILD}"));
    let roots = stage.set_hosts(&[", roles = [\"web\"]", ", roles = [\"worker\"]"]);
    let run = |root: &std::path::PathBuf| root.join("shared/runs").exists();
    parked(stage, || roots.iter().all(run));
    roots
}

fn without_hosts(stage: &Stage, kept: &str) {
    stage.edit(|text| {
        let (top, _) = text.split_once("hosts = [").expect("hosts");
        format!("{top}hosts = [{kept}]\n")
    });
}

#[test]
fn a_host_that_left_the_file_is_gone_on_with_by_its_address_and_its_roles() {
    let stage = Stage::with(Sshd::builder().addresses(2));
    let roots = with_a_worker(&stage);
    without_hosts(&stage, "\"new.example.com\"");
    for root in &roots {
        std::fs::write(root.join("shared/ends"), "").expect("written");
    }
    let run = with_token(&stage, &["resume", "production"]);
    assert_eq!(run.code, 0, "{run}");
    let had = |root: &std::path::Path| std::fs::read_to_string(root.join("shared/had"));
    assert_eq!(had(&roots[0]).expect("it ran"), "none");
    assert_eq!(had(&roots[1]).expect("it ran"), CANARY);
}

#[test]
fn hosts_that_all_left_the_file_are_undone() {
    let stage = Stage::with(Sshd::builder().addresses(2));
    let roots = with_a_worker(&stage);
    without_hosts(&stage, "");
    let run = stage.run(&["cancel", "production"]);
    assert_eq!(run.code, 1, "{run}");
    for root in &roots {
        assert!(!root.join("deploy.lock").exists(), "{run}");
        assert!(!root.join("current").exists(), "{run}");
    }
    let run = stage.run(&["check", "production"]);
    assert!(run.stderr.contains("has no hosts"), "{run}");
}
