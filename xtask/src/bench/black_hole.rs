//! How long it takes to notice that the path under a silent job has gone silent, with the defaults, beside OpenSSH's
//! client with the same keepalive.
//!
//! Some are measured at once, each through a proxy of its own: nothing here needs the processor.

use super::sample::{median, ratio, seconds};
use super::tie::{self, Tie};
use super::{Bench, Row};
use crate::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use windlass_job::{JobEvent, JobSpec};
use windlass_lab::Sshd;
use windlass_transport::SessionEvent;

const TIMES: usize = 3;
/// Between the holes, so that they fall at different moments between two pulses.
const APART: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(180);
const TO_MEET: Duration = Duration::from_secs(25);

pub(super) fn measure(_: &Bench) -> Result<Vec<Row>, Error> {
    let sshd = Arc::new(tie::daemon()?);
    let pairs = tie::block_on(async {
        let mut holes = tokio::task::JoinSet::new();
        for number in 1..=TIMES {
            holes.spawn(hole(Arc::clone(&sshd), number));
        }
        let mut pairs = Vec::new();
        while let Some(pair) = holes.join_next().await {
            pairs.push(pair.map_err(Error::measuring("waiting"))??);
        }
        Ok(pairs)
    })?;
    let (ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let worst = ours.iter().max().copied().unwrap_or_default();
    let theirs = median(theirs);
    Ok(vec![
        Row::new(
            format!("a silent path under a silent job, noticed (slowest of {TIMES})"),
            seconds(worst),
        )
        .beside(format!(
            "ssh with ServerAliveInterval 15: {}",
            seconds(theirs)
        ))
        .ratio(ratio(worst, theirs))
        .promise("≤ 25 s", worst <= TO_MEET),
    ])
}

/// One black hole: how long we took, how long ssh took.
async fn hole(sshd: Arc<Sshd>, number: usize) -> Result<(Duration, Duration), Error> {
    let (told, mut heard) = unbounded_channel();
    let tie = Tie::open(&sshd, Arc::new(move |event| tell(&event, &told))).await?;
    let job = tie::job(&format!("silent{number}"), "sleep 600");
    running(&tie, &job).await?;
    let mut ssh = ssh(&sshd, tie.proxy.port())?;
    for _ in 0..=number {
        tokio::time::sleep(APART).await;
    }
    let begin = Instant::now();
    tie.proxy.black_hole();
    let (ours, theirs) = tokio::join!(noticed(&mut heard), ended(&mut ssh));
    let (ours, theirs) = (ours? - begin, theirs? - begin);
    tie.proxy.heal();
    let stopped = tie.host.cancel(&job.key, &job.place).await;
    stopped.map_err(Error::measuring("stopping the job"))?;
    tie.session.close().await;
    Ok((ours, theirs))
}

fn tell(event: &SessionEvent, told: &UnboundedSender<Instant>) {
    if matches!(
        event,
        SessionEvent::Lost { .. } | SessionEvent::Beside { .. }
    ) {
        // Only the first is waited for.
        told.send(Instant::now()).ok();
    }
}

/// Starts the job and follows it from now on.
async fn running(tie: &Tie, job: &JobSpec) -> Result<(), Error> {
    let (told, mut heard) = unbounded_channel();
    let (host, job) = (tie.host.clone(), job.clone());
    tokio::spawn(async move {
        let mut sink = |event| {
            if matches!(event, JobEvent::Running { .. }) {
                told.send(Instant::now()).ok();
            }
        };
        host.run(&job, &[], &mut sink).await.map(drop)
    });
    noticed(&mut heard).await.map(drop)
}

async fn noticed(heard: &mut UnboundedReceiver<Instant>) -> Result<Instant, Error> {
    let first = tokio::time::timeout(PATIENCE, heard.recv()).await;
    let first = first.map_err(Error::measuring("waiting for the session"))?;
    first.ok_or_else(|| Error::measuring("waiting for the session")("it ended"))
}

fn ssh(sshd: &Sshd, port: u16) -> Result<Child, Error> {
    let mut ssh = Command::new("ssh");
    ssh.args(tie::ssh_options(sshd, "-p", port))
        .args([
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ServerAliveCountMax=3",
        ])
        .arg(format!("{}@127.0.0.1", sshd.user()))
        .arg("sleep 600")
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true);
    ssh.spawn().map_err(super::not_run("ssh"))
}

async fn ended(ssh: &mut Child) -> Result<Instant, Error> {
    let end = tokio::time::timeout(PATIENCE, ssh.wait()).await;
    let end = end.map_err(Error::measuring("waiting for ssh"))?;
    end.map_err(Error::measuring("waiting for ssh"))?;
    Ok(Instant::now())
}
