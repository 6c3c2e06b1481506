//! The proofs about failures of a rollout: what each step that fails comes to, by what the plan says of failures, wherever
//! the controller is stopped; and that a person who says `retry` gets to the end from every such place.

use crate::crash::Crash;
use crate::proof::{Bench, Ending, every_crash_once};
use crate::script::Script;
use std::collections::BTreeSet;
use windlass_engine::Control;
use windlass_model::event::DeployEnd;
use windlass_model::rollout::OnFailure;
use windlass_model::{Action, CommandEnd, ExitStatus, HostName, Plan, Step, StepId, Undo};

/// Lets every step fail in turn, compares the end with what the plan says of failures, and stops the controller at every
/// record of it.
///
/// # Panics
/// Where a host stands otherwise than it should.
pub async fn every_failure(plan: &Plan) {
    for step in plan.steps.iter().filter(|step| may_fail(step)) {
        let bench = Bench::new(plan, Script::failing(&step.id));
        let summary = bench.run().await.expect("an end");
        bench.assert_sound(step.id.as_str());
        let wanted = wanted(plan, step);
        assert_eq!(bench.ending(&summary), wanted, "{}: {summary:?}", step.id);
        // Before publishing hosts are alike, and one stands for all.
        let first = plan.hosts.first().map(|host| &host.target.name);
        if step.batch.is_some() || first == Some(&step.host) {
            every_crash_once(plan, || Script::failing(&step.id)).await;
        }
    }
}

/// Lets every step fail once under `on_failure = "pause"`: nothing is done until a person says `retry`, which carries the
/// deploy to its end wherever that run is stopped, or `cancel`, which undoes it.
///
/// # Panics
/// Where it comes to anything else.
pub async fn every_retry(plan: &Plan) {
    for step in plan.steps.iter().filter(|step| may_fail(step)) {
        let what = step.id.as_str();
        if matches!(step.action, Action::Push { .. }) {
            // A pack has no attempts of its own here.
            continue;
        }
        let bench = paused(plan, step).await;
        let (end, records) = bench.retry_until(Crash::Never).await;
        assert_whole(&bench, end.expect("an end").end, what);
        for count in 1..=records {
            for crash in [Crash::Before(count), Crash::After(count)] {
                retried(plan, step, crash).await;
            }
        }
        let bench = paused(plan, step).await;
        bench.control.send_replace(Control::Cancel);
        let summary = bench.resume().await.expect("an end");
        bench.assert_sound(what);
        assert_eq!(summary.end, DeployEnd::CancelledUndone, "{what}");
        assert_eq!(bench.ending(&summary).standing, BTreeSet::new(), "{what}");
    }
}

/// A deploy that was paused at the first attempt of a step, and is not moved by being taken up.
async fn paused(plan: &Plan, step: &Step) -> Bench {
    let fails = step.id.clone();
    let script = Script::default().ending(move |deed| {
        let fails = !deed.undo && deed.step == fails && deed.attempt == 1;
        CommandEnd::Exited(ExitStatus(u8::from(fails)))
    });
    let bench = Bench::new(plan, script);
    for _ in 0..2 {
        let summary = match bench.resume().await {
            Ok(summary) => summary,
            Err(_) => bench.run().await.expect("an end"),
        };
        bench.assert_sound(step.id.as_str());
        assert_eq!(summary.end, DeployEnd::Parked, "{}", step.id);
        let failed = summary.failed.map(|failed| failed.step);
        assert_eq!(failed.as_ref(), Some(&step.id));
        assert_eq!(bench.world.locked().len(), plan.hosts.len(), "{}", step.id);
    }
    bench
}

