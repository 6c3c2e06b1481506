//! What sessions tell of their connections, as events in the words of the screen, and what it has cost.
//!
//! Lost connections cost the time in which at least one host was away, however many were: that is what a person waited.

use crate::backend::Toll;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::{DisconnectKind, Event, EventBody, HostName};
use windlass_transport::{Observer, SessionEvent};

/// The first word about a long absence; the distance to the next one doubles.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// The connections of all hosts. Clones are the same ones.
#[derive(Clone)]
pub struct Links {
    events: UnboundedSender<Event>,
    all: Arc<Mutex<All>>,
}

#[derive(Default)]
struct All {
    hosts: BTreeMap<HostName, Link>,
    toll: Toll,
    /// Since when at least one host has been away.
    away_since: Option<Instant>,
}

/// One host's link.
#[derive(Default)]
struct Link {
    /// The job that is followed there.
    job: Option<u32>,
    /// Whether it has lost its connection.
    away: bool,
    /// Whether it ever had one; a host of a deploy that is taken up need not be there at first.
    met: bool,
    /// When the next word about its absence is due, measured from the loss.
    next_word: Duration,
}

impl Links {
    /// Tells through these events.
    pub fn new(events: UnboundedSender<Event>) -> Self {
        Self {
            events,
            all: Arc::default(),
        }
    }

    /// What the session of a host tells is told on from here.
    pub fn observer(&self, host: &HostName, give_up_after: Duration) -> Observer {
        let (links, host) = (self.clone(), host.clone());
        Arc::new(move |event| {
            if let Some(body) = links.take(&host, event, give_up_after) {
                links.tell(body);
            }
        })
    }

    /// The job that is followed on a host now.
    pub(crate) fn following(&self, host: &HostName, job: Option<u32>) {
        self.lock().link(host).job = job;
    }

    /// What lost connections have cost so far.
    pub(crate) fn toll(&self) -> Toll {
        let all = self.lock();
        let running = all
            .away_since
            .map_or(Duration::ZERO, |since| since.elapsed());
        Toll {
            cost: all.toll.cost.saturating_add(running),
            ..all.toll
        }
    }

    fn tell(&self, body: EventBody) {
        let event = Event {
            at: SystemClock.now(),
            deploy: None,
            body,
        };
        // Where nobody listens any more, the run is over.
        self.events.send(event).ok();
    }

    fn take(
        &self,
        host: &HostName,
        event: SessionEvent,
        give_up_after: Duration,
    ) -> Option<EventBody> {
        let mut all = self.lock();
        let name = host.clone();
        match event {
            SessionEvent::Lost { kind, .. } => Some(all.lost(name, kind)),
            SessionEvent::Dialling { gone, kind, .. } => {
                all.is_due(host, gone)
                    .then_some(EventBody::StillReconnecting {
                        host: name,
                        gone,
                        kind,
                        give_up_after,
                    })
            }
            SessionEvent::Beside { silent } => {
                Some(EventBody::ConnectionSilent { host: name, silent })
            }
            SessionEvent::Back { gone, .. } => {
                all.back(host, gone);
                Some(EventBody::ConnectionBack { host: name, gone })
            }
            SessionEvent::GaveUp { .. } => {
                all.settle(host);
                None
            }
            SessionEvent::Warning(message) => Some(EventBody::Warning {
                host: Some(name),
                message,
                hint: None,
            }),
            SessionEvent::Connected { .. } => {
                all.link(host).met = true;
                None
            }
        }
    }

    /// A panic elsewhere leaves at worst a wrong number on the end screen.
    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn link(&mut self, host: &HostName) -> &mut Link {
        self.hosts.entry(host.clone()).or_default()
    }

    fn lost(&mut self, host: HostName, kind: DisconnectKind) -> EventBody {
        self.toll.lost = self.toll.lost.saturating_add(1);
        self.away_since.get_or_insert_with(Instant::now);
        let link = self.link(&host);
        link.away = true;
        link.next_word = FIRST_WORD;
        let pid = link.job;
        EventBody::ConnectionLost { host, kind, pid }
    }

