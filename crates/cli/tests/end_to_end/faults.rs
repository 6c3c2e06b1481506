//! The table of faults: a real sshd, a silent build, the fault in the middle of it. Every row asserts the exit code,
//! what is live, one start of the build, its output byte for byte, and that nothing is left.

use crate::support::{Link, Run, Stage, wait_until};
use std::time::Duration;
use windlass_lab::{Counter, Cut, CutAfter, Direction, Sshd};

const SILENCE: Duration = Duration::from_secs(6);

/// Deploys with `fault` in the middle of the build and asserts that it changed nothing.
fn survives(stage: &mut Stage, builds: &Counter, fault: impl FnOnce(&mut Stage)) -> Run {
    let running = stage.start_deploy();
    let before = builds.count();
    wait_until("the build has started", || builds.count() > before);
    std::thread::sleep(Duration::from_millis(700));
    fault(stage);
    let run = running.finish();
    assert_deployed(stage, builds, &run);
    run
}

fn assert_deployed(stage: &Stage, builds: &Counter, run: &Run) {
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(builds.count(), 1, "the build is started once\n{run}");
    let live = stage.host.live().unwrap_or_default();
    assert_eq!(stage.host.releases(), std::slice::from_ref(&live), "{run}");
    let artefact = stage
        .host
        .read(&format!("releases/{live}/public/artefact"))
        .unwrap_or_default();
    assert_eq!(artefact, b"built\n", "{run}");
    run.assert_build_output();
    stage.assert_clean();
}

#[test]
fn nothing_happens_without_a_fault() {
    let mut stage = Stage::new();
    let builds = stage.with_build(Duration::from_secs(1), &Link::default(), "");
    let run = survives(&mut stage, &builds, |_| {});
    assert_eq!(run.count("connection_lost"), 0, "{run}");
}

#[test]
fn idle_cut_off_with_reset_keepalive_off() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::mute(), "");
    stage
        .proxy
        .idle_cut_off(Some((Duration::from_secs(2), Cut::Reset)));
    let run = survives(&mut stage, &builds, |_| {});
    assert!(run.count("connection_lost") >= 1, "{run}");
}

#[test]
fn idle_cut_off_into_a_black_hole_pulse_below_the_cut_off() {
    for keepalive_interval in ["0s", "15s", "1s"] {
        let mut stage = Stage::new();
        let builds = stage.with_build(SILENCE, &Link::with(keepalive_interval, 3, "1s"), "");
        stage
            .proxy
            .idle_cut_off(Some((Duration::from_secs(3), Cut::BlackHole)));
        survives(&mut stage, &builds, |_| {});
    }
}

#[test]
fn idle_cut_off_into_a_black_hole_below_the_pulse_interval() {
    // The pulse comes too late for the path, its absence is what tells.
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::with("0s", 3, "3s"), "");
    stage
        .proxy
        .idle_cut_off(Some((Duration::from_millis(1500), Cut::BlackHole)));
    survives(&mut stage, &builds, |_| {});
}

#[test]
fn idle_cut_off_into_a_black_hole_pulse_off_keepalive_tells() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::with("1s", 1, "0s"), "");
    survives(&mut stage, &builds, |stage| {
        stage.proxy.black_hole();
        std::thread::sleep(Duration::from_secs(1));
        stage.proxy.heal();
    });
}

#[test]
fn idle_cut_off_into_a_black_hole_pulse_and_keepalive_off() {
    // After 60 s without a byte under a running job a second connection is dialled all the same.
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::mute(), "");
    stage
        .proxy
        .idle_cut_off(Some((Duration::from_secs(2), Cut::BlackHole)));
    survives(&mut stage, &builds, |_| {});
}

#[test]
fn one_reset() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    let run = survives(&mut stage, &builds, |stage| stage.proxy.cut_now(Cut::Reset));
    assert_eq!(run.count("connection_lost"), 1, "{run}");
    assert_eq!(run.count("connection_back"), 1, "{run}");
}

#[test]
fn one_fin() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    survives(&mut stage, &builds, |stage| {
        stage.proxy.cut_now(Cut::Finish);
    });
}

