//! The journal over real files: what was written is read back, what does not fit is refused, whoever writes.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "helpers of tests fail as tests do, and a table of cases is as long as it is"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use windlass_journal::{
    AdHoc, AdHocHost, Decision, Error, FORMAT, Filter, Illegal, Journal, Record, Standing, Store,
    Subject,
};
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::host::HostTarget;
use windlass_model::plan::{JobLimits, PLAN_FORMAT, PlanHost};
use windlass_model::{
    Action, Command, DeployId, DeployKind, ExitStatus, HostName, JobKey, Phase, Plan, PlanDigest,
    ReleaseName, Step, StepId, StepOutcome, TaskName, Undo,
};

fn target(name: &str) -> HostTarget {
    HostTarget {
        name: HostName::new(name),
        address: name.to_owned(),
        port: None,
        user: None,
        roles: Vec::new(),
        primary: Vec::new(),
        release: true,
        deploy_to: "/srv/shop".to_owned(),
    }
}

fn step(task: &str) -> Step {
    let (task, host) = (TaskName::new(task), HostName::new("web1"));
    Step {
        id: StepId::of(&task, &host),
        task,
        phase: Phase::Updated,
        host,
        action: Action::Command {
            command: Command::script("true"),
        },
        undo: Undo::None {
            reason: "nothing stays".to_owned(),
        },
        barrier: false,
        retries: 0,
        repeatable: false,
        advisory: false,
        show: "true".to_owned(),
    }
}

fn subject(id: &str, stage: &str) -> Subject {
    let host = PlanHost {
        target: target("web1"),
        root: "/srv/shop".to_owned(),
        root_id: "id".to_owned(),
        boot_id: "boot".to_owned(),
        user_manager: false,
        fence: 7,
        previous_target: None,
        previous: None,
        previous_revision: None,
        unlock: Some(Command::script("unlock")),
    };
    let plan = Plan {
        format: PLAN_FORMAT,
        deploy: DeployId::new(id),
        kind: DeployKind::Deploy,
        application: "shop".to_owned(),
        stage: stage.to_owned(),
        release: ReleaseName::new("20261124081502"),
        revision: None,
        branch: None,
        subject: None,
        reason: None,
        hosts: vec![host],
        steps: vec![step("build"), step("publish")],
        limits: JobLimits::default(),
    };
    Subject::Deploy { plan }
}

fn id(name: &str) -> DeployId {
    DeployId::new(name)
}

fn job(step: &str, attempt: u32) -> JobKey {
    JobKey {
        deploy: id("d-aaa"),
        step: step.to_owned(),
        host: HostName::new("web1"),
        attempt,
    }
}

fn intent(step: &str, attempt: u32) -> Record {
    Record::Intent {
        step: StepId::new(step),
        attempt,
        job: job(step, attempt),
    }
}

fn outcome(step: &str, attempt: u32) -> Record {
    Record::Outcome {
        step: StepId::new(step),
        attempt,
        outcome: StepOutcome::Failed {
            end: windlass_model::CommandEnd::Exited(ExitStatus(1)),
        },
        duration: Duration::from_millis(1500),
    }
}

fn undo() -> Record {
    Record::Decision(Decision::Undo {
        reason: "build on web1: exit status 1".to_owned(),
        failed: Some(StepId::new("build@web1")),
        cancelled: false,
    })
}

fn undo_intent(step: &str) -> Record {
    Record::UndoIntent {
        step: StepId::new(step),
        attempt: 1,
        job: job(&format!("undo.{step}"), 1),
    }
}

fn undo_outcome(step: &str) -> Record {
    Record::UndoOutcome {
        step: StepId::new(step),
        attempt: 1,
        outcome: StepOutcome::Succeeded,
        duration: Duration::ZERO,
    }
}

