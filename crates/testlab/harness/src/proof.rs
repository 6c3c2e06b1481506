//! The proofs: each step failing in turn, and the controller stopped at every record.

use crate::crash::{Crash, CrashingStore};
use crate::fake::FakeBackend;
use crate::machine::{Machine, PausedClock};
use crate::script::Script;
use crate::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use windlass_engine::{Control, Error, Run, recover, resume, retry, run};
use windlass_journal::{Record, State, Store, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{Event, HostName, Plan, PlanDigest, Step, StepId, Undo};

/// A plan, a world to carry it out in, and a journal.
pub struct Bench {
    /// What is carried out.
    pub plan: Plan,
    /// Where.
    pub world: World,
    /// From where it is carried out.
    pub machine: Machine,
    /// Says what is wanted of the engine.
    pub control: watch::Sender<Control>,
    events: mpsc::UnboundedSender<Event>,
    told: mpsc::UnboundedReceiver<Event>,
    clock: PausedClock,
}

/// What is compared: how it ended and what stands on the hosts.
#[derive(Debug, PartialEq, Eq)]
pub struct Ending {
    /// How it ended.
    pub end: DeployEnd,
    /// What stands.
    pub standing: BTreeSet<StepId>,
    /// Which locks are held.
    pub locked: BTreeSet<HostName>,
}

impl Bench {
    /// A new world for a plan.
    ///
    /// # Panics
    /// Where the machine has no room for a temporary journal.
    pub fn new(plan: &Plan, script: Script) -> Self {
        let machine = Machine::new();
        let (events, told) = mpsc::unbounded_channel();
        Self {
            world: World::new(plan, script),
            machine,
            control: watch::channel(Control::Go).0,
            plan: plan.clone(),
            events,
            told,
            clock: PausedClock(tokio::time::Instant::now()),
        }
    }

    /// What an engine works with, over this journal.
    pub fn tools(&self, journal: Arc<dyn Store>) -> Run {
        Run {
            journal,
            backend: FakeBackend::new(&self.world),
            events: self.events.clone(),
            control: self.control.subscribe(),
            clock: Arc::new(self.clock),
            log: None,
        }
    }

    /// Carries the plan out.
    pub async fn run(&self) -> Result<EndSummary, Error> {
        self.run_until(Crash::Never).await.0
    }

    /// Carries the plan out until the controller dies; also says how many records were written.
    pub async fn run_until(&self, crash: Crash) -> (Result<EndSummary, Error>, usize) {
        let store = Arc::new(CrashingStore::new(self.machine.journal.clone(), crash));
        let digest = PlanDigest::new("9c1e77");
        let end = run(self.plan.clone(), digest, self.tools(store.clone())).await;
        (end, store.written())
    }

    /// Goes on with it.
    pub async fn resume(&self) -> Result<EndSummary, Error> {
        resume(&self.plan.deploy, self.tools(self.machine.journal.clone())).await
    }

    /// Goes on with it until the controller dies again.
    pub async fn resume_until(&self, crash: Crash) -> Result<EndSummary, Error> {
        let store = Arc::new(CrashingStore::new(self.machine.journal.clone(), crash));
        resume(&self.plan.deploy, self.tools(store)).await
    }

    /// Goes on with it on another machine, whose journal has never heard of it.
    ///
    /// # Panics
    /// Where the jobs' records do not tell how the deploy stands.
    pub async fn resume_elsewhere(&self, machine: &Machine) -> Result<EndSummary, Error> {
        let subject = Subject::Deploy {
            plan: self.plan.clone(),
        };
        let mut records = vec![
            Record::Resumed,
            Record::TakenOver {
                fences: self.world.take_over(),
            },
        ];
        let shown = self.world.shown();
        let found = recover(&subject, &State::default(), &shown).expect("records that follow");
        assert_eq!(
            found.unknown,
            Vec::<StepId>::new(),
            "every step has a record"
        );
        records.extend(found.records);
        let (journal, deploy) = (&machine.journal, &self.plan.deploy);
        let digest = PlanDigest::new("9c1e77");
        journal.begin(&subject, &digest, Timestamp(0))?;
        journal.append(deploy, Timestamp(0), &records)?;
        resume(deploy, self.tools(journal.clone())).await
    }

    /// Goes on with it, trying again what failed.
    pub async fn retry(&self) -> Result<EndSummary, Error> {
        self.retry_until(Crash::Never).await.0
    }

    /// The same until the controller dies; also says how many records were written.
    pub async fn retry_until(&self, crash: Crash) -> (Result<EndSummary, Error>, usize) {
        let store = Arc::new(CrashingStore::new(self.machine.journal.clone(), crash));
        let end = retry(&self.plan.deploy, self.tools(store.clone())).await;
        (end, store.written())
    }

    /// Everything told so far.
    pub fn told(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Ok(event) = self.told.try_recv() {
            events.push(event);
        }
        events
    }

    /// What is to be compared. Of a deploy that was undone, what nothing reverses may or may not have been done.
    pub fn ending(&self, summary: &EndSummary) -> Ending {
        let mut standing = self.world.standing();
        if summary.end != DeployEnd::Deployed {
            standing.retain(|id| self.plan.step(id).is_some_and(is_undoable));
        }
        Ending {
            end: summary.end,
            standing,
            locked: self.world.locked(),
        }
    }

    /// # Panics
    /// Where something happened that must not, or something still runs.
    pub fn assert_sound(&self, what: &str) {
        assert_eq!(self.world.violations(), Vec::<String>::new(), "{what}");
        assert_eq!(self.world.running(), Vec::new(), "{what}: left running");
    }
}

/// Lets every step of the plan fail in turn; and every undo of the whole plan be cut short once, so that it runs twice.
///
/// # Panics
/// Where a failed deploy is not undone everywhere, with the locks freed.
pub async fn every_step(plan: &Plan) {
    for step in &plan.steps {
        let bench = Bench::new(plan, Script::failing(&step.id));
        let summary = bench.run().await.expect("an end");
        bench.assert_sound(step.id.as_str());
        if step.advisory {
            assert_eq!(summary.end, DeployEnd::Deployed, "{}", step.id);
        } else if Plan::is_closing(step) {
            assert_eq!(summary.end, DeployEnd::Stuck, "{}", step.id);
        } else {
            assert_undone(&bench, &summary, step.id.as_str());
        }
    }
    every_undo_twice(plan).await;
}

async fn every_undo_twice(plan: &Plan) {
    let may_fail = |step: &Step| !step.advisory && !Plan::is_closing(step);
    let Some(last) = plan.steps.iter().rposition(may_fail) else {
        return;
    };
    let Some((failing, before)) = plan.steps.get(..=last).and_then(<[Step]>::split_last) else {
        return;
    };
    let fails = failing.id.clone();
    // What stands after the step that fails is never begun.
    let begun = before.iter().chain([failing]);
    let repeatable = begun.filter(|step| step.undo.may_repeat());
    let repeatable: BTreeSet<StepId> = repeatable.map(|step| step.id.clone()).collect();
    let twice = repeatable.clone();
    let script = Script::default().ending(move |deed| {
        use windlass_model::{CommandEnd, ExitStatus};
        match (deed.undo, deed.attempt) {
            (true, 1) if twice.contains(&deed.step) => CommandEnd::Lost,
            (true, _) => CommandEnd::Exited(ExitStatus(0)),
            (false, _) => CommandEnd::Exited(ExitStatus(u8::from(deed.step == fails))),
        }
    });
    let bench = Bench::new(plan, script);
    let summary = bench.run().await.expect("an end");
    bench.assert_sound("every undo twice");
    assert_undone(&bench, &summary, "every undo twice");
    for step in &repeatable {
        assert_eq!(bench.world.undone(step), 2, "{step}");
    }
}

fn is_undoable(step: &Step) -> bool {
    !matches!(step.undo, Undo::None { .. })
}

fn assert_undone(bench: &Bench, summary: &EndSummary, what: &str) {
    assert_eq!(summary.end, DeployEnd::Undone, "{what}: {summary:?}");
    let left: Vec<&StepId> = bench
        .plan
        .steps
        .iter()
        .filter(|step| is_undoable(step))
        .map(|step| &step.id)
        .filter(|id| bench.world.standing().contains(*id))
        .collect();
    assert!(left.is_empty(), "{what}: still stands {left:?}");
    assert!(
        bench.world.locked().is_empty(),
        "{what}: locks {:?}",
        bench.world.locked()
    );
}

/// Stops the controller before and after every record of a run, resumes it, at once and much later, and compares what
/// has become of the hosts with the undisturbed run.
///
/// # Panics
/// Where the end differs, or a command was started twice for one attempt.
pub async fn every_crash(plan: &Plan, script: impl Fn() -> Script) {
    crashes(plan, script, |_| &RESTS).await;
}

/// The same, resumed at once after every other record and much later after the others: for many scripts.
///
/// # Panics
/// As [`every_crash`].
pub(crate) async fn every_crash_once(plan: &Plan, script: impl Fn() -> Script) {
    crashes(plan, script, |count| match count % 2 {
        0 => &RESTS[..1],
        _ => &RESTS[1..],
    })
    .await;
}

/// How long nobody resumes.
const RESTS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(86_400)];

