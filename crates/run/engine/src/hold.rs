//! What keeps a deploy ours and lets another machine go on with it: the plan and what was decided are left on the hosts, and
//! they are told every now and then that this controller is there.
//!
//! The plan travels beside the first jobs and is there before anything is published; nothing is undone before some host has
//! word that it is to be; where a host cannot keep either a person is told, and the deploy goes on. A host that says that the deploy is somebody else's ends the run: it changes
//! nothing more.

use crate::backend::{Backend, BackendError};
use crate::deposit::{self, KEEPERS};
use crate::dispatcher::{Dispatcher, Turn};
use crate::error::Error;
use crate::flight::{Left, Message};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};
use windlass_job::{Hold, Owned};
use windlass_model::layout::Layout;
use windlass_model::plan::LEASE;
use windlass_model::{EventBody, HostName};

/// So long a controller that goes to rest waits for the hosts that it tells so: it may have been told to end soon.
const LAST_WORD: Duration = Duration::from_secs(3);

/// How often the hosts are told that this controller is there: several times in the life of a lease, so that one that is
/// late harms nobody. A deploy that is over before tells them nothing.
const RENEWAL: Duration = Duration::from_secs(LEASE.as_secs() / 5);

/// What keeps a deploy its controller's, and what other machines find of it.
pub(crate) struct Custody {
    /// What is being left on hosts.
    pub(crate) leaving: BTreeSet<(HostName, Left, u32)>,
    /// Which time this is that something is left: only the last decision counts.
    pub(crate) turn: u32,
    /// Whether some host has word of the decision to undo, where it must have.
    pub(crate) is_decided: bool,
    /// Whether what was decided is to be left on hosts, once it is written down.
    pub(crate) has_decided: bool,
    /// Hosts that are being told that this controller is there.
    pub(crate) holding: BTreeSet<HostName>,
    /// When they are told next.
    pub(crate) renewal: Interval,
}

impl Custody {
    /// Of a deploy that was taken up just now. The first renewal is late by one interval: whoever begins a deploy has said
    /// that it is there.
    pub(crate) fn new() -> Self {
        let first = tokio::time::Instant::now() + RENEWAL;
        let mut renewal = tokio::time::interval_at(first, RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            leaving: BTreeSet::new(),
            turn: 0,
            is_decided: true,
            has_decided: false,
            holding: BTreeSet::new(),
            renewal,
        }
    }
}

impl Dispatcher {
    /// Has the plan left on the first hosts, as long as nothing is published.
    pub(crate) fn leave_plan(&mut self) {
        if self.state.publishing || self.state.undo.is_some() || self.state.done {
            return;
        }
        match deposit::pack(&self.plan, &self.digest, self.started) {
            Ok(bytes) => self.leave(Left::Plan, &Arc::from(bytes)),
            Err(error) => self.not_left(None, Left::Plan, &error.to_string()),
        }
    }

    /// Has left there what was just decided and written down.
    pub(crate) fn leave_decision(&mut self) {
        if !std::mem::take(&mut self.custody.has_decided) {
            return;
        }
        match deposit::pack_decisions(&self.state.decisions()) {
            Ok(bytes) => self.leave(Left::Decision, &Arc::from(bytes)),
            Err(error) => self.not_left(None, Left::Decision, &error.to_string()),
        }
    }

    fn leave(&mut self, what: Left, bytes: &Arc<[u8]>) {
        self.custody.turn = self.custody.turn.saturating_add(1);
        let turn = self.custody.turn;
        for host in self.root_keepers().into_iter().take(KEEPERS) {
            let Some(path) = self.path_of(&host, what) else {
                continue;
            };
            self.custody.leaving.insert((host.clone(), what, turn));
            let (backend, outbox) = (self.run.backend.clone(), self.outbox.clone());
            let (bytes, place) = (Arc::clone(bytes), self.place(&host));
            self.aside(async move {
                let result = backend.leave((&host, &place), &path, bytes).await;
                let what = (what, turn);
                outbox.send(Message::Left { host, what, result }).ok();
            });
        }
    }

    fn path_of(&self, host: &HostName, what: Left) -> Option<String> {
        let layout = Layout::new(&self.plan.host(host)?.root);
        Some(match what {
            Left::Plan => layout.plan(&self.plan.deploy),
            Left::Decision => layout.decided(&self.plan.deploy),
        })
    }

    /// Something was left on a host, or could not be.
    pub(crate) fn left(
        &mut self,
        host: &HostName,
        (what, turn): (Left, u32),
        result: Result<(), BackendError>,
    ) {
        if !self.custody.leaving.remove(&(host.clone(), what, turn)) {
            return;
        }
        match result {
            Ok(()) => {
                let is_last = what == Left::Decision && turn == self.custody.turn;
                self.custody.is_decided |= is_last;
            }
            Err(error) => self.not_left(Some(host), what, error.reason()),
        }
    }

