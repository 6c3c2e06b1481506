//! Carries out a command outside of any deploy: one job on each host, followed until its end. The jobs outlive their
//! connections and this process; asked for again by their keys, they tell everything from the beginning.
//!
//! A host that cannot be followed any further ends nothing on the others. Its outcome stays open in the journal, and
//! `attach` goes on with it.

mod one;
mod stand;

use crate::args::Global;
use crate::carry_out::{Events, journal};
use crate::detach::Recorded;
use crate::error::{Failure, OrFail as _};
use crate::fleet::{Contacted, Fleet, Wanted};
use crate::screen::say;
use crate::signals::Signals;
use crate::teller::Teller;
use crate::telling::{Outputs, Telling, record_path};
use crate::world::World;
use one::{Followed, One};
pub(crate) use stand::{Ends, Stand, code, stopped, unkillable};
use stand::{announced, ways};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use windlass_job::{JobCommand, JobSpec, Place};
use windlass_journal::{AdHoc, AdHocHost, Journal, Record, Store as _, Subject};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::{DeployId, Event, EventBody, ExitCode, PlanDigest, Secrets};
use windlass_reporter::Mode;

/// A command on hosts, and what it takes to carry it out.
pub(crate) struct AdHocRun {
    /// What is run where.
    pub run: AdHoc,
    /// The hosts to reach.
    pub wanted: Vec<Wanted>,
    /// The secrets of its commands.
    pub secrets: Secrets,
    /// The hosts on which it ended earlier.
    pub over: Ends,
}

/// How jobs are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// They are started and followed to their ends.
    New,
    /// They are started and left alone.
    Detach,
    /// They were started earlier.
    Again,
    /// They were started earlier and are stopped; what they did until then is told.
    Stop,
}

/// What a person does about a host that did not answer any more.
fn next_line(id: &DeployId, how: Follow) -> String {
    match how {
        Follow::Stop => format!("windlass cancel {id} stops it once the host answers"),
        _ => format!("windlass attach {id} goes on once the host answers"),
    }
}

/// Reaches the hosts, writes down what is about to begin, and begins it.
pub(crate) async fn begin(
    world: &World,
    global: &Global,
    mut run: AdHocRun,
    detach: bool,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let events = mpsc::unbounded_channel();
    let wanted = std::mem::take(&mut run.wanted);
    let fleet = Fleet::connect(world, wanted, &run.run.limits, &events.0).await?;
    // While it is followed here, `attach` watches instead of asking the hosts itself.
    let _own = journal.own(&run.run.id).or_fail(ExitCode::Internal)?;
    intend(&journal, &run.run)?;
    let how = if detach { Follow::Detach } else { Follow::New };
    follow(world, global, &run, (fleet, events), how).await
}

/// Goes on with a run that was begun earlier, be it to stop it: the hosts that can be reached are followed, the others
/// are told.
pub(crate) async fn go_on(
    world: &World,
    global: &Global,
    mut run: AdHocRun,
    how: Follow,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let events = mpsc::unbounded_channel();
    let (fleet, failures) = reached(world, &mut run, &events.0)
        .await
        .map_err(|failure| failure.hint(next_line(&run.run.id, how)))?;
    tell_anew(world, &journal, &run, &events.0)?;
    for (host, failure) in failures {
        let event = Event {
            at: SystemClock.now(),
            deploy: Some(run.run.id.clone()),
            body: EventBody::Warning {
                message: failure.line(Some(&host)),
                host: Some(host),
                hint: Some(next_line(&run.run.id, how)),
            },
        };
        // The receiver is in the same pair.
        drop(events.0.send(event));
    }
    follow(world, global, &run, (fleet, events), how).await
}

/// The hosts of a run that was begun earlier which can be reached now. Where none can, that is an error.
pub(crate) async fn reached(
    world: &World,
    run: &mut AdHocRun,
    events: &mpsc::UnboundedSender<Event>,
) -> Result<Contacted, Failure> {
    let wanted = std::mem::take(&mut run.wanted);
    Fleet::connect_any(world, wanted, &run.run.limits, events).await
}

/// The jobs tell everything from the beginning, and so the record and the log begin anew. Hosts on which it is over are
/// not asked again: what the record has of them is told first.
fn tell_anew(
    world: &World,
    journal: &Journal,
    run: &AdHocRun,
    events: &mpsc::UnboundedSender<Event>,
) -> Result<(), Failure> {
    let id = &run.run.id;
    if !run.over.is_empty() {
        let mut record = Recorded::open(world, id)?;
        while let Some(event) = record.next()? {
            let host = event.body.host();
            if host.is_some_and(|host| run.over.contains_key(host)) {
                // The receiver is in the same pair.
                drop(events.send(event));
            }
        }
    }
    let log = journal.log_path(id).or_fail(ExitCode::Internal)?;
    for file in [record_path(world, id), log] {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let text = format!("cannot begin {} anew: {error}", file.display());
                return Err(Failure::new(ExitCode::Internal, text));
            }
            _ => {}
        }
    }
    Ok(())
}

