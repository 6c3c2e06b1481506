//! A fleet, several controllers and bad luck, all from one seed: hosts fail, vanish, return and reboot; controllers are
//! killed, cut off, parked, cancelled, replaced, and come back.
//!
//! Time is tokio's and paused, so that hours pass in milliseconds, and a seed tells the same story every time. After some
//! time all troubles cease and whoever is there goes on until nothing is left to do. Then all of it must be deployed, or all
//! of it undone, each command must have been started once an attempt, no undo may have run beside what it undoes, and no
//! controller may have said anything else than what became of it.

mod fate;

use crate::fake::FakeBackend;
use crate::machine::{Machine, PausedClock};
use crate::plans::host_name;
use crate::world::World;
use fastrand::Rng;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use windlass_engine::{Control, Error, Run, recover, resume, run};
use windlass_journal::{Record, State, Store, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{HostName, Plan, PlanDigest, StepId, Undo};

/// So long troubles come.
const TROUBLED: u64 = 400_000;

/// So often somebody goes on after that; each time something is left to be done.
const PATIENCE: usize = 30;

/// Carries one deploy out under the troubles of a seed.
///
/// # Errors
/// What should not have become of it.
pub async fn simulate(seed: u64) -> Result<Story, String> {
    let mut simulation = Simulation::new(seed);
    simulation.trouble().await;
    simulation.settle().await?;
    simulation.check()
}

/// What a seed came to, so that a run can say that it saw everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// How the deploy ended.
    pub end: Option<DeployEnd>,
    /// How often a controller was killed.
    pub killed: usize,
    /// How often another machine took over.
    pub taken_over: usize,
    /// How often a controller found itself replaced.
    pub fenced: usize,
    /// How often a host was started anew.
    pub rebooted: usize,
}

struct Simulation {
    dice: Rng,
    plan: Plan,
    world: World,
    machines: Vec<Machine>,
    controllers: Vec<Controller>,
    ends: Vec<(DeployEnd, EndSummary)>,
    story: Story,
    trouble: Option<String>,
}

