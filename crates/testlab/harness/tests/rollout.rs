//! Batches, pauses, and what a failure does to them.

use std::time::Duration;
use windlass_engine::Control;
use windlass_harness::{
    Bench, Crash, PlanMaker, Script, every_crash, every_failure, every_retry, every_second_crash,
    every_spared_host, host_name,
};
use windlass_model::event::DeployEnd;
use windlass_model::rollout::OnFailure;
use windlass_model::{Action, CommandEnd, EventBody, ExitStatus, Plan, StepId};

const BATCHES: [usize; 2] = [1, 2];

fn plan(on_failure: OnFailure) -> Plan {
    PlanMaker::rollout(&BATCHES, on_failure)
}

#[tokio::test(start_paused = true)]
async fn batches_go_out_one_after_another_with_a_pause_between_them() {
    let plan = plan(OnFailure::UndoAll);
    let mut bench = Bench::new(&plan, Script::default());
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Deployed);
    bench.assert_sound("batches");
    let begun: Vec<(u64, String)> = bench
        .told()
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::StepStarted { step, .. } => Some((event.at.seconds(), step.to_string())),
            _ => None,
        })
        .collect();
    let at = |id: &str| begun.iter().find(|(_, step)| step == id).unwrap().0;
    assert_eq!(at("rollout:batch-2@web2"), at("restart@web1") + 10);
    assert_eq!(at("publish@web2"), at("rollout:batch-2@web2") + 30);
    assert_eq!(at("publish@web2"), at("publish@web3"));
    assert_eq!(at("cleanup@web1"), at("restart@web3") + 10);
}

#[tokio::test(start_paused = true)]
async fn the_controller_may_die_at_any_record_of_a_rollout() {
    every_crash(&plan(OnFailure::UndoAll), Script::default).await;
}

#[tokio::test(start_paused = true)]
async fn each_step_may_fail_where_everything_is_undone() {
    every_failure(&PlanMaker::rollout(&[1, 1], OnFailure::UndoAll)).await;
}

#[tokio::test(start_paused = true)]
async fn each_step_may_fail_where_finished_batches_keep_the_release() {
    every_failure(&plan(OnFailure::Stop)).await;
}

