//! The CI action's script: the key it is given lies in a file of its owner's alone, for as long as the run lasts.

use crate::support::{Run, Running, Stage, toml, wait_until};
use std::path::PathBuf;
use std::process::Command;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../packaging/action/deploy.sh"
);

/// A stage whose file names neither a key nor host keys, and has a task on this machine that looks at the key's file.
fn without_keys() -> (Stage, PathBuf) {
    let stage = Stage::new();
    let seen = stage.home().join("seen");
    let look = format!(
        "stat -c '%a %n' \"$WINDLASS_SSH_IDENTITIES\" > {}; env >> {0}",
        seen.display()
    );
    let task = format!(
        "[[tasks]]\nname = \"look\"\nlocal = true\nafter = \"started\"\nrun = {}\n",
        toml(&look)
    );
    stage.configure("", &task);
    let file = stage.repo.work().join("windlass.toml");
    let text = std::fs::read_to_string(&file).expect("read");
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("identities") && !line.starts_with("known_hosts"))
        .collect();
    std::fs::write(&file, kept.join("\n")).expect("written");
    (stage, seen)
}

fn action(stage: &Stage, command: &str) -> Command {
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("read");
    let temporary = stage.home().join("runner");
    std::fs::create_dir_all(&temporary).expect("made");
    let mut bash = stage.program("bash");
    bash.arg(SCRIPT)
        .env("RUNNER_TEMP", temporary)
        .env("WINDLASS", env!("CARGO_BIN_EXE_windlass"))
        .env("STAGE", "production")
        .env("COMMAND", command)
        .env("SSH_KEY", read(stage.sshd.client_key().path()).trim_end())
        .env("KNOWN_HOSTS", read(&stage.sshd.known_hosts()));
    bash
}

fn assert_nothing_left(stage: &Stage) {
    let left = std::fs::read_dir(stage.home().join("runner")).expect("read");
    assert_eq!(left.count(), 0, "keys are left behind");
}

#[test]
fn the_action_deploys_with_a_key_that_nobody_else_can_read() {
    let (stage, seen) = without_keys();
    let run: Run = Running::new(action(&stage, "deploy")).finish();
    assert_eq!(run.code, 0, "{run}");
    assert!(stage.host.live().is_some(), "{run}");
    let seen = std::fs::read_to_string(seen).expect("the task has looked");
    assert!(seen.starts_with("600 "), "{seen}");
    assert!(!seen.contains("PRIVATE KEY"), "the key is in a variable");
    assert_nothing_left(&stage);

    let run = Running::new(action(&stage, "exec")).finish();
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.stderr.contains("deploy, plan, check or status"),
        "{run}"
    );
}

#[test]
fn a_cancelled_job_parks_the_deploy_and_tells_its_exit_code() {
    let (stage, _) = without_keys();
    let file = stage.repo.work().join("windlass.toml");
    let text = std::fs::read_to_string(&file).expect("read");
    let go = stage.host.outside().join("go");
    let wait = format!(
        "echo waiting; while [ ! -e {} ]; do sleep 0.1; done",
        go.display()
    );
    let task = format!(
        "[[tasks]]\nname = \"wait\"\nafter = \"updated\"\nrun = {}\n[stages",
        toml(&wait)
    );
    std::fs::write(&file, text.replacen("[stages", &task, 1)).expect("written");
    let running = Running::new(action(&stage, "deploy"));
    let logs = stage.home().join("state/windlass/logs");
    wait_until("the command runs", || {
        let files = crate::support::files_below(&logs);
        let told = |file: &PathBuf| std::fs::read_to_string(file).unwrap_or_default();
        files.iter().any(|file| told(file).contains("out waiting"))
    });
    running.signal("TERM");
    let run = running.finish();
    assert_eq!(run.code, 11, "{run}");
    assert_nothing_left(&stage);
    // What it was parked in goes on, and ends well.
    std::fs::write(&go, "").expect("written");
    let mut resume = stage.windlass(&["resume", "production"]);
    let (key, known) = (stage.sshd.client_key(), stage.sshd.known_hosts());
    resume.env("WINDLASS_SSH_IDENTITIES", key.path());
    resume.env("WINDLASS_SSH_KNOWN_HOSTS", known);
    let run = Running::new(resume).finish();
    assert_eq!(run.code, 0, "{run}");
}
