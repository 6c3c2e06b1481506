//! Carries out a plan: journal, act, tell; unwinds on failure.
//!
//! One task, the dispatcher, owns all that is known of a deploy. It writes down what it is about to do, has the
//! [`Backend`] do it, writes down what came of it, and only then tells anybody. What may start is decided by the pure
//! `schedule`, what an end means by the pure `step_machine`. The account that the dispatcher keeps is the journal's own
//! [`windlass_journal::State`], so that [`resume`] goes on from exactly what [`run`] knew.
//!
//! The engine prints nothing, reads no configuration, and knows no SSH outside of [`ssh`].

mod backend;
mod batch;
pub mod deposit;
mod dispatcher;
mod ends;
mod error;
mod failure;
mod flight;
mod forward;
mod handle;
mod hold;
mod links;
mod local;
mod note;
mod onlooker;
mod parcels;
mod recover;
mod schedule;
mod short_file;
pub mod ssh;
mod step_machine;
mod stopping;
mod summary;
mod twins;
mod units;
mod unwind;
mod wishes;

pub use backend::{Backend, BackendError, JobSink, Toll, Work};
pub use error::Error;
pub use onlooker::{Onlooker, Sight, look_on};
pub use recover::{Recovered, Shown, recover};
/// The words of jobs, in which a [`Backend`] is spoken to.
pub use windlass_job::{
    CancelEnd, CancelReport, CommandInfo, CommandReport, CommandResult, CommandState, Hold,
    JobCommand, JobEvent, JobInfo, JobReport, JobSpec, JobState, Owned, Place,
};

use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use windlass_journal::{Store, Subject};
use windlass_model::clock::Clock;
use windlass_model::event::EndSummary;
use windlass_model::{DeployId, Event, Plan, PlanDigest};

/// What a person or a signal wants of a running engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    #[default]
    Go,
    /// Stop following and leave the jobs under way to their ends; `resume` goes on.
    Park,
    /// Stop what runs, see it gone, and undo.
    Cancel,
}

/// What an engine works with.
pub struct Run {
    /// Where it writes down what it does.
    pub journal: Arc<dyn Store>,
    /// Who does it.
    pub backend: Arc<dyn Backend>,
    /// Who is told.
    pub events: mpsc::UnboundedSender<Event>,
    /// What is wanted of it.
    pub control: watch::Receiver<Control>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Where the full log goes, as people should see it.
    pub log: Option<String>,
}

/// Carries out a new plan to its end. With [`Error::NotBegun`] the journal does not know the deploy: what was prepared
/// for it on the hosts is the caller's to take back.
pub async fn run(plan: Plan, digest: PlanDigest, run: Run) -> Result<EndSummary, Error> {
    let subject = Subject::Deploy { plan };
    let owner = run.journal.own(subject.id()).map_err(Error::NotBegun)?;
    run.journal
        .begin(&subject, &digest, run.clock.now())
        .map_err(Error::NotBegun)?;
    let stored = run.journal.load(subject.id())?;
    let end = dispatcher::Dispatcher::new(stored, run)?
        .carry_out(Taken::New)
        .await;
    drop(owner);
    end
}

/// Goes on with a deploy whose engine was stopped, died or got stuck: forward or unwinding, at the exact step. One that is
/// paused after a failure stays so.
pub async fn resume(deploy: &DeployId, run: Run) -> Result<EndSummary, Error> {
    go_on(deploy, run, Taken::Up).await
}

/// The same, with what failed tried again as a new attempt, unless it is being undone already.
pub async fn retry(deploy: &DeployId, run: Run) -> Result<EndSummary, Error> {
    go_on(deploy, run, Taken::UpAgain).await
}

async fn go_on(deploy: &DeployId, run: Run, taken: Taken) -> Result<EndSummary, Error> {
    let owner = run.journal.own(deploy)?;
    let stored = run.journal.load(deploy)?;
    let end = dispatcher::Dispatcher::new(stored, run)?
        .carry_out(taken)
        .await;
    drop(owner);
    end
}

/// How a deploy comes to an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It begins.
    New,
    /// It was begun.
    Up,
    /// It was begun, and what failed is to be tried again.
    UpAgain,
}
