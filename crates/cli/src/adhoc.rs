//! Carries out a command outside of any deploy: one job on each host, followed until its end. The jobs outlive their
//! connections and this process; asked for again by their keys, they tell everything from the beginning.
//!
//! A host that cannot be followed any further ends nothing on the others. Its outcome stays open in the journal, and
//! `attach` goes on with it.

mod one;

use crate::args::Global;
use crate::carry_out::{Events, journal};
use crate::detach::Recorded;
use crate::error::{Failure, OrFail as _};
use crate::fleet::{Fleet, Wanted};
use crate::screen::say;
use crate::teller::Teller;
use crate::telling::{Outputs, Telling, record_path};
use crate::world::World;
use one::{Followed, One};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use windlass_job::{JobCommand, JobSpec, Place};
use windlass_journal::{AdHoc, AdHocHost, Journal, Record, Store as _, Subject};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::event::DeployEnd;
use windlass_model::{
    CommandEnd, DeployId, Event, EventBody, ExitCode, HostName, PlanDigest, Secret, StepOutcome,
};
use windlass_reporter::Mode;

/// A command on hosts, and what it takes to carry it out.
pub(crate) struct AdHocRun {
    /// What is run where.
    pub run: AdHoc,
    /// The hosts to reach.
    pub wanted: Vec<Wanted>,
    /// The secrets of its commands.
    pub secrets: Vec<(String, Secret)>,
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
}

/// How a host stands when its job is followed no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// The command ended.
    Over(StepOutcome),
    /// It runs and is left alone.
    Started,
    /// It could not be followed to its end.
    GivenUp,
}

impl Stand {
    fn is_fine(&self) -> bool {
        matches!(self, Self::Over(outcome) if outcome.is_fine())
    }

    /// Whether the command was started, whatever came of it.
    fn was_started(&self) -> bool {
        match self {
            Self::Started | Self::Over(StepOutcome::Succeeded) => true,
            Self::Over(StepOutcome::Failed { end }) => matches!(
                end,
                CommandEnd::Exited(_) | CommandEnd::TimedOut | CommandEnd::IdleTimedOut
            ),
            Self::Over(_) | Self::GivenUp => false,
        }
    }
}

/// The hosts of a run and how they stand.
pub(crate) type Ends = BTreeMap<HostName, Stand>;

/// What a person does about a host that is not followed any more.
fn attach_line(id: &DeployId) -> String {
    format!("windlass attach {id} goes on once the host answers")
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

/// Goes on with a run that was begun earlier: the hosts that can be reached are followed, the others are told.
pub(crate) async fn go_on(
    world: &World,
    global: &Global,
    mut run: AdHocRun,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let events = mpsc::unbounded_channel();
    let wanted = std::mem::take(&mut run.wanted);
    let count = wanted.len();
    let (fleet, failures) = Fleet::try_connect(world, wanted, &run.run.limits, &events.0).await?;
    if failures.len() == count {
        let failures = failures.into_iter().map(|(_, failure)| failure);
        let none = || Failure::new(ExitCode::NoHost, "there is no host to follow");
        return Err(failures.reduce(Failure::and).unwrap_or_else(none));
    }
    tell_anew(world, &journal, &run, &events.0)?;
    for (host, failure) in failures {
        let event = Event {
            at: SystemClock.now(),
            deploy: Some(run.run.id.clone()),
            body: EventBody::Warning {
                message: failure.line(Some(&host)),
                host: Some(host),
                hint: Some(attach_line(&run.run.id)),
            },
        };
        // The receiver is in the same pair.
        drop(events.0.send(event));
    }
    follow(world, global, &run, (fleet, events), Follow::Again).await
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
    let (jobs, unreached) = spawn(run, (&fleet, &journal), &sender, how);
    drop(sender);
    let ended = ends(jobs, unreached).await;
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
            say(&format!(
                "detached; the command goes on on the hosts. windlass attach {id}"
            ));
            Ok(ExitCode::Parked)
        }
        Some(ends) if how == Follow::Detach => Ok(announced(id, &ends)),
        Some(ends) => told.ends(code(&ends)),
    }
}

