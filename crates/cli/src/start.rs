//! The start of a deploy: from the locks on the hosts to a plan that was agreed to. Until the journal knows the deploy,
//! its locks are all there is of it, and whatever ends the start, a signal too, gives them back.

use crate::args::Global;
use crate::changes::Asked;
use crate::commands::deploy::page;
use crate::context::Context;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::prepare::{Entry, Prepared, begin};
use crate::revision::Resolved;
use crate::screen::{confirm, say, tell};
use crate::signals::Signals;
use crate::world::World;
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_facts::{Begun, HostFacts};
use windlass_model::{DeployId, ExitCode, HostName};
use windlass_planner::Planned;

/// So long a start that was interrupted waits for hosts that are just taking the lock.
const LAST_WORD: Duration = Duration::from_secs(10);

/// So long hosts may take to give a lock back. One that is away for longer keeps it, and the person is told.
const GIVE_BACK: Duration = Duration::from_secs(30);

/// The locks of a deploy that the journal does not know yet.
#[derive(Clone, Debug)]
pub(crate) struct Locks {
    deploy: DeployId,
    stage: String,
    /// Where each host that may hold one keeps it.
    roots: BTreeMap<HostName, String>,
}

impl Locks {
    /// Those of a deploy that is about to begin: any host may have taken one.
    fn about(context: &Context, deploy: &DeployId) -> Self {
        let hosts = context.inventory.hosts.iter();
        let roots = hosts.map(|host| (host.target.name.clone(), host.settings.deploy_to.clone()));
        Self {
            deploy: deploy.clone(),
            stage: context.inventory.stage.clone(),
            roots: roots.collect(),
        }
    }

    /// Only on these hosts was it begun, as they say.
    fn are_on(&mut self, facts: &BTreeMap<HostName, HostFacts>) {
        let begun = |host: &HostName| {
            facts
                .get(host)
                .is_some_and(|facts| matches!(facts.begun, Begun::Begun { .. }))
        };
        self.roots.retain(|host, _| begun(host));
    }

    /// Gives them back; the failure for which this is done says more where that was not possible everywhere.
    pub(crate) async fn give_back(self, fleet: &Fleet, failure: Failure) -> Failure {
        let scripts = self.roots.iter().map(|(host, root)| {
            let script = windlass_facts::give_back(root, &self.deploy);
            (host.clone(), script)
        });
        let told = tokio::time::timeout(GIVE_BACK, fleet.tell(scripts.collect())).await;
        match told {
            Ok(failed) if failed.is_empty() => failure,
            Ok(failed) => {
                for (host, reason) in failed {
                    say(&format!(
                        "{host}: the lock could not be given back: {reason}"
                    ));
                }
                self.left(failure)
            }
            Err(_) => self.left(failure),
        }
    }

    /// The failure of a start that left locks behind, or may have.
    fn left(self, mut failure: Failure) -> Failure {
        failure.unchanged = false;
        let hosts: Vec<&str> = self.roots.keys().map(HostName::as_str).collect();
        failure.text = format!(
            "{}\n  the lock of {} may still be held on {}",
            failure.text,
            self.deploy,
            hosts.join(", ")
        );
        failure.hint(format!("windlass unlock {}", self.stage))
    }
}

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
        let begun = begin(self.world, self.context, self.fleet, resolved, entry);
        tokio::pin!(begun);
        let prepared = tokio::select! {
            prepared = &mut begun => prepared?,
            _ = signals.next() => {
                say("interrupted; the hosts are asked to give their locks back");
                // A lock that is just being taken must not be there after it was given back.
                tokio::select! {
                    _ = tokio::time::timeout(LAST_WORD, &mut begun) => {}
                    _ = signals.next() => return Err(Stop::AtOnce),
                }
                return Err(Signals::interrupted().into());
            }
        };
        locks.are_on(&prepared.facts);
        let planned = prepared.plan(self.context)?;
        self.confirmed(&prepared, signals).await?;
        Ok((prepared, planned))
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
