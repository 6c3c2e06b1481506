//! The one task that owns the state of a deploy: journal first, then act, then tell.
//!
//! Everything that happens comes in through one inbox and is taken in turns. A turn handles what has arrived, decides
//! what to do next, writes both down in one transaction, and only then tells and acts. If the engine dies between any
//! two of these, the journal holds an intent without an outcome, and the job's record on the host knows the rest.

use crate::backend::Backend;
use crate::batch::Batch;
use crate::error::Error;
use crate::failure::pauses;
use crate::flight::{Flight, Message, Side, Unit, fly, stop, stop_local};
use crate::hold::Custody;
use crate::wishes::Answer;
use crate::{Run, Taken};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};
use windlass_journal::{Attempt, Decision, Record, State, Stored, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{EventBody, HostName, JobKey, Plan, PlanDigest, StepId, TaskName};

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
    /// The others are through: what failed is put back.
    Spared,
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
    /// When each pause that was begun earlier began.
    pub(crate) waiting_since: BTreeMap<StepId, Timestamp>,
    pub(crate) batch: Batch,
    pub(crate) flights: HashMap<JobKey, Flight>,
    /// Jobs that are being stopped.
    pub(crate) stopping: HashMap<JobKey, HostName>,
    /// Jobs that were stopped and whose processes are gone.
    pub(crate) gone: HashSet<JobKey>,
    /// Hosts whose boot id is being asked for.
    pub(crate) asking: BTreeSet<HostName>,
    /// What keeps the deploy ours, and what others find of it.
    pub(crate) custody: Custody,
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
    /// A failure is left to a person, and what runs comes to its end.
    pub(crate) resting: bool,
    /// What a person was answered; each answer is given once.
    pub(crate) answers: BTreeSet<Answer>,
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
            waiting_since: pauses(plan, &stored.records),
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
            custody: Custody::new(),
            boots: BTreeMap::new(),
            doubt: BTreeMap::new(),
            stuck: BTreeMap::new(),
            undo_runs: BTreeMap::new(),
            undo_failed: BTreeSet::new(),
            turn: None,
            draining: false,
            resting: false,
            answers: BTreeSet::new(),
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
    pub(crate) async fn carry_out(mut self, taken: Taken) -> Result<EndSummary, Error> {
        let may_go_on = |end| matches!(end, DeployEnd::Stuck | DeployEnd::Fenced);
        if self.state.end.is_some_and(|end| !may_go_on(end)) {
            return Err(Error::Over(self.plan.deploy.clone()));
        }
        let resumed = taken != Taken::New;
        if resumed {
            self.record(Record::Resumed)?;
            // It may have rested for long.
            self.custody.renewal.reset_immediately();
            // What was decided may not have got there.
            let undoes = self.state.undo.is_some();
            (self.custody.has_decided, self.custody.is_decided) = (undoes, !undoes);
        }
        if taken == Taken::UpAgain && self.state.undo.is_none() && !self.state.done {
            self.record(Record::Decision(Decision::Retry))?;
        }
        self.leave_plan();
        let summary = self.opening();
        self.batch
            .tell(EventBody::DeployStarted { summary, resumed });
        self.batch.commit().await?;
        let end = self.work().await?;
        self.finish(end).await
    }

    async fn work(&mut self) -> Result<DeployEnd, Error> {
        if self.is_paused() {
            return Ok(DeployEnd::Parked);
        }
        if self.state.undo.is_none() {
            match self.forward().await? {
                Turn::Parked => return Ok(DeployEnd::Parked),
                Turn::Fenced => return Ok(DeployEnd::Fenced),
                Turn::Arrived => return self.arrive(),
                Turn::Spared => self.unwind_for(self.put_back())?,
                Turn::Undo {
                    reason,
                    failed,
                    cancelled,
                } => {
                    let decision = self.answer(reason, failed, cancelled);
                    self.unwind_for(decision)?;
                    if self.state.paused.is_some() {
                        return Ok(DeployEnd::Parked);
                    }
                }
            }
        }
        self.unwind().await
    }

    /// Takes the decision that ends the way forward.
    fn unwind_for(&mut self, decision: Decision) -> Result<(), Error> {
        self.record(Record::Decision(decision.clone()))?;
        if let Decision::Undo { reason, .. } = decision {
            self.batch.tell(EventBody::UnwindStarted { reason });
        }
        Ok(())
    }

    async fn finish(mut self, end: DeployEnd) -> Result<EndSummary, Error> {
        if matches!(end, DeployEnd::Parked | DeployEnd::Stuck) {
            self.rest().await;
        }
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
        match &record {
            Record::Decision(Decision::Undo { .. }) => {
                (self.custody.has_decided, self.custody.is_decided) = (true, false);
            }
            Record::Decision(Decision::Spare { .. } | Decision::Retry) => {
                self.custody.has_decided = true;
            }
            _ => {}
        }
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
        self.leave_decision();
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

    /// The same for a command on this machine.
    pub(crate) fn stop_local(&mut self, key: &JobKey, host: &HostName) {
        self.stopping.insert(key.clone(), host.clone());
        let (backend, outbox) = (Arc::clone(&self.run.backend), self.outbox.clone());
        let backend: Arc<dyn Backend> = backend;
        self.tasks
            .spawn(stop_local(backend, key.clone(), host.clone(), outbox));
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
            _ = self.custody.renewal.tick() => self.renew(),
        }
        while self.tasks.try_join_next().is_some() {}
        for message in messages {
            self.handle(message)?;
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
            && !self.is_deciding()
            && (self.state.undo.is_some() || self.custody.leaving.is_empty())
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
}
