//! What is undone, and what must not be: only what may have been done, once unless it says that it may be repeated, and
//! never beside what still runs.

use std::time::Duration;
use windlass_engine::Control;
use windlass_harness::{Bench, PlanMaker, Script, host_name};
use windlass_model::event::DeployEnd;
use windlass_model::{
    Action, Command, CommandEnd, EventBody, ExitStatus, Phase, Plan, Step, StepId, Undo,
};

const FINE: CommandEnd = CommandEnd::Exited(ExitStatus(0));
const FAILED: CommandEnd = CommandEnd::Exited(ExitStatus(1));

fn ending(step: &'static str, end: impl Fn(u32) -> CommandEnd + Send + Sync + 'static) -> Script {
    Script::default().ending(move |deed| match (deed.undo, deed.step.as_str()) {
        (false, name) if name == step => end(deed.attempt),
        _ => FINE,
    })
}

/// A bundle that is tried twice, and a migration behind it in the same job.
fn migrating() -> Plan {
    PlanMaker::new(1)
        .task("release", Phase::Updating, |_| {})
        .task("bundle", Phase::Updated, |step| step.retries = 1)
        .task("migrate", Phase::Updated, |_| {})
        .task("publish", Phase::Publishing, |step| step.barrier = true)
        .plan()
}

