//! What is true at the beginning and at the end of a run, for people.

use crate::dispatcher::Dispatcher;
use crate::ends::ended_as;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use windlass_journal::{Attempt, Decision, Progress};
use windlass_model::event::{DeployEnd, DeploySummary, EndSummary, FailedStep};
use windlass_model::layout::Layout;
use windlass_model::plan::{PUBLISH, PlanHost, RELEASE};
use windlass_model::{Action, DeployKind, HostName, StepId, StepOutcome, TaskName};

impl Dispatcher {
    /// What the run is about.
    pub(crate) fn opening(&self) -> DeploySummary {
        let plan = &self.plan;
        let tasks: BTreeSet<&TaskName> = plan.steps.iter().map(|step| &step.task).collect();
        DeploySummary {
            kind: plan.kind,
            application: plan.application.clone(),
            stage: plan.stage.clone(),
            release: plan.release.clone(),
            revision: plan.revision.clone(),
            branch: plan.branch.clone(),
            subject: plan.subject.clone(),
            hosts: plan
                .hosts
                .iter()
                .map(|host| host.target.name.clone())
                .collect(),
            tasks: tasks.len(),
            steps: plan.steps.len(),
            digest: self.digest.clone(),
        }
    }

    /// What it came to.
    pub(crate) fn closing(&self, end: DeployEnd) -> EndSummary {
        let toll = self.run.backend.toll();
        EndSummary {
            end,
            duration: self.run.clock.now().since(self.started),
            failed: self.failed_step(),
            live: self
                .plan
                .hosts
                .iter()
                .map(|host| (host.target.name.clone(), self.live(host)))
                .collect(),
            in_doubt: self.in_doubt(),
            behind: self.behind(),
            moved_aside: self.moved_aside(),
            still_runs: self.still_runs(),
            connections_lost: toll.lost,
            connections_cost: toll.cost,
            slowest: self.slowest(),
            next: self.next(end),
            log: self.run.log.clone(),
        }
    }

    fn failed_step(&self) -> Option<FailedStep> {
        let (Decision::Undo { reason, failed, .. } | Decision::Pause { reason, failed }) =
            self.state.undo.as_ref().or(self.state.paused.as_ref())?
        else {
            return None;
        };
        let id = failed.as_ref()?;
        let step = self.plan.step(id)?;
        let (outcome, duration) = match self.state.step(id).map(|attempt| &attempt.progress) {
            Some(Progress::Ended { outcome, duration }) => (outcome.clone(), *duration),
            _ => (
                StepOutcome::Broken {
                    reason: reason.clone(),
                },
                Duration::ZERO,
            ),
        };
        let others = self
            .plan
            .steps
            .iter()
            .filter(|other| other.task == step.task && other.id != step.id);
        Some(FailedStep {
            step: id.clone(),
            task: step.task.clone(),
            host: step.host.clone(),
            show: step.show.clone(),
            outcome,
            duration,
            succeeded_on: others
                .filter(|other| self.state.step(&other.id).is_some_and(Attempt::is_fine))
                .map(|other| other.host.clone())
                .collect(),
        })
    }

    /// What `current` points at now; none where that is not known.
    fn live(&self, host: &PlanHost) -> Option<String> {
        let before = host
            .previous
            .as_ref()
            .map(|release| release.as_str().to_owned())
            .or_else(|| host.previous_target.clone());
        let id = self.step_of(PUBLISH, &host.target.name);
        let Some(id) = id.filter(|id| self.state.has_begun(id)) else {
            return before;
        };
        let undone = self.state.undos.get(&id).map(Attempt::is_fine);
        match (self.state.step(&id).map(Attempt::is_fine), undone) {
            (_, Some(true)) => before,
            (Some(true), None) => Some(self.plan.release.as_str().to_owned()),
            _ => None,
        }
    }

    fn step_of(&self, task: &str, host: &HostName) -> Option<StepId> {
        let mut steps = self.plan.steps.iter();
        let found = steps.find(|step| step.task.as_str() == task && &step.host == host);
        found.map(|step| step.id.clone())
    }

    /// Hosts whose state is not what it should be, each with what is the matter.
    fn in_doubt(&self) -> Vec<(HostName, String)> {
        let mut found: BTreeMap<&HostName, String> = BTreeMap::new();
        for (host, reason) in &self.stuck {
            found.insert(host, reason.clone());
        }
        for (host, reason) in &self.doubt {
            found.insert(host, format!("{reason}; {}", self.prospect(host)));
        }
        for id in &self.undo_failed {
            let (host, what) = match (self.lock_owner(id), self.plan.step(id)) {
                (Some(host), _) => (self.plan.host(&host), "freeing the lock".to_owned()),
                (None, Some(step)) => (
                    self.plan.host(&step.host),
                    format!("the undo of {}", step.task),
                ),
                (None, None) => continue,
            };
            let how = self
                .state
                .undos
                .get(id)
                .and_then(Attempt::outcome)
                .map(ended_as);
            if let Some(host) = host {
                let sentence = format!("{what} failed: {}", how.unwrap_or_default());
                found.entry(&host.target.name).or_insert(sentence);
            }
        }
        let order = self.plan.hosts.iter().map(|host| &host.target.name);
        order
            .filter_map(|host| Some((host.clone(), found.remove(host)?)))
            .collect()
    }

