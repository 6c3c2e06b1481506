//! `resume`, `cancel`, `attach` and the engine of a detached deploy: going on with what the journal knows.

use crate::adopt::{Abroad, Wish, abroad, paused, undoing};
use crate::args::{EngineArgs, Global, ResumeArgs, TargetArgs};
use crate::carry_out::{Desk, Means, Work, carry_out, exit_code, journal};
use crate::context::{Context, Project};
use crate::detach::{replay, worked_on};
use crate::error::{Failure, OrFail as _};
use crate::fleet::{Fleet, Wanted};
use crate::look_on::look_on;
use crate::screen::say;
use crate::secrets::{Named, named_in, named_in_undo, not_masked, take_over};
use crate::telling::{Telling, reporter};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::mpsc;
use windlass_journal::{Decision, Filter, Journal, Standing, Store as _, Subject};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::settings::SourceKind;
use windlass_model::{DeployId, EventBody, ExitCode, Plan, Secrets, StepId};
use windlass_source::Source;

/// `resume`.
pub(crate) async fn resume(
    world: &World,
    global: &Global,
    args: &ResumeArgs,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let deploy = match unfinished(&journal, &args.target, "go on with") {
        Ok(deploy) => deploy,
        Err(none) => {
            let wish = if args.retry { Wish::Retry } else { Wish::GoOn };
            adopted(world, global, (&journal, wish), &args.target, none).await?
        }
    };
    let state = journal.load(&deploy).or_fail(ExitCode::Failed)?.state;
    let work = match (&state.paused, args.retry) {
        (Some(Decision::Pause { reason, .. }), false) => {
            return Err(paused(deploy.as_str(), &deploy, reason));
        }
        (_, true) if state.undo.is_some() => return Err(undoing(deploy.as_str(), &deploy)),
        (_, true) => Work::Retry(deploy),
        (_, false) => Work::Resume(deploy),
    };
    go_on(world, global, work, How::default()).await
}

/// What this machine does not know the hosts may: the deploy that holds the locks of the stage is taken over. `none` says
/// that there is nothing here.
async fn adopted(
    world: &World,
    global: &Global,
    (journal, wish): (&Journal, Wish),
    target: &TargetArgs,
    none: Failure,
) -> Result<DeployId, Failure> {
    let Some((context, found)) = elsewhere(world, global, target).await? else {
        return Err(none.hint("windlass status STAGE shows what the hosts know"));
    };
    found
        .take_over(world, global, &context, (journal, wish))
        .await
}

/// Goes on with the deploy that holds the locks of a stage, where its controller rests or is gone. Gives what it does and how
/// it ended; none where no lock is held, or its controller is at work.
pub(crate) async fn taken_up(
    world: &World,
    global: &Global,
    stage: &str,
) -> Result<Option<(Plan, ExitCode)>, Failure> {
    let journal = journal(world)?;
    let mut context = Context::load(world, &global.everywhere(), Some(stage), &[])?;
    let found = match abroad(world, &mut context, None).await {
        Ok(Some(found)) => found,
        // Whoever begins finds out whether that is in the way, and waits where that is wished.
        Err(failure) if !matches!(failure.code, ExitCode::Locked | ExitCode::Unreachable) => {
            return Err(failure);
        }
        Ok(None) | Err(_) => return Ok(None),
    };
    let deploy = found.deploy().clone();
    let standing = journal.standing(&deploy).or_fail(ExitCode::Internal)?;
    let is_ours = matches!(
        standing,
        Some(Standing::Open | Standing::Parked | Standing::Stuck)
    );
    if worked_on(&journal, &deploy) || !(is_ours || found.is_free()) {
        return Ok(None);
    }
    let plan = found.deposit.plan.clone();
    if !is_ours {
        let wish = (&*journal, Wish::GoOn);
        found.take_over(world, global, &context, wish).await?;
    }
    drop(journal);
    let code = go_on(world, global, Work::Resume(deploy), How::default()).await?;
    Ok(Some((plan, code)))
}

/// The deploy that holds the locks of the stage that is meant; none where no stage is, or no lock is held.
async fn elsewhere(
    world: &World,
    global: &Global,
    args: &TargetArgs,
) -> Result<Option<(Context, Abroad)>, Failure> {
    let Some((mut context, wanted)) = stage_meant(world, global, args)? else {
        return Ok(None);
    };
    let found = abroad(world, &mut context, wanted.as_ref()).await?;
    Ok(found.map(|found| (context, found)))
}

