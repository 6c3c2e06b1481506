//! `plan`, `deploy` and `rollback`: config → inventory → facts → plan → engine → reporter.

use crate::args::{DeployArgs, Global, RollbackArgs};
use crate::carry_out::{Desk, Means, Work, carry_out};
use crate::changes::Asked;
use crate::context::Context;
use crate::error::Failure;
use crate::optional;
use crate::prepare::{Entry, Look, deploy_id, look};
use crate::revision::{Intention, resolve};
use crate::screen::show;
use crate::start::{Start, Started};
use crate::teller::Searched;
use crate::world::World;
use tokio::sync::mpsc;
use windlass_config::Argument;
use windlass_model::{Event, EventBody, ExitCode, ReleaseName};
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
    go(world, global, context, intention, args.reason.clone()).await
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
    go(world, global, context, intention, args.reason.clone()).await
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
    reason: Option<String>,
) -> Result<ExitCode, Failure> {
    let secrets = context.secrets(world).await?;
    let resolved = resolve(world, &context, &intention).await?;
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
    };
    let entry = Entry { deploy, reason };
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
    let whole = global.verbose;
    show(world, global, &Plan { overview, whole })?;
    Ok(if refused {
        ExitCode::Failed
    } else {
        ExitCode::Done
    })
}
