//! Who does what the engine decides. The trait belongs to the engine; SSH and the laboratory implement it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error as ThisError;
use windlass_job::{CancelReport, Hold, JobEvent, JobReport, JobSpec, Owned, Place};
use windlass_model::{Command, CommandEnd, HostName, JobKey, Step};

/// Work under way.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Takes what a job says while it runs.
pub type JobSink = Box<dyn FnMut(JobEvent) + Send>;

/// Does work on hosts and on this machine.
pub trait Backend: Send + Sync {
    /// Starts a job unless its key was started before, and follows it to its end over any number of connections.
    ///
    /// Called again with the same key, it starts nothing: it tells again from the job's record what was told before, and
    /// goes on. Dropping the future stops the following; the job goes on.
    fn run(&self, spec: JobSpec, sink: JobSink) -> Work<'_, Result<JobReport, BackendError>>;

    /// Stops a job and sees its processes gone; claims the key of one that was not started, so that it never will be.
    fn cancel<'a>(
        &'a self,
        key: &'a JobKey,
        place: &'a Place,
    ) -> Work<'a, Result<CancelReport, BackendError>>;

    /// Brings the git objects that a host lacks. May be repeated. Answers with a few words for the screen.
    fn push<'a>(
        &'a self,
        host: &'a HostName,
        step: &'a Step,
    ) -> Work<'a, Result<Option<String>, BackendError>>;

    /// Runs a command on this machine to its end, in a process group of its own. What it says carries index 0; that it
    /// has begun and how it ended is not said, for the caller knows. Dropping the future ends the command.
    fn local<'a>(
        &'a self,
        command: &'a Command,
        key: &'a JobKey,
        sink: JobSink,
    ) -> Work<'a, Result<CommandEnd, BackendError>>;

    /// Stops the command that runs on this machine under this key and sees its processes gone, also where an engine left
    /// it that was killed; one that has not begun never will. What [`Backend::local`] follows then ends as cancelled.
    fn stop_local<'a>(&'a self, key: &'a JobKey) -> Work<'a, Result<CancelReport, BackendError>>;

    /// The id of the boot that the host runs in now.
    fn boot_id<'a>(&'a self, host: &'a HostName) -> Work<'a, Result<String, BackendError>>;

    /// Leaves bytes as a file in the directory of the deploy on a host, so that another controller finds them there; a short
    /// file only where the deploy is still this controller's. May be repeated.
    fn leave<'a>(
        &'a self,
        at: (&'a HostName, &'a Place),
        path: &'a str,
        bytes: Arc<[u8]>,
    ) -> Work<'a, Result<(), BackendError>>;

    /// Says at a host's deploy root that this controller is there, or rests; gives whose the deploy is.
    fn hold<'a>(
        &'a self,
        host: &'a HostName,
        place: &'a Place,
        hold: Hold,
    ) -> Work<'a, Result<Owned, BackendError>>;

    /// What lost connections have cost so far.
    fn toll(&self) -> Toll {
        Toll::default()
    }
}

/// What lost connections have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Toll {
    /// Connections lost.
    pub lost: u32,
    /// Time spent without a connection while something was waited for.
    pub cost: Duration,
}

/// Why work could not be done or followed.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum BackendError {
    /// The host could not be reached again for as long as allowed. What becomes of the work is not known.
    #[error("{reason}")]
    GaveUp {
        /// In one line, for people.
        reason: String,
    },
    /// Nothing was begun, and nothing will be.
    #[error("{reason}")]
    NotBegun {
        /// In one line, for people.
        reason: String,
    },
    /// Something went wrong on the way. What became of the work is not known.
    #[error("{reason}")]
    Broken {
        /// In one line, for people.
        reason: String,
    },
}

impl BackendError {
    /// The reason, for people.
    pub fn reason(&self) -> &str {
        match self {
            Self::GaveUp { reason } | Self::NotBegun { reason } | Self::Broken { reason } => reason,
        }
    }
}
