//! Carries out a command outside of any deploy: one job on each host, followed until its end. The jobs outlive their
//! connections and this process; asked for again by their keys, they tell everything from the beginning.

use crate::args::Global;
use crate::carry_out::{Events, journal};
use crate::error::{Failure, OrFail as _};
use crate::fleet::{Fleet, Wanted};
use crate::screen::say;
use crate::telling::{Telling, record_path, tell};
use crate::world::World;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use windlass_job::{CommandResult, Host, JobCommand, JobEvent, JobReport, JobSpec, Place};
use windlass_journal::{AdHoc, AdHocHost, Journal, Record, Store as _, Subject};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::event::DeployEnd;
use windlass_model::{
    CommandEnd, Event, EventBody, ExitCode, HostName, PlanDigest, Secret, StepId, StepOutcome,
    TaskName,
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
    intend(&journal, &run.run)?;
    let how = if detach { Follow::Detach } else { Follow::New };
    follow(world, global, &run, (fleet, events), how).await
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

type Ends = BTreeMap<HostName, Option<CommandEnd>>;

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
    let telling = Telling {
        mode: Mode::Command {
            hosts: run.run.hosts.len(),
        },
        log: Some(journal.log_path(id).or_fail(ExitCode::Internal)?),
        record: Some(record_path(world, id)),
        secrets: run
            .secrets
            .iter()
            .map(|(_, secret)| secret.clone())
            .collect(),
        ..Telling::default()
    };
    let teller = tell(world, global, &telling, None, receiver)?;
    let jobs = spawn(run, &fleet, &sender, how);
    drop(sender);
    let Some(ends) = ends(jobs).await? else {
        say(&format!(
            "detached; the command goes on on the hosts. windlass attach {id}"
        ));
        return Ok(ExitCode::Parked);
    };
    fleet.close().await;
    teller.finish().await?;
    if how == Follow::Detach {
        say(&format!("started; windlass attach {id} shows it"));
        return Ok(ExitCode::Parked);
    }
    finish(&journal, &run.run, &ends)?;
    Ok(code(&ends))
}

fn spawn(
    run: &AdHocRun,
    fleet: &Fleet,
    events: &mpsc::UnboundedSender<Event>,
    how: Follow,
) -> JoinSet<Ended> {
    let mut set = JoinSet::new();
    for host in &run.run.hosts {
        let Some(jobs) = fleet.host(&host.target.name).cloned() else {
            continue;
        };
        let one = One {
            spec: spec(&run.run, host),
            step: run.run.step(&host.target.name),
            task: run.run.task.clone(),
            show: run.run.show.clone(),
            events: events.clone(),
        };
        set.spawn(one.followed(jobs, run.secrets.clone(), how));
    }
    set
}

/// How the jobs ended; none where a signal came first.
async fn ends(mut jobs: JoinSet<Ended>) -> Result<Option<Ends>, Failure> {
    let mut ends = BTreeMap::new();
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
        let (host, end) = joined.or_fail(ExitCode::Internal)?;
        ends.insert(host, end?);
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
        spends_reserve: false,
        place: Place::Home,
        commands: vec![JobCommand {
            step: run.step(&host.target.name),
            command: host.command.clone(),
            advisory: false,
        }],
    }
}

/// The job on one host.
struct One {
    spec: JobSpec,
    step: StepId,
    task: TaskName,
    show: String,
    events: mpsc::UnboundedSender<Event>,
}

type Ended = (HostName, Result<Option<CommandEnd>, Failure>);

impl One {
    /// Follows the job to its end; there is no end where it is only started.
    async fn followed(self, jobs: Host, secrets: Vec<(String, Secret)>, how: Follow) -> Ended {
        self.tell(EventBody::StepStarted {
            step: self.step.clone(),
            task: self.task.clone(),
            host: self.host(),
            attempt: 1,
            show: self.show.clone(),
        });
        let (running, mut is_running) = mpsc::unbounded_channel();
        let mut sink = |event| self.hear(event, &running);
        let followed = async {
            if how == Follow::Again {
                jobs.follow(&self.spec, &mut sink).await
            } else {
                jobs.run(&self.spec, &secrets, &mut sink).await
            }
        };
        let report = tokio::select! {
            report = followed => report,
            _ = is_running.recv(), if how == Follow::Detach => return (self.host(), Ok(None)),
        };
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                let failure = Failure::from_error(ExitCode::Unreachable, &error);
                return (self.host(), Err(failure));
            }
        };
        self.ended(&report);
        if let Err(error) = jobs.sweep(&self.spec.place, Some(&self.spec.key)).await {
            tracing::debug!(%error, "the record of an ad hoc job was not removed");
        }
        (self.host(), Ok(Some(report.end)))
    }

    fn host(&self) -> HostName {
        self.spec.key.host.clone()
    }

    fn tell(&self, body: EventBody) {
        let event = Event {
            at: SystemClock.now(),
            deploy: Some(self.spec.key.deploy.clone()),
            body,
        };
        // Where nobody listens any more, the run is over.
        drop(self.events.send(event));
    }

    fn hear(&self, event: JobEvent, running: &mpsc::UnboundedSender<()>) {
        match event {
            JobEvent::Output { stream, bytes, .. } => self.tell(EventBody::Output {
                step: self.step.clone(),
                host: self.host(),
                stream,
                bytes,
            }),
            JobEvent::Pulse { pulse, .. } => self.tell(EventBody::StepPulse {
                step: self.step.clone(),
                host: self.host(),
                pulse,
            }),
            // Only a detached run waits for this.
            JobEvent::Running { .. } => drop(running.send(())),
            _ => {}
        }
    }

    fn ended(&self, report: &JobReport) {
        let duration = match report.commands.first().map(|command| &command.result) {
            Some(CommandResult::Ended { duration, .. }) => *duration,
            _ => Duration::ZERO,
        };
        self.tell(EventBody::StepEnded {
            step: self.step.clone(),
            task: self.task.clone(),
            host: self.host(),
            outcome: StepOutcome::from(report.end),
            duration,
            note: None,
            advisory: false,
        });
    }
}

fn finish(journal: &Journal, run: &AdHoc, ends: &Ends) -> Result<(), Failure> {
    let mut records = Vec::new();
    for (host, end) in ends {
        let Some(end) = end else { continue };
        records.push(Record::Outcome {
            step: run.step(host),
            attempt: 1,
            outcome: StepOutcome::from(*end),
            duration: Duration::ZERO,
        });
    }
    let fine = ends
        .values()
        .all(|end| end.is_some_and(CommandEnd::success));
    records.push(Record::Ended {
        end: if fine {
            DeployEnd::Deployed
        } else {
            DeployEnd::Undone
        },
    });
    journal
        .append(&run.id, SystemClock.now(), &records)
        .or_fail(ExitCode::Internal)
}

/// On one host the command's own status, on several 1 if any failed.
fn code(ends: &Ends) -> ExitCode {
    let fine = ends
        .values()
        .all(|end| end.is_some_and(CommandEnd::success));
    let only = ends.values().next().copied().flatten();
    match only {
        _ if fine => ExitCode::Done,
        Some(CommandEnd::Exited(status)) if ends.len() == 1 => ExitCode::Command(status.0),
        _ => ExitCode::Failed,
    }
}
