//! Carries out a plan, or goes on with one: journal, backend, signals and screen put together.

use crate::args::Global;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::locks::Locks;
use crate::signals::{Rules, Signals, Wish, Wishes, listen};
use crate::teller::{Searched, Teller};
use crate::telling::{Outputs, Telling, record_path};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use windlass_engine::{Control, Run};
use windlass_journal::{Journal, Store as _};
use windlass_model::clock::SystemClock;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::settings::OnTerm;
use windlass_model::{DeployId, Event, ExitCode, HostName, Plan, Secrets, StepId};
use windlass_reporter::Earlier;

/// A new plan, or a deploy to go on with.
#[derive(Debug)]
pub(crate) enum Work {
    /// Begin it; the locks are given back where the journal does not take it.
    New(Box<Plan>, Locks),
    /// Go on.
    Resume(DeployId),
    /// Go on, and try again what failed.
    Retry(DeployId),
    /// Undo it.
    Cancel(DeployId),
}

impl Work {
    fn deploy(&self) -> &DeployId {
        match self {
            Self::New(plan, _) => &plan.deploy,
            Self::Resume(deploy) | Self::Retry(deploy) | Self::Cancel(deploy) => deploy,
        }
    }

    /// The plan, from the journal where the deploy was begun earlier.
    fn plan(&self, journal: &Journal) -> Result<Option<Plan>, Failure> {
        match self {
            Self::New(plan, _) => Ok(Some(plan.as_ref().clone())),
            Self::Resume(deploy) | Self::Retry(deploy) | Self::Cancel(deploy) => {
                let stored = journal.load(deploy).or_fail(ExitCode::Failed)?;
                Ok(stored.subject.plan().cloned())
            }
        }
    }

    /// What the engine is told at the start.
    fn control(&self) -> Control {
        match self {
            Self::Cancel(_) => Control::Cancel,
            Self::New(..) | Self::Resume(_) | Self::Retry(_) => Control::Go,
        }
    }

    async fn carried_out(self, run: Run, fleet: &Fleet) -> Result<EndSummary, Failure> {
        match self {
            Self::New(plan, locks) => {
                let digest = windlass_planner::digest(&plan);
                match windlass_engine::run(*plan, digest, run).await {
                    Ok(end) => Ok(end),
                    Err(error @ windlass_engine::Error::NotBegun(_)) => {
                        Err(locks.give_back(fleet, engine_failure(&error)).await)
                    }
                    Err(error) => Err(engine_failure(&error)),
                }
            }
            Self::Retry(deploy) => {
                let end = windlass_engine::retry(&deploy, run).await;
                end.map_err(|error| engine_failure(&error))
            }
            Self::Resume(deploy) | Self::Cancel(deploy) => {
                let end = windlass_engine::resume(&deploy, run).await;
                end.map_err(|error| engine_failure(&error))
            }
        }
    }
}

/// What a run writes to and listens to. All of it is open before a host is asked to begin anything, so that nothing of
/// this machine can keep a deploy that has begun from being carried out.
pub(crate) struct Desk {
    /// Where it is written down.
    pub journal: Arc<Journal>,
    /// Where it is told.
    pub outputs: Outputs,
    /// Where the full log lies.
    pub log: PathBuf,
    /// What may interrupt it.
    pub signals: Signals,
}

impl Desk {
    /// Opens it all for a deploy.
    pub(crate) fn open(
        world: &World,
        global: &Global,
        deploy: &DeployId,
        secrets: &Secrets,
        quiet: bool,
    ) -> Result<Self, Failure> {
        let journal = journal(world)?;
        let log = journal.log_path(deploy).or_fail(ExitCode::Internal)?;
        let telling = Telling {
            log: Some(log.clone()),
            record: Some(record_path(world, deploy)),
            secrets: secrets.values(),
            quiet,
            ..Telling::default()
        };
        Ok(Self {
            outputs: Outputs::open(world, global, &telling)?,
            log,
            journal,
            signals: Signals::listen()?,
        })
    }

    /// The same, with the output of these steps told nowhere: their secrets cannot be masked in it.
    #[must_use]
    pub(crate) fn withholding(mut self, steps: BTreeSet<StepId>) -> Self {
        self.outputs.withheld = steps;
        self
    }
}

/// The two ends of a run's events.
pub(crate) type Events = (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>);

