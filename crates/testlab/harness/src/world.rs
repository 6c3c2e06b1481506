//! The hosts: their job records, what was done on them, and whether anything happened that must not.

mod hosts;
mod job;
mod owners;

use crate::script::{Deed, Script};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use windlass_engine::{JobEvent, JobReport, JobSpec, Place};
use windlass_model::plan::UNLOCK;
use windlass_model::{Action, CommandEnd, HostName, JobKey, Phase, Plan, Step, StepId};

/// The boot that every host is in at first.
const FIRST_BOOT: &str = "boot-1";

/// A command that was started: its key and its place in the job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    /// The job.
    pub key: JobKey,
    /// Which of its commands.
    pub index: usize,
}

/// All hosts together.
#[derive(Clone)]
pub struct World {
    inner: Arc<Mutex<Inner>>,
    pub(crate) script: Arc<Script>,
}

struct Inner {
    plan: Plan,
    jobs: HashMap<JobKey, Job>,
    starts: HashMap<Start, u32>,
    /// What stands: steps that were carried out and not undone since.
    standing: BTreeSet<StepId>,
    /// Hosts whose lock is held.
    locked: BTreeSet<HostName>,
    undone: BTreeMap<StepId, u32>,
    links: BTreeMap<HostName, watch::Sender<bool>>,
    hidden_boots: BTreeSet<HostName>,
    veiled: BTreeSet<HostName>,
    boots: BTreeMap<HostName, String>,
    /// The number of the newest owner at each host.
    fences: BTreeMap<HostName, u64>,
    /// What was left for other machines.
    left: BTreeMap<(HostName, String), Vec<u8>>,
    violations: Vec<String>,
}

pub(crate) struct Job {
    pub(crate) spec: JobSpec,
    pub(crate) said: Vec<JobEvent>,
    pub(crate) end: Option<CommandEnd>,
    pub(crate) changed: watch::Sender<usize>,
    pub(crate) cancel: watch::Sender<bool>,
}

