//! Every way in which a deploy can end other than well.

#![expect(
    clippy::too_many_lines,
    reason = "a test is its list of events and the screen they become"
)]

#[expect(dead_code, reason = "each test file uses its part of it")]
#[cfg(test)]
mod common;

use common::failure::*;
use common::*;
use std::time::Duration;
use windlass_model::event::DeployEnd;
use windlass_model::{CommandEnd, EventBody, StepOutcome};

#[test]
fn a_failure_is_told_in_the_fixed_order() {
    insta::assert_snapshot!(screen(120, false, &failed_deploy().list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
      ✔ web1 1m38s
      ✘ web2 1m48s exit status 1
01:49 undoing what was done, in reverse order: rails:assets on web2: exit status 1
01:49 undo release         move aside
      ✔ web1 0.1s  ✔ web2 0.1s  ✔ db1 0.1s

✘ rails:assets on web2 failed after 1m48s: exit status 1

  web2  rake assets:precompile            (last 12 of 340 lines; all: windlass show d-7k3f --host web2)
  │ compiling 329
  │ compiling 330
  │ compiling 331
  │ compiling 332
  │ compiling 333
  │ compiling 334
  │ compiling 335
  │ compiling 336
  │ SassC::SyntaxError: Error: Undefined variable: "$brand".
  │     on line 14:12 of app/assets/stylesheets/header.scss
  │
  │ >> @import
  web1 had succeeded.

  undone      release 20261124081502 moved aside to /var/www/shop/.windlass/failed on all 3 hosts
  still runs  nothing
  live        20261123170244 on all 3 hosts, as before
  next        windlass deploy production
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_failure_at_80_columns() {
    insta::assert_snapshot!(screen(80, false, &failed_deploy().list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout"
  3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
      ✔ web1 1m38s
      ✘ web2 1m48s exit status 1
01:49 undoing what was done, in reverse order: rails:assets on web2: exit status 1
01:49 undo release         move aside
      ✔ web1 0.1s  ✔ web2 0.1s  ✔ db1 0.1s

✘ rails:assets on web2 failed after 1m48s: exit status 1

  web2  rake assets:precompile
  (last 12 of 340 lines; all: windlass show d-7k3f --host web2)
  │ compiling 329
  │ compiling 330
  │ compiling 331
  │ compiling 332
  │ compiling 333
  │ compiling 334
  │ compiling 335
  │ compiling 336
  │ SassC::SyntaxError: Error: Undefined variable: "$brand".
  │     on line 14:12 of app/assets/stylesheets/header.scss
  │
  │ >> @import
  web1 had succeeded.

  undone      release 20261124081502 moved aside to
              /var/www/shop/.windlass/failed on all 3 hosts
  still runs  nothing
  live        20261123170244 on all 3 hosts, as before
  next        windlass deploy production
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_failure_in_colour() {
    insta::assert_snapshot!(screen(120, true, &failed_deploy().list), @r#"
^[1mshop^[0m → ^[1mproduction^[0m · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

^[2m00:00^[0m ^[34mpush^[0m                 sent 214 objects, 1.1 MB
      ^[32m✔^[0m web1^[2m 0.9s^[0m  ^[32m✔^[0m web2^[2m 0.9s^[0m  ^[32m✔^[0m db1^[2m 1.0s^[0m
^[2m00:01^[0m ^[34mrelease^[0m              git archive 3f2c9ab; link 2 files, 3 dirs
      ^[32m✔^[0m web1^[2m 0.4s^[0m  ^[32m✔^[0m web2^[2m 0.4s^[0m  ^[32m✔^[0m db1^[2m 0.4s^[0m
^[2m00:01^[0m ^[34mrails:assets^[0m         rake assets:precompile
      ^[32m✔^[0m web1^[2m 1m38s^[0m
      ^[31m✘^[0m web2^[2m 1m48s^[0m exit status 1
^[2m01:49^[0m ^[31mundoing^[0m what was done, in reverse order: rails:assets on web2: exit status 1
^[2m01:49^[0m ^[34mundo release^[0m         move aside
      ^[32m✔^[0m web1^[2m 0.1s^[0m  ^[32m✔^[0m web2^[2m 0.1s^[0m  ^[32m✔^[0m db1^[2m 0.1s^[0m

^[31m✘^[0m ^[34mrails:assets^[0m on web2 failed after 1m48s: exit status 1

  ^[2mweb2^[0m  rake assets:precompile          ^[2m  (last 12 of 340 lines; all: windlass show d-7k3f --host web2)^[0m
  ^[2m│ ^[0mcompiling 329
  ^[2m│ ^[0mcompiling 330
  ^[2m│ ^[0mcompiling 331
  ^[2m│ ^[0mcompiling 332
  ^[2m│ ^[0mcompiling 333
  ^[2m│ ^[0mcompiling 334
  ^[2m│ ^[0mcompiling 335
  ^[2m│ ^[0mcompiling 336
  ^[2m│ ^[0m^[31mSassC::SyntaxError^[0m: Error: Undefined variable: "$brand".^[0m
  ^[2m│ ^[0m    on line 14:12 of app/assets/stylesheets/header.scss
  ^[2m│ ^[0m
  ^[2m│ ^[0m>> @import
  web1 had succeeded.

  ^[2mundone^[0m      release 20261124081502 moved aside to /var/www/shop/.windlass/failed on all 3 hosts
  ^[2mstill runs^[0m  nothing
  ^[2mlive^[0m        20261123170244 on all 3 hosts, as before
  ^[2mnext^[0m        ^[1mwindlass deploy production^[0m
  ^[2mlog^[0m         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn several_hosts_that_fail_alike_are_told_together() {
    let mut events = Events::new();
    events
        .deploy(&["web1", "web2", "web3", "db1"])
        .task("bundler:install", "bundle install");
    for name in ["web1", "web2", "web3", "db1"] {
        events.begin("bundler:install", name, "bundle install");
    }
    for (name, text) in [
        ("web1", "no gem\n"),
        ("web2", "no gem\n"),
        ("web3", "no space\n"),
    ] {
        events
            .at(900)
            .out("bundler:install", name, text.as_bytes())
            .end("bundler:install", name, 800, exit(5), None);
    }
    let cancelled = StepOutcome::from(CommandEnd::Cancelled);
    events
        .at(1_200)
        .end("bundler:install", "db1", 1_100, cancelled, None);
    let mut end = ending(DeployEnd::Undone, 2);
    end.failed = Some(failed(
        "bundler:install",
        "web1",
        "bundle install",
        exit(5),
        1,
    ));
    events.at(2_000).over(end);
    insta::assert_snapshot!(screen(120, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 4 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 bundler:install      bundle install
      ✘ web1 0.8s exit status 5
      ✘ web2 0.8s exit status 5
      ✘ web3 0.8s exit status 5
      – db1 cancelled

✘ bundler:install on web1 failed after 1 s: exit status 5

  web1  bundle install                    (1 line, all of its output)
  │ no gem
  web2 failed as well (exit status 5), with the same output; web3 failed as well (exit status 5); db1 was stopped.

  undone      nothing
  still runs  nothing
  live        not known
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_command_killed_by_a_signal_is_named_as_that() {
    let mut events = Events::new();
    events
        .deploy(&["web1"])
        .task("build", "make")
        .begin("build", "web1", "make");
    events
        .at(4_000)
        .end("build", "web1", 4_000, exit(137), None);
    let mut end = ending(DeployEnd::Undone, 4);
    end.failed = Some(failed("build", "web1", "make", exit(137), 4));
    end.live = vec![(host("web1"), None)];
    events.over(end);
    insta::assert_snapshot!(screen(100, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 1 host
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 build                make
      ✘ web1 4.0s killed by SIGKILL (often the out-of-memory killer)

✘ build on web1 was killed by SIGKILL (often the out-of-memory killer) after 4 s

  web1  make                              (it wrote nothing)

  undone      nothing
  still runs  nothing
  live        nothing on web1, as before
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_host_in_doubt_is_named_with_what_will_happen() {
    let mut events = Events::new();
    first_half(&mut events);
    events.at(20_000).push(EventBody::UnwindStarted {
        reason: "publish on web2: nothing heard".to_owned(),
    });
    events.undo(
        "publish",
        "web1",
        "current → 20261123170244",
        12,
        StepOutcome::Succeeded,
    );
    events.undo("release", "db1", "move aside", 30, exit(1));
    let mut end = ending(DeployEnd::Stuck, 61);
    end.failed = Some(failed(
        "publish",
        "web2",
        "current → 20261124081502",
        StepOutcome::Broken {
            reason: "no answer for 1h00m".to_owned(),
        },
        40,
    ));
    end.live = vec![
        (host("web1"), Some("20261123170244".to_owned())),
        (host("web2"), None),
        (host("db1"), Some("20261123170244".to_owned())),
    ];
    end.in_doubt = vec![(host("web2"), "no answer; it may have published 20261124081502; `windlass resume` puts it back when it answers".to_owned())];
    end.still_runs = vec![(host("web2"), "current → 20261124081502".to_owned())];
    end.next = vec![
        "windlass resume d-7k3f".to_owned(),
        "windlass show d-7k3f".to_owned(),
    ];
    events.at(61_000).over(end);
    insta::assert_snapshot!(screen(100, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
00:20 undoing what was done, in reverse order: publish on web2: nothing heard
00:20 undo publish         current → 20261123170244
      ✔ web1 0.0s
00:20 undo release         move aside
      ✘ db1 0.0s exit status 1

✘ 1 of 3 hosts is in doubt

  publish on web2 failed after 40 s: no answer for 1h00m

  web2  current → 20261124081502          (it wrote nothing)

  in doubt    web2: no answer; it may have published 20261124081502; `windlass resume` puts it back
              when it answers
  undone      1 step on web1
  not undone  undo release on db1: exit status 1
  still runs  current → 20261124081502 on web2
  live        20261123170244 on web1 and db1; not known on web2
  next        windlass resume d-7k3f     goes on at the exact step
              windlass show d-7k3f
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_parked_deploy_names_the_two_commands() {
    let mut events = Events::new();
    first_half(&mut events);
    let mut end = ending(DeployEnd::Parked, 123);
    live_before(&mut end);
    end.still_runs = hosts(&["web1", "web2"])
        .into_iter()
        .map(|host| (host, "rake assets:precompile".to_owned()))
        .collect();
    end.next = vec![
        "windlass resume d-7k3f".to_owned(),
        "windlass cancel d-7k3f".to_owned(),
    ];
    events.at(123_000).over(end);
    insta::assert_snapshot!(screen(100, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
02:03 parked after 2m03s · the commands under way go on on their hosts

  still runs  rake assets:precompile on web1 and web2
  live        20261123170244 on all 3 hosts
  next        windlass resume d-7k3f     goes on at the exact step
              windlass cancel d-7k3f     stops and undoes it
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_cancelled_deploy_says_that_all_is_as_before() {
    let mut events = Events::new();
    first_half(&mut events);
    let cancelled = StepOutcome::from(CommandEnd::Cancelled);
    for name in ["web1", "web2"] {
        events
            .at(30_000)
            .end("rails:assets", name, 28_000, cancelled.clone(), None);
    }
    events.push(EventBody::UnwindStarted {
        reason: "cancelled".to_owned(),
    });
    for name in ALL {
        events
            .at(31_000)
            .undo("release", name, "move aside", 100, StepOutcome::Succeeded);
    }
    let mut end = ending(DeployEnd::CancelledUndone, 31);
    live_before(&mut end);
    moved_aside(&mut end);
    end.next = vec!["windlass deploy production".to_owned()];
    events.over(end);
    insta::assert_snapshot!(screen(100, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
      – web1 cancelled  – web2 cancelled
00:30 undoing what was done, in reverse order: cancelled
00:31 undo release         move aside
      ✔ web1 0.1s  ✔ web2 0.1s  ✔ db1 0.1s

✘ cancelled after 31 s; everything was undone

  undone      release 20261124081502 moved aside to /var/www/shop/.windlass/failed on all 3 hosts
  still runs  nothing
  live        20261123170244 on all 3 hosts, as before
  next        windlass deploy production
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_deploy_that_was_taken_over_says_so() {
    let mut events = Events::new();
    first_half(&mut events);
    let mut end = ending(DeployEnd::Fenced, 9);
    live_before(&mut end);
    end.next = vec!["windlass status production".to_owned()];
    end.duration = Duration::from_secs(9);
    events.at(9_000).over(end);
    insta::assert_snapshot!(screen(100, false, &events.list), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile

✘ another controller has taken over this deploy; this one changed nothing more

  still runs  nothing
  live        20261123170244 on all 3 hosts
  next        windlass status production
  log         ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn a_plan_tells_which_hosts_a_task_concerns() {
    let mut events = Events::new();
    failing_build(&mut events, exit(1));
    let mut end = ending(DeployEnd::Undone, 110);
    end.failed = Some(failed(
        "rails:assets",
        "web2",
        "rake assets:precompile",
        exit(1),
        108,
    ));
    events.at(110_000).over(end);
    let web = ["web1", "web2"];
    let plan = plan(
        &ALL,
        &[("push", &ALL), ("release", &ALL), ("rails:assets", &web)],
    );
    let (mut reporter, screens) = reporter(100, false, windlass_reporter::Options::default());
    reporter.expect(&plan);
    for event in &events.list {
        reporter.handle(event).unwrap();
    }
    let text = screens.stderr.text();
    assert!(text.contains("\n  db1 does not run this task.\n"), "{text}");
}

#[test]
fn a_task_has_one_number_on_the_screen_in_the_log_and_where_it_failed() {
    let web = ["web1", "web2"];
    let plan = plan(
        &ALL,
        &[("push", &ALL), ("release", &ALL), ("rails:assets", &web)],
    );
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let options = windlass_reporter::Options {
        log: Some(log.clone()),
        ..windlass_reporter::Options::default()
    };
    let (mut reporter, screens) = reporter(100, false, options);
    reporter.expect(&plan);
    for event in &failed_deploy().list {
        reporter.handle(event).unwrap();
    }
    reporter.finish().unwrap();
    let screen = screens.stderr.text();
    for line in [
        "\n00:00 01 push                 sent",
        "\n00:01 02 release              git",
        "\n00:01 03 rails:assets         rake",
        "\n✘ 03 rails:assets on web2 failed after",
    ] {
        assert!(screen.contains(line), "{line}\n{screen}");
    }
    let log = std::fs::read_to_string(log).unwrap();
    for line in [
        " - task 03 rails:assets: rake assets:precompile",
        " web2 step 03 rails:assets begins (attempt 1)",
        " web2 step 03 rails:assets failed after",
    ] {
        assert!(log.contains(line), "{line}\n{log}");
    }
}
