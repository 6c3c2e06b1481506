//! Whole plans through the engine, disturbed in every way that a script can say.

use std::collections::BTreeSet;
use std::time::Duration;
use windlass_engine::Control;
use windlass_harness::{
    Bench, PlanMaker, Script, every_crash, every_second_crash, every_step, host_name,
};
use windlass_journal::Store as _;
use windlass_model::event::DeployEnd;
use windlass_model::{
    Action, Command, CommandEnd, EventBody, ExitStatus, Phase, Plan, StepId, StepOutcome, Undo,
};

#[tokio::test(start_paused = true)]
async fn a_plan_is_carried_out_on_one_host() {
    let plan = PlanMaker::deploy(1);
    let mut bench = Bench::new(&plan, Script::default());
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Deployed);
    bench.assert_sound("one host");
    assert_eq!(bench.world.standing().len(), plan.steps.len());
    assert!(bench.world.locked().is_empty());
    // push; prepare; publish to unlock: the last two as one job each.
    let jobs: BTreeSet<String> = bench
        .world
        .starts()
        .keys()
        .map(|start| start.key.step.clone())
        .collect();
    assert_eq!(
        jobs.into_iter().collect::<Vec<_>>(),
        ["publish@web1", "release@web1"]
    );
    let ended = bench
        .told()
        .into_iter()
        .filter(|event| matches!(event.body, EventBody::StepEnded { .. }));
    assert_eq!(ended.count(), plan.steps.len());
}

#[tokio::test(start_paused = true)]
async fn each_step_may_fail_on_one_host() {
    every_step(&PlanMaker::deploy(1)).await;
}

#[tokio::test(start_paused = true)]
async fn each_step_may_fail_on_three_hosts() {
    every_step(&PlanMaker::deploy(3)).await;
}

#[tokio::test(start_paused = true)]
async fn the_controller_may_die_at_any_record_of_a_good_deploy() {
    every_crash(&PlanMaker::deploy(1), Script::default).await;
    every_crash(&PlanMaker::deploy(2), Script::default).await;
}