/// Every kind of record, as a deploy that parked, went on, failed and was undone leaves them.
fn whole_story() -> Vec<Record> {
    vec![
        intent("build@web1", 1),
        Record::Parked,
        Record::Resumed,
        Record::NotReached {
            step: StepId::new("build@web1"),
            attempt: 1,
        },
        intent("build@web1", 2),
        outcome("build@web1", 2),
        Record::Decision(Decision::Publish),
        Record::CancelRequested,
        undo(),
        undo_intent("build@web1"),
        undo_outcome("build@web1"),
        undo_intent("unlock@web1"),
        undo_outcome("unlock@web1"),
        Record::Ended {
            end: DeployEnd::Undone,
        },
    ]
}

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("state/windlass/journal.db")
    }

    fn open(&self) -> Journal {
        Journal::open(&self.path()).unwrap()
    }
}

fn begin(journal: &Journal, deploy: &str, stage: &str) {
    let digest = PlanDigest::new("9c1e77");
    journal
        .begin(&subject(deploy, stage), &digest, Timestamp(1000))
        .unwrap();
}

#[test]
fn what_was_written_is_read_back_by_another_process() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    for record in whole_story() {
        journal
            .append(&id("d-aaa"), Timestamp(2000), &[record])
            .unwrap();
    }
    drop(journal);
    let stored = place.open().load(&id("d-aaa")).unwrap();
    let records: Vec<Record> = stored
        .records
        .into_iter()
        .map(|(_, record)| record)
        .collect();
    assert_eq!(records, whole_story());
    assert_eq!(stored.subject, subject("d-aaa", "production"));
    assert_eq!(stored.digest, PlanDigest::new("9c1e77"));
    assert_eq!(stored.started, Timestamp(1000));
    assert_eq!(stored.state.end, Some(DeployEnd::Undone));
    assert_eq!(
        stored
            .state
            .step(&StepId::new("build@web1"))
            .unwrap()
            .number,
        2
    );
}

#[test]
fn a_batch_is_written_whole_or_not_at_all() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    let batch = [intent("build@web1", 1), intent("build@web1", 3)];
    let refused = journal
        .append(&id("d-aaa"), Timestamp(2000), &batch)
        .unwrap_err();
    assert!(matches!(refused, Error::Illegal { .. }), "{refused:?}");
    assert!(journal.load(&id("d-aaa")).unwrap().records.is_empty());
    // The refused batch has left nothing in memory either.
    journal
        .append(&id("d-aaa"), Timestamp(2000), &[intent("build@web1", 1)])
        .unwrap();
}

#[test]
fn records_that_do_not_follow_are_refused() {
    let step = || StepId::new("build@web1");
    let not_next = |attempt| Illegal::NotNext {
        step: step(),
        attempt,
    };
    let not_open = |attempt| Illegal::NotOpen {
        step: step(),
        attempt,
    };
    let ended = |end| Record::Ended { end };
    let cases: Vec<(Vec<Record>, Record, Illegal)> = vec![
        (
            vec![],
            intent("build@web9", 1),
            Illegal::UnknownStep(StepId::new("build@web9")),
        ),
        (vec![], intent("build@web1", 2), not_next(2)),
        (
            vec![intent("build@web1", 1)],
            intent("build@web1", 2),
            not_next(2),
        ),
        (vec![], outcome("build@web1", 1), not_open(1)),
        (
            vec![intent("build@web1", 1), outcome("build@web1", 1)],
            outcome("build@web1", 1),
            not_open(1),
        ),
        (
            vec![],
            undo_intent("build@web1"),
            Illegal::NotUnwinding(step()),
        ),
        (
            vec![undo()],
            undo_intent("build@web1"),
            Illegal::NeverBegun(step()),
        ),
        (
            vec![undo()],
            intent("build@web1", 1),
            Illegal::Unwinding(step()),
        ),
        (vec![undo()], undo(), Illegal::Decided),
        (
            vec![undo()],
            Record::Decision(Decision::Publish),
            Illegal::Decided,
        ),
        (
            vec![Record::Decision(Decision::Done)],
            undo(),
            Illegal::Decided,
        ),
        (
            vec![Record::Parked],
            intent("build@web1", 1),
            Illegal::Resting,
        ),
        (
            vec![ended(DeployEnd::Stuck)],
            intent("build@web1", 1),
            Illegal::Resting,
        ),
        (
            vec![ended(DeployEnd::Deployed)],
            Record::Resumed,
            Illegal::Over,
        ),
    ];
    for (before, record, wanted) in cases {
        let place = Place::new();
        let journal = place.open();
        begin(&journal, "d-aaa", "production");
        journal
            .append(&id("d-aaa"), Timestamp(2000), &before)
            .unwrap();
        match journal.append(&id("d-aaa"), Timestamp(2000), std::slice::from_ref(&record)) {
            Err(Error::Illegal { source, .. }) => assert_eq!(source, wanted, "{record:?}"),
            other => panic!("{record:?} after {before:?}: {other:?}"),
        }
    }
}