    /// What will happen on a host that cannot be reached.
    fn prospect(&self, host: &HostName) -> String {
        let published = self
            .step_of(PUBLISH, host)
            .is_some_and(|id| self.state.has_begun(&id));
        let release = &self.plan.release;
        match (&self.state.undo, published) {
            (Some(_), _) if self.keeps(host) => {
                format!("it keeps {release}; `windlass resume` frees its lock when it answers")
            }
            (None, _) => "what was sent to it goes on there; `windlass resume` learns how it ended"
                .to_owned(),
            (Some(_), true) => {
                format!(
                    "it may have published {release}; `windlass resume` puts it back when it answers"
                )
            }
            (Some(_), false) => {
                format!(
                    "it has not published {release}; `windlass resume` undoes the rest when it answers"
                )
            }
        }
    }

    /// Hosts that were left out, and hosts that failed while others keep the release.
    fn behind(&self) -> Vec<(HostName, String)> {
        let reason = "optional, not reached when the deploy began";
        let left_out = self.plan.left_out.iter();
        let left_out = left_out.map(|host| (host.clone(), reason.to_owned()));
        let spared = self.state.spared.iter();
        let spared = spared.filter(|_| !self.state.kept().is_empty());
        let spared = spared.map(|(host, reason)| (host.clone(), format!("{reason}; put back")));
        left_out.chain(spared).collect()
    }

    fn moved_aside(&self) -> Vec<(HostName, String)> {
        if self.plan.kind != DeployKind::Deploy {
            return Vec::new();
        }
        let undone = |host: &&PlanHost| {
            self.step_of(RELEASE, &host.target.name)
                .is_some_and(|id| self.state.undos.get(&id).is_some_and(Attempt::is_fine))
        };
        let hosts = self.plan.hosts.iter().filter(undone);
        hosts
            .map(|host| {
                (
                    host.target.name.clone(),
                    Layout::new(&host.root).failed(&self.plan.release),
                )
            })
            .collect()
    }

    fn still_runs(&self) -> Vec<(HostName, String)> {
        let attempts = self.plan.steps.iter().filter_map(|step| {
            // One on this machine that was broken off to be repeated is gone with its engine, and a pause is nobody's work.
            let is_gone = step.repeatable && matches!(step.action, Action::Local { .. });
            if is_gone || matches!(step.action, Action::Pause { .. }) {
                return None;
            }
            let open = self
                .state
                .step(&step.id)
                .filter(|attempt| attempt.is_open())?;
            let first = self.current_step(&open.job)?;
            (first == &step.id).then(|| (step.host.clone(), step.show.clone()))
        });
        attempts.collect()
    }

    /// The step that a job has come to: the first whose end is not known.
    fn current_step(&self, job: &windlass_model::JobKey) -> Option<&StepId> {
        let of_job = |step: &&windlass_model::Step| {
            self.state
                .step(&step.id)
                .is_some_and(|attempt| attempt.is_open() && &attempt.job == job)
        };
        self.plan.steps.iter().find(of_job).map(|step| &step.id)
    }

    /// The task that took longest, by its slowest host. A pause takes as long as somebody wanted.
    fn slowest(&self) -> Option<(TaskName, Duration)> {
        let steps = self.plan.steps.iter();
        let works = steps.filter(|step| !matches!(step.action, Action::Pause { .. }));
        let timed = works.filter_map(|step| match &self.state.step(&step.id)?.progress {
            Progress::Ended { duration, .. } => Some((step.task.clone(), *duration)),
            Progress::Open | Progress::NotReached => None,
        });
        timed
            .max_by_key(|(_, duration)| *duration)
            .filter(|(_, duration)| !duration.is_zero())
    }

    /// The command that goes back to what was live before; none where nothing was, or not the same everywhere.
    fn way_back(&self) -> Option<String> {
        let mut hosts = self.plan.hosts.iter().filter(|host| host.target.release);
        let before = hosts.next()?.previous.as_ref()?;
        let same = hosts.all(|host| host.previous.as_ref() == Some(before));
        let stage = &self.plan.stage;
        match self.plan.kind {
            DeployKind::Deploy => same.then(|| format!("windlass rollback {stage}")),
            DeployKind::Rollback => {
                same.then(|| format!("windlass rollback {stage} --to {before}"))
            }
        }
    }

    fn next(&self, end: DeployEnd) -> Vec<String> {
        let (stage, id) = (&self.plan.stage, &self.plan.deploy);
        match end {
            DeployEnd::Deployed => self.way_back().into_iter().collect(),
            DeployEnd::Undone | DeployEnd::CancelledUndone => vec![match self.plan.kind {
                DeployKind::Deploy => format!("windlass deploy {stage}"),
                DeployKind::Rollback => format!("windlass status {stage}"),
            }],
            DeployEnd::Stopped => match self.plan.kind {
                DeployKind::Deploy => vec![
                    format!("windlass deploy {stage}"),
                    format!("windlass rollback {stage}"),
                ],
                DeployKind::Rollback => vec![format!("windlass status {stage}")],
            },
            DeployEnd::Stuck if self.state.done && self.doubt.is_empty() => {
                vec![
                    format!("windlass resume {id}"),
                    format!("windlass unlock {stage}"),
                ]
            }
            DeployEnd::Stuck => vec![
                format!("windlass resume {id}"),
                format!("windlass show {id}"),
                format!("windlass unlock {stage}"),
            ],
            DeployEnd::Parked => vec![
                match &self.state.paused {
                    Some(_) => format!("windlass resume --retry {id}"),
                    None => format!("windlass resume {id}"),
                },
                format!("windlass cancel {id}"),
            ],
            DeployEnd::Fenced | DeployEnd::GivenUp => vec![format!("windlass status {stage}")],
        }
    }
}
