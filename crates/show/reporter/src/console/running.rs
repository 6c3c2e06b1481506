//! The commands under way: what they wrote last and what their pulse says.

use crate::console::tail::Tail;
use std::collections::HashMap;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::{HostName, Pulse, StepId};

/// One command under way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) task: String,
    pub(crate) host: HostName,
    pub(crate) show: String,
    pub(crate) began: Timestamp,
    pub(crate) tail: Tail,
    /// The last pulse, unless output came after it.
    pub(crate) beat: Option<Beat>,
}

/// A pulse and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beat {
    pub(crate) at: Timestamp,
    pub(crate) pulse: Pulse,
    /// Of one CPU, since the pulse before.
    pub(crate) percent: u64,
}

/// The commands under way.
#[derive(Debug, Default)]
pub(crate) struct RunningSteps {
    steps: HashMap<StepId, Running>,
    /// CPU time and age at each step's last pulse; kept over output, so that the next percentage is of now.
    measured: HashMap<StepId, (Duration, Duration)>,
}

impl RunningSteps {
    pub(crate) fn began(&mut self, step: &StepId, running: Running) {
        self.steps.insert(step.clone(), running);
        self.measured.remove(step);
    }

    pub(crate) fn wrote(&mut self, step: &StepId, bytes: &[u8], ends: bool) {
        if let Some(running) = self.steps.get_mut(step) {
            running.tail.push(bytes, ends);
            running.beat = None;
        }
    }

    pub(crate) fn pulse(&mut self, step: &StepId, pulse: Pulse, at: Timestamp) {
        let Some(running) = self.steps.get_mut(step) else {
            return;
        };
        let (cpu, age) = self.measured.get(step).copied().unwrap_or_default();
        let percent = percentage(pulse.cpu.saturating_sub(cpu), pulse.age.saturating_sub(age));
        self.measured.insert(step.clone(), (pulse.cpu, pulse.age));
        running.beat = Some(Beat { at, pulse, percent });
    }

    pub(crate) fn ended(&mut self, step: &StepId) -> Option<Running> {
        self.measured.remove(step);
        self.steps.remove(step)
    }

    /// Whether a command is under way on this host.
    pub(crate) fn runs_on(&self, host: &HostName) -> bool {
        self.steps.values().any(|running| running.host == *host)
    }

    /// All of them, the one that runs longest first.
    pub(crate) fn oldest_first(&self) -> Vec<(&StepId, &Running)> {
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_by_key(|(step, running)| (running.began, *step));
        steps
    }

    pub(crate) fn clear(&mut self) {
        self.steps.clear();
        self.measured.clear();
    }
}

fn percentage(cpu: Duration, wall: Duration) -> u64 {
    let wall = wall.as_millis().max(1);
    u64::try_from((cpu.as_millis() * 100 + wall / 2) / wall).unwrap_or(u64::MAX)
}
