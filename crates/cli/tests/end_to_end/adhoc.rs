//! Commands outside of any deploy: left alone and attached to, on several hosts, on some of them.

use crate::support::{Run, Running, Stage, files_below, toml, wait_until};
use windlass_lab::{Cut, Sshd};

/// The id that a run names for `windlass attach`.
fn named_id(run: &Run) -> String {
    let (_, rest) = run
        .stderr
        .split_once("windlass attach ")
        .unwrap_or_else(|| panic!("the id is named\n{run}"));
    rest.split_whitespace().next().expect("an id").to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn attach_masks_what_a_detached_command_tells() {
    const CANARY: &str = "canary-2b81c4-value";
    let stage = Stage::new();
    stage.configure("", "[secrets]\nTOKEN = { from_env = \"THE_TOKEN\" }\n");
    let go = stage.host.outside().join("go");
    let script = format!(
        "while [ ! -e {} ]; do sleep 0.1; done; echo \"token: $TOKEN\"",
        go.display()
    );
    let with_token = |arguments: &[&str]| {
        let mut command = stage.windlass(arguments);
        command.env("THE_TOKEN", CANARY);
        Running::new(command).finish()
    };
    let run = with_token(&["exec", "production", "--detach", "--", &script]);
    assert_eq!(run.code, 11, "{run}");
    let id = named_id(&run);
    std::fs::write(&go, "").expect("written");

    let refused = stage.run(&["attach", &id]);
    assert_eq!(refused.code, 20, "{refused}");
    assert!(refused.stderr.contains("THE_TOKEN"), "{refused}");
    let attached = with_token(&["attach", &id]);
    assert_eq!(attached.code, 0, "{attached}");
    assert_eq!(text(&attached.stdout), "token: ***\n", "{attached}");
    // It is over, and nothing is left on the host to be asked.
    for words in [["attach", &id], ["show", &id]] {
        let again = stage.run(&words);
        assert_eq!(again.code, 0, "{again}");
        assert_eq!(text(&again.stdout), "token: ***\n", "{again}");
    }
    for file in files_below(stage.home()) {
        let written = text(&std::fs::read(&file).expect("read"));
        assert!(!written.contains(CANARY), "written to {}", file.display());
    }
}

#[test]
fn attach_watches_what_another_process_follows() {
    let stage = Stage::new();
    stage.configure("", "");
    let count = stage.host.counter("execs");
    let go = stage.host.outside().join("go");
    let script = format!(
        "{}; while [ ! -e {} ]; do sleep 0.1; done; echo over; exit 5",
        count.command(),
        go.display()
    );
    let first = stage.start(&["exec", "production", "--", &script]);
    wait_until("the command has started", || count.count() == 1);
    let second = stage.start(&["attach", "production"]);
    std::fs::write(&go, "").expect("written");
    for run in [first.finish(), second.finish()] {
        assert_eq!(run.code, 5, "{run}");
        assert_eq!(text(&run.stdout), "over\n", "{run}");
    }
    assert_eq!(count.count(), 1);
}

/// Two hosts, the first behind the proxy.
fn two_hosts() -> Stage {
    let stage = Stage::with(Sshd::builder().addresses(2));
    stage.configure("", "reconnect_for = \"2s\"\n");
    let file = stage.repo.work().join("windlass.toml");
    let written = std::fs::read_to_string(&file).expect("read");
    let (top, _) = written.split_once("hosts = [").expect("hosts");
    let user = stage.sshd.user();
    let first = format!("{user}@127.0.0.1:{}", stage.proxy.port());
    let second = format!("{user}@127.0.0.2:{}", stage.sshd.port());
    let hosts = format!("{top}hosts = [{}, {}]\n", toml(&first), toml(&second));
    std::fs::write(file, hosts).expect("written");
    stage
}

#[test]
fn a_host_that_is_given_up_ends_nothing_on_the_others() {
    let stage = two_hosts();
    let count = stage.host.counter("execs");
    let go = stage.host.outside().join("go");
    let script = format!(
        "{}; while [ ! -e {} ]; do sleep 0.1; done; echo \"over in $HOME\"",
        count.command(),
        go.display()
    );
    let running = stage.start(&["exec", "production", "--", &script]);
    wait_until("both have started", || count.count() == 2);
    stage.proxy.refuse();
    stage.proxy.cut_now(Cut::Reset);
    let is_told = |file: &std::path::PathBuf| {
        file.extension().is_some_and(|ext| ext == "events")
            && text(&std::fs::read(file).expect("read")).contains("could not be reached again")
    };
    wait_until("the first host is given up", || {
        files_below(stage.home()).iter().any(is_told)
    });
    std::fs::write(&go, "").expect("written");
    let run = running.finish();
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("127.0.0.1"), "{run}");
    let over_in = |number| format!("over in {}\n", stage.sshd.home_of(number).display());
    assert!(text(&run.stdout).contains(&over_in(2)), "{run}");
    let id = named_id(&run);

    let unreached = stage.run(&["attach", &id]);
    assert_eq!(unreached.code, 21, "{unreached}");
    stage.proxy.heal();
    for words in [["attach", &id], ["attach", &id], ["show", &id]] {
        let again = stage.run(&words);
        assert_eq!(again.code, 0, "{again}");
        let told = text(&again.stdout);
        for number in [1, 2] {
            assert_eq!(told.matches(&over_in(number)).count(), 1, "{again}");
        }
    }
    assert_eq!(count.count(), 2);
}