#[tokio::test(start_paused = true)]
async fn the_controller_may_die_at_any_record_of_a_failing_deploy() {
    for failing in ["build@web1", "restart@web2"] {
        let step = StepId::new(failing);
        every_crash(&PlanMaker::deploy(2), || Script::failing(&step)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_controller_may_die_twice() {
    let failing = StepId::new("restart@web2");
    for first in [5, 14, 20] {
        every_second_crash(&PlanMaker::deploy(2), || Script::failing(&failing), first).await;
    }
    every_second_crash(&PlanMaker::deploy(2), Script::default, 6).await;
}

fn undoable(plan: &Plan) -> BTreeSet<StepId> {
    let steps = plan
        .steps
        .iter()
        .filter(|step| !matches!(step.undo, Undo::None { .. }));
    steps.map(|step| step.id.clone()).collect()
}

/// Everything that can be undone stands, or nothing does.
fn assert_whole(bench: &Bench, end: DeployEnd, what: &str) {
    let all = undoable(&bench.plan);
    let standing: BTreeSet<StepId> = bench.world.standing().intersection(&all).cloned().collect();
    match end {
        DeployEnd::Deployed => assert_eq!(standing, all, "{what}"),
        _ => assert_eq!(standing, BTreeSet::new(), "{what}"),
    }
    assert!(bench.world.locked().is_empty(), "{what}");
}

/// Every command at a speed of its own, and in two of three worlds a step that fails.
fn random_script(plan: &Plan, seed: u64) -> Script {
    let mut dice = fastrand::Rng::with_seed(seed);
    let failing = dice.choice(&plan.steps).filter(|_| !seed.is_multiple_of(3));
    let failing = failing.filter(|step| !step.advisory && !Plan::is_closing(step));
    let failing = failing.map(|step| step.id.clone());
    Script::default()
        .ending(move |deed| {
            let fails = !deed.undo && Some(&deed.step) == failing.as_ref();
            CommandEnd::Exited(ExitStatus(u8::from(fails)))
        })
        .taking(move |deed| {
            let bytes = deed.step.as_str().bytes();
            let of_step = bytes.fold(seed, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
            Duration::from_millis(fastrand::Rng::with_seed(of_step).u64(1..30_000))
        })
}

/// Hosts at different speeds, a step that fails or none, a cancel at some moment or none: whole or undone, never mixed.
#[tokio::test(start_paused = true)]
async fn any_interleaving_ends_whole() {
    let plan = PlanMaker::deploy(3);
    for seed in 0..120 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let cancel = seed
            .is_multiple_of(4)
            .then(|| Duration::from_millis(dice.u64(0..120_000)));
        let script = random_script(&plan, seed);
        let bench = Bench::new(&plan, script);
        let asking = async {
            match cancel {
                Some(after) => {
                    tokio::time::sleep(after).await;
                    bench.control.send_replace(Control::Cancel);
                }
                None => std::future::pending().await,
            }
        };
        let summary = tokio::select! {
            summary = bench.run() => summary.unwrap(),
            () = async { asking.await; std::future::pending().await } => unreachable!(),
        };
        let what = format!("seed {seed}");
        bench.assert_sound(&what);
        assert_ne!(summary.end, DeployEnd::Stuck, "{what}: {summary:?}");
        assert_whole(&bench, summary.end, &what);
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_stops_what_runs_and_undoes_it() {
    let bench = Bench::new(&PlanMaker::deploy(2), Script::default());
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(25)).await;
        bench.control.send_replace(Control::Cancel);
        std::future::pending::<()>().await;
    };
    let summary = tokio::select! {
        summary = bench.run() => summary.unwrap(),
        () = cancel => unreachable!(),
    };
    assert_eq!(summary.end, DeployEnd::CancelledUndone);
    bench.assert_sound("cancelled");
    assert_whole(&bench, summary.end, "cancelled");
    assert!(
        summary.duration < Duration::from_secs(60),
        "{:?}",
        summary.duration
    );
}

#[tokio::test(start_paused = true)]
async fn another_process_may_ask_for_the_cancel() {
    let bench = Bench::new(&PlanMaker::deploy(1), Script::default());
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(25)).await;
        let now = windlass_model::clock::Timestamp(0);
        bench
            .machine
            .journal
            .request_cancel(&bench.plan.deploy, now)
            .unwrap();
        std::future::pending::<()>().await;
    };
    let summary = tokio::select! {
        summary = bench.run() => summary.unwrap(),
        () = cancel => unreachable!(),
    };
    assert_eq!(summary.end, DeployEnd::CancelledUndone);
    assert_whole(&bench, summary.end, "cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_parked_deploy_goes_on_at_the_exact_step() {
    let bench = Bench::new(&PlanMaker::deploy(2), Script::default());
    let park = async {
        tokio::time::sleep(Duration::from_secs(25)).await;
        bench.control.send_replace(Control::Park);
        std::future::pending::<()>().await;
    };
    let summary = tokio::select! {
        summary = bench.run() => summary.unwrap(),
        () = park => unreachable!(),
    };
    assert_eq!(summary.end, DeployEnd::Parked);
    let still: Vec<String> = summary
        .still_runs
        .iter()
        .map(|(host, what)| format!("{host} {what}"))
        .collect();
    assert_eq!(still, ["web1 do build", "web2 do build"]);
    assert_eq!(bench.world.running().len(), 2, "what was under way goes on");
    bench.control.send_replace(Control::Go);
    let summary = bench.resume().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Deployed);
    bench.assert_sound("parked");
    assert_whole(&bench, summary.end, "parked");
}

#[tokio::test(start_paused = true)]
async fn only_one_engine_works_on_a_deploy() {
    let bench = Bench::new(&PlanMaker::deploy(1), Script::default());
    let owner = bench.machine.journal.own(&bench.plan.deploy).unwrap();
    let refused = bench.run().await.unwrap_err();
    assert!(matches!(
        refused,
        windlass_engine::Error::NotBegun(windlass_journal::Error::Owned { .. })
    ));
    drop(owner);
    assert_eq!(bench.run().await.unwrap().end, DeployEnd::Deployed);
    let over = bench.resume().await.unwrap_err();
    assert!(matches!(over, windlass_engine::Error::Over(_)));
}

/// A host vanishes at every ten seconds of a deploy, for a while or for longer than anybody waits.
#[tokio::test(start_paused = true)]
async fn a_host_may_vanish_and_return() {
    for moment in (0..90).step_by(5) {
        for away in [Duration::from_secs(1800), Duration::from_secs(4 * 3600)] {
            vanish(2, Duration::from_secs(moment), away).await;
            vanish(1, Duration::from_secs(moment), away).await;
        }
    }
}

async fn vanish(hosts: usize, moment: Duration, away: Duration) {
    let what = format!("{hosts} hosts, gone after {moment:?} for {away:?}");
    let bench = Bench::new(&PlanMaker::deploy(hosts), Script::default());
    let host = host_name(hosts);
    let vanishing = async {
        tokio::time::sleep(moment).await;
        bench.world.reach(&host, false);
        tokio::time::sleep(away).await;
        bench.world.reach(&host, true);
    };
    let (summary, ()) = tokio::join!(bench.run(), vanishing);
    let mut summary = summary.expect("an end");
    if summary.end == DeployEnd::Stuck {
        let doubted: Vec<&str> = summary
            .in_doubt
            .iter()
            .map(|(host, _)| host.as_str())
            .collect();
        assert_eq!(doubted, [host.as_str()], "{what}");
        assert!(away > Duration::from_secs(3600), "{what}: {summary:?}");
        summary = bench.resume().await.expect("an end");
    }
    bench.assert_sound(&what);
    assert_ne!(summary.end, DeployEnd::Stuck, "{what}: {summary:?}");
    assert_whole(&bench, summary.end, &what);
}

#[tokio::test(start_paused = true)]
async fn a_lone_host_that_returns_too_late_is_found_deployed() {
    let bench = Bench::new(&PlanMaker::deploy(1), Script::default());
    let vanishing = async {
        tokio::time::sleep(Duration::from_secs(35)).await;
        bench.world.reach(&host_name(1), false);
    };
    let (summary, ()) = tokio::join!(bench.run(), vanishing);
    let summary = summary.unwrap();
    assert_eq!(summary.end, DeployEnd::Stuck);
    assert!(
        summary.in_doubt[0].1.contains("goes on there"),
        "{:?}",
        summary.in_doubt
    );
    assert_eq!(summary.next[0], "windlass resume d-test");
    bench.world.reach(&host_name(1), true);
    assert_eq!(bench.resume().await.unwrap().end, DeployEnd::Deployed);
}

#[tokio::test(start_paused = true)]
async fn a_reboot_fails_the_step_and_is_undone_under_the_new_boot() {
    let bench = Bench::new(&PlanMaker::deploy(2), Script::default());
    let boot = async {
        tokio::time::sleep(Duration::from_secs(25)).await;
        bench.world.reboot(&host_name(2));
    };
    let (summary, ()) = tokio::join!(bench.run(), boot);
    let summary = summary.unwrap();
    assert_eq!(summary.end, DeployEnd::Undone, "{summary:?}");
    let failed = summary.failed.clone().unwrap();
    assert_eq!(
        failed.outcome,
        StepOutcome::Failed {
            end: CommandEnd::Rebooted
        }
    );
    bench.assert_sound("reboot");
    assert_whole(&bench, summary.end, "reboot");
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_keeps_no_other_from_running_and_resume_tries_it_again() {
    let plan = PlanMaker::deploy(2);
    let script = Script::default().ending(|deed| {
        let fails = match (deed.undo, deed.step.as_str()) {
            (false, step) => step == "restart@web1",
            (true, step) => step == "publish@web2" && deed.attempt == 1,
        };
        CommandEnd::Exited(ExitStatus(u8::from(fails)))
    });
    let bench = Bench::new(&plan, script);
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Stuck);
    assert_eq!(summary.in_doubt.len(), 1);
    assert_eq!(
        summary.in_doubt[0].1,
        "the undo of publish failed: exit status 1"
    );
    assert_eq!(
        bench.world.undone(&StepId::new("release@web2")),
        1,
        "later undos run all the same"
    );
    let locked: Vec<String> = bench
        .world
        .locked()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(locked, ["web2"], "the lock stays where a person is needed");
    let summary = bench.resume().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Undone, "{summary:?}");
    assert_whole(&bench, summary.end, "resumed");
}