#[test]
fn a_stuck_deploy_may_be_taken_up_again() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    let stuck = Record::Ended {
        end: DeployEnd::Stuck,
    };
    let records = [
        intent("build@web1", 1),
        stuck,
        Record::Resumed,
        outcome("build@web1", 1),
    ];
    journal
        .append(&id("d-aaa"), Timestamp(2000), &records)
        .unwrap();
    assert_eq!(journal.load(&id("d-aaa")).unwrap().state.end, None);
}

#[test]
fn two_processes_may_write_at_once() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    begin(&one, "d-aaa", "production");
    begin(&other, "d-bbb", "staging");
    std::thread::scope(|scope| {
        for (journal, deploy) in [(&one, "d-aaa"), (&other, "d-bbb")] {
            scope.spawn(move || {
                for attempt in 1..=20 {
                    let records = [
                        intent("build@web1", attempt),
                        outcome("build@web1", attempt),
                    ];
                    journal
                        .append(&id(deploy), Timestamp(2000), &records)
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(one.load(&id("d-bbb")).unwrap().records.len(), 40);
    assert_eq!(other.load(&id("d-aaa")).unwrap().records.len(), 40);
}

#[test]
fn one_engine_owns_a_deploy_and_its_death_sets_it_free() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    begin(&one, "d-aaa", "production");
    let owner = one.own(&id("d-aaa")).unwrap();
    let refused = other.own(&id("d-aaa")).unwrap_err();
    assert!(
        matches!(refused, Error::Owned { pid: Some(pid), .. } if pid == std::process::id()),
        "{refused:?}"
    );
    other.own(&id("d-bbb")).unwrap();
    drop(owner);
    other.own(&id("d-aaa")).unwrap();
}

#[test]
fn a_cancel_is_asked_for_from_another_process() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    begin(&one, "d-aaa", "production");
    assert!(!one.cancel_requested(&id("d-aaa")).unwrap());
    other.request_cancel(&id("d-aaa"), Timestamp(3000)).unwrap();
    other.request_cancel(&id("d-aaa"), Timestamp(4000)).unwrap();
    assert!(one.cancel_requested(&id("d-aaa")).unwrap());
    assert!(matches!(
        other.request_cancel(&id("d-zzz"), Timestamp(0)),
        Err(Error::Unknown(_))
    ));
}

#[test]
fn deploys_are_found_by_id_by_stage_and_by_the_beginning_of_an_id() {
    let place = Place::new();
    let journal = place.open();
    for (deploy, stage) in [
        ("d-aaa", "production"),
        ("d-aab", "staging"),
        ("d-abc", "production"),
    ] {
        begin(&journal, deploy, stage);
    }
    let found = |word: &str| journal.find(word).map(|id| id.as_str().to_owned());
    assert_eq!(found("d-aaa").unwrap(), "d-aaa");
    assert_eq!(found("production").unwrap(), "d-abc");
    assert_eq!(found("d-ab").unwrap(), "d-abc");
    assert!(
        matches!(found("d-a"), Err(Error::Ambiguous { candidates, .. }) if candidates.len() == 3)
    );
    for nothing in ["d-%", "_", "", "nowhere"] {
        assert!(
            matches!(found(nothing), Err(Error::Unknown(_))),
            "{nothing}"
        );
    }
    let again = journal.begin(
        &subject("d-aaa", "production"),
        &PlanDigest::new("x"),
        Timestamp(0),
    );
    assert!(matches!(again, Err(Error::Exists(_))));
}

#[test]
fn the_list_is_newest_first_and_filtered() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    begin(&journal, "d-bbb", "staging");
    let run = AdHoc {
        id: id("x-ccc"),
        application: String::new(),
        stage: "production".to_owned(),
        task: TaskName::new("exec"),
        show: "uptime".to_owned(),
        hosts: vec![AdHocHost {
            target: target("web1"),
            command: Command::script("uptime"),
        }],
        limits: JobLimits::default(),
        ways: Vec::new(),
    };
    let digest = PlanDigest::new("-");
    journal
        .begin(&Subject::AdHoc { run }, &digest, Timestamp(5000))
        .unwrap();
    let ended = Record::Ended {
        end: DeployEnd::Deployed,
    };
    journal
        .append(&id("d-bbb"), Timestamp(6000), &[ended])
        .unwrap();
    let ids = |filter: &Filter| {
        let list = journal.list(filter).unwrap();
        list.iter()
            .map(|entry| entry.subject.id().as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&Filter::default()), ["x-ccc", "d-bbb", "d-aaa"]);
    let production = Filter {
        stage: Some("production".to_owned()),
        ..Filter::default()
    };
    assert_eq!(ids(&production), ["x-ccc", "d-aaa"]);
    let deploys = Filter {
        deploys_only: true,
        limit: Some(1),
        ..Filter::default()
    };
    assert_eq!(ids(&deploys), ["d-bbb"]);
    let unfinished = Filter {
        unfinished_only: true,
        ..Filter::default()
    };
    assert_eq!(ids(&unfinished), ["x-ccc", "d-aaa"]);
    let list = journal.list(&deploys).unwrap();
    assert_eq!(
        (list[0].standing, list[0].changed),
        (Standing::Deployed, Timestamp(6000))
    );
}

/// A journal is filled out of order where a clock was set back.
#[test]
fn the_newest_is_what_began_last() {
    let place = Place::new();
    let journal = place.open();
    for (name, at) in [
        ("d-aaa", 5000),
        ("d-bbb", 3000),
        ("d-ccc", 5000),
        ("d-ddd", 4000),
    ] {
        journal
            .begin(
                &subject(name, "production"),
                &PlanDigest::new("-"),
                Timestamp(at),
            )
            .unwrap();
    }
    let list = journal.list(&Filter::default()).unwrap();
    let ids: Vec<&str> = list
        .iter()
        .map(|entry| entry.subject.id().as_str())
        .collect();
    assert_eq!(ids, ["d-ccc", "d-aaa", "d-ddd", "d-bbb"]);
    assert_eq!(journal.find("production").unwrap(), id("d-ccc"));
}

#[test]
fn nobody_else_may_read_it() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    let _owner = journal.own(&id("d-aaa")).unwrap();
    let log = journal.log_path(&id("d-aaa")).unwrap();
    let dir = place.path().parent().unwrap().to_owned();
    assert_eq!(log, dir.join("logs/d-aaa.log"));
    for (path, wanted) in [
        (dir.clone(), 0o700),
        (place.path(), 0o600),
        (dir.join("journal.db-wal"), 0o600),
        (dir.join("logs"), 0o700),
        (dir.join("locks/d-aaa.lock"), 0o600),
    ] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, wanted, "{}", path.display());
    }
}

