//! Follows a deploy that another controller carries out, from the records of its jobs on the hosts: tells what that one
//! tells, from the beginning.
//!
//! It starts nothing, stops nothing and writes nothing, neither on a host nor on this machine: what it is given to work with
//! could not. What leaves no record on a host, an upload or a command on the controller, it cannot tell.

use crate::Run;
use crate::backend::{Backend, BackendError, JobSink, Toll, Work};
use crate::dispatcher::Dispatcher;
use crate::error::Error;
use crate::recover::{Heard, Shown, recover_as};
use crate::ssh::SshBackend;
use std::sync::Arc;
use tokio::sync::mpsc;
use windlass_job::{CancelReport, Hold, JobReport, JobSpec, Owned, Place};
use windlass_journal::{Decision, Owner, Record, State, Store, Stored, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{
    Action, Command, CommandEnd, DeployId, EventBody, HostName, JobKey, PlanDigest, Step,
};

/// What the hosts show of a deploy at a moment.
#[derive(Clone, Debug)]
pub struct Sight {
    /// What they show of the way so far.
    pub shown: Shown,
    /// How the deploy stands, where it does not go on.
    pub end: Option<DeployEnd>,
}

/// Tells a deploy from the beginning and follows it until the hosts show that it does not go on, or nobody looks any more.
/// The run's journal and backend are those of [`Onlooker`].
pub async fn look_on(
    subject: Subject,
    (digest, started): (PlanDigest, Timestamp),
    run: Run,
    sights: mpsc::UnboundedReceiver<Sight>,
) -> Result<Option<EndSummary>, Error> {
    let stored = Stored {
        subject,
        digest,
        started,
        records: Vec::new(),
        state: State::default(),
    };
    Dispatcher::new(stored, run)?.follow_all(sights).await
}

impl Dispatcher {
    async fn follow_all(
        mut self,
        mut sights: mpsc::UnboundedReceiver<Sight>,
    ) -> Result<Option<EndSummary>, Error> {
        // Nothing that ends is judged here.
        self.draining = true;
        let summary = self.opening();
        let resumed = false;
        self.batch
            .tell(EventBody::DeployStarted { summary, resumed });
        let mut end = None;
        loop {
            self.follow_shown();
            self.end_turn().await?;
            if let (Some(end), true) = (end, self.is_quiet()) {
                let summary = self.closing(end);
                self.batch.tell(EventBody::DeployEnded {
                    summary: summary.clone(),
                });
                self.batch.commit().await?;
                return Ok(Some(summary));
            }
            tokio::select! {
                sight = sights.recv() => match sight {
                    Some(sight) => end = self.seen(&sight)?,
                    None if self.is_quiet() => return Ok(None),
                    None => self.wait().await?,
                },
                waited = self.wait() => waited?,
            }
        }
    }

    /// Takes in what the hosts show; every job is heard from its beginning.
    fn seen(&mut self, sight: &Sight) -> Result<Option<DeployEnd>, Error> {
        let was_undoing = self.state.undo.is_some();
        let shown = recover_as(&self.subject, &self.state, &sight.shown, Heard::All);
        let shown = shown.map_err(|source| Error::Account {
            deploy: self.plan.deploy.clone(),
            source,
        })?;
        for record in shown.records {
            self.record(record)?;
        }
        if let (false, Some(Decision::Undo { reason, .. })) = (was_undoing, &self.state.undo) {
            let reason = reason.clone();
            self.batch.tell(EventBody::UnwindStarted { reason });
        }
        // There is nobody to leave it to.
        self.custody.has_decided = false;
        let undone = sight.end == Some(DeployEnd::Undone) && self.state.undo.is_some();
        Ok(if undone {
            Some(self.verdict())
        } else {
            sight.end
        })
    }

    /// Follows the jobs of which the end is not known.
    fn follow_shown(&mut self) {
        for (key, host) in self.orphans() {
            let is_job = |step: &&Step| {
                let attempt = self.state.step(&step.id);
                matches!(step.action, Action::Command { .. })
                    && attempt.is_some_and(|attempt| attempt.job == key)
            };
            if self.is_busy(&host) || !self.plan.steps.iter().any(|step| is_job(&step)) {
                continue;
            }
            if let Some(unit) = self.rebuilt(&key) {
                self.follow(unit);
            }
        }
        let hosts: Vec<HostName> = self
            .plan
            .hosts
            .iter()
            .map(|host| host.target.name.clone())
            .collect();
        for host in hosts
            .iter()
            .filter(|host| !self.is_busy(host))
            .collect::<Vec<_>>()
        {
            if let Some(unit) = self.undo_under_way(host) {
                self.follow(unit);
            }
        }
    }
}

/// A journal that keeps nothing, and hands that can only follow.
pub struct Onlooker {
    hands: Arc<SshBackend>,
}

impl Onlooker {
    /// Looks on through these connections.
    pub fn new(hands: Arc<SshBackend>) -> Arc<Self> {
        Arc::new(Self { hands })
    }
}

fn only_looks<T>() -> Result<T, BackendError> {
    Err(BackendError::NotBegun {
        reason: "this process only looks on".to_owned(),
    })
}

impl Backend for Onlooker {
    fn run(&self, spec: JobSpec, sink: JobSink) -> Work<'_, Result<JobReport, BackendError>> {
        Box::pin(self.hands.followed(spec, sink))
    }

    fn cancel<'a>(
        &'a self,
        _key: &'a JobKey,
        _place: &'a Place,
    ) -> Work<'a, Result<CancelReport, BackendError>> {
        Box::pin(async { only_looks() })
    }

    fn push<'a>(
        &'a self,
        _host: &'a HostName,
        _step: &'a Step,
    ) -> Work<'a, Result<Option<String>, BackendError>> {
        Box::pin(async { only_looks() })
    }

    fn local<'a>(
        &'a self,
        _command: &'a Command,
        _key: &'a JobKey,
        _sink: JobSink,
    ) -> Work<'a, Result<CommandEnd, BackendError>> {
        Box::pin(async { only_looks() })
    }

    fn stop_local<'a>(&'a self, _key: &'a JobKey) -> Work<'a, Result<CancelReport, BackendError>> {
        Box::pin(async { only_looks() })
    }

    fn boot_id<'a>(&'a self, host: &'a HostName) -> Work<'a, Result<String, BackendError>> {
        self.hands.boot_id(host)
    }

    fn leave<'a>(
        &'a self,
        _at: (&'a HostName, &'a Place),
        _path: &'a str,
        _bytes: Arc<[u8]>,
    ) -> Work<'a, Result<(), BackendError>> {
        Box::pin(async { only_looks() })
    }

    fn hold<'a>(
        &'a self,
        _host: &'a HostName,
        _place: &'a Place,
        _hold: Hold,
    ) -> Work<'a, Result<Owned, BackendError>> {
        Box::pin(async { only_looks() })
    }

    fn toll(&self) -> Toll {
        self.hands.toll()
    }
}

impl Store for Onlooker {
    fn begin(
        &self,
        _subject: &Subject,
        _digest: &PlanDigest,
        _at: Timestamp,
    ) -> Result<(), windlass_journal::Error> {
        Ok(())
    }

    fn append(
        &self,
        _deploy: &DeployId,
        _at: Timestamp,
        _records: &[Record],
    ) -> Result<(), windlass_journal::Error> {
        Ok(())
    }

    fn load(&self, deploy: &DeployId) -> Result<Stored, windlass_journal::Error> {
        Err(windlass_journal::Error::Unknown(deploy.to_string()))
    }

    fn own(&self, deploy: &DeployId) -> Result<Owner, windlass_journal::Error> {
        Err(windlass_journal::Error::Unknown(deploy.to_string()))
    }

    fn cancel_requested(&self, _deploy: &DeployId) -> Result<bool, windlass_journal::Error> {
        Ok(false)
    }
}