/// A controller at work.
struct Controller {
    machine: usize,
    backend: Arc<FakeBackend>,
    control: watch::Sender<Control>,
    task: JoinHandle<Result<EndSummary, Error>>,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let plan = fate::plan(&mut dice);
        let script = fate::script(&plan, seed, &mut dice);
        let mut simulation = Self {
            world: World::new(&plan, script),
            plan,
            machines: vec![Machine::new()],
            controllers: Vec::new(),
            ends: Vec::new(),
            story: Story::default(),
            trouble: None,
            dice,
        };
        simulation.begin();
        simulation
    }

    /// The deploy is begun on the first machine.
    fn begin(&mut self) {
        let plan = self.plan.clone();
        self.employ(0, move |tools| {
            tokio::spawn(async move { run(plan, digest(), tools).await })
        });
    }

    fn employ(
        &mut self,
        machine: usize,
        work: impl FnOnce(Run) -> JoinHandle<Result<EndSummary, Error>>,
    ) {
        let Some(journal) = self
            .machines
            .get(machine)
            .map(|machine| machine.journal.clone())
        else {
            return;
        };
        let (control, controlled) = watch::channel(Control::Go);
        let backend = FakeBackend::new(&self.world);
        // Nobody listens: what is told was written before, which is proved elsewhere.
        let (events, _) = mpsc::unbounded_channel();
        let task = work(Run {
            journal,
            backend: backend.clone(),
            events,
            control: controlled,
            clock: Arc::new(PausedClock(tokio::time::Instant::now())),
            log: None,
        });
        self.controllers.push(Controller {
            machine,
            backend,
            control,
            task,
        });
    }

    /// Bad luck, one thing after another.
    async fn trouble(&mut self) {
        let end = tokio::time::Instant::now() + Duration::from_millis(self.dice.u64(0..TROUBLED));
        while tokio::time::Instant::now() < end {
            let pause = self.dice.u64(1..60_000);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.collect().await;
            if self.is_over() {
                return;
            }
            match self.dice.u32(0..12) {
                0 | 1 => self.kill().await,
                2 => self.cut_off(),
                3 => self.order(Control::Park),
                4 => {
                    if self.dice.bool() {
                        self.order(Control::Cancel);
                    }
                }
                5 => self.reboot(),
                6 | 7 => self.vanish(),
                8 => self.take_over(),
                _ => self.return_all(),
            }
            if self.controllers.is_empty() {
                self.go_on();
            }
        }
    }

    /// All is well again, and somebody goes on until nothing is left to do.
    async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..PATIENCE {
            self.return_all();
            tokio::time::sleep(Duration::from_secs(self.dice.u64(60..7200))).await;
            self.collect().await;
            if let Some(trouble) = self.trouble.take() {
                return Err(trouble);
            }
            if self.controllers.is_empty() {
                if self.is_over() {
                    return Ok(());
                }
                self.go_on();
            }
        }
        Err(format!("it does not end: {:?}", self.ends.last()))
    }

    fn is_over(&self) -> bool {
        self.world.locked().is_empty() && self.world.running().is_empty()
    }

    /// Takes note of those that have ended.
    async fn collect(&mut self) {
        let (ended, working): (Vec<_>, Vec<_>) = std::mem::take(&mut self.controllers)
            .into_iter()
            .partition(|controller| controller.task.is_finished());
        self.controllers = working;
        for controller in ended {
            match controller.task.await {
                Ok(Ok(summary)) => {
                    if summary.end == DeployEnd::Fenced {
                        self.story.fenced += 1;
                    }
                    self.ends.push((summary.end, summary));
                }
                Ok(Err(Error::Over(_))) => {}
                Ok(Err(error)) => self.trouble = Some(format!("an engine fails: {error:?}")),
                Err(error) => self.trouble = Some(format!("an engine panics: {error}")),
            }
        }
    }

    fn any(&mut self) -> Option<usize> {
        let count = self.controllers.len();
        (count > 0).then(|| self.dice.usize(0..count))
    }

    /// Kill -9 at whatever it was doing.
    async fn kill(&mut self) {
        let Some(index) = self.any() else {
            return;
        };
        let controller = self.controllers.swap_remove(index);
        controller.task.abort();
        // It is gone when it lets go of its journal.
        drop(controller.task.await);
        self.story.killed += 1;
    }

    /// The controller's own network is gone, or its machine sleeps; or it is there again.
    fn cut_off(&mut self) {
        if let Some(index) = self.any()
            && let Some(controller) = self.controllers.get(index)
        {
            controller.backend.cut_off(true);
        }
    }

    fn order(&mut self, control: Control) {
        if let Some(index) = self.any()
            && let Some(controller) = self.controllers.get(index)
        {
            controller.control.send_replace(control);
        }
    }

    fn host(&mut self) -> HostName {
        host_name(self.dice.usize(1..=self.plan.hosts.len()))
    }

    fn reboot(&mut self) {
        let host = self.host();
        self.world.reboot(&host);
        self.story.rebooted += 1;
    }

    fn vanish(&mut self) {
        let host = self.host();
        self.world.reach(&host, false);
    }

    fn return_all(&mut self) {
        for number in 1..=self.plan.hosts.len() {
            self.world.reach(&host_name(number), true);
        }
        for controller in &self.controllers {
            controller.backend.cut_off(false);
        }
    }

    /// Somebody goes on with what nobody works on: a machine that knows the deploy, or another one.
    fn go_on(&mut self) {
        let machine = self.dice.usize(0..self.machines.len());
        let deploy = self.plan.deploy.clone();
        let stored = self
            .machines
            .get(machine)
            .map(|machine| machine.journal.load(&deploy));
        let may_go_on = matches!(&stored, Some(Ok(stored))
            if stored.state.end.is_none_or(|end| end == DeployEnd::Stuck));
        if may_go_on && self.dice.bool() {
            self.employ(machine, move |tools| {
                tokio::spawn(async move { resume(&deploy, tools).await })
            });
        } else {
            self.take_over();
        }
    }

    /// Another machine becomes the owner, whether or not somebody works on it. All hosts must be there for that.
    fn take_over(&mut self) {
        let hosts = self.plan.hosts.iter().map(|host| &host.target.name);
        let mut links = hosts.filter_map(|host| self.world.link(host));
        if links.any(|link| !*link.borrow()) || self.world.locked().is_empty() {
            return;
        }
        let machine = self.machine();
        if self
            .controllers
            .iter()
            .any(|controller| controller.machine == machine)
        {
            return;
        }
        match self.written(machine) {
            Ok(()) => self.story.taken_over += 1,
            Err(error) => {
                self.trouble = Some(format!("what the hosts tell does not follow: {error}"));
                return;
            }
        }
        let deploy = self.plan.deploy.clone();
        self.employ(machine, move |tools| {
            tokio::spawn(async move { resume(&deploy, tools).await })
        });
    }

    /// A new machine, or one that has seen the deploy before.
    fn machine(&mut self) -> usize {
        if self.dice.bool() {
            self.machines.push(Machine::new());
            return self.machines.len() - 1;
        }
        self.dice.usize(0..self.machines.len())
    }

    /// Takes over and writes what was done into the machine's journal.
    fn written(&self, machine: usize) -> Result<(), Box<dyn std::error::Error>> {
        let Some(journal) = self.machines.get(machine).map(|machine| &machine.journal) else {
            return Ok(());
        };
        let subject = Subject::Deploy {
            plan: self.plan.clone(),
        };
        let deploy = &self.plan.deploy;
        let known = journal.load(deploy).ok();
        let state = known
            .as_ref()
            .map_or_else(State::default, |stored| stored.state.clone());
        let fences = self.world.take_over();
        let found = recover(&subject, &state, &self.world.shown())?;
        let mut records = vec![Record::Resumed, Record::TakenOver { fences }];
        records.extend(found.records);
        if known.is_none() {
            journal.begin(&subject, &digest(), Timestamp(0))?;
        }
        journal.append(deploy, Timestamp(0), &records)?;
        Ok(())
    }

    fn check(mut self) -> Result<Story, String> {
        let violations = self.world.violations();
        if !violations.is_empty() {
            return Err(format!("{violations:?}"));
        }
        let standing = self.world.standing();
        let undoable = |step: &&windlass_model::Step| !matches!(step.undo, Undo::None { .. });
        let all = self.plan.steps.iter().map(|step| &step.id);
        let undoable: BTreeSet<&StepId> = self
            .plan
            .steps
            .iter()
            .filter(undoable)
            .map(|step| &step.id)
            .collect();
        let end = if undoable.iter().all(|step| !standing.contains(*step)) {
            DeployEnd::Undone
        } else if all.clone().all(|step| standing.contains(step)) {
            DeployEnd::Deployed
        } else {
            let left: Vec<&StepId> = all.filter(|step| standing.contains(*step)).collect();
            return Err(format!("neither deployed nor undone; there stand {left:?}"));
        };
        self.story.end = Some(end);
        for (said, summary) in &self.ends {
            let is_true = match said {
                DeployEnd::Deployed => end == DeployEnd::Deployed,
                DeployEnd::Undone | DeployEnd::CancelledUndone => end == DeployEnd::Undone,
                DeployEnd::Stopped => false,
                DeployEnd::Stuck | DeployEnd::Parked | DeployEnd::Fenced | DeployEnd::GivenUp => {
                    true
                }
            };
            if !is_true {
                return Err(format!("it is {end:?}, and a controller said {summary:?}"));
            }
        }
        Ok(self.story)
    }
}

fn digest() -> PlanDigest {
    PlanDigest::new("9c1e77")
}
