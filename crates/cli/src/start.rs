//! The start of a deploy: from the locks on the hosts to a plan that was agreed to. Until the journal knows the deploy,
//! its locks are all there is of it, and whatever ends the start, a signal too, gives them back.

use crate::args::Global;
use crate::changes::Asked;
use crate::commands::deploy::page;
use crate::context::Context;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::locks::{Locks, Order, Waiting, ask_in, first_lock, is_begun};
use crate::prepare::{Beginning, Entry, Prepared};
use crate::revision::Resolved;
use crate::screen::{confirm, say, tell};
use crate::signals::Signals;
use crate::world::World;
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_facts::HostFacts;
use windlass_model::{ExitCode, HostName};
use windlass_planner::Planned;

/// So long a start that was interrupted waits for hosts that are just taking the lock.
const LAST_WORD: Duration = Duration::from_secs(10);

/// What a start works with.
pub(crate) struct Start<'a> {
    /// The surroundings.
    pub world: &'a World,
    /// The command line.
    pub global: &'a Global,
    /// The stage.
    pub context: &'a Context,
    /// Its hosts.
    pub fleet: &'a Fleet,
    /// How long a lock that somebody else holds is waited for; none = not at all.
    pub wait: Option<Duration>,
}

/// A deploy that may be carried out.
pub(crate) struct Started {
    /// What is known of the hosts.
    pub prepared: Prepared,
    /// The plan, agreed to where the stage wants that.
    pub planned: Planned,
    /// Its locks.
    pub locks: Locks,
}

/// Why a start came to nothing.
enum Stop {
    /// It failed, or was interrupted.
    Failed(Failure),
    /// It was interrupted twice: the locks are left as they are.
    AtOnce,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn at_once() -> Failure {
    Failure::new(ExitCode::Stuck, "ended at once, before the deploy began")
}

impl Start<'_> {
    /// Takes the locks, makes the plan and has it agreed to, or gives the locks back.
    pub(crate) async fn start(
        &self,
        resolved: Resolved,
        entry: Entry,
        signals: &mut Signals,
    ) -> Result<Started, Failure> {
        let mut locks = Locks::about(self.context, &entry.deploy);
        match self.agreed(resolved, entry, &mut locks, signals).await {
            Ok((prepared, planned)) => Ok(Started {
                prepared,
                planned,
                locks,
            }),
            Err(Stop::AtOnce) => Err(locks.left(at_once())),
            Err(Stop::Failed(failure)) => {
                let left = locks.clone();
                tokio::select! {
                    failure = locks.give_back(self.fleet, failure) => Err(failure),
                    _ = signals.next() => Err(left.left(at_once())),
                }
            }
        }
    }

    async fn agreed(
        &self,
        resolved: Resolved,
        entry: Entry,
        locks: &mut Locks,
        signals: &mut Signals,
    ) -> Result<(Prepared, Planned), Stop> {
        let beginning = Beginning::of(self.world, entry, resolved)?;
        let facts = self.taken(&beginning, locks, signals).await?;
        let prepared = beginning.prepared(facts);
        let planned = prepared.plan(self.context)?;
        self.confirmed(&prepared, signals).await?;
        Ok((prepared, planned))
    }

    /// Takes the locks. Where somebody else holds one, all that were taken are given back, and where that is wished it is
    /// waited for.
    async fn taken(
        &self,
        beginning: &Beginning,
        locks: &mut Locks,
        signals: &mut Signals,
    ) -> Result<BTreeMap<HostName, HostFacts>, Stop> {
        let mut waiting = self.wait.map(Waiting::new);
        loop {
            let facts = self.take(beginning, locks, signals).await?;
            locks.are_on(&facts);
            let Some((holder, waiting)) = first_lock(&facts).zip(waiting.as_mut()) else {
                return Ok(facts);
            };
            if !locks.are_none() {
                self.begun(locks.let_go(self.fleet), signals).await?;
            }
            let Some(pause) = waiting.pause(&holder) else {
                return Ok(facts);
            };
            signals.or_stop(tokio::time::sleep(pause)).await?;
            locks.next_turn(self.context);
        }
    }

    /// Tries once to take all locks: where hosts are contested, once more one after another.
    async fn take(
        &self,
        beginning: &Beginning,
        locks: &mut Locks,
        signals: &mut Signals,
    ) -> Result<BTreeMap<HostName, HostFacts>, Stop> {
        let mut order = Order::Together;
        loop {
            let asks = beginning.asks(self.context, locks.turn());
            let facts = self.begun(ask_in(self.fleet, asks, order), signals).await?;
            let is_contested = first_lock(&facts).is_some() && facts.values().any(is_begun);
            if !is_contested || order == Order::InTurn {
                return Ok(facts);
            }
            locks.are_on(&facts);
            self.begun(locks.let_go(self.fleet), signals).await?;
            locks.next_turn(self.context);
            order = Order::InTurn;
        }
    }

    async fn begun<T>(
        &self,
        begun: impl Future<Output = Result<T, Failure>>,
        signals: &mut Signals,
    ) -> Result<T, Stop> {
        tokio::pin!(begun);
        tokio::select! {
            begun = &mut begun => Ok(begun?),
            _ = signals.next() => {
                say("interrupted; the hosts are asked to give their locks back");
                // A lock that is just being taken must not be there after it was given back.
                tokio::select! {
                    _ = tokio::time::timeout(LAST_WORD, &mut begun) => {}
                    _ = signals.next() => return Err(Stop::AtOnce),
                }
                Err(Signals::interrupted().into())
            }
        }
    }

    /// Asks where the stage wants it and a person is there.
    async fn confirmed(&self, prepared: &Prepared, signals: &mut Signals) -> Result<(), Failure> {
        let settings = &self.context.inventory.settings;
        if self.global.yes || !settings.confirm || !self.world.interactive {
            return Ok(());
        }
        let asked = Asked {
            world: self.world,
            context: self.context,
            // Between the lock and the plan's first step no host is asked anything more.
            fleet: None,
        };
        let overview = signals.or_stop(asked.overview(prepared)).await??;
        tell(self.world, self.global, &page(self.global, overview))?;
        let world = self.world.clone();
        let question = format!("go on with {}?", self.context.inventory.stage);
        let asked = tokio::task::spawn_blocking(move || confirm(&world, &question));
        let answer = signals.or_stop(asked).await.inspect_err(|_| say(""))?;
        if answer.or_fail(ExitCode::Internal)? {
            return Ok(());
        }
        Err(Failure::new(ExitCode::Failed, "not confirmed").unchanged())
    }
}
