//! A deploy that goes well, and connections that do not.

#![expect(
    clippy::too_many_lines,
    reason = "a test is its list of events and the screen they become"
)]

#[expect(dead_code, reason = "each test file uses its part of it")]
#[cfg(test)]
mod common;

use common::*;
use std::time::Duration;
use windlass_model::event::DeployEnd;
use windlass_model::{DeployKind, DisconnectKind, EventBody, Stream};
use windlass_reporter::Options;

fn whole_deploy() -> Events {
    let mut events = Events::new();
    first_half(&mut events);
    for (name, second) in [("web1", 75), ("web2", 76)] {
        events
            .at(second * 1000)
            .pulse("rails:assets", name, (second, second - 1, 72), 412);
    }
    events.at(134_000).push(EventBody::ConnectionLost {
        host: host("web1"),
        kind: DisconnectKind::Reset,
        pid: Some(4121),
    });
    events.at(135_200).push(EventBody::ConnectionBack {
        host: host("web1"),
        gone: Duration::from_millis(1_200),
    });
    events.at(190_000).good("rails:assets", "web1", 188_000);
    events.at(193_000).good("rails:assets", "web2", 191_500);
    events
        .at(193_100)
        .task("publish", "current → 20261124081502");
    for name in ["web1", "web2", "db1"] {
        events.begin("publish", name, "current → 20261124081502");
    }
    for name in ["web1", "web2", "db1"] {
        events.at(193_120).good("publish", name, 9);
    }
    let mut end = ending(DeployEnd::Deployed, 213);
    end.connections_lost = 2;
    end.connections_cost = Duration::from_millis(1_200);
    end.slowest = Some((
        windlass_model::TaskName::new("rails:assets"),
        Duration::from_millis(191_500),
    ));
    end.next = vec!["windlass rollback production".to_owned()];
    end.live = hosts(&["web1", "web2", "db1"])
        .into_iter()
        .map(|host| (host, Some("20261124081502".to_owned())))
        .collect();
    events.at(213_000).over(end);
    events
}