    /// Whether nothing may be undone yet: whoever goes on elsewhere must find what was decided, on one host at least. Where no
    /// host can have it, nobody will.
    pub(crate) fn is_deciding(&self) -> bool {
        let mut left = self.custody.leaving.iter().map(|(_, what, _)| what);
        let is_under_way = self.custody.has_decided || left.any(|what| *what == Left::Decision);
        !self.custody.is_decided && is_under_way
    }

    fn not_left(&mut self, host: Option<&HostName>, what: Left, reason: &str) {
        let what = match what {
            Left::Plan => "plan",
            Left::Decision => "decision",
        };
        self.batch.tell(EventBody::Warning {
            host: host.cloned(),
            message: format!("the {what} could not be left for other machines: {reason}"),
            hint: None,
        });
    }

    /// Tells the hosts that this controller is there.
    pub(crate) fn renew(&mut self) {
        for host in self.root_keepers() {
            if self.is_closing(&host)
                || !self.is_well(&host)
                || !self.custody.holding.insert(host.clone())
            {
                continue;
            }
            let place = self.place(&host);
            let (backend, outbox) = (self.run.backend.clone(), self.outbox.clone());
            self.aside(async move {
                let result = backend.hold(&host, &place, Hold::Held).await;
                outbox.send(Message::Held { host, result }).ok();
            });
        }
    }

    /// Something was not started since it bore another number than the root. Either the deploy is not ours any more, or it
    /// was a request of the controller before us that came late and took the key: then nothing stands against a new attempt.
    pub(crate) fn ask_owner(&mut self, host: &HostName) {
        if !self.asking.insert(host.clone()) {
            return;
        }
        let (host, place) = (host.clone(), self.place(host));
        let (backend, outbox) = (self.run.backend.clone(), self.outbox.clone());
        self.aside(async move {
            let result = backend.hold(&host, &place, Hold::Held).await;
            outbox.send(Message::Owner { host, result }).ok();
        });
    }

    /// A host says whose the deploy is.
    pub(crate) fn owner(
        &mut self,
        host: HostName,
        result: Result<Owned, BackendError>,
    ) -> Result<(), Error> {
        self.asking.remove(&host);
        match result {
            Ok(Owned::Ours) => {}
            Ok(Owned::Lost | Owned::Over) => self.turn = Some(Turn::Fenced),
            Err(error) => return self.out_of_reach(host, error.reason()),
        }
        Ok(())
    }

    /// A host answered. One that could not be asked is asked again the next time.
    pub(crate) fn held(&mut self, host: &HostName, result: Result<Owned, BackendError>) {
        self.custody.holding.remove(host);
        match result {
            // Of one that is over the records tell how it ended; nothing more can be started.
            Ok(Owned::Ours | Owned::Over) => {}
            // What frees the lock may have been faster than the question.
            Ok(Owned::Lost) if self.is_closing(host) => {}
            Ok(Owned::Lost) => self.turn = Some(Turn::Fenced),
            Err(error) => {
                tracing::debug!(%host, error = error.reason(), "host was not told that we are there");
            }
        }
    }

    /// Tells the hosts that whoever wants to may go on. Those that do not hear it find out by themselves.
    pub(crate) async fn rest(&mut self) {
        let mut told = JoinSet::new();
        let paused = self.state.paused.as_ref().map(|_| self.state.decisions());
        let paused = paused.and_then(|decisions| deposit::pack_decisions(&decisions).ok());
        let paused: Option<Arc<[u8]>> = paused.map(Arc::from);
        for (number, host) in self.root_keepers().into_iter().enumerate() {
            let (place, backend) = (self.place(&host), self.run.backend.clone());
            let backend: Arc<dyn Backend> = backend;
            let paused = paused.clone().filter(|_| number < KEEPERS);
            let why = self.path_of(&host, Left::Decision).zip(paused);
            told.spawn(async move {
                if let Some((path, bytes)) = why {
                    backend.leave((&host, &place), &path, bytes).await?;
                }
                backend.hold(&host, &place, Hold::Rests).await
            });
        }
        let all = async {
            while let Some(told) = told.join_next().await {
                match told {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => {
                        tracing::debug!(
                            error = error.reason(),
                            "host was not told that the deploy rests"
                        );
                    }
                    Err(error) => {
                        tracing::debug!(%error, "telling a host that the deploy rests broke off");
                    }
                }
            }
        };
        if tokio::time::timeout(LAST_WORD, all).await.is_err() {
            tracing::debug!("not all hosts were told that the deploy rests");
        }
    }

    /// The hosts that keep the lock of their root, in the order of the plan.
    fn root_keepers(&self) -> Vec<HostName> {
        let keepers = self.plan.root_keepers();
        keepers.map(|host| host.target.name.clone()).collect()
    }

    /// Whether the lock of a host is freed, or about to be.
    fn is_closing(&self, host: &HostName) -> bool {
        let id = crate::unwind::lock_step(host);
        self.state.steps.contains_key(&id) || self.state.undos.contains_key(&id)
    }
}
