//! Output of `exec` and `run`, JSON, the log, masking and broken outputs.

#![expect(
    clippy::too_many_lines,
    reason = "a test is its list of events and the screen they become"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its own functions too"
)]

#[expect(dead_code, reason = "each test file uses its part of it")]
#[cfg(test)]
mod common;

use common::*;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use windlass_model::event::DeployEnd;
use windlass_model::{CommandEnd, DisconnectKind, Event, EventBody, Secret, StepOutcome, Stream};
use windlass_reporter::{Error, Options, Output, Reporter, copy_host_lines};

fn run(options: Options, events: &[Event]) -> Screens {
    let (mut reporter, screens) = reporter(100, false, options);
    for event in events {
        reporter.handle(event).unwrap();
    }
    reporter.finish().unwrap();
    screens
}

#[test]
fn exec_on_one_host_passes_bytes_exactly() {
    let bytes: Vec<u8> = (0..=255).cycle().take(40_000).collect();
    let mut events = Events::new();
    events
        .begin("exec", "web1", "cat")
        .out("exec", "web1", &bytes)
        .write("exec", "web1", Stream::Stderr, b"\x1b[2Jno line end");
    events.at(400).push(EventBody::ConnectionLost {
        host: host("web1"),
        kind: DisconnectKind::Closed,
        pid: None,
    });
    events.at(900).end("exec", "web1", 900, exit(3), None);
    let screens = run(command_mode(1), &events.list);
    assert_eq!(screens.stdout.bytes(), bytes);
    insta::assert_snapshot!(screens.stderr.text().replace('\u{1b}', "^"), @r"
^[2Jno line end
00:00 web1  connection lost (closed by the other side) · reconnecting
");
}

#[test]
fn exec_on_one_host_tells_an_end_that_a_status_cannot() {
    let mut events = Events::new();
    events.begin("exec", "web1", "sleep 9");
    events.at(900).end(
        "exec",
        "web1",
        900,
        StepOutcome::from(CommandEnd::Lost),
        None,
    );
    let screens = run(command_mode(1), &events.list);
    insta::assert_snapshot!(screens.stderr.text(), @r"00:00 web1  the command is lost: its process is gone and left no exit status");
}

#[test]
fn equal_output_of_many_hosts_is_shown_once() {
    let names: Vec<String> = (1..=38).map(|number| format!("web{number}")).collect();
    let mut events = Events::new();
    for name in &names {
        events.begin("exec", name, "uptime");
    }
    for name in &names {
        let text: &[u8] = if name == "web9" {
            b"down\n"
        } else {
            b"up 3 days\nload 0.1\n"
        };
        events
            .at(300)
            .out("exec", name, text)
            .good("exec", name, 250);
    }
    let screens = run(command_mode(38), &events.list);
    insta::assert_snapshot!(screens.stdout.text(), @r"
same on 37 hosts  web1, web2, web3, web4, web5, web6, web7, web8, web10, web11, web12, web13 and 25 more
  | up 3 days
  | load 0.1
web9   | down
");
    insta::assert_snapshot!(screens.stderr.text(), @r"
00:00 exec                 uptime
      ✔ 38 hosts 0.3s
");
}

#[test]
fn long_output_of_several_hosts_comes_as_it_is_written() {
    let mut events = Events::new();
    events
        .begin("exec", "web1", "tail")
        .begin("exec", "db1", "tail");
    events.at(100).out("exec", "web1", b"early\n");
    let (mut reporter, screens) = reporter(100, false, command_mode(2));
    for event in &events.list {
        reporter.handle(event).unwrap();
    }
    assert_eq!(
        screens.stdout.text(),
        "",
        "held: the other host may say the same"
    );
    let mut later = Events::new();
    later.at(3_100).out("exec", "db1", b"late\n");
    later
        .at(3_200)
        .write("exec", "web1", Stream::Stderr, b"more\n");
    for event in &later.list {
        reporter.handle(event).unwrap();
    }
    insta::assert_snapshot!(screens.stdout.text(), @r"
web1  | early
db1   | late
");
    insta::assert_snapshot!(screens.stderr.text(), @r"
00:00 exec                 tail
web1  | more
");
}

#[test]
fn the_log_holds_everything_with_time_and_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d-7k3f.log");
    let mut events = Events::new();
    events
        .deploy(&["web1"])
        .task("build", "make")
        .begin("build", "web1", "make");
    events
        .at(1_000)
        .out("build", "web1", b"raw \xff\x1b[31m\npart");
    events.at(1_500).pulse("build", "web1", (10, 9, 10), 412);
    events.at(2_000).push(EventBody::ConnectionLost {
        host: host("web1"),
        kind: DisconnectKind::Reset,
        pid: Some(4121),
    });
    events.at(3_000).push(EventBody::ConnectionBack {
        host: host("web1"),
        gone: Duration::from_secs(1),
    });
    events.at(4_000).end("build", "web1", 4_000, exit(1), None);
    events.push(EventBody::UnwindStarted {
        reason: "two\nlines".to_owned(),
    });
    events.undo("build", "web1", "make clean", 10, StepOutcome::Succeeded);
    events.at(5_000).over(ending(DeployEnd::Undone, 5));
    run(
        Options {
            log: Some(path.clone()),
            ..Options::default()
        },
        &events.list,
    );
    let log = std::fs::read(&path).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    insta::assert_snapshot!(String::from_utf8(log.escape_ascii().to_string().into()).unwrap().replace("\\n", "\n"), @r"
2026-11-24T08:15:02.000Z - deploy begins: deploy of shop to production as 20261124081502, revision 3f2c9ab51f0c2d6f8e9b7a4c3d2e1f0a9b8c7d6e, plan 9c1e77aabbccdd, 26 steps on 1 host
2026-11-24T08:15:02.000Z - task build: make
2026-11-24T08:15:02.000Z web1 step build begins (attempt 1): make
2026-11-24T08:15:03.000Z web1 out raw \xff\x1b[31m
2026-11-24T08:15:03.500Z web1 pulse build@web1 works: pid 4121, age 10 s, cpu 9 s, memory 412 MB, silent for 10 s
2026-11-24T08:15:04.000Z web1 connection lost (reset by peer), pid 4121 goes on
2026-11-24T08:15:05.000Z web1 connection back after 1 s
2026-11-24T08:15:06.000Z web1 out part
2026-11-24T08:15:06.000Z web1 step build failed after 4 s: exit status 1
2026-11-24T08:15:06.000Z - unwind two\xe2\x90\x8alines
2026-11-24T08:15:06.000Z web1 undo build@web1 begins: make clean
2026-11-24T08:15:06.000Z web1 undo build@web1 succeeded after 10 ms
2026-11-24T08:15:07.000Z - deploy failed and undone after 5 s
");

    let mut copied = Vec::new();
    copy_host_lines(&mut log.as_slice(), &[host("web2")], &mut copied).unwrap();
    assert!(copied.is_empty());
    copy_host_lines(&mut log.as_slice(), &[host("web1")], &mut copied).unwrap();
    let copied = String::from_utf8(copied).unwrap();
    assert!(copied.contains(" out raw \u{fffd}\n"), "{copied}");
    assert!(!copied.contains('\u{1b}'));
}

#[test]
fn a_log_is_gone_on_with_but_never_through_a_link_or_over_a_foreign_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let open = |path: &std::path::Path| {
        let output = Output {
            stdout: Box::new(std::io::sink()),
            stderr: Box::new(std::io::sink()),
            terminal: false,
            width: 80,
            color: false,
            json: false,
        };
        Reporter::new(
            output,
            Options {
                log: Some(path.to_owned()),
                ..Options::default()
            },
        )
    };
    let mut events = Events::new();
    events.deploy(&["web1"]);
    for _ in 0..2 {
        open(&path).unwrap().handle(&events.list[0]).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(&error, Error::ForeignLog { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("is not a log file of this user alone: others may read or write it")
    );
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
    assert!(matches!(open(&link), Err(Error::OpenLog { .. })));
    assert!(!folder.path().join("elsewhere").exists());
}

#[test]
fn a_secret_appears_in_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let secret = "hunter2-canary";
    let mut events = Events::new();
    events.deploy(&["web1"]).task("build", secret).begin(
        "build",
        "web1",
        &format!("make KEY={secret}"),
    );
    events.at(10).out("build", "web1", b"key is hunter2-");
    events
        .at(20)
        .out("build", "web1", b"canary!\nends with hunter2-can");
    events.at(25).out("build", "web1", b"ary");
    let broken = StepOutcome::Broken {
        reason: format!("no {secret}"),
    };
    events
        .at(30)
        .end("build", "web1", 30, broken.clone(), Some(secret));
    events.push(EventBody::UnwindStarted {
        reason: secret.to_owned(),
    });
    events.push(EventBody::Warning {
        host: None,
        message: secret.to_owned(),
        hint: Some(secret.to_owned()),
    });
    events.undo("build", "web1", secret, 1, broken.clone());
    let mut end = ending(DeployEnd::Stuck, 1);
    end.failed = Some(failed("build", "web1", secret, broken, 1));
    end.in_doubt = vec![(host("web1"), secret.to_owned())];
    end.still_runs = end.in_doubt.clone();
    end.moved_aside = end.in_doubt.clone();
    end.live = vec![(host("web1"), Some(secret.to_owned()))];
    end.next = vec![secret.to_owned()];
    end.log = Some(secret.to_owned());
    events.over(end);
    for json in [false, true] {
        let stdout = Paper::default();
        let stderr = Paper::default();
        let output = Output {
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: false,
            width: 100,
            color: false,
            json,
        };
        let options = Options {
            verbose: true,
            log: Some(path.clone()),
            secrets: vec![Secret::new(secret)],
            ..Options::default()
        };
        let mut reporter = Reporter::new(output, options).unwrap();
        for event in &events.list {
            reporter.handle(event).unwrap();
        }
        reporter.remark(&format!("said {secret}")).unwrap();
        reporter.finish().unwrap();
        let log = std::fs::read_to_string(&path).unwrap();
        for text in [stdout.text(), stderr.text(), log] {
            assert!(
                !text.contains("canary") && !text.contains("hunter2"),
                "{text}"
            );
        }
        assert!(stderr.text().contains("key is ***!"), "{}", stderr.text());
        assert!(stderr.text().contains("ends with ***"), "{}", stderr.text());
        assert_eq!(stdout.text().lines().count() > 5, json);
    }
}

#[test]
fn json_lines_are_events_with_a_format() {
    let stdout = Paper::default();
    let output = Output {
        stdout: Box::new(stdout.clone()),
        stderr: Box::new(std::io::sink()),
        terminal: false,
        width: 100,
        color: false,
        json: true,
    };
    let mut reporter = Reporter::new(output, command_mode(1)).unwrap();
    let mut events = Events::new();
    events
        .begin("exec", "web1", "true")
        .out("exec", "web1", b"x")
        .good("exec", "web1", 5);
    for event in &events.list {
        reporter.handle(event).unwrap();
    }
    let text = stdout.text();
    let back: Vec<Event> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(back, events.list);
    assert!(text.lines().all(|line| line.starts_with("{\"format\":1,")));
}

/// A writer that takes so many bytes and then fails.
struct Closing(usize);

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_pipe_is_told_once_and_the_rest_goes_on() {
    let stderr = Paper::default();
    let output = Output {
        stdout: Box::new(Closing(30)),
        stderr: Box::new(stderr.clone()),
        terminal: false,
        width: 100,
        color: false,
        json: true,
    };
    let mut reporter = Reporter::new(output, Options::default()).unwrap();
    let mut events = Events::new();
    events.deploy(&["web1"]);
    events.at(100).over(ending(DeployEnd::Deployed, 1));
    assert!(matches!(
        reporter.handle(&events.list[0]),
        Err(Error::BrokenPipe)
    ));
    reporter.handle(&events.list[1]).unwrap();
    reporter.finish().unwrap();
    assert!(stderr.text().contains("deployed 3f2c9ab"));
}

#[test]
fn a_terminal_that_went_away_ends_nothing_else() {
    let stdout = Paper::default();
    for terminal in [false, true] {
        let output = Output {
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(Closing(0)),
            terminal,
            width: 100,
            color: false,
            json: true,
        };
        let mut reporter = Reporter::new(output, Options::default()).unwrap();
        let mut events = Events::new();
        events.deploy(&["web1"]);
        events.at(100).over(ending(DeployEnd::Deployed, 1));
        assert!(matches!(
            reporter.handle(&events.list[0]),
            Err(Error::BrokenPipe)
        ));
        reporter.handle(&events.list[1]).unwrap();
        reporter.finish().unwrap();
    }
    assert_eq!(stdout.text().lines().count(), 4);
}

#[test]
fn memory_is_bounded_by_hosts_and_not_by_output() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let (mut reporter, _screens) = reporter(100, false, Options::default());
    let names: Vec<String> = (0..1_000).map(|number| format!("web{number:04}")).collect();
    let before = resident();
    let mut events = Events::new();
    for name in &names {
        events.begin("build", name, "make");
    }
    for event in events.list.drain(..) {
        reporter.handle(&event).unwrap();
    }
    let chunk = [b'x'; 700]
        .iter()
        .copied()
        .chain(*b"\n")
        .collect::<Vec<u8>>()
        .repeat(40);
    for _ in 0..8 {
        for name in &names {
            events
                .out("build", name, &chunk)
                .out("build", name, b"an unfinished line");
            for event in events.list.drain(..) {
                reporter.handle(&event).unwrap();
            }
        }
    }
    let kilobytes = resident().saturating_sub(before);
    assert!(kilobytes < 60_000, "{kilobytes} kB for 1,000 hosts");
}
