//! `status` and `releases`: what the hosts say, changing nothing on them.

use crate::args::{Global, StageArgs};
use crate::carry_out::journal;
use crate::commands::lock::holder;
use crate::context::Context;
use crate::detach::worked_on;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::optional::may_be_missing;
use crate::prepare::{Look, look};
use crate::revision::{Intention, resolve};
use crate::screen::show;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc;
use windlass_facts::{Current, HostFacts};
use windlass_journal::{Filter, Journal, Standing, Store as _};
use windlass_model::{DeployId, ExitCode, HostName, ReleaseName};
use windlass_reporter::view::{Controller, Holder, ReleaseRow, Releases, Status, StatusRow};

/// What all hosts of a stage say.
pub(crate) type Facts = BTreeMap<HostName, HostFacts>;

/// What all hosts of the stage say; one that cannot be reached ends it.
pub(crate) async fn facts(world: &World, context: &Context) -> Result<Facts, Failure> {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::open(world, context, &sender).await?;
    let facts = asked(world, context, &fleet).await;
    fleet.close().await;
    facts
}

async fn asked(world: &World, context: &Context, fleet: &Fleet) -> Result<Facts, Failure> {
    let resolved = resolve(world, context, &Intention::Rollback { to: None }).await?;
    let prepared = look(world, context, fleet, resolved, Look::default()).await?;
    Ok(prepared.facts)
}

/// The hosts that were reached, what they say, and why the others were not.
pub(crate) struct Reached {
    pub fleet: Fleet,
    pub facts: Facts,
    pub failures: Vec<(HostName, Failure)>,
}

/// Asks as many hosts as can be reached; the context is left with them. That none can be is an error.
pub(crate) async fn reached(world: &World, context: &mut Context) -> Result<Reached, Failure> {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let limits = context.inventory.settings.limits.clone();
    let (fleet, failures) = Fleet::connect_any(world, context.wanted(), &limits, &sender).await?;
    context.keep(&fleet);
    let facts = match asked(world, context, &fleet).await {
        Ok(facts) => facts,
        Err(failure) => {
            fleet.close().await;
            return Err(failure);
        }
    };
    Ok(Reached {
        fleet,
        facts,
        failures,
    })
}

/// `status`. A host that cannot be reached has a row too; unless it is optional, the exit code tells of it.
pub(crate) async fn status(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let mut context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let whole = context.clone();
    let Reached {
        fleet,
        facts,
        failures,
    } = reached(world, &mut context).await?;
    fleet.close().await;
    let newest = facts.values().filter_map(|facts| facts.live.as_ref()).max();
    let mut rows: Vec<StatusRow> = facts
        .iter()
        .map(|(host, facts)| status_row(host, facts, newest))
        .collect();
    rows.extend(
        failures
            .iter()
            .map(|(host, failure)| not_asked(host, failure)),
    );
    rows.sort_by(|one, other| one.host.cmp(&other.host));
    let mut status = Status {
        rows,
        in_flight: in_flight(world, global, &context)?,
        ..standing(&facts)
    };
    let stage = &context.inventory.stage;
    status.in_flight.extend(
        status
            .lock
            .as_ref()
            .and_then(|lock| elsewhere(world, stage, lock)),
    );
    show(world, global, &status)?;
    let failure = failures
        .iter()
        .find(|(host, failure)| !may_be_missing(&whole, host, failure));
    Ok(failure.map_or(ExitCode::Done, |(_, failure)| failure.code))
}

fn status_row(host: &HostName, facts: &HostFacts, newest: Option<&ReleaseName>) -> StatusRow {
    let live = match (&facts.live, &facts.current) {
        (Some(release), _) => Some(release.to_string()),
        (None, Current::Link { target, .. }) => Some(format!("→ {target}")),
        (None, _) => None,
    };
    let of_live = facts.live.as_ref().and_then(|name| facts.release(name));
    let record = of_live.and_then(|release| release.record.as_ref());
    let previous = facts
        .good()
        .filter(|release| facts.live.as_ref().is_some_and(|live| &release.name < live))
        .map(|release| release.name.to_string())
        .max();
    StatusRow {
        host: host.clone(),
        live,
        revision: facts.live_revision.clone(),
        since: record.map(|record| record.since),
        state: of_live.map(|release| facts.state(release)),
        behind: facts.live.is_some() && facts.live.as_ref() < newest,
        previous,
        problem: None,
    }
}

