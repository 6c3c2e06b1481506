//! How deploys end that went out in batches, that wait for a person, or that left a host out.

#[expect(dead_code, reason = "each test file uses its part of it")]
#[cfg(test)]
mod common;

use common::*;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{EventBody, HostName, StepOutcome};

const NEW: &str = "20261124081502";
const OLD: &str = "20261123170244";

fn live(names: &[(&str, &str)]) -> Vec<(HostName, Option<String>)> {
    let known = names.iter();
    known
        .map(|(name, release)| (host(name), Some((*release).to_owned())))
        .collect()
}

/// A deploy in two batches that fails in the second.
fn second_batch_fails(end: EndSummary) -> String {
    let mut events = Events::new();
    events.deploy(&["web1", "web2", "web3"]);
    events.begin("publish", "web1", "current → 20261124081502");
    events.at(100).good("publish", "web1", 100);
    events.begin("rollout:batch-2", "web2", "wait 30s");
    events.at(30_100).good("rollout:batch-2", "web2", 30_000);
    for name in ["web2", "web3"] {
        events.begin("publish", name, "current → 20261124081502");
    }
    events.at(30_200).good("publish", "web2", 100);
    events.end("publish", "web3", 100, exit(1), None);
    if end.end == DeployEnd::Stopped {
        let reason = "publish on web3: exit status 1".to_owned();
        events.push(EventBody::UnwindStarted { reason });
        events.undo(
            "publish",
            "web2",
            "current → 20261123170244",
            100,
            StepOutcome::Succeeded,
        );
    }
    events.at(31_000).over(end);
    screen(100, false, &events.list)
}

fn failing(end: DeployEnd) -> EndSummary {
    EndSummary {
        failed: Some(failed(
            "publish",
            "web3",
            "current → 20261124081502",
            exit(1),
            1,
        )),
        ..ending(end, 31)
    }
}

#[test]
fn a_deploy_that_stopped_part_way_says_who_is_on_which_release() {
    let mut end = failing(DeployEnd::Stopped);
    end.live = live(&[("web1", NEW), ("web2", OLD), ("web3", OLD)]);
    end.next = vec!["windlass deploy production".to_owned()];
    insta::assert_snapshot!(second_batch_fails(end));
}

#[test]
fn a_failure_that_waits_for_a_person_says_how_to_go_on() {
    let mut end = failing(DeployEnd::Parked);
    end.live = live(&[("web1", NEW), ("web2", NEW), ("web3", OLD)]);
    end.next = vec![
        "windlass resume --retry d-7k3f".to_owned(),
        "windlass cancel d-7k3f".to_owned(),
    ];
    insta::assert_snapshot!(second_batch_fails(end));
}

#[test]
fn a_host_that_was_left_out_stays_behind_and_is_named() {
    let mut events = Events::new();
    events.deploy(&["web1", "web2"]);
    let reason = "optional, not reached when the deploy began".to_owned();
    let mut end = ending(DeployEnd::Deployed, 31);
    end.behind = vec![(host("web3"), reason)];
    events.at(31_000).over(end);
    insta::assert_snapshot!(screen(100, false, &events.list));
}
