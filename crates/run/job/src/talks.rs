//! Channels with a supervisor at their other end, kept between requests.

use crate::error::Error;
use crate::request::{self, BOOT, Level};
use crate::tie::{Line as _, Link, Tie};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;
use windlass_model::DisconnectKind;
use windlass_transport::ExecOptions;

/// How many idle ones are kept; what is beyond came from jobs that ran beside each other.
const KEPT: usize = 2;

/// A channel with a supervisor that waits for a request or answers one.
pub(crate) struct Talk<L: Link> {
    epoch: u64,
    agent: bool,
    level: Level,
    pub(crate) line: L::Line,
    pub(crate) link: L,
    /// Whether the connection is not the live one; it ends with the talk.
    extra: bool,
    /// When the channel was opened.
    pub(crate) opened: Instant,
    /// Whether the supervisor has said a word on it.
    pub(crate) answers: bool,
}

/// What a request needs of a talk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    /// The parts of the supervisor.
    pub(crate) level: Level,
    /// The forwarded ssh-agent.
    pub(crate) agent: bool,
}

/// The idle talks of a host.
pub(crate) struct Talks<L: Link> {
    idle: Mutex<Vec<Talk<L>>>,
}

impl<L: Link> Talks<L> {
    pub(crate) fn new() -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Keeps a talk whose request was answered to its end.
    pub(crate) fn keep(&self, talk: Talk<L>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !talk.extra && idle.len() < KEPT {
            idle.push(talk);
        }
    }

    fn take(&self, epoch: u64, agent: bool) -> Option<Talk<L>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|talk| talk.epoch == epoch);
        let at = idle.iter().position(|talk| talk.agent == agent)?;
        Some(idle.swap_remove(at))
    }

    /// Sends a request on an idle talk, or together with the supervisor on a new channel; nothing is waited for but the
    /// channel. Where the server allows no further channel, a connection of its own is made. How it failed, if it did, may
    /// be otherwise next time.
    pub(crate) async fn send<T: Tie<Link = L>>(
        &self,
        tie: &T,
        request: &str,
        needs: Needs,
    ) -> Result<Result<Talk<L>, DisconnectKind>, Error> {
        let link = tie.connection().await?;
        while let Some(mut talk) = self.take(link.epoch(), needs.agent) {
            if talk.request(String::new(), request, needs).await.is_ok() {
                return Ok(Ok(talk));
            }
        }
        match Talk::open(&link, request, needs).await {
            Err(DisconnectKind::ChannelRefused) => {
                let extra = tie.extra().await?;
                let opened = Talk::open(&extra, request, needs).await;
                Ok(opened.map(|talk| Talk {
                    extra: true,
                    ..talk
                }))
            }
            opened => Ok(opened),
        }
    }
}

impl<L: Link> Talk<L> {
    async fn open(link: &L, request: &str, needs: Needs) -> Result<Self, DisconnectKind> {
        let options = ExecOptions {
            forward_agent: needs.agent,
            ..ExecOptions::default()
        };
        let channel = link.exec(BOOT, options).await?;
        let mut talk = Self {
            epoch: link.epoch(),
            agent: needs.agent,
            level: Level::Ask,
            line: channel,
            link: link.clone(),
            extra: false,
            opened: Instant::now(),
            answers: false,
        };
        talk.request(request::supervisor(), request, needs).await?;
        Ok(talk)
    }

    async fn request(
        &mut self,
        mut before: String,
        request: &str,
        needs: Needs,
    ) -> Result<(), DisconnectKind> {
        before.push_str(&self.level.raise_to(needs.level));
        before.push_str(request);
        self.line.send(before.as_bytes()).await
    }
}
