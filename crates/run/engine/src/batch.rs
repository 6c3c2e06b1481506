//! What one turn of the dispatcher writes and then tells: the records first, in one transaction, then the events.
//!
//! While a transaction is on its way to the disk, more messages arrive; the next turn takes them all at once. That is
//! how hundreds of hosts cost few syncs.

use crate::error::Error;
use std::sync::Arc;
use tokio::sync::mpsc;
use windlass_journal::{Record, Store};
use windlass_model::clock::Clock;
use windlass_model::{DeployId, Event, EventBody};

/// Records and events that belong together.
pub(crate) struct Batch {
    deploy: DeployId,
    journal: Arc<dyn Store>,
    events: mpsc::UnboundedSender<Event>,
    clock: Arc<dyn Clock>,
    records: Vec<Record>,
    tells: Vec<EventBody>,
}

impl Batch {
    pub(crate) fn new(deploy: &DeployId, run: &crate::Run) -> Self {
        Self {
            deploy: deploy.clone(),
            journal: Arc::clone(&run.journal),
            events: run.events.clone(),
            clock: Arc::clone(&run.clock),
            records: Vec::new(),
            tells: Vec::new(),
        }
    }

    /// A record to be written by the next [`Batch::commit`].
    pub(crate) fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    /// An event to be sent after the next [`Batch::commit`].
    pub(crate) fn tell(&mut self, body: EventBody) {
        self.tells.push(body);
    }

    /// Writes the records; when they are on disk, sends the events.
    pub(crate) async fn commit(&mut self) -> Result<(), Error> {
        if !self.records.is_empty() {
            let records = std::mem::take(&mut self.records);
            let (journal, deploy) = (Arc::clone(&self.journal), self.deploy.clone());
            let at = self.clock.now();
            blocking(move || journal.append(&deploy, at, &records)).await?;
        }
        let at = self.clock.now();
        for body in self.tells.drain(..) {
            let event = Event {
                at,
                deploy: Some(self.deploy.clone()),
                body,
            };
            // Nobody listening is no reason to stop a deploy.
            self.events.send(event).ok();
        }
        Ok(())
    }
}

/// Does something with the disk on a thread that may wait for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, windlass_journal::Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(Error::Interrupted)??)
}