/// What it takes to reach the daemon without a file.
fn ways(stage: &Stage) -> [String; 4] {
    let path = |path: &std::path::Path| toml(path.to_str().expect("UTF-8"));
    let key = path(stage.sshd.client_key().path());
    let known = path(&stage.sshd.known_hosts());
    [
        "--set=ssh.config=none".to_owned(),
        "--set=ssh.agent=false".to_owned(),
        format!("--set=ssh.identities=[{key}]"),
        format!("--set=ssh.known_hosts=[{known}]"),
    ]
}

#[test]
fn attach_takes_the_way_that_exec_was_given() {
    let stage = Stage::new();
    let target = format!("{}@127.0.0.1:{}", stage.sshd.user(), stage.proxy.port());
    let settings = ways(&stage);
    let go = stage.host.outside().join("go");
    let script = format!(
        "while [ ! -e {} ]; do sleep 0.1; done; echo over",
        go.display()
    );
    let mut words = vec!["exec", &target, "--detach"];
    words.extend(settings.iter().map(String::as_str));
    words.extend(["--", &script]);
    let run = stage.run(&words);
    assert_eq!(run.code, 11, "{run}");
    let id = named_id(&run);
    // What is given today counts more.
    let other = stage.run(&["attach", &id, "--set=ssh.known_hosts=[\"/dev/null\"]"]);
    assert_eq!(other.code, 22, "{other}");
    std::fs::write(&go, "").expect("written");
    let attached = stage.run(&["attach", &id]);
    assert_eq!(attached.code, 0, "{attached}");
    assert_eq!(text(&attached.stdout), "over\n", "{attached}");
}

#[test]
fn exec_runs_on_the_hosts_that_the_filters_leave() {
    let stage = Stage::with(Sshd::builder().addresses(3));
    let target = format!("{}@127.0.0.[1:3]:{}", stage.sshd.user(), stage.sshd.port());
    let settings = ways(&stage);
    let exec = |filter: &str| {
        let mut words = vec!["exec", &target, filter];
        words.extend(settings.iter().map(String::as_str));
        words.extend(["--", "echo here"]);
        stage.run(&words)
    };
    let run = exec("--exclude=127.0.0.2");
    assert_eq!(run.code, 0, "{run}");
    let told = text(&run.stdout);
    assert!(
        told.contains("127.0.0.1") && told.contains("127.0.0.3"),
        "{run}"
    );
    assert!(!told.contains("127.0.0.2"), "{run}");
    let run = exec("--host=web9");
    assert_eq!(run.code, 4, "{run}");
    assert!(
        run.stderr.contains("web9") && run.stdout.is_empty(),
        "{run}"
    );
    let run = exec("--role=app");
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stdout.is_empty(), "{run}");
}

