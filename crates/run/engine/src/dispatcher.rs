//! The one task that owns the state of a deploy: journal first, then act, then tell.
//!
//! Everything that happens comes in through one inbox and is taken in turns. A turn handles what has arrived, decides
//! what to do next, writes both down in one transaction, and only then tells and acts. If the engine dies between any
//! two of these, the journal holds an intent without an outcome, and the job's record on the host knows the rest.

use crate::backend::Backend;
use crate::batch::{Batch, blocking};
use crate::error::Error;
use crate::flight::{Flight, Message, Part, Side, Task, Unit, fly, stop};
use crate::{Control, Run};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};
use windlass_job::{JobCommand, JobSpec, Place};
use windlass_journal::{Attempt, Decision, Record, State, Stored, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{
    Action, Command, EventBody, HostName, JobKey, Plan, PlanDigest, Step, StepId, TaskName,
};

/// How often the journal is asked whether another process wants the deploy cancelled.
const LOOK: Duration = Duration::from_secs(1);

/// How many messages one turn takes at most.
const TURN: usize = 1024;

/// Why the way forward ended.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// Nothing is left to do, or nothing that can be done.
    Arrived,
    /// To be undone.
    Undo {
        reason: String,
        failed: Option<StepId>,
        cancelled: bool,
    },
    /// To be left as it is for now.
    Parked,
    /// Another controller has taken over.
    Fenced,
}

/// Carries out one deploy.
pub(crate) struct Dispatcher {
    pub(crate) run: Run,
    pub(crate) subject: Arc<Subject>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) digest: PlanDigest,
    pub(crate) started: Timestamp,
    pub(crate) state: State,
    pub(crate) batch: Batch,
    pub(crate) flights: HashMap<JobKey, Flight>,
    /// Jobs that are being stopped.
    pub(crate) stopping: HashMap<JobKey, HostName>,
    /// Jobs that were stopped and whose processes are gone.
    pub(crate) gone: HashSet<JobKey>,
    /// Hosts whose boot id is being asked for.
    pub(crate) asking: BTreeSet<HostName>,
    /// The boot ids of hosts that were started anew during the deploy.
    pub(crate) boots: BTreeMap<HostName, String>,
    /// Hosts that cannot be reached, each with the reason.
    pub(crate) doubt: BTreeMap<HostName, String>,
    /// Hosts on which a person is needed, each with the reason.
    pub(crate) stuck: BTreeMap<HostName, String>,
    /// How often each undo was attempted in this run.
    pub(crate) undo_runs: BTreeMap<StepId, u32>,
    /// Undos that failed in this run and are not tried again by it.
    pub(crate) undo_failed: BTreeSet<StepId>,
    /// Why the way forward ends, as soon as something says so.
    pub(crate) turn: Option<Turn>,
    /// Nothing more is started, and what runs is stopped, before it is decided what to do.
    pub(crate) draining: bool,
    /// It was said that it is too late to cancel.
    pub(crate) too_late: bool,
    pub(crate) told: BTreeSet<TaskName>,
    departures: Vec<Unit>,
    tasks: JoinSet<()>,
    inbox: mpsc::UnboundedReceiver<Message>,
    pub(crate) outbox: mpsc::UnboundedSender<Message>,
    look: Interval,
    control_open: bool,
}