async fn crashes(
    plan: &Plan,
    script: impl Fn() -> Script,
    rests: impl Fn(usize) -> &'static [Duration],
) {
    let calm = Bench::new(plan, script());
    let (summary, records) = calm.run_until(Crash::Never).await;
    let wanted = calm.ending(&summary.expect("an end"));
    calm.assert_sound("undisturbed");
    for count in 1..=records {
        for crash in [Crash::Before(count), Crash::After(count)] {
            for rest in rests(count) {
                crash_once(plan, script(), (crash, *rest), &wanted).await;
            }
            crash_for_good(plan, script(), crash, &wanted).await;
        }
    }
}

/// Stops the controller twice: once on the way, and again at each record of the run that takes it up.
///
/// # Panics
/// As [`every_crash`].
pub async fn every_second_crash(plan: &Plan, script: impl Fn() -> Script, first: usize) {
    let calm = Bench::new(plan, script());
    let wanted = calm.ending(&calm.run().await.expect("an end"));
    for second in 1.. {
        let what = format!("stopped at {first} and then at {second}");
        let bench = Bench::new(plan, script());
        let (begun, _) = bench.run_until(Crash::After(first)).await;
        assert!(begun.is_err(), "{what}: it ended before record {first}");
        let again = bench.resume_until(Crash::Before(second)).await;
        let whole = again.is_ok();
        let summary = match again {
            Ok(summary) => summary,
            Err(_) => bench
                .resume()
                .await
                .unwrap_or_else(|error| panic!("{what}: {error:?}")),
        };
        bench.assert_sound(&what);
        assert_eq!(bench.ending(&summary), wanted, "{what}: {summary:?}");
        if whole {
            return;
        }
    }
}