#[test]
fn a_newer_format_is_refused_with_the_version_that_is_needed() {
    let place = Place::new();
    begin(&place.open(), "d-aaa", "production");
    let raw = rusqlite::Connection::open(place.path()).unwrap();
    raw.execute(
        "UPDATE meta SET value = '3.1.0' WHERE name = 'written_by'",
        [],
    )
    .unwrap();
    raw.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    drop(raw);
    let refused = Journal::open(&place.path()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the journal has format 2, this Windlass knows 1: Windlass 3.1.0 or newer is needed"
    );
}

#[test]
fn a_newer_plan_is_refused_with_the_version_that_is_needed() {
    let place = Place::new();
    begin(&place.open(), "d-aaa", "production");
    let raw = rusqlite::Connection::open(place.path()).unwrap();
    let newer = r#"{"subject":"deploy","plan":{"format":9,"nobody knows":true}}"#;
    raw.execute(
        "UPDATE deploys SET subject = ?1, written_by = '3.1.0'",
        [newer],
    )
    .unwrap();
    let refused = place.open().load(&id("d-aaa")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the plan of d-aaa has format 9: Windlass 3.1.0 or newer is needed"
    );
}

#[test]
fn what_is_no_journal_is_left_alone() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    let raw = rusqlite::Connection::open(place.path()).unwrap();
    raw.execute_batch("CREATE TABLE recipes (name TEXT)")
        .unwrap();
    drop(raw);
    assert!(matches!(
        Journal::open(&place.path()),
        Err(Error::NotAJournal { .. })
    ));
    std::fs::write(
        place.path(),
        "not a database at all, but long enough to be looked at",
    )
    .unwrap();
    assert!(matches!(
        Journal::open(&place.path()),
        Err(Error::Database(_))
    ));
}