#[tokio::test(start_paused = true)]
async fn what_was_not_reached_twice_is_not_undone() {
    let bench = Bench::new(&migrating(), ending("bundle@web1", |_| FAILED));
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Undone);
    bench.assert_sound("not reached");
    assert_eq!(bench.world.undone(&StepId::new("bundle@web1")), 1);
    assert_eq!(bench.world.undone(&StepId::new("migrate@web1")), 0);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_did_is_undone_although_the_last_was_not_started() {
    let last = [CommandEnd::NotStarted, CommandEnd::NoSpace];
    for last in last {
        let script = ending("bundle@web1", move |attempt| match attempt {
            1 => FAILED,
            _ => last,
        });
        let bench = Bench::new(&migrating(), script);
        assert_eq!(bench.run().await.unwrap().end, DeployEnd::Undone);
        assert_eq!(bench.world.undone(&StepId::new("bundle@web1")), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_started_is_not_undone() {
    for end in [CommandEnd::NoSpace, CommandEnd::OtherHost] {
        let bench = Bench::new(&migrating(), ending("migrate@web1", move |_| end));
        assert_eq!(bench.run().await.unwrap().end, DeployEnd::Undone, "{end:?}");
        assert_eq!(bench.world.undone(&StepId::new("bundle@web1")), 1);
        assert_eq!(bench.world.undone(&StepId::new("migrate@web1")), 0);
    }
}

/// The undo of a user's task, which may not be repeated.
fn once(step: &mut Step) {
    if let Undo::Commands { repeatable, .. } = &mut step.undo {
        *repeatable = false;
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_of_which_nothing_is_known_is_left_to_a_person() {
    let plan = PlanMaker::new(1)
        .task("release", Phase::Updating, |_| {})
        .task("migrate", Phase::Updated, once)
        .task("check", Phase::Updated, |_| {})
        .plan();
    let script = Script::default().ending(|deed| match (deed.undo, deed.step.as_str()) {
        (true, "migrate@web1") if deed.attempt == 1 => CommandEnd::Lost,
        (false, "check@web1") => FAILED,
        _ => FINE,
    });
    let bench = Bench::new(&plan, script);
    let summary = bench.run().await.unwrap();
    assert_eq!(summary.end, DeployEnd::Stuck);
    let migrate = StepId::new("migrate@web1");
    assert_eq!(bench.world.undone(&migrate), 1);
    assert_eq!(bench.world.undone(&StepId::new("release@web1")), 1);
    assert_eq!(bench.resume().await.unwrap().end, DeployEnd::Undone);
    assert_eq!(bench.world.undone(&migrate), 2);
    bench.assert_sound("a person decided");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_come_back_from_a_reboot_keeps_nobody_from_being_undone() {
    let plan = PlanMaker::new(2)
        .task("release", Phase::Updating, |_| {})
        .task("fetch", Phase::Updating, |step| step.repeatable = true)
        .task("publish", Phase::Publishing, |step| step.barrier = true)
        .plan();
    let bench = Bench::new(&plan, Script::default());
    let lost = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        // What the reboot did to the job is still read; then the host is gone.
        bench.world.hide_boot(&host_name(2), true);
        bench.world.reboot(&host_name(2));
    };
    let (summary, ()) = tokio::join!(bench.run(), lost);
    let summary = summary.unwrap();
    assert_eq!(summary.end, DeployEnd::Stuck);
    let doubted: Vec<&str> = summary
        .in_doubt
        .iter()
        .map(|(host, _)| host.as_str())
        .collect();
    assert_eq!(doubted, ["web2"]);
    assert_eq!(bench.world.undone(&StepId::new("release@web1")), 1);
    assert!(!bench.world.locked().contains(&host_name(1)));
    bench.world.hide_boot(&host_name(2), false);
    assert_eq!(bench.resume().await.unwrap().end, DeployEnd::Undone);
    bench.assert_sound("not back");
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_cannot_be_freed_leaves_the_deploy_deployed() {
    for end in [CommandEnd::OtherHost, CommandEnd::Lost, FAILED] {
        let script = ending("unlock@web2", move |_| end);
        let bench = Bench::new(&PlanMaker::deploy(2), script);
        let summary = bench.run().await.unwrap();
        assert_eq!(summary.end, DeployEnd::Stuck, "{end:?}");
        assert_eq!(bench.world.undone(&StepId::new("publish@web1")), 0);
        let summary = bench.resume().await.unwrap();
        assert_eq!(summary.end, DeployEnd::Stuck, "{end:?}: {summary:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deploy_does_not_rest_before_a_command_on_this_machine_has_ended() {
    let plan = PlanMaker::new(1)
        .task("release", Phase::Updating, |_| {})
        .task("assets", Phase::Updated, |step| {
            step.action = Action::Local {
                command: Command::script(format!("do {}", step.id)),
            };
        })
        .task("publish", Phase::Publishing, |step| step.barrier = true)
        .plan();
    let bench = Bench::new(&plan, Script::default());
    let park = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        bench.control.send_replace(Control::Park);
    };
    let (summary, ()) = tokio::join!(bench.run(), park);
    assert_eq!(summary.unwrap().end, DeployEnd::Parked);
    let assets = StepId::new("assets@web1");
    assert!(bench.world.standing().contains(&assets));
    bench.control.send_replace(Control::Go);
    assert_eq!(bench.resume().await.unwrap().end, DeployEnd::Deployed);
    bench.assert_sound("rested");
}

#[tokio::test(start_paused = true)]
async fn a_command_on_this_machine_that_may_be_repeated_holds_up_no_rest_and_is_begun_again() {
    let plan = PlanMaker::new(1)
        .task("release", Phase::Updating, |_| {})
        .task("publish", Phase::Publishing, |step| step.barrier = true)
        .task("health", Phase::Publishing, |step| {
            step.repeatable = true;
            step.action = Action::Local {
                command: Command::script(format!("do {}", step.id)),
            };
        })
        .plan();
    let bench = Bench::new(&plan, Script::default());
    let park = async {
        tokio::time::sleep(Duration::from_secs(25)).await;
        bench.control.send_replace(Control::Park);
    };
    let (summary, ()) = tokio::join!(bench.run(), park);
    let summary = summary.unwrap();
    assert_eq!(summary.end, DeployEnd::Parked);
    assert_eq!(summary.still_runs, []);
    bench.control.send_replace(Control::Go);
    assert_eq!(bench.resume().await.unwrap().end, DeployEnd::Deployed);
    let starts = bench.world.starts();
    let of_health = starts
        .keys()
        .filter(|start| start.key.step == "health@web1");
    assert_eq!(of_health.count(), 2, "{starts:?}");
    bench.assert_sound("begun again");
}

/// Two hosts with one deploy root, and a check that fails on the first; the second's undos take long.
fn with_one_root() -> Bench {
    let mut plan = PlanMaker::new(2)
        .task("release", Phase::Updating, |_| {})
        .task("build", Phase::Updated, |_| {})
        .task("check", Phase::Updated, |_| {})
        .plan();
    for host in &mut plan.hosts {
        "one".clone_into(&mut host.root_id);
    }
    let script = ending("check@web1", |_| FAILED).taking(|deed| {
        let long = deed.undo && deed.host == host_name(2);
        Duration::from_secs(if long { 100 } else { 10 })
    });
    Bench::new(&plan, script)
}

/// What one of them still has to undo there keeps the other's earlier steps from it.
#[tokio::test(start_paused = true)]
async fn hosts_with_one_root_are_undone_as_one() {
    let mut bench = with_one_root();
    assert_eq!(bench.run().await.unwrap().end, DeployEnd::Undone);
    bench.assert_sound("one root");
    let ended = bench
        .told()
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::UndoEnded { step, .. } => Some(step.as_str().to_owned()),
            _ => None,
        });
    let ended: Vec<String> = ended.collect();
    let at = |step: &str| ended.iter().position(|id| id == step).unwrap();
    assert!(at("build@web2") < at("release@web1"), "{ended:?}");
    assert!(at("build@web1") < at("release@web2"), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_root_stays_as_it_is_while_one_of_its_hosts_cannot_be_asked() {
    let bench = with_one_root();
    let vanishing = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        bench.world.reach(&host_name(2), false);
    };
    let (summary, ()) = tokio::join!(bench.run(), vanishing);
    assert_eq!(summary.unwrap().end, DeployEnd::Stuck);
    assert_eq!(bench.world.undone(&StepId::new("release@web1")), 0);
    assert!(bench.world.locked().contains(&host_name(1)));
    bench.world.reach(&host_name(2), true);
    assert_eq!(bench.resume().await.unwrap().end, DeployEnd::Undone);
    bench.assert_sound("one root, one host away");
}
