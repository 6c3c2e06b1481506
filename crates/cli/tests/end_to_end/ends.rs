//! How deploys end when it is not the connection: failing builds, signals, cancel, kill -9, failing restarts.

use crate::support::{Link, Stage, wait_until};
use rustix::process::Signal;
use std::time::Duration;
use windlass_lab::{Cut, Process, Shell, Sshd};

const SILENCE: Duration = Duration::from_secs(5);

/// A stage on which one release is live and whose build runs `script` from now on.
fn live_then(script: &str, more: &str) -> (Stage, String) {
    let stage = Stage::new();
    stage.configure("", "");
    let first = stage.deploy_first();
    let tables = format!(
        "[[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = '''\n{script}\n'''\n{more}"
    );
    stage.configure("", &tables);
    (stage, first)
}

fn assert_old_release(stage: &Stage, first: &str) {
    assert_eq!(stage.host.live().as_deref(), Some(first));
    assert_eq!(
        stage.host.releases(),
        [first],
        "the failed release is moved aside"
    );
    assert_eq!(stage.host.list(".windlass/failed").len(), 1);
    stage.assert_clean();
}

#[test]
fn a_failing_build_is_undone() {
    let (stage, first) = live_then("echo 'undefined variable: $brand' >&2\nexit 3", "");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    for words in [
        "build on",
        "failed",
        "exit status 3",
        "undefined variable: $brand",
        "undone",
        "live",
        "next",
    ] {
        assert!(
            run.stderr.contains(words),
            "`{words}` is on the failure screen\n{run}"
        );
    }
    assert_old_release(&stage, &first);
}

#[test]
fn a_build_killed_by_sigkill_is_named_as_that() {
    let (stage, first) = live_then("kill -9 $$", "");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("SIGKILL"), "{run}");
    assert!(run.stderr.contains("out-of-memory killer"), "{run}");
    assert_old_release(&stage, &first);
}

#[test]
fn undo_waits_for_the_link_and_runs() {
    let (stage, first) = live_then("echo go > \"$DEPLOY_SHARED_PATH/go\"\nsleep 2\nexit 1", "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the build runs", || stage.host.read("shared/go").is_ok());
    stage.proxy.refuse_for(Duration::from_secs(8));
    stage.proxy.cut_now(Cut::Reset);
    let run = running.finish();
    assert_eq!(run.code, 1, "{run}");
    assert_old_release(&stage, &first);
}

#[test]
fn undos_of_tasks_run_in_reverse_order() {
    let script = "echo one >> \"$DEPLOY_SHARED_PATH/order\"";
    let more = "undo = '''echo undo-one >> \"$DEPLOY_SHARED_PATH/order\"'''\n\
        [[tasks]]\nname = \"two\"\nafter = \"build\"\nrun = '''echo two >> \"$DEPLOY_SHARED_PATH/order\"'''\n\
        undo = '''echo undo-two >> \"$DEPLOY_SHARED_PATH/order\"'''\n\
        [[tasks]]\nname = \"three\"\nafter = \"two\"\nrun = '''exit 1'''\n";
    let (stage, first) = live_then(script, more);
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    let order = stage.host.read("shared/order").expect("the tasks ran");
    assert_eq!(
        String::from_utf8_lossy(&order),
        "one\ntwo\nundo-two\nundo-one\n"
    );
    assert_old_release(&stage, &first);
}

#[test]
fn a_task_before_the_release_is_made_runs_in_deploy_to_and_is_undone_there() {
    let more = "[[tasks]]\nname = \"maintenance\"\nafter = \"started\"\nrun = 'pwd > shared/down'\n\
        undo = 'rm shared/down && pwd > shared/up'\n";
    let (stage, first) = live_then(
        "cp \"$DEPLOY_SHARED_PATH/down\" \"$DEPLOY_SHARED_PATH/seen\"\nexit 1",
        more,
    );
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    let root = format!("{}\n", stage.host.deploy_to().display());
    for file in ["shared/seen", "shared/up"] {
        let dir = stage.host.read(file).expect("task and undo ran");
        assert_eq!(String::from_utf8_lossy(&dir), root, "{file}");
    }
    assert_old_release(&stage, &first);
}

fn cancel_in_mid_build(script: &str) {
    let (stage, first) = live_then(script, "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the build runs", || stage.host.read("shared/go").is_ok());
    let cancel = stage.run(&["cancel", "production"]);
    let run = running.finish();
    assert_eq!(cancel.code, 1, "cancelled and undone\n{cancel}");
    assert_eq!(run.code, 1, "{run}");
    assert_old_release(&stage, &first);
}

#[test]
fn cancel_stops_the_build_and_undoes() {
    cancel_in_mid_build("echo go > \"$DEPLOY_SHARED_PATH/go\"\nsleep 60");
}

