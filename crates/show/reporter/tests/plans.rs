//! A plan before it is carried out, as people see it and as JSON.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its own functions too"
)]

use windlass_model::changes::{Changes, Commit, FileChange, Files, Side, Watched};
use windlass_model::clock::Timestamp;
use windlass_model::overview::*;
use windlass_model::rollout::OnFailure;
use windlass_model::{DeployKind, HostName, Phase, PlanDigest, ReleaseName, Revision, TaskName};
use windlass_reporter::view::{Plan, Sheet, print, print_json};
use windlass_reporter::words::moment::Zone;

const TO: &str = "3f2c9ab000000000000000000000000000000000";
const LIVE: &str = "a81f00d000000000000000000000000000000000";

fn hosts(names: &[&str]) -> Vec<HostName> {
    names.iter().map(|name| HostName::new(*name)).collect()
}

fn releases(names: &[&str]) -> Vec<ReleaseName> {
    names.iter().map(|name| ReleaseName::new(*name)).collect()
}

fn step(phase: Phase, task: &str, on: &[&str], command: &str) -> StepRow {
    StepRow {
        phase,
        batch: None,
        task: TaskName::new(task),
        hosts: hosts(on),
        local: false,
        once: false,
        waits: false,
        advisory: false,
        command: command.to_owned(),
        undo: None,
        no_undo: Some("no undo is set for it".to_owned()),
    }
}

fn overview(changes: Vec<Change>) -> Overview {
    let all = ["web1", "web2", "db1"];
    let mut lock = step(Phase::Starting, "lock", &all, "take the deploy lock");
    (lock.undo, lock.no_undo) = (Some("unlock".to_owned()), None);
    let long = "bundle exec rake something:that:takes --a-long-list --of-options --and-more";
    let mut migrate = step(Phase::Updated, "migrate", &["db1"], long);
    migrate.once = true;
    let mut tell = step(Phase::Published, "tell", &["web1"], "curl -s chat");
    tell.local = true;
    Overview {
        kind: DeployKind::Deploy,
        application: "shop".to_owned(),
        stage: "production".to_owned(),
        release: None,
        revision: Some(Revision::new(TO)),
        branch: Some("main".to_owned()),
        subject: Some("Faster \u{1b}[2Jcheckout".to_owned()),
        digest: PlanDigest::new("9c1e77aabbccdd"),
        hosts: hosts(&all),
        begun: false,
        refused: Vec::new(),
        notes: Vec::new(),
        changes,
        linked: Vec::new(),
        replaced: None,
        removals: Vec::new(),
        rollout: Rollout {
            batches: vec![hosts(&all)],
            pause: std::time::Duration::ZERO,
            max_failures: 0,
            on_failure: OnFailure::UndoAll,
        },
        steps: vec![lock, migrate, tell],
    }
}

fn side(count: usize, word: &str) -> Side {
    let commits = (0..count).rev().map(|number| Commit {
        revision: Revision::new(format!("{number:07}000000000000000000000000000000000")),
        subject: format!("{word} {number}\u{7}\u{202e}"),
    });
    Side {
        count,
        commits: commits.collect(),
    }
}

fn files(names: &[&str]) -> Vec<FileChange> {
    let file = |name: &&str| FileChange {
        path: (*name).to_owned(),
        ..FileChange::default()
    };
    names.iter().map(file).collect()
}

fn changes(comes: usize, leaves: usize, names: &[&str]) -> Changes {
    Changes {
        comes: side(comes, "comes"),
        leaves: side(leaves, "leaves"),
        cut: false,
        told_by: None,
        files: Files {
            insertions: 1_204,
            deletions: 33,
            ..Files::of(&files(names))
        },
        watched: Vec::new(),
    }
}

fn change(on: &[&str], brings: Brings) -> Change {
    Change {
        hosts: hosts(on),
        live: Live::Revision {
            revision: Revision::new(LIVE),
        },
        brings,
    }
}

const ALL: [&str; 3] = ["web1", "web2", "db1"];