/// The controller is stopped while it tries again.
async fn retried(plan: &Plan, step: &Step, crash: Crash) {
    let what = format!("{} retried, {crash:?}", step.id);
    let bench = paused(plan, step).await;
    let mut summary = bench.retry_until(crash).await.0.ok();
    for _ in 0..3 {
        if summary
            .as_ref()
            .is_some_and(|summary| summary.end == DeployEnd::Deployed)
        {
            break;
        }
        // Where the person's word was not yet written down, it is said again.
        summary = match bench.resume().await {
            Ok(summary) if summary.end == DeployEnd::Parked => bench.retry().await.ok(),
            Ok(summary) => Some(summary),
            Err(_) => break,
        };
    }
    // Where only telling the end was not possible, the hosts tell.
    let end = summary.map_or(DeployEnd::Deployed, |summary| summary.end);
    assert_whole(&bench, end, &what);
}

fn assert_whole(bench: &Bench, end: DeployEnd, what: &str) {
    bench.assert_sound(what);
    assert_eq!(end, DeployEnd::Deployed, "{what}");
    let commands = bench.plan.steps.iter().filter(|step| !is_pause(step));
    let all: BTreeSet<StepId> = commands.map(|step| step.id.clone()).collect();
    assert_eq!(bench.world.standing(), all, "{what}");
    assert!(bench.world.locked().is_empty(), "{what}");
}

fn may_fail(step: &Step) -> bool {
    !step.advisory && !Plan::is_closing(step) && !is_pause(step)
}

fn is_pause(step: &Step) -> bool {
    matches!(step.action, Action::Pause { .. })
}

/// How it should end when a step fails.
fn wanted(plan: &Plan, failing: &Step) -> Ending {
    let all = || plan.hosts.iter().map(|host| host.target.name.clone());
    let kept: BTreeSet<HostName> = match plan.on_failure {
        OnFailure::Stop => all()
            .filter(|host| is_through(plan, host, failing))
            .collect(),
        OnFailure::UndoAll | OnFailure::Pause => BTreeSet::new(),
    };
    let undoable = plan
        .steps
        .iter()
        .filter(|step| !matches!(step.undo, Undo::None { .. }));
    let stands = undoable.filter(|step| kept.contains(&step.host));
    Ending {
        end: if kept.is_empty() {
            DeployEnd::Undone
        } else {
            DeployEnd::Stopped
        },
        standing: stands.map(|step| step.id.clone()).collect(),
        locked: BTreeSet::new(),
    }
}

/// Whether everything of a host's batch stands before the step that fails.
fn is_through(plan: &Plan, host: &HostName, failing: &Step) -> bool {
    let place = |id: &StepId| plan.steps.iter().position(|step| &step.id == id);
    let own = plan.hosts_in_batches().get(host).copied();
    let mut of_batch = plan.steps.iter().filter(|step| step.batch == own);
    failing.batch != own && of_batch.all(|step| place(&step.id) < place(&failing.id))
}

/// Lets every step fail on a host that may, under `max_failures = 1`: that host is put back and the others are deployed, wherever
/// the controller is stopped.
///
/// # Panics
/// Where a host stands otherwise than it should.
pub async fn every_spared_host(plan: &Plan) {
    let mut hosts = 0;
    for step in plan.steps.iter().filter(|step| may_fail(step)) {
        let host = plan.host(&step.host).expect("a host");
        if step.batch.is_none() || !host.target.primary.is_empty() {
            continue;
        }
        hosts += 1;
        let what = step.id.as_str();
        let bench = Bench::new(plan, Script::failing(&step.id));
        let summary = bench.run().await.expect("an end");
        bench.assert_sound(what);
        assert_eq!(summary.end, DeployEnd::Deployed, "{what}: {summary:?}");
        let behind: Vec<&HostName> = summary.behind.iter().map(|(host, _)| host).collect();
        assert_eq!(behind, [&step.host], "{what}");
        assert!(bench.world.locked().is_empty(), "{what}");
        let undoable = plan
            .steps
            .iter()
            .filter(|step| !matches!(step.undo, Undo::None { .. }));
        for other in undoable {
            let stands = bench.world.standing().contains(&other.id);
            assert_eq!(stands, other.host != step.host, "{what}: {}", other.id);
        }
        every_crash_once(plan, || Script::failing(&step.id)).await;
    }
    assert!(hosts > 0, "no step may fail");
}
