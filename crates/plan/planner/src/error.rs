//! Why there is no plan.

use crate::refusal::Refusal;
use thiserror::Error;
use windlass_model::{ExitCode, HostName, ReleaseName, TaskName};

/// Why there is no plan.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// A precondition is not met; nothing was changed.
    #[error("{}", refused(.0))]
    Refused(Vec<Refusal>),
    /// No host is left.
    #[error("there is no host to do anything on")]
    NoHost,
    /// A host was not asked.
    #[error("nothing is known of host `{host}`")]
    NoFacts {
        /// The host.
        host: HostName,
    },
    /// The revision was not resolved.
    #[error("it is not known which revision to deploy")]
    NoRevision,
    /// A hook names nothing that exists.
    #[error("task `{task}` stands {word} `{target}`, and there is no phase or task of that name")]
    UnknownTarget {
        /// The task.
        task: TaskName,
        /// `before` or `after`.
        word: &'static str,
        /// The name.
        target: String,
        /// The nearest name that exists.
        suggestion: Option<String>,
    },
    /// A hook would put a task where nothing can run any more.
    #[error("task `{task}` stands after `unlock`, when the deploy is over")]
    AfterTheEnd {
        /// The task.
        task: TaskName,
    },
    /// Tasks stand before or after each other in a circle.
    #[error("these tasks stand around each other in a circle: {}", names(.tasks))]
    Cycle {
        /// The tasks of the circle, in its order.
        tasks: Vec<TaskName>,
    },
    /// Two tasks have one name.
    #[error("there are two tasks named `{task}`")]
    Duplicate {
        /// The name.
        task: TaskName,
    },
    /// There is no task of this name.
    #[error("there is no task `{task}`")]
    NoSuchTask {
        /// The name.
        task: TaskName,
        /// The nearest name that exists.
        suggestion: Option<String>,
    },
    /// There is nothing to go back to.
    #[error("{}", no_older(.live.as_ref(), .partly))]
    NoOlderRelease {
        /// The live release, where one is known.
        live: Option<ReleaseName>,
        /// Older good releases that only some hosts have, newest first, each with the hosts that lack it.
        partly: Vec<(ReleaseName, Vec<HostName>)>,
    },
    /// The release asked for is not on every host.
    #[error("release `{release}` is not on {}", list(.lacking))]
    NoSuchRelease {
        /// The release.
        release: ReleaseName,
        /// The hosts that lack it.
        lacking: Vec<HostName>,
    },
    /// The release asked for was never completed.
    #[error("release `{release}` was never completed on {}", list(.hosts))]
    FailedRelease {
        /// The release.
        release: ReleaseName,
        /// The hosts whose record says so.
        hosts: Vec<HostName>,
    },
    /// The release asked for is live already.
    #[error("release `{release}` is live on every host already")]
    AlreadyLive {
        /// The release.
        release: ReleaseName,
    },
}

impl Error {
    /// The exit code of a run that ends with this error.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(refusals) if refusals.iter().any(Refusal::is_lock) => ExitCode::Locked,
            Self::NoHost => ExitCode::NoHost,
            Self::NoFacts { .. } | Self::NoRevision => ExitCode::Internal,
            Self::UnknownTarget { .. }
            | Self::AfterTheEnd { .. }
            | Self::Cycle { .. }
            | Self::Duplicate { .. } => ExitCode::Config,
            Self::NoSuchTask { .. } => ExitCode::Usage,
            Self::Refused(_)
            | Self::NoOlderRelease { .. }
            | Self::NoSuchRelease { .. }
            | Self::FailedRelease { .. }
            | Self::AlreadyLive { .. } => ExitCode::Failed,
        }
    }

    /// What to do about it, where we know.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownTarget { suggestion: Some(name), .. }
            | Self::NoSuchTask { suggestion: Some(name), .. } => {
                Some(format!("did you mean `{name}`?"))
            }
            Self::AfterTheEnd { .. } => Some("after = \"finishing\" is the latest place".to_owned()),
            Self::NoOlderRelease { partly, .. } if !partly.is_empty() => Some(
                "leave the hosts that lack it out with --exclude, or deploy the older revision with --revision"
                    .to_owned(),
            ),
            Self::NoSuchRelease { .. } => {
                Some("`windlass releases` lists what each host has".to_owned())
            }
            _ => None,
        }
    }
}

fn refused(refusals: &[Refusal]) -> String {
    let lines: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn names(tasks: &[TaskName]) -> String {
    let quoted: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
    quoted.join(", ")
}

pub(crate) fn list(hosts: &[HostName]) -> String {
    let names: Vec<&str> = hosts.iter().map(HostName::as_str).collect();
    names.join(", ")
}

fn no_older(live: Option<&ReleaseName>, partly: &[(ReleaseName, Vec<HostName>)]) -> String {
    let mut text = match live {
        Some(live) => format!("there is no good release older than `{live}` on every host"),
        None => "there is no live release to go back from".to_owned(),
    };
    for (release, lacking) in partly {
        text.extend(["; `", release.as_str(), "` is not on ", &list(lacking)]);
    }
    text
}