fn draw_as(overview: Overview, whole: bool, width: u16) -> String {
    let sheet = Sheet {
        width,
        color: false,
        now: Timestamp(0),
        zone: Zone::utc(),
    };
    let mut out = Vec::new();
    let command = match overview.kind {
        DeployKind::Deploy => "windlass deploy production",
        DeployKind::Rollback => "windlass rollback production",
    };
    let plan = Plan {
        overview,
        whole,
        command: command.to_owned(),
    };
    print(&plan, &sheet, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn draw(overview: Overview) -> String {
    draw_as(overview, false, 100)
}

/// Only what stands between the title and the steps.
fn facts(overview: Overview) -> String {
    let text = draw(overview);
    let (_, facts) = text.split_once("\n\n").unwrap();
    let (facts, _) = facts.split_once("\n\n").unwrap();
    facts.to_owned() + "\n"
}

fn watched(path: &str, changed: bool, added: Option<&[&str]>) -> Watched {
    Watched {
        path: path.to_owned(),
        changed,
        added: added.map(|names| names.iter().map(ToString::to_string).collect()),
    }
}

fn full() -> Overview {
    let mut changes = changes(2, 0, &["Gemfile.lock", "db/migrate/1_a.rb", "lib/x"]);
    changes.watched = vec![
        watched("Gemfile.lock", true, None),
        watched("app/assets", false, None),
        watched("db/migrate", true, Some(&["1_a.rb"])),
        watched("db/queue", false, Some(&[])),
    ];
    let mut overview = overview(vec![change(&ALL, Brings::Changes(changes))]);
    overview.refused = vec![Remark {
        host: Some(HostName::new("db1")),
        message: "linked file `/srv/shared/config/master.key` is missing".to_owned(),
        hint: Some("create it".to_owned()),
    }];
    overview.notes = vec![Remark {
        host: None,
        message: "task `x` runs nowhere".to_owned(),
        hint: None,
    }];
    overview.linked = vec![LinkedPath {
        path: "config/master.key".to_owned(),
        present: hosts(&["web1", "web2"]),
        missing: hosts(&["db1"]),
        hint: Some("windlass setup production --host db1".to_owned()),
    }];
    overview.replaced = Some(vec![
        Replaced {
            path: "public/system".to_owned(),
            blocks: false,
        },
        Replaced {
            path: "config/x".to_owned(),
            blocks: true,
        },
    ]);
    overview.removals = removals();
    overview
}

fn removals() -> Vec<Removal> {
    let stay = |release: &str, why| Stay {
        release: ReleaseName::new(release),
        why,
    };
    vec![
        Removal {
            hosts: hosts(&["web1", "web2"]),
            keep: 3,
            removed: releases(&["20261101093000", "20261102093000"]),
            failed: releases(&["20261103000000"]),
            stays: vec![
                stay("20261104093000", Why::Newest),
                stay("20261105093000", Why::RollbackTarget),
                stay("20261106093000", Why::Live),
            ],
        },
        Removal {
            hosts: hosts(&["db1"]),
            keep: 3,
            removed: Vec::new(),
            failed: Vec::new(),
            stays: vec![stay("20261106093000", Why::Live)],
        },
    ]
}

#[test]
fn facts_come_in_the_order_in_which_somebody_decides_by_them() {
    insta::assert_snapshot!(draw(full()));
}

#[test]
fn whole_lists_have_no_end() {
    let names: Vec<String> = (0..40).map(|number| format!("app/f{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let brings = || Brings::Changes(changes(152, 0, &names));
    let cut = draw(overview(vec![change(&ALL, brings())]));
    assert!(cut.contains("and 132 more"), "{cut}");
    assert!(cut.contains("40 changed (+1,204 −33): app (40)"), "{cut}");
    assert!(cut.contains("--of-op…  –"), "{cut}");
    assert!(!cut.contains("comes 131\u{2407}"), "{cut}");
    let whole = draw_as(overview(vec![change(&ALL, brings())]), true, 100);
    for words in ["comes 0", "comes 151", "app/f39", "--of-options --and-more"] {
        assert!(whole.contains(words), "{words}\n{whole}");
    }
    assert!(!whole.contains(" more\n"), "{whole}");
}

#[test]
fn going_back_and_sideways_is_said_in_words() {
    let back = change(&["web1"], Brings::Changes(changes(0, 2, &["a"])));
    let mut apart = changes(1, 2, &[]);
    apart.cut = true;
    let apart = change(&["web2", "db1"], Brings::Changes(apart));
    insta::assert_snapshot!(facts(overview(vec![back, apart.clone()])));
    // What a host's mirror lacks no command here brings.
    let Brings::Changes(changes) = apart.brings else {
        panic!("{apart:?}");
    };
    let told_by = Some(HostName::new("web2"));
    let brings = Brings::Changes(Changes { told_by, ..changes });
    let text = facts(overview(vec![change(&["web2"], brings)]));
    assert!(
        text.contains("the history of the mirror on web2 is cut"),
        "{text}"
    );
    assert!(!text.contains("--unshallow"), "{text}");
}

#[test]
fn what_is_first_the_same_or_not_known_is_said() {
    let first = |on: &[&str]| Change {
        live: Live::Nothing,
        ..change(on, Brings::Everything)
    };
    let not_known = Brings::NotKnown {
        reason: "the working copy here does not have a81f00d, which is live".to_owned(),
        hint: Some("git fetch, then git log --oneline a81f00d..3f2c9ab".to_owned()),
    };
    let mixed = vec![
        first(&["web1"]),
        change(&["web2"], Brings::Nothing),
        change(&["db1"], not_known),
    ];
    insta::assert_snapshot!(facts(overview(mixed)));
    let all = facts(overview(vec![first(&ALL)]));
    assert_eq!(all, "  commits     the first deploy: nothing is live yet\n");
}

#[test]
fn no_text_of_git_or_a_host_moves_the_cursor() {
    let odd = "a\u{1b}]0;t\u{7}\u{202e}\nb\r";
    let mut changes = changes(1, 1, &[odd]);
    changes.watched = vec![watched(odd, true, None), watched("db", true, Some(&[odd]))];
    let mut overview = full();
    overview.changes = vec![change(&ALL, Brings::Changes(changes))];
    overview.branch = Some(odd.to_owned());
    overview.steps[1].command = odd.to_owned();
    overview.notes[0].message = odd.to_owned();
    for whole in [false, true] {
        let text = draw_as(overview.clone(), whole, 60);
        let moves = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}');
        assert_eq!(text.lines().find(|line| line.contains(moves)), None);
    }
}

#[test]
fn a_deploy_that_waits_for_a_yes_says_what_was_done_so_far() {
    let mut begun = overview(Vec::new());
    begun.begun = true;
    begun.subject = None;
    let text = draw(begun);
    assert!(
        text.starts_with("shop → production · will deploy main at 3f2c9ab (so far only the lock"),
        "{text}"
    );
    assert!(text.ends_with("\nplan 9c1e77\n"), "{text}");
    let mut back = overview(Vec::new());
    (back.kind, back.release) = (
        DeployKind::Rollback,
        Some(ReleaseName::new("20261101093000")),
    );
    let text = draw(back);
    assert!(
        text.contains("would go back to release 20261101093000 ("),
        "{text}"
    );
    assert!(
        text.contains("windlass rollback production carries"),
        "{text}"
    );
}

#[test]
fn json_has_all_of_it_in_one_object_with_its_format() {
    let mut out = Vec::new();
    let plan = Plan {
        overview: full(),
        whole: false,
        command: String::new(),
    };
    print_json(&plan, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}

#[test]
fn batches_their_pauses_and_what_a_failure_does_are_shown() {
    let mut overview = overview(Vec::new());
    let flip = |batch, on: &[&str]| {
        let mut row = step(Phase::Publishing, "publish", on, "current → 20261124081502");
        row.batch = Some(batch);
        row
    };
    overview.steps = vec![flip(0, &["web1"]), flip(1, &["web2", "db1"])];
    overview.rollout = Rollout {
        batches: vec![hosts(&["web1"]), hosts(&["web2", "db1"])],
        pause: std::time::Duration::from_secs(90),
        max_failures: 0,
        on_failure: OnFailure::Stop,
    };
    insta::assert_snapshot!(draw(overview.clone()));
    overview.rollout.batches = vec![hosts(&["web1", "web2", "db1"])];
    overview.rollout.on_failure = OnFailure::Pause;
    insta::assert_snapshot!(draw(overview.clone()));
    overview.rollout.on_failure = OnFailure::UndoAll;
    overview.rollout.max_failures = 2;
    insta::assert_snapshot!(draw(overview));
}