fn intend(journal: &Journal, run: &AdHoc) -> Result<(), Failure> {
    let subject = Subject::AdHoc { run: run.clone() };
    journal
        .begin(&subject, &PlanDigest::new("-"), SystemClock.now())
        .or_fail(ExitCode::Internal)?;
    let intents = run.hosts.iter().map(|host| Record::Intent {
        step: run.step(&host.target.name),
        attempt: 1,
        job: run.key(&host.target.name),
    });
    let intents: Vec<Record> = intents.collect();
    journal
        .append(&run.id, SystemClock.now(), &intents)
        .or_fail(ExitCode::Internal)
}

/// Follows the jobs of a run on all its hosts and tells them.
pub(crate) async fn follow(
    world: &World,
    global: &Global,
    run: &AdHocRun,
    (fleet, (sender, receiver)): (Fleet, Events),
    how: Follow,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let id = &run.run.id;
    let outputs = Outputs::open(world, global, &telling(world, &journal, run)?)?;
    let teller = Teller::begin(outputs, None, BTreeMap::new(), receiver);
    let signals = Signals::listen()?;
    let (jobs, unreached) = spawn(run, (&fleet, &journal), &sender, how);
    drop(sender);
    let ended = ends(jobs, unreached, signals).await;
    // Written down before anything that may go wrong with telling it.
    let written = match &ended {
        Ok(Some(ends)) => finish(&journal, &run.run, ends),
        _ => Ok(()),
    };
    if matches!(ended, Ok(Some(_))) {
        fleet.close().await;
    }
    let told = teller.finish().await;
    written?;
    match ended? {
        None => {
            say(&global.typed_for_run(&match how {
                Follow::Stop => format!(
                    "interrupted; whether the command was stopped is not known. windlass cancel {id} stops it"
                ),
                _ => format!("detached; the command goes on on the hosts. {}", ways(id)),
            }));
            Ok(ExitCode::Parked)
        }
        Some(ends) if how == Follow::Detach => Ok(announced(global, id, &ends)),
        Some(ends) if how == Follow::Stop => told.ends(stopped(&ends)),
        Some(ends) => told.ends(code(&ends)),
    }
}

fn telling(world: &World, journal: &Journal, run: &AdHocRun) -> Result<Telling, Failure> {
    let id = &run.run.id;
    Ok(Telling {
        mode: mode(&run.run),
        log: Some(journal.log_path(id).or_fail(ExitCode::Internal)?),
        record: Some(record_path(world, id)),
        secrets: run.secrets.values(),
        ..Telling::default()
    })
}

/// How a run outside of any deploy is shown.
pub(crate) fn mode(run: &AdHoc) -> Mode {
    Mode::Command {
        hosts: run.hosts.len(),
    }
}

/// Begins to follow; with it the hosts that need not be followed or cannot.
fn spawn(
    run: &AdHocRun,
    (fleet, journal): (&Fleet, &Arc<Journal>),
    events: &mpsc::UnboundedSender<Event>,
    how: Follow,
) -> (JoinSet<Followed>, Ends) {
    let (mut set, mut ends) = (JoinSet::new(), run.over.clone());
    for host in &run.run.hosts {
        let name = &host.target.name;
        if ends.contains_key(name) {
            continue;
        }
        let Some(jobs) = fleet.host(name).cloned() else {
            ends.insert(name.clone(), Stand::GivenUp);
            continue;
        };
        let one = One {
            spec: spec(&run.run, host),
            step: run.run.step(name),
            task: run.run.task.clone(),
            show: run.run.show.clone(),
            journal: Arc::clone(journal),
            events: events.clone(),
        };
        set.spawn(one.followed(jobs, run.secrets.of(name).to_vec(), how));
    }
    (set, ends)
}

/// How the hosts stand once none is followed any more; none where a signal came first.
async fn ends(
    mut jobs: JoinSet<Followed>,
    mut ends: Ends,
    mut signals: Signals,
) -> Result<Option<Ends>, Failure> {
    loop {
        let joined = tokio::select! {
            joined = jobs.join_next() => joined,
            _ = signals.next() => return Ok(None),
        };
        let Some(joined) = joined else {
            return Ok(Some(ends));
        };
        let (host, stand) = joined.or_fail(ExitCode::Internal)?;
        ends.insert(host, stand?);
    }
}

fn spec(run: &AdHoc, host: &AdHocHost) -> JobSpec {
    JobSpec {
        key: run.key(&host.target.name),
        place: Place::Home,
        spends_reserve: false,
        commands: vec![JobCommand {
            step: run.step(&host.target.name),
            attempt: 1,
            command: host.command.clone(),
            advisory: false,
        }],
    }
}

/// Writes down that the run is over, where it is over everywhere; a host without an outcome keeps it open for `attach`.
pub(crate) fn finish(journal: &Journal, run: &AdHoc, ends: &Ends) -> Result<(), Failure> {
    let is_over = |stand: &Stand| matches!(stand, Stand::Over(_));
    if !ends.values().all(is_over) {
        return Ok(());
    }
    let end = stand::end(ends);
    journal
        .append(&run.id, SystemClock.now(), &[Record::Ended { end }])
        .or_fail(ExitCode::Internal)
}
