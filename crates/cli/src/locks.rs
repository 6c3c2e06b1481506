//! The locks of a deploy that begins: taken, waited for, given back.
//!
//! The first host alone decides between deploys that begin at once; then the others are asked side by side. Where another
//! deploy that has another first host holds one of those, all are given back and tried once more one after another, in an
//! order that all have in common: of any number of deploys exactly one gets them. Only hosts that were selected are locked.

use crate::commands::lock::since_heard;
use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::screen::say;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use windlass_facts::{Ask, Begun, HostFacts};
use windlass_model::{DeployId, ExitCode, HostName};

/// So long hosts may take to give a lock back. One that is away for longer keeps it, and the person is told.
const GIVE_BACK: Duration = Duration::from_secs(30);

/// So long another deploy may take to let go of a host that it has, while it has not got all of its hosts.
const LETTING_GO: Duration = Duration::from_secs(10);

/// How often such a host is asked.
const LOOK: Duration = Duration::from_millis(500);

/// The locks of a deploy that the journal does not know yet.
#[derive(Clone, Debug)]
pub(crate) struct Locks {
    deploy: DeployId,
    stage: String,
    /// Which try to take them this is, counted from 0.
    turn: u32,
    /// Where each host that may hold one keeps it.
    roots: BTreeMap<HostName, String>,
}

impl Locks {
    /// Those of a deploy that is about to begin: any host may have taken one.
    pub(crate) fn about(context: &Context, deploy: &DeployId) -> Self {
        Self {
            deploy: deploy.clone(),
            stage: context.inventory.stage.clone(),
            turn: 0,
            roots: roots(context),
        }
    }

    /// Only on these hosts was it begun, as they say.
    pub(crate) fn are_on(&mut self, facts: &BTreeMap<HostName, HostFacts>) {
        self.roots
            .retain(|host, _| facts.get(host).is_some_and(is_begun));
    }

    /// Which try to take them this is.
    pub(crate) fn turn(&self) -> u32 {
        self.turn
    }

    /// Whether no host holds one.
    pub(crate) fn are_none(&self) -> bool {
        self.roots.is_empty()
    }

    /// They are tried again: any host may have taken one.
    pub(crate) fn next_turn(&mut self, context: &Context) {
        self.turn = self.turn.saturating_add(1);
        self.roots = roots(context);
    }

    /// Gives back those that were taken, so that they can be tried again later.
    pub(crate) async fn let_go(&self, fleet: &Fleet) -> Result<(), Failure> {
        let told = tokio::time::timeout(GIVE_BACK, fleet.tell(self.scripts())).await;
        let text = match told.map(|failed| failed.into_iter().next()) {
            Ok(None) => return Ok(()),
            Ok(Some((host, reason))) => {
                format!("{host}: the lock could not be given back: {reason}")
            }
            Err(_) => "the locks could not be given back in time".to_owned(),
        };
        Err(Failure::new(ExitCode::Stuck, text))
    }

    fn scripts(&self) -> Vec<(HostName, String)> {
        let scripts = self.roots.iter().map(|(host, root)| {
            let script = windlass_facts::give_back(root, &self.deploy, self.turn);
            (host.clone(), script)
        });
        scripts.collect()
    }

    /// Gives them back; the failure for which this is done says more where that was not possible everywhere.
    pub(crate) async fn give_back(self, fleet: &Fleet, failure: Failure) -> Failure {
        let told = tokio::time::timeout(GIVE_BACK, fleet.tell(self.scripts())).await;
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
    pub(crate) fn left(self, mut failure: Failure) -> Failure {
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

fn roots(context: &Context) -> BTreeMap<HostName, String> {
    let hosts = context.inventory.hosts.iter();
    hosts
        .map(|host| (host.target.name.clone(), host.settings.deploy_to.clone()))
        .collect()
}

/// In which order hosts are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The first one, then the others side by side.
    Together,
    /// One after another, in an order that every deploy has in common: whoever has one host waits for the next.
    InTurn,
}

/// Asks hosts to begin the deploy. As soon as one says that another deploy holds its lock, the rest is only looked at.
pub(crate) async fn ask_in(
    fleet: &Fleet,
    mut asks: Vec<(HostName, Ask)>,
    order: Order,
) -> Result<BTreeMap<HostName, HostFacts>, Failure> {
    if order == Order::InTurn {
        asks.sort_by(|one, other| one.0.cmp(&other.0));
    }
    let mut asks = VecDeque::from(asks);
    let mut facts = BTreeMap::new();
    while !asks.is_empty() {
        let is_lost = first_lock(&facts).is_some();
        let alone = !is_lost && (facts.is_empty() || order == Order::InTurn);
        let count = if alone { 1 } else { asks.len() };
        let mut group: Vec<(HostName, Ask)> = asks.drain(..count).collect();
        if is_lost {
            for (_, ask) in &mut group {
                ask.begin = None;
            }
        }
        facts.extend(match order {
            Order::InTurn if alone => patiently(fleet, group).await?,
            _ => fleet.facts(group).await?,
        });
    }
    Ok(facts)
}

/// Another deploy may hold a host only to find that it has not got them all; so it is given the time to let go.
async fn patiently(
    fleet: &Fleet,
    group: Vec<(HostName, Ask)>,
) -> Result<BTreeMap<HostName, HostFacts>, Failure> {
    let began = Instant::now();
    loop {
        let facts = fleet.facts(group.clone()).await?;
        if first_lock(&facts).is_none() || began.elapsed() > LETTING_GO {
            return Ok(facts);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether the deploy was begun on a host.
pub(crate) fn is_begun(facts: &HostFacts) -> bool {
    matches!(facts.begun, Begun::Begun { .. })
}

/// Who holds a lock that was wanted, in a few words; none where nobody does.
pub(crate) fn first_lock(facts: &BTreeMap<HostName, HostFacts>) -> Option<String> {
    let (host, facts) = facts
        .iter()
        .find(|(_, facts)| facts.begun == Begun::Locked)?;
    let Some(lock) = &facts.lock else {
        return Some(format!("{host} is locked"));
    };
    let heard = match since_heard(facts.lease) {
        none if none.is_empty() => none,
        words => format!(" ({words})"),
    };
    Some(format!(
        "{host} is locked by {} of {} on {}{heard}",
        lock.deploy, lock.owner, lock.machine
    ))
}

/// Waiting for locks that somebody else holds.
pub(crate) struct Waiting {
    until: Instant,
    /// What was said last.
    said: String,
}

/// So often a lock that is waited for is asked for.
const ASK_AGAIN: Duration = Duration::from_secs(5);

impl Waiting {
    /// For so long at most.
    pub(crate) fn new(longest: Duration) -> Self {
        Self {
            until: Instant::now() + longest,
            said: String::new(),
        }
    }

    /// How long to wait before it is tried again; none when the time is out. Says who is waited for whenever that changes.
    pub(crate) fn pause(&mut self, holder: &str) -> Option<Duration> {
        let left = self.until.checked_duration_since(Instant::now())?;
        if self.said != holder {
            say(&format!("{holder}; waiting for it"));
            holder.clone_into(&mut self.said);
        }
        Some(left.min(ASK_AGAIN)).filter(|pause| !pause.is_zero())
    }
}
