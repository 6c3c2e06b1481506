//! More than one controller: what the second finds, and what becomes of the first.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use std::collections::BTreeSet;
use std::time::Duration;
use windlass_engine::{
    CommandInfo, CommandState, Control, JobInfo, JobState, Recovered, deposit, recover,
};
use windlass_harness::{Bench, Machine, PlanMaker, Script, host_name};
use windlass_journal::{Decision, State, Subject};
use windlass_model::event::DeployEnd;
use windlass_model::{Action, Command, CommandEnd, DeployId, JobKey, Phase, Plan, StepId};

#[tokio::test(start_paused = true)]
async fn the_plan_lies_on_the_first_hosts_before_anything_is_published() {
    let plan = PlanMaker::deploy(5);
    let bench = Bench::new(&plan, Script::failing(&StepId::new("publish@web1")));
    bench.run().await.unwrap();
    for number in 1..=5 {
        let left = bench.world.left(&host_name(number), "plan");
        let read = left.map(|bytes| deposit::read(&bytes).unwrap().plan);
        assert_eq!(
            read,
            (number <= deposit::KEEPERS).then(|| plan.clone()),
            "web{number}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_away_while_the_plan_is_left_holds_up_publishing_and_nothing_else() {
    let plan = PlanMaker::deploy(2);
    let bench = Bench::new(&plan, Script::default());
    bench.world.reach(&host_name(2), false);
    let (end, ()) = tokio::join!(bench.run(), async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert!(bench.world.standing().contains(&StepId::new("build@web1")));
        assert!(
            !bench
                .world
                .standing()
                .contains(&StepId::new("publish@web1"))
        );
        bench.world.reach(&host_name(2), true);
    });
    assert_eq!(end.unwrap().end, DeployEnd::Deployed);
    assert!(bench.world.left(&host_name(2), "plan").is_some());
}

#[test]
fn what_is_no_plan_is_not_read_as_one() {
    assert!(deposit::read(b"").is_err());
    assert!(deposit::read(b"plan").is_err());
    assert!(deposit::read(&[0x1f, 0x8b, 8, 0, 0]).is_err());
}

/// Two controllers at once: the second takes over while the first works, at every half second of the deploy.
async fn two_controllers(plan: &Plan, script: impl Fn() -> Script) {
    let calm = Bench::new(plan, script());
    let wanted = calm.ending(&calm.run().await.unwrap());
    for half_seconds in 0..400 {
        let moment = Duration::from_millis(500 * half_seconds);
        let bench = Bench::new(plan, script());
        let second = async {
            tokio::time::sleep(moment).await;
            if bench.world.locked().is_empty() {
                return None;
            }
            Some(bench.resume_elsewhere(&Machine::new()).await.unwrap())
        };
        let (first, second) = tokio::join!(bench.run(), second);
        let first = first.unwrap();
        let what = format!("taken over after {moment:?}: {first:?}, {second:?}");
        bench.assert_sound(&what);
        let Some(second) = second else {
            assert_eq!(first.end, wanted.end, "{what}");
            return;
        };
        if second.end == DeployEnd::Fenced {
            // In the very moment in which nothing was left to be done.
            assert_eq!(first.end, wanted.end, "{what}");
            continue;
        }
        assert_eq!(bench.ending(&second), wanted, "{what}");
        // The first one may have seen the end of what it had begun, and nothing else.
        assert!(
            first.end == DeployEnd::Fenced || first.end == wanted.end,
            "{what}"
        );
    }
    panic!("the deploy does not end");
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_was_replaced_changes_nothing_more() {
    two_controllers(&PlanMaker::deploy(1), Script::default).await;
    two_controllers(&PlanMaker::deploy(3), Script::default).await;
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_was_replaced_undoes_nothing_either() {
    for failing in ["build@web2", "restart@web1"] {
        let failing = StepId::new(failing);
        two_controllers(&PlanMaker::deploy(3), || Script::failing(&failing)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_was_cut_off_and_comes_back_is_told_that_it_was_replaced() {
    let plan = PlanMaker::deploy(2);
    let bench = Bench::new(&plan, Script::default());
    // It has parked, so that its journal would let it go on.
    let (end, ()) = tokio::join!(bench.run(), async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        bench.control.send_replace(Control::Park);
    });
    assert_eq!(end.unwrap().end, DeployEnd::Parked);
    bench.control.send_replace(Control::Go);
    bench.world.take_over();
    assert_eq!(bench.resume().await.unwrap().end, DeployEnd::Fenced);
    assert_eq!(bench.world.violations(), Vec::<String>::new());
    // The job that it had begun went on by itself.
    let keys: BTreeSet<String> = bench
        .world
        .starts()
        .keys()
        .map(|start| start.key.step.clone())
        .collect();
    assert_eq!(
        keys.into_iter().collect::<Vec<_>>(),
        ["release@web1", "release@web2"]
    );
}

fn with_local(repeatable: bool) -> Plan {
    PlanMaker::new(1)
        .task("release", Phase::Updating, |_| {})
        .task("notify", Phase::Updated, move |step| {
            step.action = Action::Local {
                command: Command::script(format!("do {}", step.id)),
            };
            step.repeatable = repeatable;
        })
        .task("build", Phase::Updated, |_| {})
        .task("publish", Phase::Publishing, |step| step.barrier = true)
        .task("unlock", Phase::Finished, |step| step.barrier = true)
        .plan()
}

/// What another machine finds while this step of a deploy is under way, counted from 0. Each takes 10 s.
async fn found_in(plan: &Plan, step: u64) -> Recovered {
    let bench = Bench::new(plan, Script::default());
    let run = tokio::time::timeout(Duration::from_secs(step * 10 + 5), bench.run());
    assert!(run.await.is_err(), "it ended before step {step}");
    let subject = Subject::Deploy { plan: plan.clone() };
    recover(&subject, &State::default(), &bench.world.shown()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_command_of_the_other_machine_is_known_by_what_came_after_it() {
    let plan = with_local(false);
    let unknown = |found: &Recovered| !found.unknown.is_empty();
    // While the release is made, it cannot have begun; while it may run, nobody knows; once the build runs, it is over.
    assert!(!unknown(&found_in(&plan, 0).await));
    let found = found_in(&plan, 1).await;
    assert_eq!(found.unknown, [StepId::new("notify@web1")]);
    assert!(!unknown(&found_in(&plan, 2).await));
    // One that may be repeated is.
    assert!(!unknown(&found_in(&with_local(true), 1).await));
}

#[tokio::test(start_paused = true)]
async fn what_was_recovered_twice_is_the_same() {
    let plan = PlanMaker::deploy(2);
    let ends = Script::default().ending(|deed| match deed.attempt {
        1 if deed.step.as_str().starts_with("build") => CommandEnd::Lost,
        _ => CommandEnd::Exited(windlass_model::ExitStatus(0)),
    });
    let bench = Bench::new(&plan, ends);
    bench.run().await.unwrap();
    let subject = Subject::Deploy { plan: plan.clone() };
    let shown = bench.world.shown();
    let first = recover(&subject, &State::default(), &shown).unwrap();
    let mut state = State::default();
    for record in &first.records {
        state.apply(&subject, record).unwrap();
    }
    let again = recover(&subject, &state, &shown).unwrap();
    assert_eq!(again.records, Vec::new());
    let intended: BTreeSet<&StepId> = state.steps.keys().collect();
    assert!(intended.contains(&StepId::new("build@web1")));
}

/// A job of undos: the attempt in its key, its commands with the attempt of each.
fn undo_job(attempt: u32, steps: &[(&str, u32)], state: JobState) -> JobInfo {
    let end = CommandEnd::Exited(windlass_model::ExitStatus(0));
    let state_of = CommandState::Ended {
        end,
        duration: Duration::from_secs(1),
    };
    let command = |(step, attempt): &(&str, u32)| CommandInfo {
        step: StepId::new(*step),
        attempt: *attempt,
        state: state_of,
    };
    JobInfo {
        key: JobKey {
            deploy: DeployId::new("d-test"),
            step: "undo.build@web1".to_owned(),
            host: host_name(1),
            attempt,
        },
        state,
        commands: steps.iter().map(command).collect(),
    }
}

/// A job that was kept from starting names no steps. What it would have undone was undone by the next one, and not again.
#[tokio::test(start_paused = true)]
async fn an_undo_is_not_run_again_after_one_that_never_started() {
    let plan = PlanMaker::deploy(1);
    let bench = Bench::new(&plan, Script::failing(&StepId::new("build@web1")));
    bench.run().await.unwrap();
    let mut shown = bench.world.shown();
    shown.jobs.retain(|job| !job.key.step.starts_with("undo."));
    let end = CommandEnd::Exited(windlass_model::ExitStatus(0));
    let steps = [("build@web1", 2), ("release@web1", 2)];
    shown.jobs.extend([
        undo_job(1, &[], JobState::NeverStarts),
        undo_job(2, &steps, JobState::Ended(end)),
    ]);
    let subject = Subject::Deploy { plan: plan.clone() };
    let found = recover(&subject, &State::default(), &shown).unwrap();
    let mut state = State::default();
    for record in &found.records {
        state.apply(&subject, record).unwrap();
    }
    for (step, attempt) in steps {
        let undo = &state.undos[&StepId::new(step)];
        assert_eq!((undo.number, undo.is_fine()), (attempt, true), "{step}");
    }
}

#[test]
fn the_decision_to_undo_is_found_on_whichever_host_has_it() {
    let spare = Decision::Spare {
        host: host_name(2),
        reason: "publish: exit status 1".to_owned(),
    };
    let undo = Decision::Undo {
        reason: "web2 failed".to_owned(),
        failed: None,
        cancelled: false,
        kept: vec![host_name(1)],
    };
    let (old, new) = (vec![spare.clone()], vec![spare, undo]);
    for left in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
        assert_eq!(deposit::last_decisions(left.to_vec()), new);
    }
    assert_eq!(deposit::last_decisions(vec![Vec::new(), old.clone()]), old);
    assert_eq!(deposit::last_decisions(Vec::new()), Vec::new());
}