#[tokio::test(start_paused = true)]
async fn retries_are_new_attempts_and_lost_commands_are_repeated_only_where_allowed() {
    let plan = |repeatable: bool| {
        PlanMaker::new(1)
            .task("first", Phase::Updating, |_| {})
            .task("fetch", Phase::Updating, |step| {
                step.retries = 2;
                step.repeatable = repeatable;
            })
            .task("last", Phase::Updated, |_| {})
            .plan()
    };
    let ending = |end: CommandEnd, times: u32| {
        Script::default().ending(move |deed| match (deed.undo, deed.step.as_str()) {
            (false, "fetch@web1") if deed.attempt <= times => end,
            _ => CommandEnd::Exited(ExitStatus(0)),
        })
    };
    let cases = [
        (
            CommandEnd::Exited(ExitStatus(1)),
            false,
            2,
            DeployEnd::Deployed,
        ),
        (
            CommandEnd::Exited(ExitStatus(1)),
            false,
            3,
            DeployEnd::Undone,
        ),
        (CommandEnd::Lost, false, 1, DeployEnd::Undone),
        (CommandEnd::Lost, true, 1, DeployEnd::Deployed),
    ];
    for (end, repeatable, times, wanted) in cases {
        // The job that holds the first attempt is named after its first step and is attempt 1 all the same.
        let bench = Bench::new(&plan(repeatable), ending(end, times));
        let summary = bench.run().await.unwrap();
        assert_eq!(summary.end, wanted, "{end:?} {repeatable} {times}");
        bench.assert_sound("retries");
    }
}

