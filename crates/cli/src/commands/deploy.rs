//! `plan`, `deploy` and `rollback`: config → inventory → facts → plan → engine → reporter.

use crate::args::{DeployArgs, Global, RollbackArgs};
use crate::carry_out::{Desk, Means, Work, carry_out};
use crate::changes::Asked;
use crate::commands::resume::taken_up;
use crate::context::Context;
use crate::error::Failure;
use crate::optional;
use crate::prepare::{Entry, Look, deploy_id, look};
use crate::revision::{Intention, resolve};
use crate::screen::{say, show};
use crate::start::{Start, Started};
use crate::teller::Searched;
use crate::world::World;
use std::time::Duration;
use tokio::sync::mpsc;
use windlass_config::Argument;
use windlass_model::overview::Overview;
use windlass_model::{DeployKind, Event, EventBody, ExitCode, ReleaseName};
use windlass_planner::Note;
use windlass_reporter::view::Plan;

/// `deploy`.
pub(crate) async fn deploy(
    world: &World,
    global: &Global,
    args: &DeployArgs,
) -> Result<ExitCode, Failure> {
    if args.dry_run {
        return plan(world, global, args).await;
    }
    let (context, intention) = wanted(world, global, args)?;
    let how = How {
        reason: args.reason.clone(),
        wait: waiting(args.wait.as_deref())?,
    };
    if args.resume_or_start
        && let Some(code) = resumed(world, global, &context, &intention).await?
    {
        return Ok(code);
    }
    go(world, global, context, intention, how).await
}

/// Goes on with a deploy whose controller rests or is gone. None where there is none, or where the one that is asked for
/// is still to be begun: another revision, or the one before it failed.
async fn resumed(
    world: &World,
    global: &Global,
    context: &Context,
    intention: &Intention,
) -> Result<Option<ExitCode>, Failure> {
    let stage = &context.inventory.stage;
    let Some((plan, code)) = Box::pin(taken_up(world, global, stage)).await? else {
        return Ok(None);
    };
    let brings = match resolve(world, context, intention).await?.run {
        windlass_planner::Run::Deploy { wanted, .. } => wanted.map(|wanted| wanted.revision),
        windlass_planner::Run::Rollback { .. } => None,
    };
    match code {
        ExitCode::Done if plan.kind == DeployKind::Deploy && brings == plan.revision => {}
        ExitCode::Done | ExitCode::Failed => {
            say(&format!(
                "{} is over; now the deploy that was asked for",
                plan.deploy
            ));
            return Ok(None);
        }
        _ => {}
    }
    Ok(Some(code))
}

/// How a run is to begin.
struct How {
    /// The reason given with `-m`.
    reason: Option<String>,
    /// How long a lock that somebody else holds is waited for.
    wait: Option<Duration>,
}

fn waiting(wait: Option<&str>) -> Result<Option<Duration>, Failure> {
    let read = |text: &str| {
        windlass_config::duration(text).ok_or_else(|| {
            Failure::usage(format!("`--wait={text}` is not a duration"))
                .hint("--wait=10m; --wait alone waits for an hour")
        })
    };
    wait.map(read).transpose()
}

/// `rollback`.
pub(crate) async fn rollback(
    world: &World,
    global: &Global,
    args: &RollbackArgs,
) -> Result<ExitCode, Failure> {
    let extra: Vec<Argument> = on_failure(args.on_failure.as_deref()).collect();
    let context = Context::load(world, global, args.stage.as_deref(), &extra)?;
    let intention = Intention::Rollback {
        to: release(args.to.as_deref())?,
    };
    if args.dry_run {
        return show_plan(world, global, context, intention, args.reason.clone()).await;
    }
    let how = How {
        reason: args.reason.clone(),
        wait: waiting(args.wait.as_deref())?,
    };
    go(world, global, context, intention, how).await
}

/// `plan`.
pub(crate) async fn plan(
    world: &World,
    global: &Global,
    args: &DeployArgs,
) -> Result<ExitCode, Failure> {
    let (context, intention) = wanted(world, global, args)?;
    show_plan(world, global, context, intention, args.reason.clone()).await
}

