//! `lock` and `unlock`: who holds the deploy lock, and freeing it after a controller that is gone.

use crate::args::{Global, StageArgs, TargetArgs};
use crate::carry_out::journal;
use crate::commands::hosts::{Facts, Reached, facts, reached};
use crate::context::Context;
use crate::detach::worked_on;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::prepare::Who;
use crate::screen::{confirm, say, show};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use windlass_facts::{HostFacts, Lease, Lock, TakeOver};
use windlass_journal::{Journal, Record, Standing, Store as _};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::event::DeployEnd;
use windlass_model::{DeployId, ExitCode, HostName};
use windlass_reporter::view::{Controller, Holder, LockRow, Locks};

/// `lock`.
pub(crate) async fn lock(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let facts = facts(world, &context).await?;
    let locks = locks(global, &facts, &context.inventory.stage);
    show(world, global, &locks)?;
    Ok(ExitCode::Done)
}

fn locks(global: &Global, facts: &Facts, stage: &str) -> Locks {
    let rows = facts.iter().map(|(host, facts)| LockRow {
        host: host.clone(),
        holder: facts.lock.as_ref().map(|lock| holder(lock, facts.lease)),
    });
    let rows: Vec<LockRow> = rows.collect();
    let held = rows.iter().any(|row| row.holder.is_some());
    let next = format!(
        "windlass status {stage}  tells how that deploy stands; windlass unlock {stage} frees the lock where its controller is gone"
    );
    Locks {
        rows,
        next: held.then(|| global.typed(&next)).into_iter().collect(),
    }
}

/// What is known of the controller that holds a lock, in a few words.
pub(crate) fn since_heard(lease: Option<Lease>) -> String {
    controller(lease).words()
}

fn controller(lease: Option<Lease>) -> Controller {
    match lease {
        Some(Lease::Held { .. }) => Controller::AtWork,
        Some(Lease::Out { silent }) => Controller::Silent {
            minutes: silent.map(|silent| silent.as_secs() / 60),
        },
        Some(Lease::Rests) => Controller::Parked,
        None => Controller::Unknown,
    }
}

/// Who holds a lock, for the screen.
pub(crate) fn holder(lock: &Lock, lease: Option<Lease>) -> Holder {
    Holder {
        controller: controller(lease),
        owner: lock.owner.clone(),
        machine: lock.machine.clone(),
        ci_link: lock.link.clone(),
        deploy: lock.deploy.clone(),
        since: lock.since,
    }
}

/// `unlock`: a deploy of this machine is cancelled; another's is stopped and undone from the host's records.
pub(crate) async fn unlock(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let mut context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let reached = reached(world, &mut context).await?;
    let ended = unlocked(world, global, &context, &reached).await;
    reached.fleet.close().await;
    let code = ended?;
    let Some((host, failure)) = reached.failures.into_iter().next() else {
        return Ok(code);
    };
    // It may hold a lock too, and nobody can tell.
    let text = format!("{host} was not asked: {}", failure.line(Some(&host)));
    Err(Failure::new(ExitCode::Stuck, text).hint("windlass unlock again, once it is back"))
}

async fn unlocked(
    world: &World,
    global: &Global,
    context: &Context,
    Reached { fleet, facts, .. }: &Reached,
) -> Result<ExitCode, Failure> {
    let holders: BTreeMap<HostName, &Lock> = facts
        .iter()
        .filter_map(|(host, facts)| Some((host.clone(), facts.lock.as_ref()?)))
        .collect();
    let Some(first) = holders.values().next() else {
        say("the lock is free on every host that was asked");
        return Ok(ExitCode::Done);
    };
    show(
        world,
        global,
        &locks(global, facts, &context.inventory.stage),
    )?;
    let (journal, deploy) = (journal(world)?, &first.deploy);
    if worked_on(&journal, deploy) {
        let text = format!("{deploy} is being carried out on this machine");
        let hint = format!("windlass cancel {deploy} stops and undoes it");
        return Err(Failure::new(ExitCode::Locked, text).hint(hint).unchanged());
    }
    let question = "stop its commands, undo its unpublished release and free the lock?";
    if !global.yes && !confirm(world, question) {
        let failure = Failure::new(ExitCode::Failed, "not confirmed").unchanged();
        return Err(failure.hint("windlass unlock --yes"));
    }
    let standing = journal.standing(deploy).or_fail(ExitCode::Failed)?;
    if matches!(standing, Some(Standing::Open | Standing::Parked)) {
        let target = TargetArgs {
            target: Some(deploy.to_string()),
        };
        return Box::pin(crate::commands::resume::cancel(world, global, &target)).await;
    }
    free(world, fleet, facts, &holders).await?;
    if standing == Some(Standing::Stuck) {
        given_up(&journal, deploy)?;
    }
    say("the lock is free on every host that was asked");
    Ok(ExitCode::Done)
}

