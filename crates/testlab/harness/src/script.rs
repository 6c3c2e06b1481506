//! What is to happen in a world: how long commands take, how they end, and whether a host can be reached.

use std::time::Duration;
use windlass_model::{CommandEnd, ExitStatus, HostName, StepId};

/// A command about to be run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deed {
    /// Where.
    pub host: HostName,
    /// The step that it carries out or undoes.
    pub step: StepId,
    /// Whether it undoes it.
    pub undo: bool,
    /// The attempt of its job.
    pub attempt: u32,
}

type Ends = Box<dyn Fn(&Deed) -> CommandEnd + Send + Sync>;
type Times = Box<dyn Fn(&Deed) -> Duration + Send + Sync>;

/// How the commands of a world go.
pub struct Script {
    pub(crate) ends: Ends,
    pub(crate) times: Times,
    pub(crate) reconnect_for: Duration,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            ends: Box::new(|_| CommandEnd::Exited(ExitStatus(0))),
            times: Box::new(|_| Duration::from_secs(10)),
            reconnect_for: Duration::from_secs(3600),
        }
    }
}

impl Script {
    /// Commands end as this says.
    #[must_use]
    pub fn ending(self, ends: impl Fn(&Deed) -> CommandEnd + Send + Sync + 'static) -> Self {
        Self {
            ends: Box::new(ends),
            ..self
        }
    }

    /// Commands take as long as this says.
    #[must_use]
    pub fn taking(self, times: impl Fn(&Deed) -> Duration + Send + Sync + 'static) -> Self {
        Self {
            times: Box::new(times),
            ..self
        }
    }

    /// Every attempt of this step exits with status 1.
    pub fn failing(step: &StepId) -> Self {
        let step = step.clone();
        Self::default().ending(move |deed| {
            let fails = !deed.undo && deed.step == step;
            CommandEnd::Exited(ExitStatus(u8::from(fails)))
        })
    }
}