#[tokio::test(start_paused = true)]
async fn commands_on_this_machine_are_lost_with_their_engine() {
    let plan = |repeatable: bool| {
        PlanMaker::new(1)
            .task("release", Phase::Updating, |_| {})
            .task("local", Phase::Updated, |step| {
                step.repeatable = repeatable;
                step.action = Action::Local {
                    command: Command::script(format!("do {}", step.id)),
                };
                step.undo = Undo::Local {
                    commands: vec![Command::script(format!("undo {}", step.id))],
                    show: "undo local".to_owned(),
                };
            })
            .task("publish", Phase::Publishing, |step| step.barrier = true)
            .plan()
    };
    for (repeatable, wanted) in [(true, DeployEnd::Deployed), (false, DeployEnd::Undone)] {
        let bench = Bench::new(&plan(repeatable), Script::default());
        // Intent and outcome of the release, then the intent of the local step.
        let (died, _) = bench.run_until(windlass_harness::Crash::Before(3)).await;
        assert!(died.is_err());
        let summary = bench.resume().await.unwrap();
        assert_eq!(summary.end, wanted, "{summary:?}");
        bench.assert_sound("local");
    }
    every_step(&plan(false)).await;
}

/// What a person has seen is on disk: every end that was told is in the journal, in the same order.
#[tokio::test(start_paused = true)]
async fn what_was_told_was_written_before() {
    let mut bench = Bench::new(
        &PlanMaker::deploy(2),
        Script::failing(&StepId::new("restart@web2")),
    );
    bench.run().await.unwrap();
    let told: Vec<StepId> = bench
        .told()
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::StepEnded { step, .. } => Some(step),
            _ => None,
        })
        .collect();
    let stored = bench.machine.journal.load(&bench.plan.deploy).unwrap();
    let written: Vec<StepId> = stored
        .records
        .into_iter()
        .filter_map(|(_, record)| match record {
            windlass_journal::Record::Outcome { step, .. } => Some(step),
            _ => None,
        })
        .collect();
    assert_eq!(told, written);
}