#[test]
fn history_as_json_is_newest_first_whatever_was_done() {
    let stage = Stage::new();
    stage.configure("", "");
    for words in [
        ["exec", "production", "--", "echo one"],
        ["deploy", "production", "--json", "--yes"],
        ["exec", "production", "--", "echo two"],
    ] {
        let run = stage.run(&words);
        assert_eq!(run.code, 0, "{run}");
    }
    let run = stage.run(&["history", "--json"]);
    let rows: Vec<serde_json::Value> = text(&run.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    let commands: Vec<_> = rows.iter().map(|row| row["command"].as_str()).collect();
    assert_eq!(
        commands,
        [Some("echo two"), None, Some("echo one")],
        "{run}"
    );
    let moments: Vec<_> = rows.iter().map(|row| row["at"].to_string()).collect();
    assert!(moments.windows(2).all(|pair| pair[0] >= pair[1]), "{run}");
}

/// A command that begins, says so, and goes on until it is stopped.
fn endless(stage: &Stage) -> (windlass_lab::Counter, String) {
    let count = stage.host.counter("execs");
    let script = format!(
        "echo $$ >\"$HOME/pid\"; echo \"begun in $HOME\"; {}; while :; do sleep 0.1; done",
        count.command()
    );
    (count, script)
}

/// Whether the command that wrote its pid into the home is gone.
fn is_gone(stage: &Stage, number: u8) -> bool {
    let pid = text(&std::fs::read(stage.sshd.home_of(number).join("pid")).expect("a pid"));
    !std::path::Path::new("/proc").join(pid.trim()).exists()
}

/// How `history` says that the newest command stands.
fn standing(stage: &Stage) -> String {
    let run = stage.run(&["history", "--json"]);
    let row = text(&run.stdout);
    let row: serde_json::Value = serde_json::from_str(row.trim()).expect("one row");
    row["end"].as_str().expect("how it ended").to_owned()
}

/// A stage stands for its deploys: a command there is named, and left alone.
fn cancel_by_stage(stage: &Stage, id: &str) {
    let by_stage = stage.run(&["cancel", "production"]);
    assert_eq!(by_stage.code, 1, "{by_stage}");
    assert!(
        by_stage.stderr.contains(&format!("windlass cancel {id}")),
        "{by_stage}"
    );
    assert!(!is_gone(stage, 1) && !is_gone(stage, 2));
}

#[test]
fn cancel_stops_a_detached_command_and_stays_open_for_a_host_that_is_away() {
    let stage = two_hosts();
    let (count, script) = endless(&stage);
    let run = stage.run(&["exec", "production", "--detach", "--", &script]);
    assert_eq!(run.code, 11, "{run}");
    let id = named_id(&run);
    assert!(
        run.stderr.contains(&format!("windlass cancel {id} stops")),
        "{run}"
    );
    wait_until("both have begun", || count.count() == 2);
    cancel_by_stage(&stage, &id);
    stage.proxy.refuse();
    let partly = stage.run(&["cancel", &id]);
    assert_eq!(partly.code, 21, "{partly}");
    assert!(partly.stderr.contains("127.0.0.1"), "{partly}");
    assert!(
        partly.stderr.contains(&format!("windlass cancel {id}")),
        "{partly}"
    );
    assert!(!is_gone(&stage, 1) && is_gone(&stage, 2));
    assert_eq!(standing(&stage), "open");

    stage.proxy.heal();
    let cancelled = stage.run(&["cancel", &id]);
    assert_eq!(cancelled.code, 1, "{cancelled}");
    assert!(cancelled.stderr.contains("cancelled"), "{cancelled}");
    assert!(is_gone(&stage, 1));
    assert_eq!(standing(&stage), "cancelled");
    // What it said until then is kept.
    for words in [["attach", &id], ["show", &id]] {
        let told = stage.run(&words);
        for number in [1, 2] {
            let begun = format!("begun in {}\n", stage.sshd.home_of(number).display());
            assert_eq!(text(&told.stdout).matches(&begun).count(), 1, "{told}");
        }
    }
    let again = stage.run(&["cancel", &id]);
    assert_eq!(again.code, 1, "{again}");
    assert!(again.stderr.contains("is over"), "{again}");
}

#[test]
fn cancel_stops_what_another_process_follows() {
    let stage = Stage::new();
    stage.configure("", "");
    let (count, script) = endless(&stage);
    let first = stage.start(&["exec", "production", "--", &script]);
    wait_until("it has begun", || count.count() == 1);
    let files = files_below(stage.home());
    let record = files
        .iter()
        .find(|file| file.extension().is_some_and(|ext| ext == "events"));
    let id = record.and_then(|file| file.file_stem()).expect("a record");
    let cancelled = stage.run(&["cancel", id.to_str().expect("UTF-8")]);
    for run in [cancelled, first.finish()] {
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("cancelled"), "{run}");
    }
    assert!(is_gone(&stage, 1));
    assert_eq!(standing(&stage), "cancelled");
}

#[test]
fn cancel_ends_a_run_of_which_its_host_knows_nothing_any_more() {
    let stage = Stage::new();
    stage.configure("", "");
    let go = stage.host.outside().join("go");
    let script = format!("while [ ! -e {} ]; do sleep 0.1; done", go.display());
    let run = stage.run(&["exec", "production", "--detach", "--", &script]);
    assert_eq!(run.code, 11, "{run}");
    let id = named_id(&run);
    std::fs::write(&go, "").expect("written");
    let records = stage.sshd.home_of(1).join(".windlass");
    let is_over = |file: &std::path::PathBuf| {
        file.extension().is_some_and(|ext| ext == "rc")
            && text(&std::fs::read(file).unwrap_or_default()).contains("last")
    };
    wait_until("it is over", || files_below(&records).iter().any(is_over));
    std::fs::remove_dir_all(&records).expect("removed");
    let attached = stage.run(&["attach", &id]);
    assert_ne!(attached.code, 0, "{attached}");
    assert_eq!(standing(&stage), "open");
    let cancelled = stage.run(&["cancel", &id]);
    assert_eq!(cancelled.code, 1, "{cancelled}");
    assert_eq!(standing(&stage), "cancelled");
}
