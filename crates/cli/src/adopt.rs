//! A deploy that this machine did not begin, or lost: found on the hosts, taken over, and written into this machine's journal,
//! so that it is gone on with like any other.
//!
//! Until the hosts are told who owns it from now on, nothing is changed anywhere. The first host of the plan decides between
//! several that take over at once; the others follow side by side. All hosts of the plan must be there: of one that is not,
//! nobody could say what it has done.

mod done;

use crate::args::Global;
use crate::commands::lock::since_heard;
use crate::context::Context;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::prepare::{Look, Who, look};
use crate::revision::{Intention, resolve};
use crate::screen::{confirm, say};
use crate::world::World;
use done::{done, refused};
pub(crate) use done::{paused, undoing};
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use windlass_engine::deposit::{self, Deposit};
use windlass_facts::{HostFacts, Lease, Lock, TakeOver, Taken, read_take_over};
use windlass_journal::{Journal, Record, State, Store as _, Subject};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::layout::Layout;
use windlass_model::plan::PlanHost;
use windlass_model::{DeployId, ExitCode, HostName, Plan, StepId};

/// A deploy as the hosts know it.
pub(crate) struct Abroad {
    /// Who holds its locks.
    pub lock: Lock,
    /// Whether that controller was heard of lately, by the host that heard of it last; none = it left no word of that.
    pub lease: Option<Lease>,
    /// What it does.
    pub deposit: Deposit,
}

/// What is to be done with a deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Go on with it.
    GoOn,
    /// Go on with it and try again what failed.
    Retry,
    /// Undo it.
    Undo,
}

/// The deploy that holds the locks of a stage, with its plan; none where no lock is held. Changes nothing.
pub(crate) async fn abroad(
    world: &World,
    context: &mut Context,
    wanted: Option<&DeployId>,
) -> Result<Option<Abroad>, Failure> {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let limits = context.inventory.settings.limits.clone();
    let (fleet, failures) = Fleet::connect_any(world, context.wanted(), &limits, &sender).await?;
    let all = context.inventory.hosts.clone();
    context.keep(&fleet);
    let found = on_hosts(world, context, &fleet, wanted).await;
    fleet.close().await;
    context.inventory.hosts = all;
    match (found?, failures.into_iter().next()) {
        (None, Some((_, failure))) => Err(failure),
        (found, _) => Ok(found),
    }
}

async fn on_hosts(
    world: &World,
    context: &Context,
    fleet: &Fleet,
    wanted: Option<&DeployId>,
) -> Result<Option<Abroad>, Failure> {
    let resolved = resolve(world, context, &Intention::Rollback { to: None }).await?;
    let facts = look(world, context, fleet, resolved, Look::default())
        .await?
        .facts;
    let Some(lock) = holder(&facts, wanted)? else {
        return Ok(None);
    };
    let holding: Vec<(&HostName, &HostFacts)> = facts
        .iter()
        .filter(|(_, facts)| {
            facts
                .lock
                .as_ref()
                .is_some_and(|held| held.deploy == lock.deploy)
        })
        .collect();
    let leases = holding.iter().filter_map(|(_, facts)| facts.lease);
    let lease = leases.reduce(Lease::heard_last);
    for (host, facts) in &holding {
        let path = Layout::new(&facts.root.path).plan(&lock.deploy);
        if let Ok(bytes) = fleet.read(host, &path).await {
            let deposit = whole(host, &lock, &bytes)?;
            return Ok(Some(Abroad {
                lock,
                lease,
                deposit,
            }));
        }
    }
    Err(without_plan(&context.inventory.stage, &lock, lease))
}

/// The plan as a host kept it, where it is the one that was begun.
fn whole(host: &HostName, lock: &Lock, bytes: &[u8]) -> Result<Deposit, Failure> {
    let deposit = deposit::read(bytes).or_fail(ExitCode::Failed)?;
    if windlass_planner::digest(&deposit.plan) == deposit.digest {
        return Ok(deposit);
    }
    let text = format!("{host}: the plan of {} was changed there", lock.deploy);
    Err(Failure::new(ExitCode::Failed, text).unchanged())
}