    fn is_due(&mut self, host: &HostName, gone: Duration) -> bool {
        let link = self.link(host);
        let due = (link.away || !link.met) && gone >= link.next_word;
        if due {
            link.next_word = gone.saturating_mul(2).max(FIRST_WORD);
        }
        due
    }

    /// A connection that was dialled beside a silent one replaces it without the silent one's loss having been told.
    fn back(&mut self, host: &HostName, gone: Duration) {
        if !self.link(host).away {
            self.toll.lost = self.toll.lost.saturating_add(1);
            self.toll.cost = self.toll.cost.saturating_add(gone);
        }
        self.settle(host);
    }

    /// The host is no longer waited for.
    fn settle(&mut self, host: &HostName) {
        self.link(host).away = false;
        if self.hosts.values().any(|link| link.away) {
            return;
        }
        if let Some(since) = self.away_since.take() {
            self.toll.cost = self.toll.cost.saturating_add(since.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    fn host(name: &str) -> HostName {
        HostName::new(name)
    }

    fn lost(epoch: u64) -> SessionEvent {
        SessionEvent::Lost {
            epoch,
            kind: DisconnectKind::Reset,
        }
    }

    fn connected() -> SessionEvent {
        SessionEvent::Connected {
            epoch: 1,
            server_version: "SSH-2.0-OpenSSH_9.2".to_owned(),
        }
    }

    fn back(seconds: u64) -> SessionEvent {
        SessionEvent::Back {
            epoch: 2,
            gone: Duration::from_secs(seconds),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_are_away_together_cost_their_time_once() {
        let (events, _told) = mpsc::unbounded_channel();
        let links = Links::new(events);
        let tell =
            |name: &str, event| links.observer(&host(name), Duration::from_secs(3600))(event);
        tell("web1", lost(1));
        tokio::time::advance(Duration::from_secs(5)).await;
        tell("web2", lost(1));
        tokio::time::advance(Duration::from_secs(5)).await;
        tell("web1", back(10));
        tell("web2", back(5));
        let wanted = Toll {
            lost: 2,
            cost: Duration::from_secs(10),
        };
        assert_eq!(links.toll(), wanted);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_absence_is_told_at_growing_distances_with_the_job_that_goes_on() {
        let (events, mut told) = mpsc::unbounded_channel();
        let links = Links::new(events);
        links.following(&host("web1"), Some(4121));
        let observer = links.observer(&host("web1"), Duration::from_secs(3600));
        observer(connected());
        observer(lost(1));
        for second in 0..300 {
            observer(SessionEvent::Dialling {
                attempt: second,
                gone: Duration::from_secs(u64::from(second)),
                kind: DisconnectKind::NoRoute,
            });
        }
        let mut still = Vec::new();
        while let Ok(event) = told.try_recv() {
            match event.body {
                EventBody::ConnectionLost { pid, .. } => assert_eq!(pid, Some(4121)),
                EventBody::StillReconnecting { gone, .. } => still.push(gone.as_secs()),
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(still, [30, 60, 120, 240]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_was_never_there_is_told_at_once_and_costs_nothing() {
        let (events, mut told) = mpsc::unbounded_channel();
        let links = Links::new(events);
        let observer = links.observer(&host("web1"), Duration::from_secs(3600));
        for second in 0..100 {
            observer(SessionEvent::Dialling {
                attempt: second,
                gone: Duration::from_secs(u64::from(second)),
                kind: DisconnectKind::NoRoute,
            });
        }
        observer(connected());
        let mut still = Vec::new();
        while let Ok(event) = told.try_recv() {
            match event.body {
                EventBody::StillReconnecting { gone, .. } => still.push(gone.as_secs()),
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(still, [0, 30, 60]);
        assert_eq!(links.toll(), Toll::default());
    }
}
