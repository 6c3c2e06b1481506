//! The file itself: who may read it, and what other versions make of it.

use crate::support::{Place, begin, id, subject, taken_over_story, whole_story};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use windlass_journal::{Error, FORMAT, Filter, Journal, Record, Standing, Store, Subject};
use windlass_model::clock::Timestamp;

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
        "the journal has format 3, this Windlass knows 2: Windlass 3.1.0 or newer is needed"
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

/// A journal of an older format, as its data file has it.
fn written_as(text: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    let raw = rusqlite::Connection::open(place.path()).unwrap();
    raw.execute_batch(text).unwrap();
    place
}

/// The records of the one deploy in it.
fn records_of(journal: &Journal) -> Vec<Record> {
    let stored = journal.load(&id("d-aaa")).unwrap();
    stored
        .records
        .into_iter()
        .map(|(_, record)| record)
        .collect()
}

/// `tests/data/format-1.sql` was written by the first release and is never made anew.
#[test]
fn a_journal_of_the_first_release_is_read() {
    let place = written_as(include_str!("../data/format-1.sql"));
    let journal = place.open();
    assert_eq!(records_of(&journal), whole_story());
    let stored = journal.load(&id("d-aaa")).unwrap();
    let mut wanted = subject("d-aaa", "production");
    if let Subject::Deploy { plan } = &mut wanted {
        // It knew no batches: there is one, and everything is undone.
        plan.format = 1;
    }
    assert_eq!(stored.subject, wanted);
    let list = journal.list(&Filter::default()).unwrap();
    assert_eq!(list[0].standing, Standing::Undone);
}

/// Format 1 becomes format 2 by being opened, and holds what it held.
#[test]
fn a_journal_of_an_older_format_is_raised() {
    let place = written_as(include_str!("../data/format-1.sql"));
    // A glance changes nothing.
    assert!(Journal::glance(&place.path()).unwrap().is_some());
    let version = || {
        let raw = rusqlite::Connection::open(place.path()).unwrap();
        raw.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))
            .unwrap()
    };
    assert_eq!(version(), 1);
    drop(place.open());
    assert_eq!(version(), FORMAT);
}

/// `tests/data/format-2.sql`, likewise.
#[test]
fn a_journal_of_format_2_is_read() {
    let place = written_as(include_str!("../data/format-2.sql"));
    let journal = place.open();
    assert_eq!(records_of(&journal), taken_over_story());
    let stored = journal.load(&id("d-aaa")).unwrap();
    assert_eq!(stored.state.fences.len(), 1);
}

/// How the data file was made: `cargo test -p windlass-journal -- --ignored`. For a new format, under a new name.
#[test]
#[ignore = "writes the data file of a format"]
fn write_the_data_file() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    journal
        .append(&id("d-aaa"), Timestamp(2000), &taken_over_story())
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