fn release(name: Option<&str>) -> Result<Option<ReleaseName>, Failure> {
    match name {
        Some(name) if !ReleaseName::is_well_formed(name) => Err(Failure::usage(format!(
            "`{name}` is not the name of a release: 14 digits"
        ))
        .hint("windlass releases lists them")),
        name => Ok(name.map(ReleaseName::new)),
    }
}

/// `--on-failure`.
fn on_failure(word: Option<&str>) -> impl Iterator<Item = Argument> {
    word.map(|word| Argument::option("--on-failure", "rollout.on_failure", word))
        .into_iter()
}

/// The stage and the revision that the command line means.
fn wanted(
    world: &World,
    global: &Global,
    args: &DeployArgs,
) -> Result<(Context, Intention), Failure> {
    let branch = args
        .branch
        .as_deref()
        .map(|branch| Argument::option("--branch", "branch", branch));
    let given = branch.into_iter();
    let extra: Vec<Argument> = given
        .chain(on_failure(args.on_failure.as_deref()))
        .collect();
    let context = Context::load(world, global, args.stage.as_deref(), &extra)?;
    let intention = match (&args.revision, args.here) {
        (Some(revision), _) => Intention::Deploy(revision.clone()),
        (None, true) => Intention::DeployHere,
        (None, false) => Intention::Deploy(context.inventory.settings.branch.clone()),
    };
    Ok((context, intention))
}

async fn go(
    world: &World,
    global: &Global,
    mut context: Context,
    intention: Intention,
    how: How,
) -> Result<ExitCode, Failure> {
    context.can_ask(world)?;
    let secrets = context.secrets(world).await?;
    let resolved = resolve(world, &context, &intention).await?;
    resolved.can_be_released(&context).await?;
    let deploy = deploy_id()?;
    let mut desk = Desk::open(world, global, &deploy, &secrets, false)?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let opening = optional::open(world, &mut context, &sender);
    let fleet = desk.signals.or_stop(opening).await??;
    let start = Start {
        world,
        global,
        context: &context,
        fleet: &fleet,
        wait: how.wait,
    };
    let entry = Entry {
        deploy,
        reason: how.reason,
    };
    let Started {
        prepared,
        planned,
        locks,
    } = start.start(resolved, entry, &mut desk.signals).await?;
    warn(&sender, &planned.notes);
    let means = Means {
        desk,
        fleet: fleet.carrying(prepared.source.clone(), &context.directory),
        secrets,
        events: (sender, receiver),
        on_term: context.inventory.settings.on_term,
        quiet: false,
        searched: Searched::of(&context.inventory, &prepared.facts),
    };
    let work = Work::New(Box::new(planned.plan), locks);
    Box::pin(carry_out(world, global, work, means)).await
}

fn warn(events: &mpsc::UnboundedSender<Event>, notes: &[Note]) {
    use windlass_model::clock::Clock as _;
    for note in notes {
        let body = EventBody::Warning {
            host: note.host.clone(),
            message: note.message.clone(),
            hint: note.hint.clone(),
        };
        let at = windlass_model::clock::SystemClock.now();
        // The receiver is held by this very run.
        drop(events.send(Event {
            at,
            deploy: None,
            body,
        }));
    }
}

/// What is shown of it, with the command that carries it out.
pub(crate) fn page(global: &Global, mut overview: Overview) -> Plan {
    global.typed_before(&mut overview);
    let command = match overview.kind {
        DeployKind::Deploy => "deploy",
        DeployKind::Rollback => "rollback",
    };
    Plan {
        command: global.typed(&format!("windlass {command} {}", overview.stage)),
        overview,
        whole: global.verbose,
    }
}

async fn show_plan(
    world: &World,
    global: &Global,
    mut context: Context,
    intention: Intention,
    reason: Option<String>,
) -> Result<ExitCode, Failure> {
    let resolved = resolve(world, &context, &intention).await?;
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = optional::open(world, &mut context, &sender).await?;
    let extra = Look {
        reason,
        ..Look::default()
    };
    let prepared = look(world, &context, &fleet, resolved, extra).await?;
    let asked = Asked {
        world,
        context: &context,
        fleet: Some(&fleet),
    };
    let overview = asked.overview(&prepared).await?;
    fleet.close().await;
    let refused = !overview.refused.is_empty();
    show(world, global, &page(global, overview))?;
    Ok(if refused {
        ExitCode::Failed
    } else {
        ExitCode::Done
    })
}
