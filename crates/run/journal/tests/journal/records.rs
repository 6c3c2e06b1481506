//! Which records are read back, and which are refused.

use crate::support::{
    Place, begin, id, intent, outcome, step, subject, undo, undo_intent, whole_story,
};
use windlass_journal::{Decision, Error, Illegal, Record, Standing, Store, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::{HostName, Phase, PlanDigest, StepId};

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

/// A person gave it up: nobody comes back to it, and that is one record.
#[test]
fn only_a_stuck_deploy_is_given_up_and_it_is_over_then() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    let ended = |end| [Record::Ended { end }];
    let deploy = id("d-aaa");
    let append = |records: &[Record]| journal.append(&deploy, Timestamp(2000), records);
    append(&ended(DeployEnd::Stuck)).unwrap();
    assert!(append(&ended(DeployEnd::Undone)).is_err());
    append(&ended(DeployEnd::GivenUp)).unwrap();
    assert!(append(&[Record::Resumed]).is_err());
    assert_eq!(journal.standing(&deploy).unwrap(), Some(Standing::GivenUp));
    let end = place.open().load(&deploy).unwrap().state.end;
    assert_eq!(end, Some(DeployEnd::GivenUp));
}

fn paused() -> Record {
    Record::Decision(Decision::Pause {
        reason: "build on web1: exit status 1".to_owned(),
        failed: Some(StepId::new("build@web1")),
    })
}

#[test]
fn a_pause_after_a_failure_holds_until_a_person_decides() {
    let place = Place::new();
    let journal = place.open();
    begin(&journal, "d-aaa", "production");
    let append = |records: &[Record]| journal.append(&id("d-aaa"), Timestamp(2000), records);
    append(&[
        intent("build@web1", 1),
        outcome("build@web1", 1),
        paused(),
        Record::Parked,
        Record::Resumed,
    ])
    .unwrap();
    for record in [intent("build@web1", 2), paused()] {
        let refused = append(std::slice::from_ref(&record));
        assert!(matches!(refused, Err(Error::Illegal { .. })), "{record:?}");
    }
    append(&[Record::Decision(Decision::Retry)]).unwrap();
    let state = place.open().load(&id("d-aaa")).unwrap().state;
    assert_eq!(state.paused, None);
    assert!(state.step(&StepId::new("build@web1")).unwrap().again);
    append(&[intent("build@web1", 2)]).unwrap();
    let state = place.open().load(&id("d-aaa")).unwrap().state;
    assert!(!state.step(&StepId::new("build@web1")).unwrap().again);
    append(&[undo()]).unwrap();
    let late = append(&[Record::Decision(Decision::Retry)]);
    assert!(matches!(late, Err(Error::Illegal { .. })), "{late:?}");
}

#[test]
fn on_a_host_that_keeps_the_release_nothing_is_undone() {
    let place = Place::new();
    let journal = place.open();
    let mut subject = subject("d-aaa", "production");
    if let Subject::Deploy { plan } = &mut subject {
        let mut unlock = step("unlock");
        unlock.phase = Phase::Finished;
        plan.steps.push(unlock);
    }
    let digest = PlanDigest::new("9c1e77");
    journal.begin(&subject, &digest, Timestamp(1000)).unwrap();
    let append = |records: &[Record]| journal.append(&id("d-aaa"), Timestamp(2000), records);
    let stop = Record::Decision(Decision::Undo {
        reason: "publish on web2: exit status 1".to_owned(),
        failed: None,
        cancelled: false,
        kept: vec![HostName::new("web1")],
    });
    append(&[intent("build@web1", 1), outcome("build@web1", 1), stop]).unwrap();
    for step in ["build@web1", "unlock@web1"] {
        let refused = append(&[undo_intent(step)]).unwrap_err();
        let Error::Illegal { source, .. } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(source, Illegal::Kept(StepId::new(step)));
    }
    // A task of people's own is not begun any more; what ends the deploy there is.
    let refused = append(&[intent("publish@web1", 1)]);
    assert!(matches!(refused, Err(Error::Illegal { .. })), "{refused:?}");
    append(&[intent("unlock@web1", 1)]).unwrap();
}