#[test]
fn a_reset_and_then_refused_for_a_while() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    survives(&mut stage, &builds, |stage| {
        stage.proxy.cut_now(Cut::Reset);
        stage.proxy.refuse_for(Duration::from_secs(15));
    });
}

#[test]
fn sshd_killed_and_started_again() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    survives(&mut stage, &builds, |stage| {
        stage.sshd.stop();
        std::thread::sleep(Duration::from_secs(2));
        stage.sshd.start().expect("the daemon starts again");
    });
}

#[test]
fn link_frozen_for_longer_than_keepalive_waits() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::with("2s", 3, "10s"), "");
    survives(&mut stage, &builds, |stage| {
        stage.proxy.freeze_for(Duration::from_secs(30));
    });
}

#[test]
fn link_dead_for_a_minute_and_back() {
    let mut stage = Stage::new();
    let builds = stage.with_build(SILENCE, &Link::with("2s", 3, "2s"), "");
    survives(&mut stage, &builds, |stage| {
        stage.proxy.black_hole();
        std::thread::sleep(Duration::from_secs(60));
        stage.proxy.heal();
    });
}

/// So much that its objects need an upload of their own.
fn commit_much(stage: &mut Stage) {
    let noise: String = (0..400_000_u64)
        .map(|i| char::from(b'a' + (i.wrapping_mul(i + 7) % 23) as u8))
        .collect();
    stage.repo.commit(&[("big.txt", &noise)]).expect("a commit");
}

#[test]
fn frozen_in_the_middle_of_an_upload() {
    let mut stage = Stage::new();
    commit_much(&mut stage);
    let builds = stage.with_build(Duration::from_secs(1), &Link::with("1s", 3, "1s"), "");
    stage.proxy.throttle(Direction::ToHost, Some(60_000));
    let running = stage.start_deploy();
    let start = stage.proxy.passed(Direction::ToHost);
    wait_until("the upload is on its way", || {
        stage.proxy.passed(Direction::ToHost) > start + 40_000
    });
    stage.proxy.freeze_for(Duration::from_secs(12));
    let run = running.finish();
    assert_deployed(&stage, &builds, &run);
}

#[test]
fn channel_timeout() {
    let mut stage = Stage::with(Sshd::builder().config("ChannelTimeout session:*=5s"));
    let builds = stage.with_build(Duration::from_secs(12), &Link::mute(), "");
    survives(&mut stage, &builds, |_| {});
}

#[test]
fn client_alive_and_a_frozen_link() {
    let mut stage = Stage::with(
        Sshd::builder()
            .config("ClientAliveInterval 2")
            .config("ClientAliveCountMax 2"),
    );
    let builds = stage.with_build(SILENCE, &Link::with("15s", 3, "10s"), "");
    survives(&mut stage, &builds, |stage| {
        stage.proxy.freeze_for(Duration::from_secs(20));
    });
}

#[test]
fn one_session_a_connection() {
    let mut stage = Stage::with(Sshd::builder().config("MaxSessions 1"));
    commit_much(&mut stage);
    let builds = stage.with_build(SILENCE, &Link::default(), "");
    survives(&mut stage, &builds, |stage| stage.proxy.cut_now(Cut::Reset));
}

#[test]
fn cut_every_thirty_kilobytes_in_either_direction() {
    let mut stage = Stage::new();
    let builds = stage.with_build(Duration::from_secs(1), &Link::default(), "");
    for direction in [Direction::ToHost, Direction::ToClient] {
        stage
            .proxy
            .cut_after(direction, CutAfter::Each(30_000), Cut::Reset);
    }
    let run = survives(&mut stage, &builds, |_| {});
    assert!(stage.proxy.cuts() >= 3, "{run}");
}

#[test]
fn rekeying_all_the_time() {
    let mut stage = Stage::with(Sshd::builder().config("RekeyLimit 16K 1s"));
    let builds = stage.with_build(Duration::from_secs(3), &Link::default(), "");
    survives(&mut stage, &builds, |stage| stage.proxy.cut_now(Cut::Reset));
}