fn telling(world: &World, journal: &Journal, run: &AdHocRun) -> Result<Telling, Failure> {
    let id = &run.run.id;
    Ok(Telling {
        mode: mode(&run.run),
        log: Some(journal.log_path(id).or_fail(ExitCode::Internal)?),
        record: Some(record_path(world, id)),
        secrets: run
            .secrets
            .iter()
            .map(|(_, secret)| secret.clone())
            .collect(),
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
        set.spawn(one.followed(jobs, run.secrets.clone(), how));
    }
    (set, ends)
}

/// How the hosts stand once none is followed any more; none where a signal came first.
async fn ends(mut jobs: JoinSet<Followed>, mut ends: Ends) -> Result<Option<Ends>, Failure> {
    let interrupted = interrupt();
    tokio::pin!(interrupted);
    loop {
        let joined = tokio::select! {
            joined = jobs.join_next() => joined,
            () = &mut interrupted => return Ok(None),
        };
        let Some(joined) = joined else {
            return Ok(Some(ends));
        };
        let (host, stand) = joined.or_fail(ExitCode::Internal)?;
        ends.insert(host, stand?);
    }
}

/// Waits for SIGINT or SIGTERM.
async fn interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut one), Ok(mut other)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

fn spec(run: &AdHoc, host: &AdHocHost) -> JobSpec {
    JobSpec {
        key: run.key(&host.target.name),
        place: Place::Home,
        spends_reserve: false,
        commands: vec![JobCommand {
            step: run.step(&host.target.name),
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
    let end = if ends.values().all(Stand::is_fine) {
        DeployEnd::Deployed
    } else {
        DeployEnd::Undone
    };
    journal
        .append(&run.id, SystemClock.now(), &[Record::Ended { end }])
        .or_fail(ExitCode::Internal)
}

/// On one host the command's own status, on several 1 if any failed.
pub(crate) fn code(ends: &Ends) -> ExitCode {
    if ends.values().all(Stand::is_fine) {
        return ExitCode::Done;
    }
    if ends.values().all(|stand| *stand == Stand::GivenUp) {
        return ExitCode::Unreachable;
    }
    match ends.values().next() {
        Some(Stand::Over(StepOutcome::Failed {
            end: CommandEnd::Exited(status),
        })) if ends.len() == 1 => ExitCode::Command(status.0),
        _ => ExitCode::Failed,
    }
}

/// Says where a command that is left alone was started. What kept it from being started was told by its host.
fn announced(id: &DeployId, ends: &Ends) -> ExitCode {
    let started: Vec<&str> = ends
        .iter()
        .filter(|(_, stand)| stand.was_started())
        .map(|(host, _)| host.as_str())
        .collect();
    if started.is_empty() {
        return code(ends);
    }
    if started.len() == ends.len() {
        say(&format!("started; windlass attach {id} shows it"));
        return ExitCode::Parked;
    }
    let hosts = started.join(", ");
    say(&format!(
        "started on {hosts} only; windlass attach {id} shows it"
    ));
    ExitCode::Failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_model::ExitStatus;

    fn stand(end: CommandEnd) -> Stand {
        Stand::Over(StepOutcome::from(end))
    }

    fn on_hosts(stands: &[Stand]) -> Ends {
        let named = |(number, stand): (usize, &Stand)| {
            (HostName::new(format!("web{number}")), stand.clone())
        };
        stands.iter().enumerate().map(named).collect()
    }

    #[test]
    fn one_host_gives_its_status_and_several_say_whether_all_went_well() {
        let done = stand(CommandEnd::Exited(ExitStatus(0)));
        let seven = stand(CommandEnd::Exited(ExitStatus(7)));
        let cases = [
            (vec![done.clone()], ExitCode::Done),
            (vec![seven.clone()], ExitCode::Command(7)),
            (vec![seven, done.clone()], ExitCode::Failed),
            (vec![Stand::GivenUp], ExitCode::Unreachable),
            (vec![Stand::GivenUp, Stand::GivenUp], ExitCode::Unreachable),
            (vec![Stand::GivenUp, done], ExitCode::Failed),
        ];
        for (stands, expected) in cases {
            assert_eq!(code(&on_hosts(&stands)), expected, "{stands:?}");
        }
    }

    #[test]
    fn a_command_without_room_for_its_record_was_not_started() {
        let id = DeployId::new("x-1");
        let ended = stand(CommandEnd::Exited(ExitStatus(7)));
        for end in [CommandEnd::NoSpace, CommandEnd::NotStarted] {
            let stands = [stand(end)];
            assert_eq!(announced(&id, &on_hosts(&stands)), ExitCode::Failed);
            let stands = [Stand::Started, stand(end)];
            assert_eq!(announced(&id, &on_hosts(&stands)), ExitCode::Failed);
        }
        let stands = [Stand::Started, ended];
        assert_eq!(announced(&id, &on_hosts(&stands)), ExitCode::Parked);
    }
}