fn not_asked(host: &HostName, failure: &Failure) -> StatusRow {
    StatusRow {
        host: host.clone(),
        live: None,
        revision: None,
        since: None,
        state: None,
        behind: false,
        previous: None,
        problem: Some(failure.line(Some(host))),
    }
}

/// What holds for the stage as a whole.
fn standing(facts: &Facts) -> Status {
    let kept = facts.values().map(|facts| facts.releases.len()).max();
    let aside: BTreeSet<String> = facts
        .values()
        .flat_map(|facts| &facts.failed)
        .map(ToString::to_string)
        .collect();
    let lock = facts
        .values()
        .find_map(|facts| Some(holder(facts.lock.as_ref()?, facts.lease)));
    Status {
        lock,
        kept: kept.unwrap_or_default(),
        aside: aside.into_iter().collect(),
        ..Status::default()
    }
}

/// The deploys of this machine's journal that are not over, each with what goes on with it.
fn in_flight(world: &World, global: &Global, context: &Context) -> Result<Vec<String>, Failure> {
    let filter = Filter {
        stage: Some(context.inventory.stage.clone()),
        deploys_only: true,
        unfinished_only: true,
        limit: None,
    };
    let journal = journal(world)?;
    let listed = journal.list(&filter).or_fail(ExitCode::Internal)?;
    let application = &context.inventory.settings.application;
    let ours = listed.iter().filter(|entry| {
        let plan = entry.subject.plan();
        plan.is_some_and(|plan| &plan.application == application)
    });
    let lines = ours.map(|entry| {
        let id = entry.subject.id();
        match entry.standing {
            Standing::Open if worked_on(&journal, id) => {
                format!("{id} in flight (windlass attach {id}, or cancel)")
            }
            Standing::Open => {
                format!("{id} without its controller (windlass resume {id}, or cancel)")
            }
            Standing::Parked if is_paused(&journal, id) => {
                format!("{id} paused after a failure (windlass resume --retry {id}, or cancel)")
            }
            Standing::Stuck => {
                format!("{id} stuck (windlass resume {id}, or unlock gives up)")
            }
            standing => format!(
                "{id} {} (windlass resume {id}, or cancel)",
                standing.as_str()
            ),
        }
    });
    Ok(lines.map(|line| global.typed(&line)).collect())
}

/// The deploy that holds the lock, where another machine began it, with what can be done from here.
fn elsewhere(world: &World, stage: &str, lock: &Holder) -> Option<String> {
    let Holder {
        deploy,
        owner,
        machine,
        ..
    } = lock;
    if machine == &world.machine && owner == &world.user {
        return None;
    }
    let words = match lock.controller.words() {
        none if none.is_empty() => "begun".to_owned(),
        words => words,
    };
    let next = match lock.controller {
        Controller::AtWork => format!("windlass attach {stage}"),
        _ => format!("windlass resume {stage}, or cancel"),
    };
    Some(format!(
        "{deploy} of {owner} on {machine}: {words} ({next})"
    ))
}

/// Whether a parked deploy waits for a person. Where its journal cannot be read, `resume` says why.
fn is_paused(journal: &Journal, deploy: &DeployId) -> bool {
    let stored = journal.load(deploy);
    stored.is_ok_and(|stored| stored.state.paused.is_some())
}

/// `releases`.
pub(crate) async fn releases(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let facts = facts(world, &context).await?;
    let rows = facts.iter().flat_map(|(host, facts)| {
        facts.classified().into_iter().map(|release| ReleaseRow {
            host: host.clone(),
            live: facts.live.as_ref() == Some(&release.name),
            release: release.name,
            revision: release.revision,
            state: release.state,
        })
    });
    let rows = rows.collect();
    show(world, global, &Releases { rows })?;
    Ok(ExitCode::Done)
}
