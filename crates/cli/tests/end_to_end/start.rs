//! What ends a deploy before it has begun leaves nothing on the host, least of all the lock.

use crate::support::{Run, Stage, toml, wait_until};
use crate::terminal::Terminal;
use std::os::unix::fs::PermissionsExt as _;

/// Asserts that the start was ended and that its host is as before.
fn assert_given_back(stage: &Stage, run: &Run, code: i32) {
    assert_eq!(run.code, code, "{run}");
    assert!(
        stage.host.read(".windlass/lock").is_err(),
        "the lock is given back\n{run}"
    );
    assert!(stage.host.releases().is_empty(), "{run}");
    let logs = std::fs::read_dir(stage.home().join("state/windlass/logs"));
    let logs: Vec<_> = logs.into_iter().flatten().flatten().collect();
    assert!(logs.is_empty(), "no log of nothing: {logs:?}\n{run}");
}

/// A stage whose host stops in the middle of taking the lock until the file `go` is there.
fn slow_to_begin() -> Stage {
    let stage = Stage::new();
    let tools = stage.host.outside().join("tools");
    std::fs::create_dir(&tools).expect("a directory");
    let slow = format!(
        "#!/bin/sh\n: >{here}/begun\nwhile [ ! -e {here}/go ]; do sleep 0.1; done\nPATH=/usr/bin:/bin exec dd \"$@\"\n",
        here = stage.host.outside().display(),
    );
    std::fs::write(tools.join("dd"), slow).expect("written");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(tools.join("dd"), executable).expect("made executable");
    let path = toml(tools.to_str().expect("UTF-8"));
    stage.configure(&format!("path = [{path}]"), "");
    stage
}

fn wait_for_lock(stage: &Stage) {
    wait_until("the lock is taken", || {
        stage.host.outside().join("begun").exists()
    });
    assert!(stage.host.read(".windlass/lock").is_ok());
}

fn let_it_begin(stage: &Stage) {
    std::fs::write(stage.host.outside().join("go"), "").expect("written");
}

#[test]
fn ctrl_c_and_term_at_the_question_give_the_lock_back() {
    let stage = Stage::new();
    stage.configure("confirm = true", "");
    for signal in ["INT", "TERM"] {
        let terminal = Terminal::start(stage.windlass(&["deploy", "production"]));
        terminal.wait_for("go on with production? [y/N]", 1);
        assert!(stage.host.read(".windlass/lock").is_ok());
        terminal.signal(signal);
        let run = terminal.finish();
        assert!(run.stderr.contains("nothing was changed"), "{run}");
        assert_given_back(&stage, &run, 1);
    }
    let mut terminal = Terminal::start(stage.windlass(&["deploy", "production"]));
    terminal.wait_for("go on with production? [y/N]", 1);
    terminal.enter("y");
    let run = terminal.finish();
    assert_eq!(run.code, 0, "{run}");
    stage.assert_clean();
}

#[test]
fn term_while_the_lock_is_taken_gives_it_back() {
    let stage = slow_to_begin();
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_for_lock(&stage);
    running.signal("TERM");
    let_it_begin(&stage);
    let run = running.finish();
    assert!(run.stderr.contains("nothing was changed"), "{run}");
    assert_given_back(&stage, &run, 1);
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn a_state_directory_that_cannot_be_used_is_found_before_the_lock_is_taken() {
    for obstacle in ["journal.db", "logs"] {
        let stage = Stage::new();
        stage.configure("", "");
        let books = stage.home().join("state/windlass");
        std::fs::create_dir_all(&books).expect("a directory");
        if obstacle == "logs" {
            std::fs::write(books.join(obstacle), "").expect("written");
        } else {
            std::fs::create_dir(books.join(obstacle)).expect("a directory");
        }
        let run = stage.run(&["deploy", "production", "--yes"]);
        assert_given_back(&stage, &run, 70);
        assert!(!stage.host.deploy_to().exists(), "{run}");
    }
}

#[test]
fn a_deploy_that_the_journal_does_not_take_gives_the_lock_back() {
    let stage = slow_to_begin();
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_for_lock(&stage);
    let books = stage.home().join("state/windlass");
    std::fs::rename(&books, stage.home().join("away")).expect("moved away");
    std::fs::write(&books, "").expect("written");
    let_it_begin(&stage);
    let run = running.finish();
    assert!(run.stderr.contains("could not be written down"), "{run}");
    assert_given_back(&stage, &run, 70);
}

#[test]
fn a_second_signal_ends_at_once_and_says_what_stays() {
    let stage = slow_to_begin();
    let terminal = Terminal::start(stage.windlass(&["deploy", "production", "--yes"]));
    wait_for_lock(&stage);
    stage.proxy.black_hole();
    terminal.signal("INT");
    terminal.wait_for("interrupted; the hosts are asked", 1);
    terminal.signal("INT");
    let run = terminal.finish();
    assert_eq!(run.code, 10, "{run}");
    for words in ["may still be held on", "windlass unlock production"] {
        assert!(run.stderr.contains(words), "{run}");
    }
    assert!(!run.stderr.contains("nothing was changed"), "{run}");
    let_it_begin(&stage);
}
