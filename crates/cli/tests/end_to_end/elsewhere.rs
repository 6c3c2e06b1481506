//! A deploy that goes on from another machine: one with the same windlass.toml and access, and an empty journal.

use crate::support::{Link, Run, Running, Stage, signal, wait_until};
use std::process::Command;
use std::time::Duration;
use windlass_lab::Counter;

/// How long the build says nothing: long enough for everything else to happen meanwhile, on a busy machine too.
const SILENCE: Duration = Duration::from_secs(12);

/// A command of another person on another machine.
fn elsewhere(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = stage.windlass(arguments);
    command
        .env("USER", "bob")
        .env("XDG_STATE_HOME", stage.home().join("other"));
    command
}

fn run_elsewhere(stage: &Stage, arguments: &[&str]) -> Run {
    Running::new(elsewhere(stage, arguments)).finish()
}

/// A deploy in the middle of its build, with a release that was live before.
fn in_mid_build(more: &str) -> (Stage, String, Counter, Running) {
    let stage = Stage::new();
    stage.configure("", "");
    let first = stage.deploy_first();
    let builds = stage.with_build(SILENCE, &Link::default(), more);
    let running = stage.start(&["deploy", "production", "--yes", "--json"]);
    wait_until("the build has started", || builds.count() == 1);
    let plan = || {
        stage
            .host
            .read(&format!(".windlass/deploys/{}/plan", deploy(&stage)))
    };
    wait_until("the plan lies on the host", || plan().is_ok());
    (stage, first, builds, running)
}

/// The lock's text; none = free.
fn lock(stage: &Stage) -> String {
    let bytes = stage.host.read(".windlass/lock").unwrap_or_default();
    String::from_utf8(bytes).expect("text")
}

/// The deploy that holds the lock.
fn deploy(stage: &Stage) -> String {
    let lock = lock(stage);
    let line = lock.lines().find_map(|line| line.strip_prefix("deploy "));
    line.expect("a deploy").to_owned()
}

/// Nothing was heard of the controller for so long that it counts as gone.
fn silent_for_long(stage: &Stage) {
    let file = stage
        .host
        .deploy_to()
        .join(".windlass/deploys")
        .join(deploy(stage))
        .join("lease");
    let text = std::fs::read_to_string(&file).expect("a lease");
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let up: i64 = words[1].parse().expect("a number");
    words[1] = (up - 300).to_string();
    std::fs::write(file, words.join(" ") + "\n").expect("written");
}

fn kill(running: Running) {
    running.signal("KILL");
    assert_eq!(running.finish().code, -1);
}