#[test]
fn a_deploy_reads_as_in_the_sketches() {
    insta::assert_snapshot!(screen(120, false, &whole_deploy().list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
02:14 web1  connection lost (reset by peer) · the command goes on there (pid 4121) · reconnecting
02:15 web1  back after 1.2 s · nothing lost, nothing started again
03:13 rails:assets         ✔ web1 3m08s
      ✔ web2 3m12s
03:13 publish              current → 20261124081502
      ✔ web1 0.0s  ✔ web2 0.0s  ✔ db1 0.0s
03:33 deployed 3f2c9ab to 3 hosts in 3m33s · slowest: rails:assets 3m12s · connections lost: 2, cost 1.2 s
      undo with: windlass rollback production        log: ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_narrow_screen_wraps_facts_and_cuts_commands() {
    insta::assert_snapshot!(screen(80, false, &whole_deploy().list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout"
  3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
02:14 web1  connection lost (reset by peer) · the command goes on there (pid 4121) · reconnecting
02:15 web1  back after 1.2 s · nothing lost, nothing started again
03:13 rails:assets         ✔ web1 3m08s
      ✔ web2 3m12s
03:13 publish              current → 20261124081502
      ✔ web1 0.0s  ✔ web2 0.0s  ✔ db1 0.0s
03:33 deployed 3f2c9ab to 3 hosts in 3m33s · slowest: rails:assets 3m12s
      connections lost: 2, cost 1.2 s
      undo with: windlass rollback production
      log: ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn colour_changes_no_word() {
    let events = whole_deploy();
    let colored = screen(80, true, &events.list);
    insta::assert_snapshot!(colored, @r#"
^[1mshop^[0m → ^[1mproduction^[0m · release 20261124081502 · main at 3f2c9ab "Faster checkout"
  3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

^[2m00:00^[0m ^[34mpush^[0m                 sent 214 objects, 1.1 MB
      ^[32m✔^[0m web1^[2m 0.9s^[0m  ^[32m✔^[0m web2^[2m 0.9s^[0m  ^[32m✔^[0m db1^[2m 1.0s^[0m
^[2m00:01^[0m ^[34mrelease^[0m              git archive 3f2c9ab; link 2 files, 3 dirs
      ^[32m✔^[0m web1^[2m 0.4s^[0m  ^[32m✔^[0m web2^[2m 0.4s^[0m  ^[32m✔^[0m db1^[2m 0.4s^[0m
^[2m00:01^[0m ^[34mrails:assets^[0m         rake assets:precompile
^[2m02:14^[0m web1  ^[33mconnection lost^[0m (reset by peer) · the command goes on there (pid 4121) · reconnecting
^[2m02:15^[0m web1  ^[32mback^[0m after 1.2 s · nothing lost, nothing started again
^[2m03:13^[0m ^[34mrails:assets^[0m         ^[32m✔^[0m web1^[2m 3m08s^[0m
      ^[32m✔^[0m web2^[2m 3m12s^[0m
^[2m03:13^[0m ^[34mpublish^[0m              current → 20261124081502
      ^[32m✔^[0m web1^[2m 0.0s^[0m  ^[32m✔^[0m web2^[2m 0.0s^[0m  ^[32m✔^[0m db1^[2m 0.0s^[0m
^[2m03:33^[0m ^[32mdeployed^[0m 3f2c9ab to 3 hosts in 3m33s · slowest: rails:assets 3m12s
      connections lost: 2, cost 1.2 s
      ^[2mundo with: ^[0mwindlass rollback production
      ^[2mlog: ^[0m~/.local/state/windlass/logs/d-7k3f.log
"#);
    let mut bare = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once("^[") {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, screen(80, false, &events.list));
}

#[test]
fn a_rollback_and_a_resumed_deploy_say_what_they_are() {
    let mut events = Events::new();
    events.push(EventBody::DeployStarted {
        summary: summary(DeployKind::Rollback, &["web1"]),
        resumed: true,
    });
    let mut end = ending(DeployEnd::Deployed, 3);
    end.log = None;
    events.at(3_000).over(end);
    insta::assert_snapshot!(screen(80, false, &events.list), @r#"
shop → production · rollback to 20261124081502
  main at 3f2c9ab "Faster checkout" · 1 host
resumed · plan 9c1e77: 7 tasks, 26 steps

00:03 rolled back to 20261124081502 on 1 host in 3 s
"#);
}

#[test]
fn a_long_outage_is_told_at_growing_distances_and_what_was_caught_up() {
    let mut events = Events::new();
    first_half(&mut events);
    events.at(134_000).push(EventBody::ConnectionSilent {
        host: host("web1"),
        silent: Duration::from_secs(21),
    });
    events.at(136_000).push(EventBody::ConnectionLost {
        host: host("web1"),
        kind: DisconnectKind::Silence,
        pid: Some(4121),
    });
    for gone in [60, 70, 80, 89, 90, 700] {
        let kind = if gone == 700 {
            DisconnectKind::ConnectTimeout
        } else {
            DisconnectKind::NoRoute
        };
        events
            .at(136_000 + gone * 1000)
            .push(EventBody::StillReconnecting {
                host: host("web1"),
                gone: Duration::from_secs(gone),
                kind,
                give_up_after: Duration::from_secs(3600),
            });
    }
    events.at(842_000).push(EventBody::ConnectionBack {
        host: host("web1"),
        gone: Duration::from_secs(706),
    });
    for _ in 0..1_204 {
        events
            .at(842_300)
            .out("rails:assets", "web1", b"compiled\n");
    }
    events.at(842_400).good("rails:assets", "web1", 240_000);
    events.at(843_000).push(EventBody::StillReconnecting {
        host: host("db1"),
        gone: Duration::from_secs(30),
        kind: DisconnectKind::ClosedBeforeAuthentication,
        give_up_after: Duration::from_secs(3600),
    });
    let options = Options {
        interactive: true,
        ..Options::default()
    };
    insta::assert_snapshot!(screen_with(120, false, options, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
02:14 web1  nothing heard for 21 s · dialling a second connection · the command should go on there
02:16 web1  connection lost (nothing heard) · the command goes on there (pid 4121) · reconnecting
03:16 web1  still no answer (no route to host) · trying every second · give up at 62:16, or Ctrl-C to detach
03:46 web1  still no answer (no route to host) · trying every second · give up at 62:16, or Ctrl-C to detach
13:56 web1  still no answer · trying every 10 s · give up at 62:16, or Ctrl-C to detach
14:02 web1  back after 11m46s · nothing lost, nothing started again
14:02 web1  the command had ended at 04:01 with status 0 · 1,204 lines of output caught up
14:03 rails:assets         ✔ web1 4m00s
14:03 db1  still no connection (closed before authentication) · trying with pauses of up to 10 s · give up at 73:33, or Ctrl-C to detach
"#);
}

#[test]
fn many_hosts_are_counted() {
    let names: Vec<String> = (1..=40).map(|number| format!("web{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut events = Events::new();
    events
        .deploy(&names)
        .task("bundler:install", "bundle install");
    for name in &names {
        events.begin("bundler:install", name, "bundle install");
    }
    for name in &names {
        events.at(200).push(EventBody::ConnectionLost {
            host: host(name),
            kind: DisconnectKind::Reset,
            pid: Some(7),
        });
    }
    for name in &names {
        events.at(1_500).push(EventBody::ConnectionBack {
            host: host(name),
            gone: Duration::from_millis(1_300),
        });
    }
    for (name, millis) in names.iter().zip((300..).step_by(20)) {
        if *name == "web07" {
            events.at(2_900).end(
                "bundler:install",
                name,
                millis,
                windlass_model::StepOutcome::Skipped,
                None,
            );
        } else {
            events.at(2_900).good("bundler:install", name, millis);
        }
    }
    insta::assert_snapshot!(screen(100, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 40 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 bundler:install      bundle install
00:00 web01  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 web02  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 web03  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 web04  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 web05  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 web06  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 web07  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 web08  connection lost (reset by peer) · the command goes on there (pid 7) · reconnecting
00:00 32 more hosts  connections lost · reconnecting
00:01 web01  back after 1.3 s · nothing lost, nothing started again
00:01 web02  back after 1.3 s · nothing lost, nothing started again
00:01 web03  back after 1.3 s · nothing lost, nothing started again
00:01 web04  back after 1.3 s · nothing lost, nothing started again
00:01 web05  back after 1.3 s · nothing lost, nothing started again
00:01 web06  back after 1.3 s · nothing lost, nothing started again
00:01 web07  back after 1.3 s · nothing lost, nothing started again
00:01 web08  back after 1.3 s · nothing lost, nothing started again
00:01 32 more hosts  back after at most 1.3 s
00:02 bundler:install      ✔ 39 hosts 0.3s to 1.1s (slowest web40)  – web07 skipped
"#);
}

#[test]
fn a_retried_step_and_warnings_are_told() {
    let mut events = Events::new();
    events
        .deploy(&["web1"])
        .task("cache:warm", "bin/warm")
        .begin("cache:warm", "web1", "bin/warm");
    events.at(900).end("cache:warm", "web1", 900, exit(7), None);
    events.push(EventBody::StepRetried {
        step: windlass_model::StepId::new("cache:warm@web1"),
        host: host("web1"),
        attempt: 2,
    });
    events.begin("cache:warm", "web1", "bin/warm");
    events.at(1_900).good("cache:warm", "web1", 800);
    events.push(EventBody::Warning {
        host: Some(host("web1")),
        message: "cleanup: exit status 1".to_owned(),
        hint: Some("old releases stay: rm -r \u{1b}[2Jreleases".to_owned()),
    });
    events.push(EventBody::Warning {
        host: None,
        message: "the clock of this machine went back".to_owned(),
        hint: None,
    });
    insta::assert_snapshot!(screen(100, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 1 host
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 cache:warm           bin/warm
      ✘ web1 0.9s exit status 7
00:00 web1  cache:warm is tried again (attempt 2)
00:00 cache:warm           bin/warm
      ✔ web1 0.8s
00:01 web1  ▲ cleanup: exit status 1
      old releases stay: rm -r ␛[2Jreleases
00:01 ▲ the clock of this machine went back
"#);
}

#[test]
fn output_is_shown_with_its_host_where_it_is_asked_for() {
    let mut events = Events::new();
    events.deploy(&["web1", "web2"]).task("build", "make");
    for name in ["web1", "web2"] {
        events.begin("build", name, "make");
    }
    events.at(100).out("build", "web1", b"one\ntw").write(
        "build",
        "web2",
        Stream::Stderr,
        b"warning: \x1b[31mx\x1b[0m\x1b[2J\n",
    );
    events.at(200).out("build", "web1", b"o\n");
    events
        .at(500)
        .good("build", "web1", 500)
        .good("build", "web2", 500);
    let options = Options {
        verbose: true,
        ..Options::default()
    };
    insta::assert_snapshot!(screen_with(100, false, options, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 2 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 build                make
  web1  | one
  web1  | two
  web2  | warning: x␛[2J
      ✔ web1 0.5s  ✔ web2 0.5s
"#);
}

#[test]
fn a_task_of_some_hosts_is_shown_when_these_have_ended_it() {
    let plan = plan(
        &["web1", "web2", "db1"],
        &[("push", &["web1"]), ("release", &["web1", "web2", "db1"])],
    );
    let (mut reporter, screens) = reporter(100, false, windlass_reporter::Options::default());
    reporter.expect(&plan);
    let mut events = Events::new();
    events
        .deploy(&["web1", "web2", "db1"])
        .task("push", "objects")
        .begin("push", "web1", "objects")
        .at(100)
        .good("push", "web1", 100);
    for event in &events.list {
        reporter.handle(event).unwrap();
    }
    assert!(
        screens
            .stderr
            .text()
            .ends_with("00:00 01 push                 objects\n      ✔ web1 0.1s\n")
    );
}