#[test]
fn cancel_stops_a_build_that_ignores_term() {
    cancel_in_mid_build(
        "trap '' TERM\necho go > \"$DEPLOY_SHARED_PATH/go\"\nfor i in 1 2 3 4 5 6; do sleep 10; done",
    );
}

#[test]
fn a_failing_restart_flips_back_and_restarts_the_old_release() {
    let restart = "readlink \"$DEPLOY_CURRENT_PATH\" | sed 's|.*/||' >> \"$DEPLOY_SHARED_PATH/restarts\"\n\
        [ ! -e \"$DEPLOY_SHARED_PATH/break\" ] || [ \"$(readlink \"$DEPLOY_CURRENT_PATH\")\" = \"$DEPLOY_PREVIOUS_PATH\" ]";
    let stage = Stage::new();
    let tables = format!("[restart]\napp = '''{restart}'''\n");
    stage.configure("", &tables);
    let first = stage.deploy_first();
    stage.host.write("shared/break", "").expect("written");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    let restarts =
        String::from_utf8(stage.host.read("shared/restarts").expect("restarted")).expect("UTF-8");
    let restarts: Vec<&str> = restarts.lines().collect();
    assert_eq!(
        restarts.len(),
        3,
        "first deploy, the new release, the old release again: {restarts:?}"
    );
    assert_eq!([restarts[0], restarts[2]], [first.as_str(), first.as_str()]);
    assert_old_release(&stage, &first);
}

#[test]
fn term_parks_and_cancel_in_a_new_process_undoes() {
    let (stage, first) = live_then("echo go > \"$DEPLOY_SHARED_PATH/go\"\nsleep 30", "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the build runs", || stage.host.read("shared/go").is_ok());
    running.signal("TERM");
    let run = running.finish();
    assert_eq!(run.code, 11, "{run}");
    for command in ["windlass resume", "windlass cancel"] {
        assert!(run.stderr.contains(command), "{run}");
    }
    let cancel = stage.run(&["cancel", "production"]);
    assert_eq!(cancel.code, 1, "{cancel}");
    assert_old_release(&stage, &first);
}

#[test]
fn unlock_stops_a_build_whose_wrapper_was_killed() {
    let (stage, first) = live_then("echo $$ > \"$DEPLOY_SHARED_PATH/go\"\nsleep 600", "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    let pid = || {
        let text = String::from_utf8(stage.host.read("shared/go").ok()?).ok()?;
        text.strip_suffix('\n')?.parse().ok()
    };
    wait_until("the build runs", || pid().is_some());
    let build = pid().and_then(Process::find).expect("the build");
    running.signal("KILL");
    running.finish();
    // Another machine does not have its journal.
    std::fs::remove_dir_all(stage.home().join("state")).expect("removed");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", build.pid())).expect("it lives");
    let (_, words) = stat.rsplit_once(')').expect("a name");
    let parent = words.split_whitespace().nth(1).expect("a parent");
    let wrapper = Process::find(parent.parse().expect("a pid")).expect("the wrapper");
    assert!(wrapper.signal(Signal::KILL));
    wait_until("the wrapper is gone", || !wrapper.lives());
    assert!(build.lives());
    let unlock = stage.run(&["unlock", "production", "--yes"]);
    assert_eq!(unlock.code, 0, "{unlock}");
    assert!(!build.lives(), "{unlock}");
    assert_eq!(stage.host.live(), Some(first));
}

