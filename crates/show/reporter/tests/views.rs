//! The tables of single commands.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its own functions too"
)]

use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::release::ReleaseState;
use windlass_model::{DeployId, DeployKind, HostName, ReleaseName, Revision};
use windlass_reporter::Error;
use windlass_reporter::view::*;
use windlass_reporter::words::moment::Zone;

/// 2026-11-24T08:15:02Z.
const NOW: Timestamp = Timestamp(1_795_508_102_000);

fn before(seconds: u64) -> Timestamp {
    Timestamp(NOW.0 - seconds * 1000)
}

fn draw(view: &dyn View, width: u16, color: bool) -> String {
    let sheet = Sheet {
        width,
        color,
        now: NOW,
        zone: Zone::utc(),
    };
    let mut out = Vec::new();
    print(view, &sheet, &mut out).unwrap();
    String::from_utf8(out).unwrap().replace('\u{1b}', "^")
}

fn json(view: &dyn View) -> String {
    let mut out = Vec::new();
    print_json(view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn host(name: &str) -> HostName {
    HostName::new(name)
}

fn holder() -> Holder {
    Holder {
        owner: "ann".to_owned(),
        machine: "laptop".to_owned(),
        ci_link: None,
        deploy: DeployId::new("d-7k3f"),
        since: before(150),
        controller: Controller::AtWork,
    }
}

fn status() -> Status {
    let row = |name: &str| StatusRow {
        host: host(name),
        live: Some("20261124081502".to_owned()),
        revision: Some(Revision::new("3f2c9ab51f0c2d6f")),
        since: Some(before(130)),
        state: Some(ReleaseState::Good),
        behind: false,
        previous: Some("20261123170244".to_owned()),
        problem: None,
    };
    let mut rows = vec![row("web1"), row("web2"), row("db1")];
    rows[2].problem = Some("no answer within 30 s".to_owned());
    Status {
        rows,
        kept: 5,
        aside: vec!["20261122110000".to_owned()],
        ..Status::default()
    }
}

#[test]
fn a_host_on_an_older_release_than_another_is_behind() {
    let mut mixed = status();
    mixed.rows[1].live = Some("20261123170244".to_owned());
    mixed.rows[1].behind = true;
    insta::assert_snapshot!(draw(&mixed, 100, false), @r"
      live                     since      state         previous
web1  20261124081502  3f2c9ab  2 min ago  good          20261123170244
web2  20261123170244  3f2c9ab  2 min ago  good, behind  20261123170244
db1   ✘ no answer within 30 s
no deploy in flight · lock free · 5 releases kept, 1 failed kept aside (20261122110000)
");
}

#[test]
fn status_says_what_is_live_where() {
    insta::assert_snapshot!(draw(&status(), 100, false), @r"
      live                     since      state  previous
web1  20261124081502  3f2c9ab  2 min ago  good   20261123170244
web2  20261124081502  3f2c9ab  2 min ago  good   20261123170244
db1   ✘ no answer within 30 s
no deploy in flight · lock free · 5 releases kept, 1 failed kept aside (20261122110000)
");
    insta::assert_snapshot!(draw(&status(), 100, true), @r"
      ^[2mlive^[0m                     ^[2msince^[0m      ^[2mstate^[0m  ^[2mprevious^[0m
web1  20261124081502  3f2c9ab  2 min ago  ^[32mgood^[0m   20261123170244
web2  20261124081502  3f2c9ab  2 min ago  ^[32mgood^[0m   20261123170244
db1   ^[31m✘ ^[0mno answer within 30 s
no deploy in flight · lock free · 5 releases kept, 1 failed kept aside (20261122110000)
");
    let mut held = status();
    held.lock = Some(holder());
    held.in_flight = vec!["d-7k3f is parked".to_owned()];
    insta::assert_snapshot!(draw(&held, 80, false), @r"
      live                     since      state  previous
web1  20261124081502  3f2c9ab  2 min ago  good   20261123170244
web2  20261124081502  3f2c9ab  2 min ago  good   20261123170244
db1   ✘ no answer within 30 s
d-7k3f is parked
  lock held by ann on laptop for d-7k3f since 2026-11-24 08:12 (2 min ago), at work
  5 releases kept, 1 failed kept aside (20261122110000)
");
    insta::assert_snapshot!(json(&status()), @r#"
{"format":1,"host":"web1","live":"20261124081502","revision":"3f2c9ab51f0c2d6f","since":1795507972000,"state":"good","behind":false,"previous":"20261123170244","problem":null}
{"format":1,"host":"web2","live":"20261124081502","revision":"3f2c9ab51f0c2d6f","since":1795507972000,"state":"good","behind":false,"previous":"20261123170244","problem":null}
{"format":1,"host":"db1","live":"20261124081502","revision":"3f2c9ab51f0c2d6f","since":1795507972000,"state":"good","behind":false,"previous":"20261123170244","problem":"no answer within 30 s"}
"#);
}

#[test]
fn releases_of_several_hosts_are_one_row() {
    let row = |name: &str, release: &str, state, live| ReleaseRow {
        host: host(name),
        release: ReleaseName::new(release),
        revision: Some(Revision::new("3f2c9ab51f0c2d6f")),
        state,
        live,
    };
    let releases = Releases {
        rows: vec![
            row("web1", "20261123170244", ReleaseState::Good, false),
            row("web1", "20261124081502", ReleaseState::Good, true),
            row("db1", "20261124081502", ReleaseState::Good, true),
            row("db1", "20261123170244", ReleaseState::Unknown, false),
        ],
    };
    insta::assert_snapshot!(draw(&releases, 100, false), @r"
release         revision  state          hosts
20261124081502  3f2c9ab   good     live  all 2 hosts
20261123170244  3f2c9ab   good           web1
20261123170244  3f2c9ab   unknown        db1
");
    insta::assert_snapshot!(draw(&Releases::default(), 100, false), @r"no releases");
}

fn command_row() -> HistoryEntry {
    HistoryEntry::Command(CommandRow {
        at: before(86_400),
        id: DeployId::new("d-9x9x"),
        stage: String::new(),
        task: windlass_model::TaskName::new("exec"),
        command: "journalctl --unit shop --since yesterday --grep \x1b[31mtimeout".to_owned(),
        end: "done",
        duration: Some(Duration::from_secs(2)),
    })
}

#[test]
fn history_is_one_line_for_all_that_was_done() {
    let row = |id: &str, kind, end, reason: Option<&str>| {
        HistoryEntry::Deploy(HistoryRow {
            at: before(86_400),
            deploy: DeployId::new(id),
            stage: "production".to_owned(),
            kind,
            release: ReleaseName::new("20261123170244"),
            revision: Some(Revision::new("a81f00d51f0c2d6f")),
            who: Some("ann".to_owned()),
            end,
            duration: Some(Duration::from_secs(213)),
            reason: reason.map(str::to_owned),
        })
    };
    let good = Some(DeployEnd::Deployed);
    let history = History {
        rows: vec![
            row("d-7k3f", DeployKind::Deploy, good, Some("the sale\nbegins")),
            row("d-5aa1", DeployKind::Rollback, Some(DeployEnd::Stuck), None),
            command_row(),
            row("d-2b11", DeployKind::Deploy, None, None),
        ],
    };
    insta::assert_snapshot!(draw(&history, 120, false), @r"
when              id      stage       result    took   what                                      revision  who  reason
2026-11-23 08:15  d-7k3f  production  deployed  3m33s  release 20261123170244                    a81f00d   ann  the sale␊begins
2026-11-23 08:15  d-5aa1  production  stuck     3m33s  rollback to 20261123170244                a81f00d   ann
2026-11-23 08:15  d-9x9x              done      2.0s   exec: journalctl --unit shop --since ye…
2026-11-23 08:15  d-2b11  production  not over  3m33s  release 20261123170244                    a81f00d   ann
");
    insta::assert_snapshot!(draw(&history, 80, false), @r"
when              id      stage       result    took   what                                      revision  who  reason
2026-11-23 08:15  d-7k3f  production  deployed  3m33s  release 20261123170244                    a81f00d   ann  the sale␊begins
2026-11-23 08:15  d-5aa1  production  stuck     3m33s  rollback to 20261123170244                a81f00d   ann
2026-11-23 08:15  d-9x9x              done      2.0s   exec: journalctl --unit shop --since ye…
2026-11-23 08:15  d-2b11  production  not over  3m33s  release 20261123170244                    a81f00d   ann
");
}

#[test]
fn a_lock_names_its_holder() {
    let locks = Locks {
        rows: vec![
            LockRow {
                host: host("web1"),
                holder: Some(holder()),
            },
            LockRow {
                host: host("web2"),
                holder: Some(holder()),
            },
            LockRow {
                host: host("db1"),
                holder: None,
            },
        ],
        next: vec!["windlass resume d-7k3f".to_owned()],
    };
    insta::assert_snapshot!(draw(&locks, 100, false), @r"
lock on web1 and web2 held by ann on laptop for d-7k3f since 2026-11-24 08:12 (2 min ago), at work
lock free on db1
next  windlass resume d-7k3f
");
    insta::assert_snapshot!(json(&locks), @r#"
{"format":1,"host":"web1","holder":{"owner":"ann","machine":"laptop","ci_link":null,"deploy":"d-7k3f","since":1795507952000,"controller":{"state":"at_work"}}}
{"format":1,"host":"web2","holder":{"owner":"ann","machine":"laptop","ci_link":null,"deploy":"d-7k3f","since":1795507952000,"controller":{"state":"at_work"}}}
{"format":1,"host":"db1","holder":null}
"#);
}

#[test]
fn settings_and_tasks_are_columns() {
    let config = Config {
        rows: [
            ("keep_releases", "5", 5.into(), "default"),
            (
                "ssh.user",
                "\"deploy\"",
                "deploy".into(),
                "windlass.toml:12",
            ),
        ]
        .map(|(key, shown, value, origin)| ConfigRow {
            key: key.to_owned(),
            shown: shown.to_owned(),
            value,
            origins: vec![origin.to_owned()],
        })
        .to_vec(),
    };
    insta::assert_snapshot!(draw(&config, 100, false), @r#"
keep_releases  = 5         # default
ssh.user       = "deploy"  # windlass.toml:12
"#);
    insta::assert_snapshot!(json(&config), @r#"
{"format":1,"key":"keep_releases","value":5,"origins":["default"]}
{"format":1,"key":"ssh.user","value":"deploy","origins":["windlass.toml:12"]}
"#);
    let tasks = Tasks {
        rows: vec![TaskRow {
            name: "cache:warm".to_owned(),
            when: "after published".to_owned(),
            hosts: "app".to_owned(),
            command: "bin/rails runner Cache.warm".to_owned(),
        }],
    };
    insta::assert_snapshot!(draw(&tasks, 60, false), @r"
task        when             hosts  command
cache:warm  after published  app    bin/rails runner Cache.warm
");
}

#[test]
fn findings_come_worst_first_with_their_cure() {
    let finding = |severity, code: Option<&str>, text: &str, cure: Option<&str>| Finding {
        severity,
        code: code.map(str::to_owned),
        text: text.to_owned(),
        cure: cure.map(str::to_owned),
    };
    let check = Check {
        hosts: vec![CheckHost {
            host: Some(host("web1")),
            about: Some("OpenSSH_9.2p1 Debian".to_owned()),
            findings: vec![
                finding(Severity::Fine, None, "/var/www/shop is writable", None),
                finding(
                    Severity::Warning,
                    Some("W007"),
                    "ClientAliveInterval 120, ClientAliveCountMax 3: on this version the first probe comes after 240 s and the end after 960 s",
                    None,
                ),
                finding(
                    Severity::Error,
                    None,
                    "config/master.key is missing in shared",
                    Some("windlass setup production --host web1"),
                ),
            ],
        }],
    };
    insta::assert_snapshot!(draw(&check, 100, false), @r"
web1 (OpenSSH_9.2p1 Debian)
  ✘ config/master.key is missing in shared
    cure: windlass setup production --host web1
  ▲ W007  ClientAliveInterval 120, ClientAliveCountMax 3: on this version the first probe comes
          after 240 s and the end after 960 s
  ✔ /var/www/shop is writable
1 error, 1 warning
");
    assert_eq!(check.count(Severity::Error), 1);
}

#[test]
fn a_closed_pipe_is_an_error_and_no_panic() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let sheet = Sheet {
        width: 80,
        color: false,
        now: NOW,
        zone: Zone::utc(),
    };
    assert!(matches!(
        print(&status(), &sheet, &mut Closed),
        Err(Error::BrokenPipe)
    ));
    assert!(matches!(
        print_json(&status(), &mut Closed),
        Err(Error::BrokenPipe)
    ));
}

fn file_row(file: &str, host: &str, state: FileState, there: Option<&str>) -> FileRow {
    let content = |digest: &str| FileContent {
        bytes: 32,
        sha256: digest.repeat(8),
    };
    FileRow {
        file: file.to_owned(),
        host: HostName::new(host),
        path: format!("/var/www/shop/shared/{file}"),
        state,
        there: there.map(content),
        here: Some(content("3f2c9ab1")),
        note: None,
        diff: None,
    }
}

/// Files that stand in each way.
fn setup() -> Setup {
    let layout = |host: &str, wrong: Option<&str>| LayoutRow {
        host: HostName::new(host),
        deploy_to: "/var/www/shop".to_owned(),
        wrong: wrong.map(str::to_owned),
    };
    let mut replaced = file_row("b", "web1", FileState::Replaced, Some("00112233"));
    replaced.note = Some("the old one is b.before-001122330011".to_owned());
    Setup {
        layouts: vec![
            layout("web1", None),
            layout("web2", None),
            layout("db1", Some("`deploy` may not write to `/var/www`")),
        ],
        files: vec![
            file_row("config/master.key", "web1", FileState::Sent, None),
            file_row("config/master.key", "web2", FileState::Sent, None),
            replaced,
            file_row("b", "web2", FileState::Differs, Some("00112233")),
            file_row("c", "web1", FileState::Same, Some("3f2c9ab1")),
            file_row("c", "web2", FileState::Missing, None),
            file_row("d", "web1", FileState::Present, None),
            file_row("d", "web2", FileState::NotAFile, None),
            file_row("e\x1b", "web1", FileState::Differs, None),
            file_row("e\x1b", "web2", FileState::Failed, None),
        ],
    }
}

#[test]
fn setup_says_of_each_file_where_it_stands_how() {
    let setup = setup();
    insta::assert_snapshot!(draw(&setup, 100, false), @r"
    ✔ web1  /var/www/shop
    ✔ web2  /var/www/shop
    ✘ db1  `deploy` may not write to `/var/www`
    ✔ config/master.key  sent to all 2 hosts: 32 B, sha256 3f2c9ab13f2c, mode 0600
    ✔ b  replaced on web1: 32 B, sha256 3f2c9ab13f2c; the old one is b.before-001122330011
    ▲ b  differs on web2: there 32 B, sha256 001122330011; here 32 B, sha256 3f2c9ab13f2c
    · c  on web1 as it is here
    ✘ c  is missing on web2
    · d  on web1; there is none here
    ✘ d  is no file on web2
    ▲ e␛  differs on web1: there not readable; here 32 B, sha256 3f2c9ab13f2c
    ✘ e␛  was not sent to web2
    ");
    let mut json = Vec::new();
    print_json(&setup, &mut json).unwrap();
    let json = String::from_utf8(json).unwrap();
    assert_eq!(json.lines().count(), 13);
    let first = json.lines().nth(3).unwrap();
    assert!(
        first.starts_with("{\"format\":1,\"kind\":\"linked_file\",\"file\":\"config/master.key\",\"host\":\"web1\""),
        "{first}"
    );
    assert!(
        first.contains("\"state\":\"sent\",\"there\":null,\"here\":{\"bytes\":32,"),
        "{first}"
    );
}