/// What a run is carried out with.
pub(crate) struct Means {
    /// What it is written to.
    pub desk: Desk,
    /// The hosts.
    pub fleet: Fleet,
    /// The secrets of its commands.
    pub secrets: Secrets,
    /// Where its events come together; the fleet's senders are of the same channel.
    pub events: Events,
    /// What SIGINT and SIGTERM mean without a terminal.
    pub on_term: OnTerm,
    /// Show nothing: the engine of a detached deploy.
    pub quiet: bool,
    /// Where the hosts look for commands, where they were asked in this run.
    pub searched: BTreeMap<HostName, Searched>,
}

/// Opens this machine's journal.
pub(crate) fn journal(world: &World) -> Result<Arc<Journal>, Failure> {
    Journal::open(&world.journal())
        .map(Arc::new)
        .or_fail(ExitCode::Internal)
}

/// Carries it out to its end, its parking or its undo, and shows it.
pub(crate) async fn carry_out(
    world: &World,
    global: &Global,
    work: Work,
    means: Means,
) -> Result<ExitCode, Failure> {
    let deploy = work.deploy().clone();
    let rules = rules(world, &means, &deploy);
    let Desk {
        journal,
        outputs,
        log,
        signals,
    } = means.desk;
    let plan = work.plan(&journal)?;
    let expected = plan.as_ref().map(|plan| (plan, earlier(&journal, plan)));
    let teller = Teller::begin(outputs, expected, means.searched, means.events.1);
    let (control, controlled) = watch::channel(work.control());
    let (last, wish) = watch::channel(None);
    let listener = tokio::spawn(listen(
        signals,
        rules,
        Wishes { control, last },
        teller.voice(),
    ));
    let run = Run {
        journal,
        backend: means.fleet.backend(&means.secrets),
        events: means.events.0,
        control: controlled,
        clock: Arc::new(SystemClock),
        log: (!world.passing).then(|| shown(world, &log)),
    };
    let end = work.carried_out(run, &means.fleet).await;
    listener.abort();
    means.fleet.close().await;
    let told = teller.finish().await;
    let end = end?;
    if *wish.borrow() == Some(Wish::Detach) && end.end == DeployEnd::Parked {
        crate::detach::go_on_in_background(world, global, &deploy, &means.secrets)?;
    }
    told.ends(exit_code(&end))
}

fn rules(world: &World, means: &Means, deploy: &DeployId) -> Rules {
    Rules {
        interactive: world.interactive && !means.quiet,
        on_term: means.on_term,
        leaves: format!("the steps under way go on on the hosts; windlass resume {deploy} goes on"),
    }
}

/// The exit code of an end.
pub(crate) fn exit_code(end: &EndSummary) -> ExitCode {
    match end.end {
        DeployEnd::Deployed => ExitCode::Done,
        DeployEnd::Undone | DeployEnd::CancelledUndone => ExitCode::Failed,
        DeployEnd::Stopped => ExitCode::Stopped,
        DeployEnd::Stuck | DeployEnd::GivenUp => ExitCode::Stuck,
        DeployEnd::Parked => ExitCode::Parked,
        DeployEnd::Fenced => ExitCode::Locked,
    }
}

/// How long the steps took the last time. That it is not known must not hold a deploy up.
fn earlier(journal: &Journal, plan: &Plan) -> Earlier {
    journal.durations(plan).unwrap_or_else(|error| {
        tracing::debug!(%error, "how long the steps took the last time is not known");
        Earlier::new()
    })
}

/// An error of the engine as people see it.
fn engine_failure(error: &windlass_engine::Error) -> Failure {
    use windlass_journal::Error::Owned;
    match error {
        windlass_engine::Error::Journal(error @ Owned { deploy, .. }) => {
            Failure::from_error(ExitCode::Locked, error).hint(format!("windlass attach {deploy}"))
        }
        error => Failure::from_error(ExitCode::Internal, error),
    }
}

/// An error of the reporter: a closed pipe has an exit code of its own.
pub(crate) fn report_failure(error: &windlass_reporter::Error) -> Failure {
    let code = match error {
        windlass_reporter::Error::BrokenPipe => ExitCode::BrokenPipe,
        _ => ExitCode::Internal,
    };
    Failure::from_error(code, error)
}

/// A path with the home shortened, as people write it.
fn shown(world: &World, path: &std::path::Path) -> String {
    match path.strip_prefix(world.home()) {
        Ok(rest) => format!("~/{}", rest.display()),
        Err(_) => path.display().to_string(),
    }
}
