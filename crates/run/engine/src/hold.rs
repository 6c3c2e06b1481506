//! What keeps a deploy ours and lets another machine go on with it: the plan is left on the hosts, and they are told every
//! now and then that this controller is there.
//!
//! Neither holds the deploy up. The plan travels beside the first jobs and is there before anything is published; where a
//! host cannot keep it a person is told. A host that says that the deploy is somebody else's ends the run: it changes
//! nothing more.

use crate::backend::{Backend, BackendError};
use crate::deposit::{self, KEEPERS};
use crate::dispatcher::{Dispatcher, Turn};
use crate::flight::Message;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use windlass_job::{Hold, Owned};
use windlass_model::layout::Layout;
use windlass_model::{EventBody, HostName};

/// So long a controller that goes to rest waits for the hosts that it tells so: it may have been told to end soon.
const LAST_WORD: Duration = Duration::from_secs(3);

impl Dispatcher {
    /// Has the plan left on the first hosts, as long as nothing is published.
    pub(crate) fn leave_plan(&mut self) {
        if self.state.publishing || self.state.undo.is_some() || self.state.done {
            return;
        }
        let bytes = match deposit::pack(&self.plan, &self.digest, self.started) {
            Ok(bytes) => Arc::from(bytes),
            Err(error) => {
                self.not_left(None, &error.to_string());
                return;
            }
        };
        for host in self.root_keepers().into_iter().take(KEEPERS) {
            self.leave(host, Arc::clone(&bytes));
        }
    }

    fn leave(&mut self, host: HostName, bytes: Arc<[u8]>) {
        let Some(root) = self.plan.host(&host).map(|host| host.root.clone()) else {
            return;
        };
        let path = Layout::new(&root).plan(&self.plan.deploy);
        self.leaving.insert(host.clone());
        let (backend, outbox) = (self.run.backend.clone(), self.outbox.clone());
        self.aside(async move {
            let result = backend.leave(&host, &path, bytes).await;
            outbox.send(Message::Left { host, result }).ok();
        });
    }

    /// The plan was left on a host, or could not be.
    pub(crate) fn left(&mut self, host: &HostName, result: Result<(), BackendError>) {
        if self.leaving.remove(host)
            && let Err(error) = result
        {
            self.not_left(Some(host), error.reason());
        }
    }

    fn not_left(&mut self, host: Option<&HostName>, reason: &str) {
        self.batch.tell(EventBody::Warning {
            host: host.cloned(),
            message: format!("the plan could not be left for other machines: {reason}"),
            hint: None,
        });
    }

    /// Tells the hosts that this controller is there.
    pub(crate) fn renew(&mut self) {
        for host in self.root_keepers() {
            if self.is_closing(&host) || !self.is_well(&host) || !self.holding.insert(host.clone())
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
    pub(crate) fn owner(&mut self, host: HostName, result: Result<Owned, BackendError>) {
        self.asking.remove(&host);
        match result {
            Ok(Owned::Ours) => {}
            Ok(Owned::Lost | Owned::Over) => self.turn = Some(Turn::Fenced),
            Err(error) => self.out_of_reach(host, error.reason()),
        }
    }

    /// A host answered. One that could not be asked is asked again the next time.
    pub(crate) fn held(&mut self, host: &HostName, result: Result<Owned, BackendError>) {
        self.holding.remove(host);
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
        for host in self.root_keepers() {
            let (place, backend) = (self.place(&host), self.run.backend.clone());
            let backend: Arc<dyn Backend> = backend;
            told.spawn(async move { backend.hold(&host, &place, Hold::Rests).await });
        }
        let all = async { while told.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WORD, all).await.is_err() {
            tracing::debug!("not all hosts were told that the deploy rests");
        }
    }

    /// The hosts that keep the lock of their root, in the order of the plan.
    fn root_keepers(&self) -> Vec<HostName> {
        let keepers = self.plan.hosts.iter().filter(|host| host.unlock.is_some());
        keepers.map(|host| host.target.name.clone()).collect()
    }

    /// Whether the lock of a host is freed, or about to be.
    fn is_closing(&self, host: &HostName) -> bool {
        let id = crate::unwind::lock_step(host);
        self.state.steps.contains_key(&id) || self.state.undos.contains_key(&id)
    }
}
