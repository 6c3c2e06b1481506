//! Memory of many connected hosts: idle sessions to one sshd, all in this process.

use super::child::own_memory;
use super::sample::megabytes;
use super::tie;
use super::{Bench, Row};
use crate::error::Error;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::sync::Arc;
use tokio::task::JoinSet;
use windlass_transport::{Session, SessionOptions};

const SESSIONS: usize = 1000;
const TO_MEET: u64 = 300_000;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    allow_files()?;
    let sshd = tie::daemon()?;
    let sessions = bench.of(SESSIONS).min(SESSIONS);
    let options = tie::options(&sshd, sshd.port());
    let each = tie::block_on(async {
        // What the first session alone needs is not a host's.
        let first = open(options.clone(), 1).await?;
        let before = own_memory();
        let all = open(options, sessions).await?;
        let grown = own_memory().saturating_sub(before);
        for session in first.into_iter().chain(all) {
            session.close().await;
        }
        Ok(grown / sessions as u64)
    })?;
    Ok(vec![
        Row::new(
            format!("memory per connected host, {sessions} hosts"),
            megabytes(each),
        )
        .promise(format!("≤ {}", megabytes(TO_MEET)), each <= TO_MEET),
    ])
}

async fn open(options: SessionOptions, sessions: usize) -> Result<Vec<Session>, Error> {
    let mut opening = JoinSet::new();
    for _ in 0..sessions {
        opening.spawn(Session::open(options.clone(), Arc::new(|_| ())));
    }
    let mut open = Vec::with_capacity(sessions);
    while let Some(session) = opening.join_next().await {
        let session = session.map_err(Error::measuring("opening sessions"))?;
        open.push(session.map_err(Error::measuring("opening sessions"))?);
    }
    Ok(open)
}

/// As many open files as this process may have; the usual limit of 1,024 is not enough.
fn allow_files() -> Result<(), Error> {
    let limits = getrlimit(Resource::RLIMIT_NOFILE);
    let (_, most) = limits.map_err(Error::measuring("reading limits"))?;
    let raised = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    raised.map_err(Error::measuring("raising a limit"))
}