/// `tests/data/format-1.sql` was written by the first release and is never made anew.
#[test]
fn a_journal_of_the_first_release_is_read() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    let raw = rusqlite::Connection::open(place.path()).unwrap();
    raw.execute_batch(include_str!("data/format-1.sql"))
        .unwrap();
    drop(raw);
    let journal = place.open();
    let stored = journal.load(&id("d-aaa")).unwrap();
    let records: Vec<Record> = stored
        .records
        .into_iter()
        .map(|(_, record)| record)
        .collect();
    assert_eq!(records, whole_story());
    assert_eq!(stored.subject, subject("d-aaa", "production"));
    let list = journal.list(&Filter::default()).unwrap();
    assert_eq!(list[0].standing, Standing::Undone);
}

/// How the data file was made: `cargo test -p windlass-journal -- --ignored`. For a new format, under a new name.
#[test]
#[ignore = "writes the data file of a format"]
fn write_the_data_file() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    journal
        .append(&id("d-aaa"), Timestamp(2000), &whole_story())
        .unwrap();
    drop(journal);
    let file = format!("tests/data/format-{FORMAT}.sql");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::write(path, dump(&place.path())).unwrap();
}

/// A database as statements, tables and rows in a fixed order.
fn dump(path: &Path) -> String {
    let raw = rusqlite::Connection::open(path).unwrap();
    let number = |pragma: &str| {
        raw.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let mut text = format!(
        "PRAGMA application_id = {};\nPRAGMA user_version = {};\n",
        number("application_id"),
        number("user_version")
    );
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid";
    let mut select = raw.prepare(sql).unwrap();
    let tables = select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    for table in tables {
        let (kind, name, sql): (String, String, String) = table.unwrap();
        text.push_str(&sql);
        text.push_str(";\n");
        if kind == "table" {
            text.push_str(&rows(&raw, &name));
        }
    }
    text
}

fn rows(raw: &rusqlite::Connection, table: &str) -> String {
    let mut names = raw
        .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
        .unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let quoted: Vec<String> = names.iter().map(|name| format!("quote({name})")).collect();
    let sql = format!("SELECT {} FROM {table}", quoted.join(" || ', ' || "));
    let mut select = raw.prepare(&sql).unwrap();
    let lines = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    lines
        .map(|values| {
            format!(
                "INSERT INTO {table} ({}) VALUES ({});\n",
                names.join(", "),
                values.unwrap()
            )
        })
        .collect()
}