#[test]
fn another_machine_goes_on_where_the_controller_has_died() {
    let (stage, first, builds, running) = in_mid_build("");
    kill(running);
    // It may be alive for all that anybody can tell.
    let early = run_elsewhere(&stage, &["resume", "production"]);
    assert_eq!(early.code, 12, "{early}");
    assert!(
        early.stderr.contains("tester on ") && early.stderr.contains("at work"),
        "{early}"
    );
    assert!(
        early.stderr.contains("nothing was changed on any host"),
        "{early}"
    );
    silent_for_long(&stage);
    let status = run_elsewhere(&stage, &["status", "production"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("not heard of for 5 min"), "{status}");
    assert!(
        said.contains("windlass resume production, or cancel"),
        "{status}"
    );
    let run = run_elsewhere(&stage, &["resume", "production", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(builds.count(), 1, "{run}");
    run.assert_build_output();
    assert_ne!(stage.host.live(), Some(first));
    stage.assert_clean();
    // The machine that began it learns how it ended.
    let late = stage.run(&["resume", "production"]);
    assert_eq!(late.code, 0, "{late}");
    assert_eq!(builds.count(), 1, "{late}");
    stage.assert_clean();
}

#[test]
fn a_controller_that_was_cut_off_finds_itself_replaced_and_changes_nothing() {
    let (stage, first, builds, running) = in_mid_build("");
    running.signal("STOP");
    let other = Running::new(elsewhere(
        &stage,
        &["resume", "production", "--yes", "--json"],
    ));
    wait_until("the other machine has it", || {
        lock(&stage).contains("owner bob")
    });
    kill(other);
    running.signal("CONT");
    let replaced = running.finish();
    assert_eq!(replaced.code, 12, "{replaced}");
    let ends = replaced.events();
    let end = ends.iter().find(|event| event["event"] == "deploy_ended");
    assert_eq!(
        end.expect("an end")["summary"]["end"],
        "fenced",
        "{replaced}"
    );
    assert_eq!(stage.host.live(), Some(first.clone()), "{replaced}");
    assert!(lock(&stage).contains("owner bob"), "{replaced}");
    let run = run_elsewhere(&stage, &["resume", "production", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(builds.count(), 1, "{run}");
    assert_ne!(stage.host.live(), Some(first));
    stage.assert_clean();
}

#[test]
fn a_controller_that_comes_back_after_the_end_tells_how_it_ended() {
    let (stage, first, builds, running) = in_mid_build("");
    running.signal("STOP");
    let run = run_elsewhere(&stage, &["resume", "production", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    let live = stage.host.live();
    assert!(live.is_some() && live != Some(first), "{run}");
    stage.assert_clean();
    running.signal("CONT");
    let late = running.finish();
    assert_eq!(late.code, 0, "{late}");
    late.assert_build_output();
    assert_eq!((builds.count(), stage.host.live()), (1, live), "{late}");
    stage.assert_clean();
}

#[test]
fn another_machine_undoes_what_was_parked() {
    let (stage, first, builds, running) = in_mid_build("");
    running.signal("TERM");
    let parked = running.finish();
    assert_eq!(parked.code, 11, "{parked}");
    let status = run_elsewhere(&stage, &["status", "production"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("parked"), "{status}");
    let run = run_elsewhere(&stage, &["cancel", "production"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(builds.count(), 1, "{run}");
    assert_eq!(stage.host.live(), Some(first));
    stage.assert_clean();
}

#[test]
fn the_machine_that_lost_a_deploy_may_get_it_back() {
    let (stage, first, builds, running) = in_mid_build("");
    running.signal("TERM");
    assert_eq!(running.finish().code, 11);
    let other = Running::new(elsewhere(&stage, &["resume", "production", "--json"]));
    wait_until("the other machine has it", || {
        lock(&stage).contains("owner bob")
    });
    other.signal("KILL");
    other.finish();
    let fenced = stage.run(&["resume", "production", "--json"]);
    assert_eq!(fenced.code, 12, "{fenced}");
    // Known to be another's now, it is asked of the hosts.
    let run = stage.run(&["resume", "production", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(builds.count(), 1, "{run}");
    assert_ne!(stage.host.live(), Some(first));
    stage.assert_clean();
}

#[test]
fn a_command_of_the_other_machine_is_neither_repeated_nor_taken_for_done() {
    let stage = Stage::new();
    stage.configure("", "");
    let first = stage.deploy_first();
    let (starts, undos) = (stage.host.counter("starts"), stage.host.counter("undos"));
    let pid_file = stage.home().join("pid");
    let table = format!(
        "[[tasks]]\nname = \"assets\"\nafter = \"updated\"\nlocal = true\nrun = '''\n{}\necho $$ >{}\nexec sleep 60\n'''\nundo = '''\n{}\n'''\n",
        starts.command(),
        pid_file.display(),
        undos.command(),
    );
    stage.configure("", &table);
    let running = stage.start(&["deploy", "production", "--yes"]);
    let pid = || {
        std::fs::read_to_string(&pid_file)
            .ok()?
            .trim()
            .parse::<u32>()
            .ok()
    };
    wait_until("the command has started", || pid().is_some());
    kill(running);
    // What is left there is for nobody here to end.
    signal("KILL", pid().expect("a process"));
    silent_for_long(&stage);
    let refused = run_elsewhere(&stage, &["resume", "production"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("assets"), "{refused}");
    assert!(
        refused.stderr.contains("windlass cancel production"),
        "{refused}"
    );
    assert_eq!(starts.count(), 1);
    let run = run_elsewhere(&stage, &["cancel", "production"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!((starts.count(), undos.count()), (1, 1), "{run}");
    assert_eq!(stage.host.live(), Some(first));
    stage.assert_clean();
}

#[test]
fn where_no_host_has_the_plan_it_is_said_what_is_left_to_do() {
    let (stage, first, _builds, running) = in_mid_build("");
    kill(running);
    silent_for_long(&stage);
    let plan = stage
        .host
        .deploy_to()
        .join(".windlass/deploys")
        .join(deploy(&stage))
        .join("plan");
    std::fs::write(&plan, b"half a plan").expect("written");
    let broken = run_elsewhere(&stage, &["resume", "production"]);
    assert_eq!(broken.code, 1, "{broken}");
    assert!(broken.stderr.contains("plan cannot be read"), "{broken}");
    std::fs::remove_file(&plan).expect("removed");
    let gone = run_elsewhere(&stage, &["resume", "production"]);
    assert_eq!(gone.code, 1, "{gone}");
    assert!(gone.stderr.contains("windlass unlock production"), "{gone}");
    let unlock = run_elsewhere(&stage, &["unlock", "production", "--yes"]);
    assert_eq!(unlock.code, 0, "{unlock}");
    assert_eq!(stage.host.live(), Some(first));
    stage.assert_clean();
}

#[test]
fn another_machine_looks_on_from_the_beginning() {
    let (stage, _first, builds, running) = in_mid_build("");
    let seen = run_elsewhere(&stage, &["attach", "production", "--json"]);
    let run = running.finish();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(seen.code, 0, "{seen}");
    seen.assert_build_output();
    let ends = |run: &Run| {
        let events = run.events();
        let ended = events.iter().filter(|event| event["event"] == "step_ended");
        let on_host = ended.filter(|event| event["task"] != "push");
        let ends: Vec<_> = on_host
            .map(|event| (event["step"].clone(), event["outcome"].clone()))
            .collect();
        ends
    };
    assert_eq!(ends(&seen), ends(&run), "{seen}");
    assert_eq!(builds.count(), 1, "{seen}");
    stage.assert_clean();
}

#[test]
fn another_machine_sees_a_deploy_fail_and_be_undone() {
    let fails = "[[tasks]]\nname = \"check\"\nafter = \"build\"\nrun = '''\necho before; sleep 3; exit 7\n'''\n\
        undo = '''\necho took it back\n'''\n";
    let (stage, first, _builds, running) = in_mid_build(fails);
    let seen = run_elsewhere(&stage, &["attach", "production", "--json"]);
    let run = running.finish();
    assert_eq!((run.code, seen.code), (1, 1), "{run}\n{seen}");
    let told = |name: &str| {
        seen.events()
            .iter()
            .filter(|event| event["event"] == name)
            .count()
    };
    assert_eq!(told("unwind_started"), 1, "{seen}");
    assert!(told("undo_ended") > 1, "{seen}");
    assert_eq!(stage.host.live(), Some(first));
    stage.assert_clean();
}

#[test]
fn whoever_looks_on_at_a_parked_deploy_is_told_who_may_go_on() {
    let (stage, first, _builds, running) = in_mid_build("");
    running.signal("TERM");
    assert_eq!(running.finish().code, 11);
    let seen = run_elsewhere(&stage, &["attach", "production"]);
    assert_eq!(seen.code, 11, "{seen}");
    assert!(seen.stderr.contains("windlass resume"), "{seen}");
    let run = run_elsewhere(&stage, &["cancel", "production"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(stage.host.live(), Some(first));
    stage.assert_clean();
}

/// As in CI: each run on a machine of its own, which is thrown away.
#[test]
fn the_next_run_takes_over_from_one_that_was_cancelled() {
    let (stage, first, builds, running) = in_mid_build("");
    running.signal("TERM");
    assert_eq!(running.finish().code, 11);
    let next = [
        "deploy",
        "production",
        "--yes",
        "--json",
        "--resume-or-start",
    ];
    let run = run_elsewhere(&stage, &next);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!((builds.count(), run.count("deploy_ended")), (1, 1), "{run}");
    assert_ne!(stage.host.live(), Some(first));
    // Nothing is left to go on with, so that it begins.
    let third = run_elsewhere(&stage, &next);
    assert_eq!(third.code, 0, "{third}");
    assert_eq!(builds.count(), 2, "{third}");
    stage.assert_clean();
}

#[test]
fn the_next_run_of_another_revision_deploys_that_in_the_end() {
    let (mut stage, _first, builds, running) = in_mid_build("");
    kill(running);
    let next = [
        "deploy",
        "production",
        "--yes",
        "--json",
        "--resume-or-start",
    ];
    // The one before it may be alive.
    let early = run_elsewhere(&stage, &next);
    assert_eq!(early.code, 12, "{early}");
    silent_for_long(&stage);
    let commit = stage
        .repo
        .commit(&[("app.txt", "newer\n")])
        .expect("a commit");
    let run = run_elsewhere(&stage, &next);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!((builds.count(), run.count("deploy_ended")), (2, 2), "{run}");
    let live = stage.host.read("current/REVISION").expect("a revision");
    assert_eq!(String::from_utf8_lossy(&live).trim(), commit);
    stage.assert_clean();
}
