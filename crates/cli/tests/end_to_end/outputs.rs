//! Outputs that fail: they never change how a run ended.

use crate::support::{Running, Stage, ended};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// Runs a command line whose reader leaves after the first line; gives its exit code.
fn read_one_line(mut command: Command) -> i32 {
    let mut child = command
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    assert!(!line.is_empty());
    drop(reader);
    ended(&mut child)
}

fn configure_build(stage: &Stage, script: &str) {
    let task = "[[tasks]]\nname = \"build\"\nafter = \"updated\"\n";
    stage.configure("", &format!("{task}run = '''\n{script}\n'''\n"));
}

#[test]
fn a_reader_that_leaves_does_not_change_how_a_command_ended() {
    let stage = Stage::new();
    stage.configure("", "");
    for (script, code, end) in [
        ("seq 1 200000", 3, "done"),
        ("seq 1 200001; exit 5", 5, "failed"),
    ] {
        let got = read_one_line(stage.windlass(&["exec", "production", "--", script]));
        assert_eq!(got, code, "{script}");
        let history = stage.run(&["history"]);
        let stdout = String::from_utf8_lossy(&history.stdout);
        let row = |line: &&str| line.contains(&format!("exec: {script}"));
        let row = stdout.lines().find(row).expect("its row");
        assert!(row.contains(end), "{stdout}");
    }
}

#[test]
fn a_reader_that_leaves_does_not_change_how_a_deploy_ended() {
    let stage = Stage::new();
    let deploy = ["deploy", "production", "--json", "--yes"];
    configure_build(&stage, "seq 1 50000\nexit 1");
    let failed = read_one_line(stage.windlass(&deploy));
    assert_eq!(failed, 1, "failed and undone");
    assert!(stage.host.live().is_none());
    configure_build(&stage, "seq 1 50000");
    let unread = read_one_line(stage.windlass(&deploy));
    assert_eq!(unread, 3, "a success that was not read to its end");
    assert!(stage.host.live().is_some());
    stage.assert_clean();
}

#[test]
fn a_log_and_a_record_that_cannot_be_written_are_said_and_fail_nothing() {
    let stage = Stage::new();
    configure_build(&stage, "seq 1 2500000");
    // No file of this process may grow beyond some megabytes.
    let mut limited = stage.program("/bin/sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_windlass"))
        .args(["deploy", "production", "--yes"]);
    let run = Running::new(limited).finish();
    assert_eq!(run.code, 0, "{run}");
    for words in [
        "the full log is incomplete",
        "the record for `windlass show` is incomplete",
    ] {
        assert_eq!(run.stderr.matches(words).count(), 1, "{words}\n{run}");
    }
    stage.assert_clean();
}