#[tokio::test(start_paused = true)]
async fn the_controller_may_die_twice_while_a_deploy_stops_part_way() {
    let failing = StepId::new("restart@web2");
    let plan = PlanMaker::rollout(&[1, 1], OnFailure::Stop);
    // In the pause; at the decision and after it.
    for first in [17, 24, 27] {
        every_second_crash(&plan, || Script::failing(&failing), first).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_step_may_fail_where_a_person_decides() {
    every_retry(&PlanMaker::rollout(&[1, 1], OnFailure::Pause)).await;
}

#[tokio::test(start_paused = true)]
async fn each_step_may_fail_where_a_person_decides_about_a_deploy_without_batches() {
    let plan = Plan {
        on_failure: OnFailure::Pause,
        ..PlanMaker::deploy(2)
    };
    every_retry(&plan).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_twice_because_the_controller_died_in_a_pause() {
    let plan = plan(OnFailure::UndoAll);
    let calm = Bench::new(&plan, Script::default());
    let whole = calm.run().await.unwrap().duration;
    // Up to the intent of the pause, which is on disk before the wait begins.
    let before = plan.steps.iter().take_while(|step| !is_pause(step)).count();
    let bench = Bench::new(&plan, Script::default());
    let records = 2 * before + 2;
    let first = tokio::time::timeout(Duration::from_secs(100), async {
        bench.run_until(Crash::After(records)).await.0
    });
    assert!(first.await.unwrap().is_err());
    tokio::time::sleep(Duration::from_secs(20)).await;
    let summary = bench.resume().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Deployed);
    assert_eq!(summary.duration, whole);
}

fn is_pause(step: &windlass_model::Step) -> bool {
    matches!(step.action, Action::Pause { .. })
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_when_somebody_cancels_and_finished_batches_are_undone_too() {
    for on_failure in [OnFailure::UndoAll, OnFailure::Stop, OnFailure::Pause] {
        let bench = Bench::new(&plan(on_failure), Script::default());
        let control = bench.control.clone();
        tokio::spawn(async move {
            // Prepared after 30 s, the first batch is out after 50 s.
            tokio::time::sleep(Duration::from_secs(65)).await;
            control.send_replace(Control::Cancel);
        });
        let summary = bench.run().await.unwrap();
        bench.assert_sound("cancelled in a pause");
        assert_eq!(summary.end, DeployEnd::CancelledUndone);
        let published = StepId::new(format!("publish@{}", host_name(1)));
        assert_eq!(bench.world.undone(&published), 1);
        assert!(
            bench
                .world
                .standing()
                .iter()
                .all(|id| !id.as_str().starts_with("publish"))
        );
    }
}

/// What the person sees names every host with its release.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_stopped_deploy_says_what_is_live_where() {
    let failing = StepId::new("restart@web3");
    let bench = Bench::new(&plan(OnFailure::Stop), Script::failing(&failing));
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Stopped);
    let live: Vec<&str> = summary
        .live
        .iter()
        .map(|(_, live)| live.as_deref().unwrap_or("?"))
        .collect();
    assert_eq!(live, ["20261124081502", "20261123170244", "20261123170244"]);
    assert_eq!(summary.failed.unwrap().step, failing);
}

/// The first host is the primary, as it is where nobody says otherwise.
fn with_room_for_one(on_failure: OnFailure) -> Plan {
    let mut plan = plan(on_failure);
    plan.max_failures = 1;
    plan.hosts[0].target.primary = vec!["app".to_owned()];
    plan
}

#[tokio::test(start_paused = true)]
async fn one_host_may_fail_where_that_is_allowed() {
    every_spared_host(&with_room_for_one(OnFailure::UndoAll)).await;
}

#[tokio::test(start_paused = true)]
async fn the_primary_may_not_fail_and_neither_may_one_host_too_many() {
    let restart = |number: usize| StepId::new(format!("restart@{}", host_name(number)));
    for (failing, on_failure, end) in [
        (vec![restart(1)], OnFailure::UndoAll, DeployEnd::Undone),
        (
            vec![restart(2), restart(3)],
            OnFailure::UndoAll,
            DeployEnd::Undone,
        ),
        (
            vec![restart(2), restart(3)],
            OnFailure::Stop,
            DeployEnd::Stopped,
        ),
    ] {
        let plan = with_room_for_one(on_failure);
        let script = || {
            let failing = failing.clone();
            Script::default().ending(move |deed| {
                let fails = !deed.undo && failing.contains(&deed.step);
                CommandEnd::Exited(ExitStatus(u8::from(fails)))
            })
        };
        let bench = Bench::new(&plan, script());
        let summary = bench.run().await.unwrap();
        bench.assert_sound("too many");
        assert_eq!(summary.end, end, "{failing:?}");
        assert!(bench.world.locked().is_empty());
        let first = StepId::new("publish@web1");
        let stands = bench.world.standing().contains(&first);
        assert_eq!(stands, end == DeployEnd::Stopped, "{failing:?}");
        every_crash(&plan, script).await;
    }
}

/// A host that goes away while finished batches keep the release: they end, and it is settled when it is back.
#[tokio::test(start_paused = true)]
async fn a_host_that_is_away_when_a_deploy_stops_keeps_nobody() {
    let plan = plan(OnFailure::Stop);
    let bench = Bench::new(&plan, Script::default());
    let world = bench.world.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(85)).await;
        world.reach(&host_name(3), false);
    });
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Stuck, "{summary:?}");
    assert_eq!(bench.world.locked(), [host_name(3)].into());
    bench.world.reach(&host_name(3), true);
    let summary = bench.resume().await.unwrap();
    bench.assert_sound("settled");
    assert_eq!(summary.end, DeployEnd::Stopped, "{summary:?}");
    assert!(bench.world.locked().is_empty());
    assert!(
        bench
            .world
            .standing()
            .contains(&StepId::new("publish@web1"))
    );
    assert!(
        !bench
            .world
            .standing()
            .contains(&StepId::new("publish@web3"))
    );
}

/// What runs on a host cannot be followed: that is a failure like any other, and is not tried for ever.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_followed_waits_for_a_person_too() {
    let bench = Bench::new(&plan(OnFailure::Pause), Script::default());
    bench.world.veil(&host_name(3), true);
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Parked, "{summary:?}");
    bench.world.veil(&host_name(3), false);
    let summary = bench.retry().await.unwrap();
    bench.assert_sound("followed again");
    assert_eq!(summary.end, DeployEnd::Deployed, "{summary:?}");
}