impl Dispatcher {
    pub(crate) fn new(stored: Stored, run: Run) -> Result<Self, Error> {
        let Subject::Deploy { plan } = &stored.subject else {
            return Err(Error::NotADeploy(stored.subject.id().clone()));
        };
        let (outbox, inbox) = mpsc::unbounded_channel();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            batch: Batch::new(&plan.deploy, &run),
            plan: Arc::new(plan.clone()),
            subject: Arc::new(stored.subject),
            digest: stored.digest,
            started: stored.started,
            state: stored.state,
            run,
            flights: HashMap::new(),
            stopping: HashMap::new(),
            gone: HashSet::new(),
            asking: BTreeSet::new(),
            boots: BTreeMap::new(),
            doubt: BTreeMap::new(),
            stuck: BTreeMap::new(),
            undo_runs: BTreeMap::new(),
            undo_failed: BTreeSet::new(),
            turn: None,
            draining: false,
            too_late: false,
            told: BTreeSet::new(),
            departures: Vec::new(),
            tasks: JoinSet::new(),
            inbox,
            outbox,
            look,
            control_open: true,
        })
    }

    /// Takes the deploy to its end, or to where it must rest.
    pub(crate) async fn carry_out(mut self, resumed: bool) -> Result<EndSummary, Error> {
        if self.state.end.is_some_and(|end| end != DeployEnd::Stuck) {
            return Err(Error::Over(self.plan.deploy.clone()));
        }
        if resumed {
            self.record(Record::Resumed)?;
        }
        let summary = self.opening();
        self.batch
            .tell(EventBody::DeployStarted { summary, resumed });
        self.batch.commit().await?;
        let end = self.work().await?;
        self.finish(end).await
    }

    async fn work(&mut self) -> Result<DeployEnd, Error> {
        if self.state.undo.is_none() {
            match self.forward().await? {
                Turn::Parked => return Ok(DeployEnd::Parked),
                Turn::Fenced => return Ok(DeployEnd::Fenced),
                Turn::Arrived => return self.arrive(),
                Turn::Undo {
                    reason,
                    failed,
                    cancelled,
                } => {
                    self.record(Record::Decision(Decision::Undo {
                        reason: reason.clone(),
                        failed,
                        cancelled,
                    }))?;
                    self.batch.tell(EventBody::UnwindStarted { reason });
                }
            }
        }
        self.unwind().await
    }

    async fn finish(mut self, end: DeployEnd) -> Result<EndSummary, Error> {
        self.record(match end {
            DeployEnd::Parked => Record::Parked,
            end => Record::Ended { end },
        })?;
        let summary = self.closing(end);
        self.batch.tell(EventBody::DeployEnded {
            summary: summary.clone(),
        });
        self.batch.commit().await?;
        Ok(summary)
    }

    /// Takes a record into the account, to be on disk before anything that follows from it is done or told.
    pub(crate) fn record(&mut self, record: Record) -> Result<(), Error> {
        self.state
            .apply(&self.subject, &record)
            .map_err(|source| Error::Account {
                deploy: self.plan.deploy.clone(),
                source,
            })?;
        self.batch.record(record);
        Ok(())
    }

    /// Writes down the intents of a unit and puts it on the list of those that depart after the next commit.
    pub(crate) fn intend(&mut self, unit: Unit) -> Result<(), Error> {
        for part in &unit.parts {
            let (step, attempt, job) = (part.step.clone(), part.attempt, unit.key.clone());
            self.record(match unit.side {
                Side::Forward => Record::Intent { step, attempt, job },
                Side::Undo => Record::UndoIntent { step, attempt, job },
            })?;
        }
        self.departures.push(unit);
        Ok(())
    }

    /// Takes up work again whose intents are in the journal.
    pub(crate) fn follow(&mut self, unit: Unit) {
        self.departures.push(unit);
    }

    /// Ends a turn: everything to disk, everybody told, and off with what was intended.
    pub(crate) async fn end_turn(&mut self) -> Result<(), Error> {
        self.batch.commit().await?;
        for unit in std::mem::take(&mut self.departures) {
            let mut flight = Flight::of(&unit);
            let backend: Arc<dyn Backend> = Arc::clone(&self.run.backend);
            let Unit {
                key, host, task, ..
            } = unit;
            let work = fly(backend, key.clone(), task, host, self.outbox.clone());
            flight.abort = Some(self.tasks.spawn(work));
            self.flights.insert(key, flight);
        }
        Ok(())
    }

    /// Has a job stopped; what comes of it arrives as a message.
    pub(crate) fn stop(&mut self, key: &JobKey, host: &HostName) {
        self.stopping.insert(key.clone(), host.clone());
        let work = stop(
            Arc::clone(&self.run.backend),
            key.clone(),
            host.clone(),
            self.place(host),
            self.outbox.clone(),
        );
        self.tasks.spawn(work);
    }

    /// Has something done beside the flights, such as a question.
    pub(crate) fn aside(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Waits until something happens and takes it in.
    pub(crate) async fn wait(&mut self) -> Result<(), Error> {
        let mut messages = Vec::new();
        tokio::select! {
            biased;
            _ = self.inbox.recv_many(&mut messages, TURN) => {}
            changed = self.run.control.changed(), if self.control_open => {
                self.control_open = changed.is_ok();
            }
            _ = self.look.tick() => self.look_for_cancel().await?,
        }
        while self.tasks.try_join_next().is_some() {}
        for message in messages {
            self.handle(message)?;
        }
        Ok(())
    }

    /// What a person wants. A request in the journal comes from another process of this machine.
    pub(crate) fn wanted(&self) -> Control {
        match *self.run.control.borrow() {
            Control::Go if self.state.cancel_requested => Control::Cancel,
            control => control,
        }
    }

    async fn look_for_cancel(&mut self) -> Result<(), Error> {
        if self.state.cancel_requested {
            return Ok(());
        }
        let (journal, deploy) = (Arc::clone(&self.run.journal), self.plan.deploy.clone());
        if blocking(move || journal.cancel_requested(&deploy)).await? {
            self.record(Record::CancelRequested)?;
        }
        Ok(())
    }

    /// Whether anything is under way on a host.
    pub(crate) fn is_busy(&self, host: &HostName) -> bool {
        self.flights.values().any(|flight| &flight.host == host)
            || self.stopping.values().any(|busy| busy == host)
            || self.departures.iter().any(|unit| &unit.host == host)
            || self.asking.contains(host)
    }

    /// Whether a host can be worked with.
    pub(crate) fn is_well(&self, host: &HostName) -> bool {
        !self.doubt.contains_key(host) && !self.stuck.contains_key(host)
    }

    /// Whether nothing at all is under way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.flights.is_empty()
            && self.stopping.is_empty()
            && self.departures.is_empty()
            && self.asking.is_empty()
    }

    /// Where the job records of a host lie, and by what it is known again.
    pub(crate) fn place(&self, host: &HostName) -> Place {
        let known = self.plan.host(host);
        let boot = self.boots.get(host);
        Place::Deploy {
            root: known.map(|host| host.root.clone()).unwrap_or_default(),
            deploy: self.plan.deploy.clone(),
            boot_id: boot
                .or(known.map(|host| &host.boot_id))
                .cloned()
                .unwrap_or_default(),
            root_id: known.map(|host| host.root_id.clone()).unwrap_or_default(),
            fence: known.map(|host| host.fence).unwrap_or_default(),
        }
    }

    /// Jobs with steps whose ends are not known and that nobody follows, each with its host.
    pub(crate) fn orphans(&self) -> Vec<(JobKey, HostName)> {
        let mut found = Vec::new();
        for step in &self.plan.steps {
            let open = self
                .state
                .step(&step.id)
                .filter(|attempt| attempt.is_open());
            if let Some(Attempt { job, .. }) = open {
                let followed = self.flights.contains_key(job)
                    || self.stopping.contains_key(job)
                    || self.departures.iter().any(|unit| &unit.key == job);
                if !followed && !found.iter().any(|(key, _)| key == job) {
                    found.push((job.clone(), step.host.clone()));
                }
            }
        }
        found
    }

    /// The unit that an intent in the journal stands for, exactly as it was sent.
    pub(crate) fn rebuilt(&self, key: &JobKey) -> Option<Unit> {
        let mut steps = Vec::new();
        let mut parts = Vec::new();
        for step in &self.plan.steps {
            if let Some(attempt) = self
                .state
                .step(&step.id)
                .filter(|attempt| &attempt.job == key)
            {
                steps.push(step);
                parts.push(part(step, attempt.number));
            }
        }
        self.unit(key.clone(), &steps, parts)
    }

    /// A group of steps of one host as a unit, each in its next attempt.
    pub(crate) fn next_unit(&self, steps: &[&Step]) -> Option<Unit> {
        let number = |step: &Step| {
            let before = self.state.step(&step.id);
            before.map_or(1, |attempt| attempt.number.saturating_add(1))
        };
        let first = steps.first()?;
        let key = JobKey {
            deploy: self.plan.deploy.clone(),
            step: first.id.as_str().to_owned(),
            host: first.host.clone(),
            attempt: number(first),
        };
        let parts = steps.iter().map(|step| part(step, number(step))).collect();
        self.unit(key, steps, parts)
    }

    fn unit(&self, key: JobKey, steps: &[&Step], parts: Vec<Part>) -> Option<Unit> {
        let first = steps.first()?;
        let task = match &first.action {
            Action::Push { .. } => Task::Push((*first).clone()),
            Action::Local { command } => Task::Local(vec![command.clone()]),
            Action::Command { .. } => Task::Job(JobSpec {
                key: key.clone(),
                place: self.place(&first.host),
                commands: steps.iter().filter_map(|step| job_command(step)).collect(),
            }),
        };
        Some(Unit {
            host: first.host.clone(),
            key,
            side: Side::Forward,
            parts,
            task,
        })
    }
}

fn part(step: &Step, attempt: u32) -> Part {
    Part {
        step: step.id.clone(),
        attempt,
        commands: 1,
    }
}

fn job_command(step: &Step) -> Option<JobCommand> {
    let Action::Command { command } = &step.action else {
        return None;
    };
    Some(in_job(&step.id, command, step.advisory))
}

/// A command as part of a job.
pub(crate) fn in_job(step: &StepId, command: &Command, advisory: bool) -> JobCommand {
    JobCommand {
        step: step.clone(),
        command: command.clone(),
        advisory,
    }
}
