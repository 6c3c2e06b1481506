//! What is found and listed, and in which order.

use crate::support::{Place, begin, id, intent, outcome, subject, target};
use std::time::Duration;
use windlass_journal::{
    AdHoc, AdHocHost, Error, Filter, Journal, Record, Standing, Store, Subject,
};
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::plan::JobLimits;
use windlass_model::{Command, PlanDigest, StepId, TaskName};

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
fn durations_are_those_of_the_newest_good_deploy_of_the_same_kind() {
    let place = Place::new();
    let journal = place.open();
    let Subject::Deploy { plan } = subject("d-new", "production") else {
        unreachable!()
    };
    assert!(journal.durations(&plan).unwrap().is_empty());
    let ends = [
        ("d-aaa", "production", DeployEnd::Deployed, 3),
        ("d-bbb", "production", DeployEnd::Deployed, 5),
        ("d-ccc", "production", DeployEnd::Undone, 7),
        ("d-ddd", "staging", DeployEnd::Deployed, 9),
    ];
    for (name, stage, end, seconds) in ends {
        begin(&journal, name, stage);
        let mut ended = outcome("build@web1", 1);
        if let Record::Outcome { duration, .. } = &mut ended {
            *duration = Duration::from_secs(seconds);
        }
        let records = [intent("build@web1", 1), ended, Record::Ended { end }];
        journal
            .append(&id(name), Timestamp(2000), &records)
            .unwrap();
    }
    let durations = journal.durations(&plan).unwrap();
    let build = StepId::new("build@web1");
    assert_eq!(durations.get(&build), Some(&Duration::from_secs(5)));
    assert_eq!(durations.len(), 1);
    assert_eq!(journal.standing(&id("d-zzz")).unwrap(), None);
}

#[test]
fn a_glance_makes_nothing_and_waits_for_nobody() {
    let place = Place::new();
    assert!(Journal::glance(&place.path()).unwrap().is_none());
    assert!(!place.path().exists(), "nothing was made");
    begin(&place.open(), "d-aaa", "production");
    // Another process is writing.
    let writer = rusqlite::Connection::open(place.path()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let journal = Journal::glance(&place.path()).unwrap().unwrap();
    assert_eq!(journal.list(&Filter::default()).unwrap().len(), 1);
    writer
        .execute_batch("COMMIT; PRAGMA user_version = 9")
        .unwrap();
    assert!(matches!(
        Journal::glance(&place.path()),
        Err(Error::NewerFormat { found: 9, .. })
    ));
}