impl World {
    /// The hosts of a plan, all locks held for it, and nothing done yet.
    pub fn new(plan: &Plan, script: Script) -> Self {
        let names = || plan.hosts.iter().map(|host| host.target.name.clone());
        let inner = Inner {
            jobs: HashMap::new(),
            starts: HashMap::new(),
            standing: BTreeSet::new(),
            locked: names().collect(),
            undone: BTreeMap::new(),
            links: names().map(|name| (name, watch::channel(true).0)).collect(),
            boots: names().map(|name| (name, FIRST_BOOT.to_owned())).collect(),
            hidden_boots: BTreeSet::new(),
            fences: plan
                .hosts
                .iter()
                .map(|host| (host.target.name.clone(), host.fence))
                .collect(),
            left: BTreeMap::new(),
            veiled: BTreeSet::new(),
            violations: Vec::new(),
            plan: plan.clone(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            script: Arc::new(script),
        }
    }

    /// The steps that were carried out and not undone since.
    pub fn standing(&self) -> BTreeSet<StepId> {
        self.lock().standing.clone()
    }

    /// The hosts whose lock is held.
    pub fn locked(&self) -> BTreeSet<HostName> {
        self.lock().locked.clone()
    }

    /// How often the undo of a step was begun.
    pub fn undone(&self, step: &StepId) -> u32 {
        self.lock().undone.get(step).copied().unwrap_or_default()
    }

    /// How often each command was started.
    pub fn starts(&self) -> HashMap<Start, u32> {
        self.lock().starts.clone()
    }

    /// What happened that must not.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Jobs that run.
    pub fn running(&self) -> Vec<JobKey> {
        let inner = self.lock();
        let running = inner.jobs.iter().filter(|(_, job)| job.end.is_none());
        running.map(|(key, _)| key.clone()).collect()
    }

    /// Claims a key and lets the job run, unless that was done before. What goes on here, goes on without any controller.
    pub(crate) fn start(&self, spec: &JobSpec) {
        let boot = self.boot(&spec.key.host);
        let mut inner = self.lock();
        if inner.jobs.contains_key(&spec.key) {
            return;
        }
        let end = inner.refuses(spec, &boot);
        inner.jobs.insert(spec.key.clone(), Job::new(spec, end));
        drop(inner);
        if end.is_none() {
            tokio::spawn(self.clone().live(spec.clone()));
        }
    }

    /// Claims a key so that it never starts, or cuts the job short.
    pub(crate) fn cancel(&self, key: &JobKey, place: &Place) -> Option<CommandEnd> {
        let mut inner = self.lock();
        match inner.jobs.get(key).map(|job| job.end) {
            Some(Some(end)) => Some(end),
            Some(None) => {
                inner.cut_short(key, CommandEnd::Cancelled);
                None
            }
            None => {
                let spec = JobSpec {
                    key: key.clone(),
                    spends_reserve: false,
                    place: place.clone(),
                    commands: Vec::new(),
                };
                inner
                    .jobs
                    .insert(key.clone(), Job::new(&spec, Some(CommandEnd::Cancelled)));
                None
            }
        }
    }

    /// What a job has said from event `from` on, and its report once it has ended.
    pub(crate) fn read(&self, spec: &JobSpec, from: usize) -> (Vec<JobEvent>, Option<JobReport>) {
        let inner = self.lock();
        let Some(job) = inner.jobs.get(&spec.key) else {
            return (Vec::new(), None);
        };
        let said = job.said.get(from..).unwrap_or_default().to_vec();
        (said, job.end.map(|end| job.report(spec, end)))
    }

    pub(crate) fn watch(&self, key: &JobKey) -> Option<watch::Receiver<usize>> {
        self.lock().jobs.get(key).map(|job| job.changed.subscribe())
    }

    /// A job's life on its host.
    async fn live(self, spec: JobSpec) {
        let Some(mut cancel) = self
            .lock()
            .jobs
            .get(&spec.key)
            .map(|job| job.cancel.subscribe())
        else {
            return;
        };
        for (index, command) in spec.commands.iter().enumerate() {
            let deed = deed(&spec.key, &command.step);
            let time = (self.script.times)(&deed);
            if !self.begin(&spec.key, index, &deed) {
                return;
            }
            tokio::select! {
                biased;
                _ = cancel.wait_for(|cancelled| *cancelled) => return,
                () = tokio::time::sleep(time) => {}
            }
            let end = (self.script.ends)(&deed);
            let last = (!end.success() && !command.advisory) || index + 1 == spec.commands.len();
            self.over(&spec.key, index, &deed, end, last.then_some(end), time);
            if last {
                return;
            }
        }
    }

    /// A command starts, unless its job was cut short.
    fn begin(&self, key: &JobKey, index: usize, deed: &Deed) -> bool {
        let mut inner = self.lock();
        if inner.jobs.get(key).is_none_or(|job| job.end.is_some()) {
            return false;
        }
        inner.note_start(key, index, deed);
        inner.say(key, JobEvent::CommandStarted { index });
        true
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the whole line of a job's record"
    )]
    fn over(
        &self,
        key: &JobKey,
        index: usize,
        deed: &Deed,
        end: CommandEnd,
        whole: Option<CommandEnd>,
        duration: std::time::Duration,
    ) {
        let mut inner = self.lock();
        if inner.jobs.get(key).is_none_or(|job| job.end.is_some()) {
            return;
        }
        inner.note_end(deed, end);
        inner.say(
            key,
            JobEvent::CommandEnded {
                index,
                end,
                duration,
            },
        );
        if let Some(job) = inner.jobs.get_mut(key) {
            job.end = whole.map(|end| job.whole(end));
            job.tell();
        }
    }

    /// A command on the controller, which is no job.
    pub(crate) fn local_begin(&self, key: &JobKey, index: usize, step: &StepId) -> Deed {
        let deed = deed(key, step);
        self.lock().note_start(key, index, &deed);
        deed
    }

    pub(crate) fn local_end(&self, deed: &Deed, end: CommandEnd) {
        self.lock().note_end(deed, end);
    }