async fn crash_once(
    plan: &Plan,
    script: Script,
    (crash, rest): (Crash, Duration),
    wanted: &Ending,
) {
    let what = format!("{crash:?}, resumed after {rest:?}");
    let bench = Bench::new(plan, script);
    let (first, _) = bench.run_until(crash).await;
    tokio::time::sleep(rest).await;
    let summary = match first {
        Ok(summary) => summary,
        // The record of the end is there, and only telling it was not possible.
        Err(_) if is_over(&bench) => return,
        Err(_) => bench
            .resume()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}")),
    };
    bench.assert_sound(&what);
    assert_eq!(&bench.ending(&summary), wanted, "{what}: {summary:?}");
}

/// The controller dies and does not come back: another machine goes on.
async fn crash_for_good(plan: &Plan, script: Script, crash: Crash, wanted: &Ending) {
    let what = format!("{crash:?}, taken over");
    let bench = Bench::new(plan, script);
    let (first, _) = bench.run_until(crash).await;
    // Where no lock is held any more nothing is left to go on with.
    if first.is_ok() || bench.world.locked().is_empty() {
        return;
    }
    let machine = Machine::new();
    let summary = bench
        .resume_elsewhere(&machine)
        .await
        .unwrap_or_else(|error| panic!("{what}: {error:?}"));
    bench.assert_sound(&what);
    assert_eq!(&bench.ending(&summary), wanted, "{what}: {summary:?}");
}

fn is_over(bench: &Bench) -> bool {
    let stored = bench
        .machine
        .journal
        .load(&bench.plan.deploy)
        .expect("a journal");
    stored.state.end.is_some_and(|end| end != DeployEnd::Stuck)
}
