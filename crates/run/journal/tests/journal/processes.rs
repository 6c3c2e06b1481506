//! Several processes at one journal.

use crate::support::{Place, begin, id, intent, outcome};
use windlass_journal::{Error, Store};
use windlass_model::clock::Timestamp;

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
