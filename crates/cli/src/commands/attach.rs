//! `attach` to a command outside of any deploy that was detached or cut off, and `cancel` of one: what this machine knows
//! is told from its record, the rest is asked of the hosts. Neither starts anything.

use crate::adhoc::{
    AdHocRun, Ends, Follow, Stand, code, finish, go_on, mode, reached, stopped, unkillable,
};
use crate::args::Global;
use crate::commands::exec::without_file;
use crate::context::Context;
use crate::detach::replay;
use crate::error::{Failure, OrFail as _};
use crate::screen::say;
use crate::secrets::Named;
use crate::telling::{Telling, reporter};
use crate::world::World;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use windlass_job::{CancelEnd, Host, Place};
use windlass_journal::{AdHoc, Error, Journal, Owner, State, Store as _};
use windlass_model::{ExitCode, HostTarget, JobKey, Secrets};

/// `attach` to a run outside of any deploy.
pub(crate) async fn attach(
    world: &World,
    global: &Global,
    journal: &Journal,
    run: AdHoc,
) -> Result<ExitCode, Failure> {
    match taken(journal, &run)? {
        Taken::Elsewhere | Taken::Over(_) => watch(world, global, journal, &run),
        Taken::Left(_own, over) => {
            let run = again(world, global, run, over).await?;
            go_on(world, global, run, Follow::Again).await
        }
    }
}

/// `cancel` of a run outside of any deploy: its jobs are stopped, and what became of them is told as `attach` does.
pub(crate) async fn cancel(
    world: &World,
    global: &Global,
    journal: &Journal,
    run: AdHoc,
) -> Result<ExitCode, Failure> {
    match taken(journal, &run)? {
        Taken::Elsewhere => cancel_followed(world, global, journal, run).await,
        Taken::Over(over) => {
            watch(world, global, journal, &run)?;
            Ok(stopped(&over))
        }
        Taken::Left(_own, over) => {
            let run = again(world, global, run, over).await?;
            go_on(world, global, run, Follow::Stop).await
        }
    }
}

/// Who is to go on with a run.
enum Taken {
    /// Another process of this machine follows it.
    Elsewhere,
    /// Nobody: it is over on all hosts.
    Over(Ends),
    /// We, whose run it is as long as the first of these lives; it is over on some hosts.
    Left(Owner, Ends),
}

/// Takes a run, where it is to be had. Where it is over on all hosts, that is written down if the process that followed it
/// did not come to it.
fn taken(journal: &Journal, run: &AdHoc) -> Result<Taken, Failure> {
    let own = match journal.own(&run.id) {
        Err(Error::Owned { .. }) => return Ok(Taken::Elsewhere),
        own => own.or_fail(ExitCode::Internal)?,
    };
    let state = journal.load(&run.id).or_fail(ExitCode::Internal)?.state;
    let over = over(run, &state);
    if over.len() < run.hosts.len() {
        return Ok(Taken::Left(own, over));
    }
    if state.end.is_none() {
        finish(journal, run, &over)?;
    }
    Ok(Taken::Over(over))
}

/// Another process of this machine follows the run: it hears how the jobs end and writes it down, so they are only
/// stopped here.
async fn cancel_followed(
    world: &World,
    global: &Global,
    journal: &Journal,
    run: AdHoc,
) -> Result<ExitCode, Failure> {
    let state = journal.load(&run.id).or_fail(ExitCode::Internal)?.state;
    let over = over(&run, &state);
    let mut run = again(world, global, run, over).await?;
    let (events, _unheard) = mpsc::unbounded_channel();
    let (fleet, failures) = reached(world, &mut run, &events).await?;
    let mut stops = JoinSet::new();
    for host in &run.run.hosts {
        let name = &host.target.name;
        if let Some(jobs) = fleet.host(name).cloned() {
            stops.spawn(stop(jobs, run.run.key(name)));
        }
    }
    let mut failures: Vec<Failure> = failures.into_iter().map(|(_, failure)| failure).collect();
    while let Some(joined) = stops.join_next().await {
        failures.extend(joined.or_fail(ExitCode::Internal)?);
    }
    fleet.close().await;
    let id = &run.run.id;
    if let Some(failure) = failures.into_iter().reduce(Failure::and) {
        return Err(failure.hint(format!("windlass cancel {id} tries again")));
    }
    match watch(world, global, journal, &run.run)? {
        ExitCode::Parked => Ok(ExitCode::Parked),
        _ => Ok(ExitCode::Failed),
    }
}

/// Stops one job, or says why it was not.
async fn stop(jobs: Host, key: JobKey) -> Option<Failure> {
    let (code, reason) = match jobs.cancel(&key, &Place::Home).await {
        Ok(report) => match report.end {
            CancelEnd::Stuck(pids) => (ExitCode::Stuck, unkillable(&pids)),
            CancelEnd::Cancelled | CancelEnd::AlreadyEnded(_) => return None,
        },
        Err(error) => (ExitCode::Unreachable, error.to_string()),
    };
    Some(Failure::new(code, format!("{}: {reason}", key.host)))
}

/// Tells what the record has, as long as another process of this machine goes on with it.
fn watch(
    world: &World,
    global: &Global,
    journal: &Journal,
    run: &AdHoc,
) -> Result<ExitCode, Failure> {
    let telling = Telling {
        mode: mode(run),
        ..Telling::default()
    };
    let mut reporter = reporter(world, global, &telling)?;
    tokio::task::block_in_place(|| replay(world, journal, &run.id, &mut reporter, &[]))?;
    let state = journal.load(&run.id).or_fail(ExitCode::Internal)?.state;
    let over = over(run, &state);
    if over.len() < run.hosts.len() {
        say(&global.typed_for_run(&format!(
            "nobody follows it here any more; windlass attach {} goes on",
            run.id
        )));
        return Ok(ExitCode::Parked);
    }
    Ok(code(&over))
}

/// The hosts on which it is known to be over.
fn over(run: &AdHoc, state: &State) -> Ends {
    let ended = |host: &HostTarget| {
        let outcome = state.step(&run.step(&host.name))?.outcome()?;
        Some((host.name.clone(), Stand::Over(outcome.clone())))
    };
    run.hosts
        .iter()
        .filter_map(|host| ended(&host.target))
        .collect()
}

/// What it takes to go on: the hosts that are left, with the settings of today and the ways that the command line gave,
/// where today's does not give others, and the secrets that their output may show.
async fn again(
    world: &World,
    global: &Global,
    run: AdHoc,
    over: Ends,
) -> Result<AdHocRun, Failure> {
    let left = run
        .hosts
        .iter()
        .filter(|host| !over.contains_key(&host.target.name));
    let targets = left.clone().map(|host| &host.target);
    let global = &Global {
        set: run.ways.iter().chain(&global.set).cloned().collect(),
        ..global.clone()
    };
    let (wanted, secrets);
    if run.stage.is_empty() {
        let settings = without_file(world, global)?;
        let found = targets.map(|target| (target.clone(), Arc::clone(&settings)));
        wanted = found.collect();
        secrets = Secrets::default();
    } else {
        let context = Context::of_begun(world, global, &run.stage)?;
        let named = left.map(|host| {
            let names = host.command.secrets.iter().cloned();
            (host.target.name.clone(), names.collect())
        });
        wanted = context.wanted_for(world, targets)?;
        secrets = context
            .secrets_named(world, &wanted, &named.collect(), &Named::new())
            .await?;
    }
    Ok(AdHocRun {
        run,
        wanted,
        secrets,
        over,
    })
}