/// What a deploy could neither finish nor undo is left as it is, and nobody comes back to it.
fn given_up(journal: &Journal, deploy: &DeployId) -> Result<(), Failure> {
    let end = DeployEnd::GivenUp;
    journal
        .append(deploy, SystemClock.now(), &[Record::Ended { end }])
        .or_fail(ExitCode::Internal)
}

/// First nothing more can be started, then what runs is stopped, and only then is anything undone.
async fn free(
    world: &World,
    fleet: &Fleet,
    facts: &Facts,
    holders: &BTreeMap<HostName, &Lock>,
) -> Result<(), Failure> {
    let who = Who::of(world);
    let ours = |lock: &Lock| Lock {
        owner: who.operator.clone(),
        machine: who.machine.clone(),
        link: who.link.clone(),
        ..lock.clone()
    };
    tell(fleet, facts, holders, |root, lock| {
        windlass_facts::take_over(&TakeOver {
            root: root.to_owned(),
            lock: ours(lock),
            patient: false,
        })
    })
    .await?;
    for (host, lock) in holders {
        if let Some(facts) = facts.get(host) {
            stop_jobs(fleet, host, facts, &lock.deploy).await?;
        }
    }
    tell(fleet, facts, holders, |root, lock| {
        windlass_recipes::unlock_script(root, &lock.deploy)
    })
    .await
}

/// Has a script run at every deploy root whose lock is held; hosts that share one are told once.
async fn tell(
    fleet: &Fleet,
    facts: &Facts,
    holders: &BTreeMap<HostName, &Lock>,
    script: impl Fn(&str, &Lock) -> String,
) -> Result<(), Failure> {
    let mut told = BTreeSet::new();
    let mut scripts = Vec::new();
    for (host, lock) in holders {
        let Some(facts) = facts.get(host) else {
            continue;
        };
        if facts.root_id.as_ref().is_none_or(|id| told.insert(id)) {
            let script = script(&facts.root.path, lock);
            scripts.push((host.clone(), format!("set -e\n{script}")));
        }
    }
    let failed = fleet.tell(scripts).await;
    for (host, reason) in &failed {
        say(&format!("✘ {host}  {reason}"));
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::Stuck,
        "the lock could not be freed everywhere",
    ))
}

/// Every job of the deploy on a host is stopped and seen gone before anything is undone.
async fn stop_jobs(
    fleet: &Fleet,
    host: &HostName,
    facts: &HostFacts,
    deploy: &DeployId,
) -> Result<(), Failure> {
    let Some(jobs) = fleet.host(host) else {
        return Ok(());
    };
    let place = windlass_job::Place::Deploy {
        root: facts.root.path.clone(),
        deploy: deploy.clone(),
        boot_id: facts.boot_id.clone(),
        root_id: facts.root_id.clone().unwrap_or_default(),
        fence: facts.fence,
    };
    for job in jobs.jobs(&place).await.or_fail(ExitCode::Unreachable)? {
        if matches!(job.state, windlass_job::JobState::Running { .. }) {
            let report = jobs
                .cancel(&job.key, &place)
                .await
                .or_fail(ExitCode::Unreachable)?;
            if let windlass_job::CancelEnd::Stuck(pids) = report.end {
                let text =
                    format!("{host}: these processes of {deploy} could not be stopped: {pids:?}");
                return Err(Failure::new(ExitCode::Stuck, text));
            }
        }
    }
    Ok(())
}
