//! Golden frames of the live area, through a terminal in memory.

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
use indicatif::{InMemoryTerm, TermLike as _};
use std::io::Write;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::{DisconnectKind, EventBody, StepId};
use windlass_reporter::{Earlier, Options, Output, Reporter};

/// The terminal as a writer, which ends lines as a terminal's driver does.
struct Glass(InMemoryTerm);

impl Write for Glass {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        self.0.write_str(&text.replace('\n', "\r\n"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Terminal {
    glass: InMemoryTerm,
    reporter: Reporter,
}

impl Terminal {
    fn new(width: u16, options: Options) -> Self {
        let glass = InMemoryTerm::new(40, width);
        let output = Output {
            stdout: Box::new(Glass(glass.clone())),
            stderr: Box::new(Glass(glass.clone())),
            terminal: true,
            width,
            color: false,
            json: false,
        };
        let mut reporter = Reporter::new(output, options).unwrap();
        reporter.resize(width, 40);
        Self { glass, reporter }
    }

    /// What is seen after these events, so many milliseconds after the start.
    fn frame(&mut self, events: &mut Events, millis: u64) -> String {
        for event in events.list.drain(..) {
            self.reporter.handle(&event).unwrap();
        }
        self.reporter.tick(Timestamp(START + millis)).unwrap();
        self.glass.contents()
    }
}

fn earlier() -> Earlier {
    let mut earlier = Earlier::new();
    earlier.insert(StepId::new("rails:assets@web1"), Duration::from_secs(190));
    earlier
}

#[test]
fn silent_commands_say_that_they_work() {
    let mut terminal = Terminal::new(110, Options::default());
    terminal.reporter.recall(earlier());
    let mut events = Events::new();
    first_half(&mut events);
    insta::assert_snapshot!(terminal.frame(&mut events, 1_500), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
  web1  rake assets:precompile   0 s, last time 3m10s
  web2  rake assets:precompile   0 s
"#);
    events
        .at(41_405)
        .pulse("rails:assets", "web1", (40, 39, 10), 400);
    events
        .at(51_405)
        .pulse("rails:assets", "web1", (50, 48, 20), 412);
    events.out("rails:assets", "web2", b"Compiling \x1b[32mheader\x1b[0m\n");
    insta::assert_snapshot!(terminal.frame(&mut events, 54_500), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
  web1  rake assets:precompile   silent for 23 s · works (cpu 90 %, 412 MB) · 53 s, last time 3m10s
  web2  rake assets:precompile   Compiling header · 53 s
"#);
    events
        .at(55_000)
        .pulse("rails:assets", "web2", (53, 0, 2), 90);
    events.at(134_000).push(EventBody::ConnectionLost {
        host: host("web1"),
        kind: DisconnectKind::Reset,
        pid: Some(4121),
    });
    insta::assert_snapshot!(terminal.frame(&mut events, 146_000), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
02:14 web1  connection lost (reset by peer) · the command goes on there (pid 4121) · reconnecting
  web1  rake assets:precompile   reconnecting for 12 s · 2m24s, last time 3m10s
  web2  rake assets:precompile   silent for 1m33s · waits (cpu 0 %, 90 MB) · 2m24s
"#);
    events.at(147_000).push(EventBody::ConnectionBack {
        host: host("web1"),
        gone: Duration::from_secs(13),
    });
    events
        .good("rails:assets", "web1", 140_000)
        .good("rails:assets", "web2", 145_000);
    events.over(ending(DeployEnd::Deployed, 147));
    insta::assert_snapshot!(terminal.frame(&mut events, 147_500), @r#"
shop → production · release 20261124081502 · main at 3f2c9ab "Faster checkout" · 3 hosts
lock taken · plan 9c1e77: 7 tasks, 26 steps

00:00 push                 sent 214 objects, 1.1 MB
      ✔ web1 0.9s  ✔ web2 0.9s  ✔ db1 1.0s
00:01 release              git archive 3f2c9ab; link 2 files, 3 dirs
      ✔ web1 0.4s  ✔ web2 0.4s  ✔ db1 0.4s
00:01 rails:assets         rake assets:precompile
02:14 web1  connection lost (reset by peer) · the command goes on there (pid 4121) · reconnecting
02:27 web1  back after 13 s · nothing lost, nothing started again
02:27 web1  the command had ended at 02:21 with status 0
02:27 rails:assets         ✔ web1 2m20s  ✔ web2 2m25s
02:27 deployed 3f2c9ab to 3 hosts in 2m27s
      log: ~/.local/state/windlass/logs/d-7k3f.log
"#);
}

#[test]
fn eight_are_shown_and_the_rest_counted() {
    let names: Vec<String> = (1..=37).map(|number| format!("web{number:02}")).collect();
    let mut terminal = Terminal::new(60, Options::default());
    let mut events = Events::new();
    for name in &names {
        events.begin(
            "build",
            name,
            "a command whose words are too long for the area",
        );
    }
    insta::assert_snapshot!(terminal.frame(&mut events, 1_000), @r"
web01  a command whose words are too l…   1 s
web02  a command whose words are too l…   1 s
web03  a command whose words are too l…   1 s
web04  a command whose words are too l…   1 s
web05  a command whose words are too l…   1 s
web06  a command whose words are too l…   1 s
web07  a command whose words are too l…   1 s
web08  a command whose words are too l…   1 s
and 29 more under way
");
    for name in &names[..30] {
        events.at(2_000).good("build", name, 1_900);
    }
    insta::assert_snapshot!(terminal.frame(&mut events, 2_100), @r"
web31  a command whose words are too l…   2 s
web32  a command whose words are too l…   2 s
web33  a command whose words are too l…   2 s
web34  a command whose words are too l…   2 s
web35  a command whose words are too l…   2 s
web36  a command whose words are too l…   2 s
web37  a command whose words are too l…   2 s
");
    terminal.reporter.remark("a remark").unwrap();
    terminal.reporter.finish().unwrap();
    insta::assert_snapshot!(terminal.glass.contents(), @r"
a remark
00:00 build                a command whose words are too lo…
      ✔ 30 hosts 1.9s
");
}

#[test]
fn data_and_questions_do_not_disturb_the_area() {
    let mut terminal = Terminal::new(60, command_mode(2));
    let mut events = Events::new();
    events
        .begin("exec", "web1", "tail -f log")
        .begin("exec", "web2", "tail -f log");
    terminal.frame(&mut events, 100);
    events.at(3_500).out("exec", "web1", b"one\n");
    insta::assert_snapshot!(terminal.frame(&mut events, 3_600), @r"
web1  | one
00:00 exec                 tail -f log
  web1  tail -f log   one · 3 s
  web2  tail -f log   3 s
");
    let glass = terminal.glass.clone();
    terminal.reporter.ask("Detach? [y/N] ").unwrap();
    glass.write_str("y").unwrap();
    events.at(3_700).out("exec", "web2", b"two\n");
    terminal.reporter.remark("a remark").unwrap();
    insta::assert_snapshot!(terminal.frame(&mut events, 4_100), @r"
web1  | one
00:00 exec                 tail -f log
Detach? [y/N] y
");
    glass.write_str("\r\n").unwrap();
    terminal.reporter.answered(true).unwrap();
    insta::assert_snapshot!(terminal.frame(&mut events, 4_600), @r"
web1  | one
00:00 exec                 tail -f log
Detach? [y/N] y
a remark
web2  | two
  web1  tail -f log   one · 4 s
  web2  tail -f log   two · 4 s
");
    terminal.reporter.ask("Detach? [y/N] ").unwrap();
    terminal.reporter.finish().unwrap();
    insta::assert_snapshot!(terminal.glass.contents(), @r"
web1  | one
00:00 exec                 tail -f log
Detach? [y/N] y
a remark
web2  | two
Detach? [y/N]
");
}