#[test]
fn killed_in_mid_build_and_resumed() {
    let stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the build has started", || builds.count() == 1);
    std::thread::sleep(Duration::from_millis(500));
    running.signal("KILL");
    assert_eq!(running.finish().code, -1);
    let run = stage.run(&["resume", "production", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(builds.count(), 1, "{run}");
    run.assert_build_output();
    assert!(stage.host.live().is_some());
    stage.assert_clean();
}

/// Nobody follows a command on this machine once its engine is gone: it is ended, with all it started, before anything is
/// undone.
#[test]
fn killed_while_a_command_runs_on_this_machine() {
    let stage = Stage::new();
    stage.configure("", "");
    let first = stage.deploy_first();
    let (starts, undos) = (stage.host.counter("starts"), stage.host.counter("undos"));
    let alive = stage.home().join("alive");
    let tables = format!(
        "[[tasks]]\nname = \"assets\"\nafter = \"updated\"\nlocal = true\nrun = '''\n{start}\n\
         while :; do date +%s%N >{alive}; sleep 0.1; done & wait\n'''\nundo = '''\n{undo}\n'''\n",
        start = starts.command(),
        undo = undos.command(),
        alive = alive.display(),
    );
    stage.configure("", &tables);
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the command has started", || alive.exists());
    running.signal("KILL");
    assert_eq!(running.finish().code, -1);
    let run = stage.run(&["resume", "production", "--json"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!((starts.count(), undos.count()), (1, 1), "{run}");
    let last = std::fs::read(&alive).expect("it ran");
    std::thread::sleep(Duration::from_millis(500));
    let now = std::fs::read(&alive).expect("it ran");
    assert_eq!(now, last, "it still runs\n{run}");
    assert_old_release(&stage, &first);
}

#[test]
fn unlock_lets_nothing_more_start_before_it_stops_what_runs() {
    let script = "trap 'cp \"$DEPLOY_SHARED_PATH/../.windlass/fence\" \"$DEPLOY_SHARED_PATH/fence\"; exit 1' TERM\n\
        echo go > \"$DEPLOY_SHARED_PATH/go\"\nwhile :; do sleep 1; done";
    let (stage, first) = live_then(script, "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the build runs", || stage.host.read("shared/go").is_ok());
    running.signal("KILL");
    running.finish();
    // Another machine knows nothing of the deploy.
    std::fs::remove_dir_all(stage.home().join("state")).expect("removed");
    let before = stage.host.read(".windlass/fence").expect("a number");
    let run = stage.run(&["unlock", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    let stopped_at = stage
        .host
        .read("shared/fence")
        .expect("the build was asked to stop");
    assert_ne!(stopped_at, before, "{run}");
    assert_eq!(
        stopped_at,
        stage.host.read(".windlass/fence").expect("a number")
    );
    assert_old_release(&stage, &first);
}

#[test]
fn a_deploy_that_is_worked_on_is_not_resumed_beside() {
    let stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the build has started", || builds.count() == 1);
    let beside = stage.run(&["resume", "production"]);
    assert_eq!(beside.code, 12, "{beside}");
    assert!(beside.stderr.contains("windlass attach d-"), "{beside}");
    let run = running.finish();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(builds.count(), 1, "{run}");
    stage.assert_clean();
}

/// Somebody mistyped the restart: neither going on nor undoing can work, and the stage must not stay locked for ever.
#[test]
fn a_deploy_that_cannot_be_undone_is_given_up_by_unlock() {
    let stage = Stage::new();
    stage.configure("", "");
    let first = stage.deploy_first();
    stage.configure("", "[restart]\napp = \"echo no such service; exit 9\"\n");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 10, "{run}");
    assert!(run.stderr.contains("windlass unlock production"), "{run}");
    let again = stage.run(&["cancel", "production"]);
    assert_eq!(again.code, 10, "{again}");
    let unlocked = stage.run(&["unlock", "production", "--yes"]);
    assert_eq!(unlocked.code, 0, "{unlocked}");
    assert_eq!(stage.host.live(), Some(first), "{unlocked}");
    let resumed = stage.run(&["resume", "production"]);
    assert_eq!(resumed.code, 1, "there is nothing to go on with\n{resumed}");
    stage.configure("", "");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    stage.assert_clean();
}

#[test]
fn unlock_leaves_a_deploy_alone_that_is_being_carried_out() {
    let stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the build has started", || builds.count() == 1);
    let unlock = stage.run(&["unlock", "production", "--yes"]);
    assert_eq!(unlock.code, 12, "{unlock}");
    assert!(unlock.stderr.contains("windlass cancel d-"), "{unlock}");
    let run = running.finish();
    assert_eq!(run.code, 0, "{run}");
    stage.assert_clean();
}

#[test]
fn rollback_and_forward_again() {
    let mut stage = Stage::new();
    stage.configure("", "");
    let first = stage.deploy_first();
    stage
        .repo
        .commit(&[("index.html", "second")])
        .expect("a commit");
    let second = stage.deploy_first();
    assert!(second > first);
    let run = stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(stage.host.live(), Some(first));
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(stage.host.live().expect("live") > second);
    stage.assert_clean();
}

#[test]
fn a_deploy_runs_under_every_login_shell_and_daemon() {
    let daemons = [
        Sshd::builder().login_shell(Shell::Dash),
        Sshd::builder().login_shell(Shell::Bash),
        Sshd::builder().login_shell(Shell::Busybox),
        Sshd::builder().login_shell(Shell::Tcsh),
        Sshd::dropbear(),
    ];
    for builder in daemons {
        let name = format!("{builder:?}");
        let stage = Stage::with(builder);
        let noise = "echo welcome to this noisy host\necho mind the step >&2\n";
        for profile in [".bashrc", ".profile", ".tcshrc", ".cshrc"] {
            std::fs::write(stage.sshd.home().join(profile), noise.replace(">&2", ""))
                .expect("written");
        }
        let builds = stage.with_build(Duration::from_secs(2), &Link::default(), "");
        let running = stage.start_deploy();
        wait_until("the build has started", || builds.count() == 1);
        stage.proxy.cut_now(Cut::Reset);
        let run = running.finish();
        assert_eq!(run.code, 0, "{name}\n{run}");
        assert_eq!(builds.count(), 1, "{name}\n{run}");
        run.assert_build_output();
        stage.assert_clean();
    }
}