/// The stage that the command line means, and the deploy where it names one; none where there is no telling.
fn stage_meant(
    world: &World,
    global: &Global,
    args: &TargetArgs,
) -> Result<Option<(Context, Option<DeployId>)>, Failure> {
    let project = match Project::load(world, global, &[]) {
        Ok(project) => project,
        // Without a file this machine's journal is all there is.
        Err(_) if global.config.is_none() && windlass_config::find(&world.directory).is_none() => {
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let stages = project.config.stages();
    let (stage, deploy) = match (&args.target, stages.as_slice()) {
        (Some(stage), _) if stages.contains(&stage.as_str()) => (stage.clone(), None),
        (Some(id), [only]) => ((*only).to_owned(), Some(DeployId::new(id.clone()))),
        (None, [only]) => ((*only).to_owned(), None),
        _ => return Ok(None),
    };
    let context = project.context(world, &global.everywhere(), Some(&stage))?;
    Ok(Some((context, deploy)))
}

/// `cancel`: the engine that works on the deploy is asked; where there is none, this process undoes it. A command outside
/// of any deploy is stopped where its own id names it: a stage stands for its deploys.
pub(crate) async fn cancel(
    world: &World,
    global: &Global,
    args: &TargetArgs,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let deploy = match unfinished(&journal, args, "cancel") {
        Ok(deploy) => deploy,
        Err(none) => {
            let deploy = adopted(world, global, (&journal, Wish::Undo), args, none).await?;
            return go_on(world, global, Work::Cancel(deploy), How::default()).await;
        }
    };
    let subject = journal.load(&deploy).or_fail(ExitCode::Failed)?.subject;
    if let Subject::AdHoc { run } = subject {
        if args.target.as_ref() == Some(&run.stage) {
            let text = format!("stage `{}` has no deploy to cancel", run.stage);
            return Err(Failure::new(ExitCode::Failed, text)
                .hint(format!("windlass cancel {deploy} stops `{}`", run.task)));
        }
        return crate::commands::attach::cancel(world, global, &journal, run).await;
    }
    if !worked_on(&journal, &deploy) {
        return go_on(world, global, Work::Cancel(deploy), How::default()).await;
    }
    journal
        .request_cancel(&deploy, SystemClock.now())
        .or_fail(ExitCode::Internal)?;
    say(&format!("{deploy} was asked to stop and undo"));
    watch(world, global, &journal, &deploy)
}

/// `attach`.
pub(crate) async fn attach(
    world: &World,
    global: &Global,
    args: &TargetArgs,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let here = match &args.target {
        Some(target) => find(&journal, target),
        None => newest(&journal, &Filter::default(), "attach to"),
    };
    let deploy = match here {
        // What goes on here is shown without asking anybody; the same for one that is named by its id.
        Ok(deploy) if is_meant(&journal, args, &deploy)? => deploy,
        here => match elsewhere(world, global, args).await {
            Ok(Some((context, found))) if here.as_ref().ok() != Some(found.deploy()) => {
                return look_on(world, global, &context, found).await;
            }
            // What is known here can be shown without the hosts.
            Err(failure) if here.is_err() => return Err(failure),
            _ => here?,
        },
    };
    if let Subject::AdHoc { run } = journal.load(&deploy).or_fail(ExitCode::Failed)?.subject {
        return crate::commands::attach::attach(world, global, &journal, run).await;
    }
    watch(world, global, &journal, &deploy)
}

/// Whether a deploy of this machine's journal is the one to attach to: one that is not over, or one that is named by its id.
/// Else another machine's may go on at the stage.
fn is_meant(journal: &Journal, args: &TargetArgs, deploy: &DeployId) -> Result<bool, Failure> {
    let standing = journal.standing(deploy).or_fail(ExitCode::Internal)?;
    let goes_on = matches!(standing, Some(Standing::Open | Standing::Parked));
    let is_named = args.target.as_deref() == Some(deploy.as_str());
    Ok(goes_on || is_named)
}

/// The engine of a detached deploy: waits until its parent has let go, then goes on, showing nothing.
pub(crate) async fn engine(
    world: &World,
    global: &Global,
    args: &EngineArgs,
) -> Result<ExitCode, Failure> {
    // First of all: the process before waits until they are taken.
    let given = take_over(std::io::stdin())?;
    let deploy = DeployId::new(args.deploy.clone());
    let journal = journal(world)?;
    for _ in 0..100 {
        if !worked_on(&journal, &deploy) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(journal);
    let how = How { quiet: true, given };
    go_on(world, global, Work::Resume(deploy), how).await
}

fn watch(
    world: &World,
    global: &Global,
    journal: &Journal,
    deploy: &DeployId,
) -> Result<ExitCode, Failure> {
    let mut reporter = reporter(world, global, &Telling::default())?;
    let end = tokio::task::block_in_place(|| replay(world, journal, deploy, &mut reporter, &[]))?;
    if let Some(EventBody::DeployEnded { summary }) = end.map(|event| event.body) {
        return Ok(exit_code(&summary));
    }
    say(&format!(
        "no engine works on {deploy} any more; the steps under way go on on the hosts"
    ));
    say(&global.typed(&format!(
        "  next: windlass resume {deploy}, or windlass cancel {deploy}"
    )));
    Ok(ExitCode::Parked)
}

/// How a deploy is gone on with.
#[derive(Default)]
struct How {
    /// Showing nothing.
    quiet: bool,
    /// The secrets, where the process that worked on it before handed them over.
    given: Option<Secrets>,
}

async fn go_on(world: &World, global: &Global, work: Work, how: How) -> Result<ExitCode, Failure> {
    let How { quiet, given } = how;
    let (Work::Resume(deploy) | Work::Retry(deploy) | Work::Cancel(deploy)) = &work else {
        return Err(Failure::new(
            ExitCode::Internal,
            "a new plan is no deploy to go on with",
        ));
    };
    let journal = journal(world)?;
    let stored = journal.load(deploy).or_fail(ExitCode::Failed)?;
    let Some(plan) = stored.subject.plan().cloned() else {
        return Err(
            Failure::new(ExitCode::Failed, format!("{deploy} is not a deploy"))
                .hint(format!("windlass attach {deploy} goes on with it")),
        );
    };
    let context = Context::of_begun(world, global, &plan.stage)?;
    let wanted = context.wanted_for(world, plan.hosts.iter().map(|host| &host.target))?;
    let secrets = match given {
        Some(given) => given,
        None => secrets_again(world, &context, &wanted, (&work, &plan)).await?,
    };
    let (sender, receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::take_up(world, wanted, &plan, &sender).await?;
    let source = source(world, &context, &plan).await?;
    let means = Means {
        desk: Desk::open(world, global, deploy, &secrets, quiet)?
            .withholding(withheld(&plan, &secrets, quiet)),
        fleet: fleet.carrying(source, &context.directory),
        secrets,
        events: (sender, receiver),
        on_term: context.inventory.settings.on_term,
        quiet,
        searched: BTreeMap::new(),
    };
    Box::pin(carry_out(world, global, work, means)).await
}

/// The secrets, asked for again. Undoing must not depend on more than it needs: a secret that nobody can give any more
/// would keep a deploy from being cancelled.
async fn secrets_again(
    world: &World,
    context: &Context,
    wanted: &[Wanted],
    (work, plan): (&Work, &Plan),
) -> Result<Secrets, Failure> {
    let (given, undoing) = (named_in(plan), named_in_undo(plan));
    let (needed, others) = match work {
        Work::Cancel(_) => (undoing, given),
        Work::New(..) | Work::Resume(_) | Work::Retry(_) => {
            let mut needed = given;
            for (host, names) in undoing {
                needed.entry(host).or_default().extend(names);
            }
            (needed, Named::new())
        }
    };
    context.secrets_named(world, wanted, &needed, &others).await
}

/// The steps whose output is not told, since a secret that they were given cannot be masked in it.
fn withheld(plan: &Plan, secrets: &Secrets, quiet: bool) -> BTreeSet<StepId> {
    let steps = not_masked(plan, secrets);
    if !steps.is_empty() && !quiet {
        say(
            "not every secret is needed to undo; what commands that were given the others still say is not shown",
        );
    }
    steps
}

/// The repository, where the plan sends objects from here.
async fn source(world: &World, context: &Context, plan: &Plan) -> Result<Option<Source>, Failure> {
    let settings = &context.inventory.settings;
    if settings.source != SourceKind::Push || plan.revision.is_none() {
        return Ok(None);
    }
    let opened = Source::open(
        settings.repository.as_deref(),
        &context.directory,
        &world.cache_dir(),
    )
    .await;
    opened.map(Some).or_fail(ExitCode::Failed)
}

/// The deploy that a word means.
pub(crate) fn find(journal: &Journal, word: &str) -> Result<DeployId, Failure> {
    journal.find(word).map_err(|error| {
        Failure::from_error(ExitCode::Failed, &error)
            .hint("windlass history lists what this machine did")
    })
}

fn unfinished(journal: &Journal, args: &TargetArgs, what: &str) -> Result<DeployId, Failure> {
    let filter = Filter {
        deploys_only: true,
        unfinished_only: true,
        ..Filter::default()
    };
    let Some(word) = &args.target else {
        return newest(journal, &filter, what);
    };
    let of_stage = Filter {
        stage: Some(word.clone()),
        ..filter
    };
    let listed = journal.list(&of_stage).or_fail(ExitCode::Internal)?;
    if let Some(entry) = listed.first() {
        return Ok(entry.subject.id().clone());
    }
    let deploy = find(journal, word)?;
    let standing = journal.standing(&deploy).or_fail(ExitCode::Failed)?;
    if matches!(
        standing,
        Some(Standing::Open | Standing::Parked | Standing::Stuck)
    ) {
        return Ok(deploy);
    }
    Err(Failure::new(
        ExitCode::Failed,
        format!("{deploy} is over; there is nothing to {what}"),
    ))
}

/// The newest entry of this machine's journal.
pub(crate) fn newest(journal: &Journal, filter: &Filter, what: &str) -> Result<DeployId, Failure> {
    let listed = journal.list(filter).or_fail(ExitCode::Internal)?;
    let entry = listed.first().map(|entry| entry.subject.id().clone());
    entry.ok_or_else(|| {
        Failure::new(
            ExitCode::Failed,
            format!("this machine's journal has nothing to {what}"),
        )
        .hint("windlass history lists what this machine did")
    })
}