    /// Objects were brought; this may be repeated.
    pub(crate) fn pushed(&self, step: &StepId) {
        self.lock().standing.insert(step.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Why a job is not started although it has claimed its key.
    fn refuses(&self, spec: &JobSpec, boot: &str) -> Option<CommandEnd> {
        let Place::Deploy { boot_id, fence, .. } = &spec.place else {
            return None;
        };
        if boot_id != boot {
            return Some(CommandEnd::Rebooted);
        }
        let is_stale = self.fences.get(&spec.key.host) != Some(fence);
        is_stale.then_some(CommandEnd::Fenced)
    }

    fn note_start(&mut self, key: &JobKey, index: usize, deed: &Deed) {
        let start = Start {
            key: key.clone(),
            index,
        };
        let count = self.starts.entry(start).or_insert(0);
        *count += 1;
        if *count > 1 {
            self.violations
                .push(format!("{key} command {index} was started {count} times"));
        }
        if deed.undo {
            self.check_undo(key);
            *self.undone.entry(deed.step.clone()).or_insert(0) += 1;
        } else {
            self.check_forward(deed);
            self.standing.insert(deed.step.clone());
        }
    }

    /// Nothing of ours may run on the host beside an undo.
    fn check_undo(&mut self, key: &JobKey) {
        let beside = self
            .jobs
            .values()
            .find(|job| job.end.is_none() && job.spec.key.host == key.host && &job.spec.key != key);
        if let Some(beside) = beside {
            let text = format!("{key} undoes beside {}", beside.spec.key);
            self.violations.push(text);
        }
    }

    /// Nobody publishes before everybody is ready, and no batch begins before the one before it is through.
    fn check_forward(&mut self, deed: &Deed) {
        if !self.locked.contains(&deed.host) {
            self.violations
                .push(format!("{} ran without the lock", deed.step));
        }
        let Some(own) = self.plan.step(&deed.step) else {
            return;
        };
        if own.phase < Phase::Publishing {
            return;
        }
        let comes_before = |step: &Step| match (step.batch, own.batch) {
            _ if matches!(step.action, Action::Pause { .. }) => false,
            (Some(other), Some(own)) => other < own,
            _ => step.phase < Phase::Publishing,
        };
        let missing = self
            .plan
            .steps
            .iter()
            .find(|step| comes_before(step) && !self.standing.contains(&step.id));
        if let Some(missing) = missing {
            let text = format!("{} ran before {}", deed.step, missing.id);
            self.violations.push(text);
        }
    }

    fn note_end(&mut self, deed: &Deed, end: CommandEnd) {
        if !end.success() {
            return;
        }
        if deed.step.as_str().starts_with(UNLOCK) {
            self.free(&deed.host, deed.undo);
        } else if deed.undo {
            self.standing.remove(&deed.step);
        }
    }

    /// A lock is freed when its host is done, or clean.
    fn free(&mut self, host: &HostName, undo: bool) {
        self.locked.remove(host);
        let left = self.plan.steps.iter().find(|step| {
            let undoable = !matches!(step.undo, windlass_model::Undo::None { .. });
            &step.host == host && undoable && self.standing.contains(&step.id)
        });
        if let (true, Some(left)) = (undo, left) {
            let text = format!("the lock of {host} was freed before {} was undone", left.id);
            self.violations.push(text);
        }
    }

    fn say(&mut self, key: &JobKey, event: JobEvent) {
        if let Some(job) = self.jobs.get_mut(key) {
            job.said.push(event);
            job.tell();
        }
    }

    /// Ends a running job from outside: the command under way has this end, later ones are not reached.
    fn cut_short(&mut self, key: &JobKey, end: CommandEnd) {
        let Some(job) = self.jobs.get_mut(key) else {
            return;
        };
        if let Some(index) = job.running() {
            let duration = std::time::Duration::from_secs(1);
            job.said.push(JobEvent::CommandEnded {
                index,
                end,
                duration,
            });
        }
        job.end = Some(end);
        job.cancel.send_replace(true);
        job.tell();
    }
}

fn deed(key: &JobKey, step: &StepId) -> Deed {
    Deed {
        host: key.host.clone(),
        step: step.clone(),
        undo: key.step.starts_with("undo."),
        attempt: key.attempt,
    }
}
