//! A backend over a [`World`].

use crate::world::World;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use windlass_engine::{Backend, BackendError, JobSink, Work};
use windlass_engine::{CancelEnd, CancelReport, Hold, JobReport, JobSpec, Owned, Place};
use windlass_model::{Command, CommandEnd, HostName, JobKey, Step, StepId};

/// The controller's hands in a world. Dropping it changes nothing there.
pub struct FakeBackend {
    world: World,
    local: Mutex<HashMap<JobKey, watch::Sender<bool>>>,
    /// Whether its own network is there.
    online: watch::Sender<bool>,
}

impl FakeBackend {
    /// Hands for a world.
    pub fn new(world: &World) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            local: Mutex::new(HashMap::new()),
            online: watch::channel(true).0,
        })
    }

    /// Cuts the controller off from all hosts, or brings it back.
    pub fn cut_off(&self, away: bool) {
        self.online.send_replace(!away);
    }

    fn switch(&self, key: &JobKey) -> watch::Sender<bool> {
        let mut switches = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        let switch = switches
            .entry(key.clone())
            .or_insert_with(|| watch::channel(false).0);
        switch.clone()
    }

    fn stop_switch(&self, key: &JobKey) -> watch::Receiver<bool> {
        self.switch(key).subscribe()
    }

    /// Waits for a connection, as a session does.
    async fn reach(&self, host: &HostName) -> Result<(), BackendError> {
        let gave_up = || BackendError::GaveUp {
            reason: format!("no connection to {host} for an hour"),
        };
        let mut link = self.world.link(host).ok_or_else(gave_up)?;
        let mut online = self.online.subscribe();
        let both = async {
            loop {
                online.wait_for(|online| *online).await.ok()?;
                link.wait_for(|up| *up).await.ok()?;
                if *online.borrow() {
                    return Some(());
                }
            }
        };
        let waiting = tokio::time::timeout(self.world.script.reconnect_for, both);
        match waiting.await {
            Ok(Some(())) => Ok(()),
            _ => Err(gave_up()),
        }
    }

    async fn follow(&self, spec: JobSpec, mut sink: JobSink) -> Result<JobReport, BackendError> {
        self.reach(&spec.key.host).await?;
        self.world.start(&spec);
        let mut heard = 0;
        loop {
            self.reach(&spec.key.host).await?;
            if self.world.is_veiled(&spec.key.host) {
                let reason = "the job's record cannot be read".to_owned();
                return Err(BackendError::Broken { reason });
            }
            let mut changed = self.world.watch(&spec.key);
            let (events, report) = self.world.read(&spec, heard);
            heard += events.len();
            events.into_iter().for_each(&mut sink);
            match (report, &mut changed) {
                (Some(report), _) => return Ok(report),
                (None, Some(changed)) => self.until_something(&spec.key.host, changed).await,
                (None, None) => {
                    return Err(BackendError::Broken {
                        reason: "the job has no record".to_owned(),
                    });
                }
            }
        }
    }

    /// Something happened to the job, or to the way to it.
    async fn until_something(&self, host: &HostName, changed: &mut watch::Receiver<usize>) {
        let Some(mut link) = self.world.link(host) else {
            return;
        };
        let mut online = self.online.subscribe();
        tokio::select! {
            biased;
            _ = changed.changed() => {}
            _ = link.wait_for(|up| !up) => {}
            _ = online.wait_for(|online| !online) => {}
        }
    }
}

impl Backend for FakeBackend {
    fn run(&self, spec: JobSpec, sink: JobSink) -> Work<'_, Result<JobReport, BackendError>> {
        Box::pin(self.follow(spec, sink))
    }

    fn cancel<'a>(
        &'a self,
        key: &'a JobKey,
        place: &'a Place,
    ) -> Work<'a, Result<CancelReport, BackendError>> {
        Box::pin(async move {
            self.reach(&key.host).await?;
            let end = match self.world.cancel(key, place) {
                Some(end) => CancelEnd::AlreadyEnded(end),
                None => CancelEnd::Cancelled,
            };
            Ok(CancelReport { end })
        })
    }

    fn push<'a>(
        &'a self,
        host: &'a HostName,
        step: &'a Step,
    ) -> Work<'a, Result<Option<String>, BackendError>> {
        Box::pin(async move {
            self.reach(host).await?;
            let deed = crate::script::Deed {
                host: host.clone(),
                step: step.id.clone(),
                undo: false,
                attempt: 1,
            };
            tokio::time::sleep((self.world.script.times)(&deed)).await;
            self.reach(host).await?;
            if !(self.world.script.ends)(&deed).success() {
                return Err(BackendError::Broken {
                    reason: "the pack was refused".to_owned(),
                });
            }
            self.world.pushed(&step.id);
            Ok(Some("sent 214 objects".to_owned()))
        })
    }

    fn local<'a>(
        &'a self,
        command: &'a Command,
        key: &'a JobKey,
        _sink: JobSink,
    ) -> Work<'a, Result<CommandEnd, BackendError>> {
        Box::pin(async move {
            let mut stopped = self.stop_switch(key);
            let step = command.script.rsplit(' ').next().unwrap_or_default();
            let deed = self.world.local_begin(key, 0, &StepId::new(step));
            let end = tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => CommandEnd::Cancelled,
                () = tokio::time::sleep((self.world.script.times)(&deed)) => (self.world.script.ends)(&deed),
            };
            self.world.local_end(&deed, end);
            Ok(end)
        })
    }

    fn stop_local<'a>(&'a self, key: &'a JobKey) -> Work<'a, Result<CancelReport, BackendError>> {
        Box::pin(async move {
            let stop = self.switch(key);
            stop.send_replace(true);
            stop.closed().await;
            Ok(CancelReport {
                end: CancelEnd::Cancelled,
            })
        })
    }

    fn leave<'a>(
        &'a self,
        (host, place): (&'a HostName, &'a Place),
        path: &'a str,
        bytes: Arc<[u8]>,
    ) -> Work<'a, Result<(), BackendError>> {
        Box::pin(async move {
            self.reach(host).await?;
            if self.world.owned(host, place) == Owned::Lost {
                return Err(BackendError::Broken {
                    reason: "another controller has taken over".to_owned(),
                });
            }
            self.world.leave(host, path, &bytes);
            Ok(())
        })
    }

    fn hold<'a>(
        &'a self,
        host: &'a HostName,
        place: &'a Place,
        _hold: Hold,
    ) -> Work<'a, Result<Owned, BackendError>> {
        Box::pin(async move {
            self.reach(host).await?;
            Ok(self.world.owned(host, place))
        })
    }

    fn boot_id<'a>(&'a self, host: &'a HostName) -> Work<'a, Result<String, BackendError>> {
        Box::pin(async move {
            self.reach(host).await?;
            if self.world.hides_boot(host) {
                return Err(BackendError::GaveUp {
                    reason: format!("no connection to {host} for an hour"),
                });
            }
            Ok(self.world.boot(host))
        })
    }
}
