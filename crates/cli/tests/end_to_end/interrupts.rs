//! Ctrl-C and TERM at a terminal, while a build runs.

use crate::support::{Stage, wait_until};
use crate::terminal::Terminal;
use std::time::Duration;
use windlass_lab::Cut;

const QUESTION: &str = "or [enter] to go on? ";

/// A task that writes the file `{name}-runs` and goes on until the file `{name}-ends` is there.
fn task(name: &str) -> String {
    format!(
        "[[tasks]]\nname = \"{name}\"\nafter = \"updated\"\nrun = '''\ntrap '' TERM\n: >\"$DEPLOY_SHARED_PATH/{name}-runs\"\n\
         while [ ! -e \"$DEPLOY_SHARED_PATH/{name}-ends\" ]; do sleep 0.1; done\n'''\n"
    )
}

fn wait_for_task(stage: &Stage, name: &str) {
    wait_until("the task runs", || {
        stage.host.read(&format!("shared/{name}-runs")).is_ok()
    });
}

fn end_task(stage: &Stage, name: &str) {
    let file = format!("shared/{name}-ends");
    stage.host.write(&file, "").expect("written");
}

/// A deploy at a terminal, in the middle of the first of two builds.
fn in_mid_build() -> (Stage, Terminal) {
    let stage = Stage::new();
    stage.configure("", &[task("build"), task("more")].concat());
    let terminal = Terminal::start(stage.windlass(&["deploy", "production", "--yes"]));
    wait_for_task(&stage, "build");
    (stage, terminal)
}

fn end_builds(stage: &Stage) {
    end_task(stage, "build");
    end_task(stage, "more");
}

#[test]
fn ctrl_c_asks_then_cancels_then_ends_at_once() {
    let (stage, terminal) = in_mid_build();
    terminal.signal("INT");
    terminal.wait_for(QUESTION, 1);
    terminal.signal("INT");
    terminal.wait_for("stopping and undoing", 1);
    terminal.signal("INT");
    let run = terminal.finish();
    assert_eq!(run.code, 11, "{run}");
    assert!(run.stderr.contains("ended at once"), "{run}");
    assert!(run.stderr.contains("windlass resume d-"), "{run}");
    let resumed = stage.run(&["resume", "production"]);
    assert_eq!(resumed.code, 1, "cancelled and undone\n{resumed}");
    assert!(stage.host.live().is_none());
    stage.assert_clean();
}

#[test]
fn nothing_is_drawn_over_the_question_and_going_on_is_an_answer() {
    let (stage, mut terminal) = in_mid_build();
    terminal.signal("INT");
    terminal.wait_for(QUESTION, 1);
    terminal.enter("");
    wait_until("the live area is back", || {
        let screen = terminal.screen();
        let after = screen.rsplit(QUESTION).next().unwrap_or_default();
        !after.trim().is_empty()
    });
    terminal.signal("INT");
    terminal.wait_for(QUESTION, 2);
    end_task(&stage, "build");
    wait_for_task(&stage, "more");
    let screen = terminal.screen();
    assert!(screen.ends_with(QUESTION), "{screen:?}");
    terminal.enter("");
    end_task(&stage, "more");
    let run = terminal.finish();
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("deployed"), "{run}");
    stage.assert_clean();
}

#[test]
fn a_task_that_runs_says_how_long_it_took_the_last_time() {
    let (stage, terminal) = in_mid_build();
    end_builds(&stage);
    assert_eq!(terminal.finish().code, 0);
    let shared = stage.host.deploy_to().join("shared");
    for name in ["build-ends", "more-ends"] {
        std::fs::remove_file(shared.join(name)).expect("removed");
    }
    let terminal = Terminal::start(stage.windlass(&["deploy", "production", "--yes"]));
    terminal.wait_for(", last time ", 1);
    end_builds(&stage);
    let run = terminal.finish();
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn detaching_leaves_the_deploy_to_the_background() {
    let (stage, mut terminal) = in_mid_build();
    terminal.signal("INT");
    terminal.wait_for(QUESTION, 1);
    terminal.enter("d");
    let run = terminal.finish();
    assert_eq!(run.code, 11, "{run}");
    assert!(run.stderr.contains("windlass attach"), "{run}");
    end_builds(&stage);
    wait_until("the release is live", || stage.host.live().is_some());
    let attached = stage.run(&["attach", "production"]);
    assert_eq!(attached.code, 0, "{attached}");
    stage.assert_clean();
}

/// What an outage offers: the background process meets the dead link, and waits for it as this one would have.
#[test]
fn detaching_while_the_link_is_dead_leaves_the_deploy_to_the_background() {
    let (stage, mut terminal) = in_mid_build();
    stage.proxy.refuse();
    stage.proxy.cut_now(Cut::Reset);
    terminal.wait_for("connection lost", 1);
    terminal.signal("INT");
    terminal.wait_for(QUESTION, 1);
    terminal.enter("d");
    let run = terminal.finish();
    assert_eq!(run.code, 11, "{run}");
    assert!(run.stderr.contains("detached; windlass attach"), "{run}");
    let attached = stage.start(&["attach", "production"]);
    std::thread::sleep(Duration::from_secs(2));
    stage.proxy.heal();
    end_builds(&stage);
    let attached = attached.finish();
    assert_eq!(attached.code, 0, "{attached}");
    assert!(stage.host.live().is_some(), "{attached}");
    stage.assert_clean();
}

#[test]
fn term_is_heard_while_the_question_stands() {
    let (stage, terminal) = in_mid_build();
    terminal.signal("INT");
    terminal.wait_for(QUESTION, 1);
    terminal.signal("TERM");
    let run = terminal.finish();
    assert_eq!(run.code, 11, "{run}");
    end_builds(&stage);
    let resumed = stage.run(&["resume", "production"]);
    assert_eq!(resumed.code, 0, "{resumed}");
    stage.assert_clean();
}
