//! From the moment the link is there again until the output of a running job comes again: the connection was reset and
//! new ones were refused for two seconds and a little more each time, so that no rhythm of dialling is favoured.

use super::sample::{median, milliseconds, percentile, ratio, wall};
use super::tie::{self, Tie};
use super::{Bench, Row, child};
use crate::error::Error;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use windlass_job::{JobEvent, JobSpec};
use windlass_lab::{Cut, Sshd};

const GONE: Duration = Duration::from_secs(2);
const LATER_EACH: Duration = Duration::from_millis(37);
const CALM: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(30);
const P50: Duration = Duration::from_secs(1);
const P99: Duration = Duration::from_secs(3);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let sshd = tie::daemon()?;
    let fresh = fresh(&sshd, bench.of(7))?;
    let times = tie::block_on(async {
        let tie = Tie::quiet(&sshd).await?;
        let job = tie::job("chatter", "while :; do echo; sleep 0.01; done");
        let times = cut_and_come_back(&tie, &job, bench.of(30)).await;
        let stopped = tie.host.cancel(&job.key, &job.place).await;
        stopped.map_err(Error::measuring("stopping the job"))?;
        tie.session.close().await;
        times
    })?;
    let half = percentile(times.clone(), 50);
    let most = percentile(times, 99);
    let beside = || format!("a fresh `ssh host true`: {}", milliseconds(fresh));
    Ok(vec![
        Row::new(
            "back at work after the link returns, p50",
            milliseconds(half),
        )
        .beside(beside())
        .ratio(ratio(half, fresh))
        .promise("≤ 1 s", half <= P50),
        Row::new(
            "back at work after the link returns, p99",
            milliseconds(most),
        )
        .beside(beside())
        .ratio(ratio(most, fresh))
        .promise("≤ 3 s", most <= P99),
    ])
}

/// The baseline: what a whole new connection takes with nobody to wait for.
fn fresh(sshd: &Sshd, runs: usize) -> Result<Duration, Error> {
    let mut walls = Vec::new();
    wall(runs, || {
        let cost = child::run(&mut sshd.ssh(sshd.address(), "true"))?;
        walls.push(cost.wall);
        Ok(())
    })?;
    Ok(median(walls))
}

async fn cut_and_come_back(tie: &Tie, job: &JobSpec, times: usize) -> Result<Vec<Duration>, Error> {
    let (told, mut heard) = unbounded_channel();
    let (host, spec) = (tie.host.clone(), job.clone());
    let following = tokio::spawn(async move {
        let mut sink = |event| {
            if matches!(event, JobEvent::Output { .. }) {
                // Nobody listens any more once enough was heard.
                told.send(Instant::now()).ok();
            }
        };
        host.run(&spec, &[], &mut sink).await.map(drop)
    });
    let mut took = Vec::with_capacity(times);
    let mut gone = GONE;
    for _ in 0..times {
        next(&mut heard).await?;
        tokio::time::sleep(CALM).await;
        tie.proxy.refuse();
        tie.proxy.cut_now(Cut::Reset);
        tokio::time::sleep(gone).await;
        while heard.try_recv().is_ok() {}
        let begin = Instant::now();
        tie.proxy.heal();
        took.push(next(&mut heard).await?.saturating_duration_since(begin));
        gone += LATER_EACH;
    }
    following.abort();
    Ok(took)
}

/// When the job next wrote something.
async fn next(heard: &mut UnboundedReceiver<Instant>) -> Result<Instant, Error> {
    let next = tokio::time::timeout(PATIENCE, heard.recv()).await;
    let next = next.map_err(Error::measuring("waiting for the job's output"))?;
    next.ok_or_else(|| Error::measuring("following the job")("it ended"))
}