fn without_plan(stage: &str, lock: &Lock, lease: Option<Lease>) -> Failure {
    let Lock {
        deploy,
        owner,
        machine,
        ..
    } = lock;
    let text = format!(
        "none of these hosts has the plan of {deploy}, which {owner} began on {machine} ({})",
        since_heard(lease)
    );
    if lease.is_some_and(|lease| !lease.is_free()) {
        // It is about to begin.
        let hint = format!("windlass status {stage}, in a moment");
        return Failure::new(ExitCode::Locked, text).unchanged().hint(hint);
    }
    Failure::new(ExitCode::Failed, text)
        .unchanged()
        .hint(format!("windlass resume, or cancel, on {machine}"))
        .hint(format!(
            "windlass unlock {stage}  undoes what was not published, and frees the lock"
        ))
}

/// The lock of the one deploy that holds any; of the one that is named, where several do.
fn holder(
    facts: &BTreeMap<HostName, HostFacts>,
    wanted: Option<&DeployId>,
) -> Result<Option<Lock>, Failure> {
    let mut locks: BTreeMap<&DeployId, &Lock> = BTreeMap::new();
    for lock in facts.values().filter_map(|facts| facts.lock.as_ref()) {
        if wanted.is_none_or(|wanted| wanted == &lock.deploy) {
            locks.insert(&lock.deploy, lock);
        }
    }
    if locks.len() > 1 {
        let names: Vec<&str> = locks.keys().map(|id| id.as_str()).collect();
        let text = format!("several deploys hold locks here: {}", names.join(", "));
        let names = names.join(" or ");
        return Err(Failure::new(ExitCode::Locked, text)
            .unchanged()
            .hint(format!("name one instead of the stage: {names}")));
    }
    Ok(locks.into_values().next().cloned())
}

impl Abroad {
    /// The deploy.
    pub(crate) fn deploy(&self) -> &DeployId {
        &self.lock.deploy
    }

    /// Whether its controller rests, or was not heard of for so long that it counts as gone.
    pub(crate) fn is_free(&self) -> bool {
        self.lease.is_none_or(Lease::is_free)
    }

    /// Asks where its controller may still be at work.
    fn agreed(&self, world: &World, global: &Global) -> Result<(), Failure> {
        if self.is_free() || global.yes {
            return Ok(());
        }
        let Lock {
            owner,
            machine,
            deploy,
            ..
        } = &self.lock;
        let heard = since_heard(self.lease);
        let about = format!("{deploy} is being carried out by {owner} on {machine} ({heard})");
        if confirm(world, &format!("{about}; take it over from here?")) {
            return Ok(());
        }
        Err(Failure::new(ExitCode::Locked, about)
            .unchanged()
            .hint(format!(
                "windlass attach {}  watches it",
                self.deposit.plan.stage
            ))
            .hint("--yes takes it over all the same; the controller there then stops"))
    }

    /// Makes this machine its owner and writes into the journal what was done so far.
    pub(crate) async fn take_over(
        self,
        world: &World,
        global: &Global,
        context: &Context,
        (journal, wish): (&Journal, Wish),
    ) -> Result<DeployId, Failure> {
        self.agreed(world, global)?;
        let (sender, _receiver) = mpsc::unbounded_channel();
        let plan = &self.deposit.plan;
        let wanted = context.wanted_for(world, plan.hosts.iter().map(|host| &host.target))?;
        let fleet = Fleet::connect(world, wanted, &plan.limits, &sender).await?;
        let taken = self.taken(world, &fleet, (journal, wish)).await;
        fleet.close().await;
        taken?;
        let Lock { owner, machine, .. } = &self.lock;
        say(&format!(
            "{} was begun by {owner} on {machine}; it is this machine's from now on",
            self.deploy()
        ));
        Ok(self.lock.deploy)
    }

    async fn taken(
        &self,
        world: &World,
        fleet: &Fleet,
        (journal, wish): (&Journal, Wish),
    ) -> Result<(), Failure> {
        let deploy = self.deploy();
        let own = journal.own(deploy).map_err(|error| {
            Failure::from_error(ExitCode::Locked, &error).hint(format!("windlass attach {deploy}"))
        })?;
        let subject = Subject::Deploy {
            plan: self.deposit.plan.clone(),
        };
        let is_known = journal
            .standing(deploy)
            .or_fail(ExitCode::Internal)?
            .is_some();
        let state = if is_known {
            journal.load(deploy).or_fail(ExitCode::Internal)?.state
        } else {
            State::default()
        };
        let plan = &self.deposit.plan;
        let so_far = done(fleet, &subject, &state, plan).await?;
        refused(&self.deposit.plan, wish, &so_far)?;
        if let (Wish::GoOn | Wish::Retry, [step, ..]) = (wish, so_far.unknown.as_slice()) {
            return Err(self.unknown(step));
        }
        let fences = self.raised(world, fleet).await?;
        // Nothing new is begun by anybody else from here on.
        let done = done(fleet, &subject, &state, plan).await?;
        let mut records = vec![Record::Resumed, Record::TakenOver { fences }];
        records.extend(done.records);
        if !is_known {
            journal
                .begin(&subject, &self.deposit.digest, self.deposit.started)
                .or_fail(ExitCode::Internal)?;
        }
        journal
            .append(deploy, SystemClock.now(), &records)
            .or_fail(ExitCode::Internal)?;
        drop(own);
        Ok(())
    }

    fn unknown(&self, step: &StepId) -> Failure {
        let Lock { machine, .. } = &self.lock;
        let text = format!(
            "`{step}` runs on the machine that deploys; whether it ended well on {machine} is not known here, and it may not be \
             repeated"
        );
        Failure::new(ExitCode::Failed, text)
            .unchanged()
            .hint(format!("windlass resume on {machine}"))
            .hint(format!("windlass cancel {}  undoes the deploy from here", self.deposit.plan.stage))
            .hint("repeatable = true, where running the task twice does no harm, lets any machine go on")
    }

    /// Tells the hosts who owns the deploy now: the first one decides, then the others side by side.
    async fn raised(
        &self,
        world: &World,
        fleet: &Fleet,
    ) -> Result<BTreeMap<HostName, u64>, Failure> {
        let who = Who::of(world);
        let lock = Lock {
            owner: who.operator,
            machine: who.machine,
            link: who.link,
            ..self.lock.clone()
        };
        let plan = &self.deposit.plan;
        let keepers: Vec<&PlanHost> = plan.root_keepers().collect();
        let mut numbers: BTreeMap<HostName, Option<u64>> = BTreeMap::new();
        // Whoever was asked about has agreed to a controller that is at work.
        let mut patient = self.is_free();
        let (first, rest) = keepers.split_at(keepers.len().min(1));
        for group in [first, rest] {
            let asks = group.iter().map(|host| {
                let wish = TakeOver {
                    root: host.root.clone(),
                    lock: lock.clone(),
                    patient,
                };
                (host.target.name.clone(), windlass_facts::take_over(&wish))
            });
            for (host, answer) in fleet.answers(asks.collect()).await {
                let number = self.number(&host, answer)?;
                numbers.insert(host, number);
            }
            // Whoever has the first host has the deploy.
            patient = false;
        }
        if numbers.values().all(Option::is_none) {
            let text = format!("{} is over; there is nothing to go on with", self.deploy());
            let hint = format!("windlass status {}", plan.stage);
            return Err(Failure::new(ExitCode::Failed, text).hint(hint));
        }
        Ok(on_all_hosts(plan, &numbers))
    }

    /// The number that a host gave; none where the deploy is over there.
    fn number(
        &self,
        host: &HostName,
        answer: Result<Vec<u8>, String>,
    ) -> Result<Option<u64>, Failure> {
        let failed = |text: &str| {
            let text = format!("{host}: {text}");
            Failure::new(ExitCode::Failed, text).hint("the same command tries again")
        };
        let answer = answer.map_err(|reason| failed(&reason))?;
        match read_take_over(&answer).or_fail(ExitCode::Failed)? {
            Taken::Over(number) => Ok(Some(number)),
            Taken::Gone => Ok(None),
            Taken::Held => {
                let text = format!(
                    "{host}: somebody else has taken {} over just now",
                    self.deploy()
                );
                let hint = format!("windlass status {}", self.deposit.plan.stage);
                Err(Failure::new(ExitCode::Locked, text).hint(hint))
            }
        }
    }
}

/// The numbers of all hosts: those that share a root share its number.
fn on_all_hosts(plan: &Plan, numbers: &BTreeMap<HostName, Option<u64>>) -> BTreeMap<HostName, u64> {
    let of_root = |host: &PlanHost| {
        let mut same = plan
            .hosts
            .iter()
            .filter(|other| other.root_id == host.root_id);
        same.find_map(|other| numbers.get(&other.target.name).copied().flatten())
    };
    let hosts = plan.hosts.iter();
    hosts
        .filter_map(|host| Some((host.target.name.clone(), of_root(host)?)))
        .collect()
}
