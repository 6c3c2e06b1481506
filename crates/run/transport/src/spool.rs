//! Keeps what came through a channel until it is read: in memory, and beyond a limit in a file without a name.
//!
//! Nothing is lost or put out of order, and what is pushed never waits.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use windlass_model::DisconnectKind;

use crate::channel::ChannelMessage;

/// So much is kept in memory.
const IN_MEMORY: usize = 4 * 1024 * 1024;
/// Small pieces are joined up to this length.
const JOINED: usize = 64 * 1024;

/// Messages of one channel on their way to one reader.
#[derive(Debug)]
pub(crate) struct Spool {
    queue: Mutex<Queue>,
    more: Notify,
    closed: watch::Sender<Option<DisconnectKind>>,
}

#[derive(Debug, Default)]
struct Queue {
    memory: VecDeque<ChannelMessage>,
    in_memory: usize,
    /// Comes after what is in memory.
    disk: Option<Disk>,
}

/// Output in a file, and the messages that stand between.
#[derive(Debug)]
struct Disk {
    file: File,
    read: u64,
    written: u64,
    parts: VecDeque<Part>,
}

#[derive(Debug)]
enum Part {
    Stdout(usize),
    Stderr(usize),
    Other(ChannelMessage),
}

impl Default for Spool {
    fn default() -> Self {
        Self {
            queue: Mutex::default(),
            more: Notify::new(),
            closed: watch::Sender::new(None),
        }
    }
}

impl Spool {
    /// Adds a message.
    pub(crate) fn push(&self, message: ChannelMessage) {
        if let ChannelMessage::Closed(kind) = message {
            self.closed.send_replace(Some(kind));
        }
        self.lock().push(message);
        self.more.notify_one();
    }

    /// Takes the next message. Losing the future loses nothing.
    pub(crate) async fn pop(&self) -> ChannelMessage {
        loop {
            if let Some(message) = self.lock().pop() {
                return message;
            }
            self.more.notified().await;
        }
    }

    /// Waits until the channel is over, whether or not that has been read.
    pub(crate) async fn closed(&self) -> DisconnectKind {
        let mut closed = self.closed.subscribe();
        let kind = closed.wait_for(Option::is_some).await;
        kind.ok()
            .and_then(|kind| *kind)
            .unwrap_or(DisconnectKind::Protocol)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, message: ChannelMessage) {
        if self.disk.is_none() && self.in_memory < IN_MEMORY {
            self.keep(message);
            return;
        }
        let message = match self.write(message) {
            Ok(()) => return,
            Err((error, message)) => {
                tracing::warn!(%error, "output that waits to be read stays in memory");
                message
            }
        };
        // What is in the file comes before this message, so it must come back first.
        while let Some(message) = self.read() {
            self.keep(message);
        }
        self.disk = None;
        self.keep(message);
    }

    fn keep(&mut self, message: ChannelMessage) {
        use ChannelMessage::{Stderr, Stdout};
        self.in_memory = self.in_memory.saturating_add(length(&message));
        match (self.memory.back_mut(), message) {
            (Some(Stdout(last)), Stdout(more)) | (Some(Stderr(last)), Stderr(more))
                if last.len().saturating_add(more.len()) <= JOINED =>
            {
                last.extend(more);
            }
            (_, message) => self.memory.push_back(message),
        }
    }

    fn pop(&mut self) -> Option<ChannelMessage> {
        if let Some(message) = self.memory.pop_front() {
            self.in_memory = self.in_memory.saturating_sub(length(&message));
            return Some(message);
        }
        let message = self.read();
        if message.is_none() {
            self.disk = None;
        }
        message
    }

    /// Puts a message into the file; gives it back where that is not possible.
    fn write(&mut self, message: ChannelMessage) -> Result<(), (io::Error, ChannelMessage)> {
        let disk = match self.disk.take().map_or_else(Disk::new, Ok) {
            Ok(disk) => self.disk.insert(disk),
            Err(error) => return Err((error, message)),
        };
        disk.write(message)
    }

    fn read(&mut self) -> Option<ChannelMessage> {
        self.disk.as_mut()?.read()
    }
}

impl Disk {
    fn new() -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            read: 0,
            written: 0,
            parts: VecDeque::new(),
        })
    }

    fn write(&mut self, message: ChannelMessage) -> Result<(), (io::Error, ChannelMessage)> {
        let (ChannelMessage::Stdout(bytes) | ChannelMessage::Stderr(bytes)) = &message else {
            self.parts.push_back(Part::Other(message));
            return Ok(());
        };
        if let Err(error) = self.file.write_all_at(bytes, self.written) {
            return Err((error, message));
        }
        let length = bytes.len();
        self.written = self.written.saturating_add(length as u64);
        match (self.parts.back_mut(), &message) {
            (Some(Part::Stdout(last)), ChannelMessage::Stdout(_))
            | (Some(Part::Stderr(last)), ChannelMessage::Stderr(_)) => {
                *last = last.saturating_add(length);
            }
            (_, ChannelMessage::Stdout(_)) => self.parts.push_back(Part::Stdout(length)),
            (_, _) => self.parts.push_back(Part::Stderr(length)),
        }
        Ok(())
    }

    fn read(&mut self) -> Option<ChannelMessage> {
        let (length, stdout) = match self.parts.front()? {
            Part::Stdout(length) => (*length, true),
            Part::Stderr(length) => (*length, false),
            Part::Other(_) => {
                return match self.parts.pop_front()? {
                    Part::Other(message) => Some(message),
                    Part::Stdout(_) | Part::Stderr(_) => None,
                };
            }
        };
        let mut bytes = vec![0; length.min(JOINED)];
        if let Err(error) = self.file.read_exact_at(&mut bytes, self.read) {
            // The output cannot be had any more: its reader must not take the rest for all of it.
            tracing::error!(%error, "output that waited to be read is gone");
            self.parts.clear();
            return Some(ChannelMessage::Closed(DisconnectKind::Ours));
        }
        self.read = self.read.saturating_add(bytes.len() as u64);
        self.shorten_front(bytes.len());
        Some(if stdout {
            ChannelMessage::Stdout(bytes)
        } else {
            ChannelMessage::Stderr(bytes)
        })
    }

    fn shorten_front(&mut self, by: usize) {
        if let Some(Part::Stdout(length) | Part::Stderr(length)) = self.parts.front_mut() {
            *length = length.saturating_sub(by);
            if *length == 0 {
                self.parts.pop_front();
            }
        }
    }
}

fn length(message: &ChannelMessage) -> usize {
    match message {
        ChannelMessage::Stdout(bytes) | ChannelMessage::Stderr(bytes) => bytes.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every stream's bytes, and the order in which the two took turns.
    fn flow(messages: &[ChannelMessage]) -> Vec<(u8, u8)> {
        let of = |stream: u8, bytes: &[u8]| bytes.iter().map(|byte| (stream, *byte)).collect();
        let one = |message: &ChannelMessage| -> Vec<(u8, u8)> {
            match message {
                ChannelMessage::Stdout(bytes) => of(1, bytes),
                ChannelMessage::Stderr(bytes) => of(2, bytes),
                ChannelMessage::ExitStatus(status) => vec![(3, u8::try_from(*status).unwrap())],
                _ => vec![(4, 0)],
            }
        };
        messages.iter().flat_map(one).collect()
    }

    #[tokio::test]
    async fn what_does_not_fit_into_memory_comes_back_whole_and_in_order() {
        let mut random = fastrand::Rng::with_seed(7);
        let (spool, mut pushed, mut popped) = (Spool::default(), Vec::new(), Vec::new());
        let mut push = |message: ChannelMessage| {
            pushed.push(message.clone());
            spool.push(message);
        };
        for _ in 0..600 {
            let bytes: Vec<u8> = (0..random.usize(1..40_000))
                .map(|_| random.u8(..))
                .collect();
            match random.u8(0..10) {
                0..=4 => push(ChannelMessage::Stdout(bytes)),
                5..=8 => push(ChannelMessage::Stderr(bytes)),
                _ => push(ChannelMessage::ExitStatus(u32::from(random.u8(..)))),
            }
            if random.u8(0..20) == 0 {
                popped.push(spool.pop().await);
            }
        }
        push(ChannelMessage::Closed(DisconnectKind::Closed));
        assert!(spool.lock().disk.is_some(), "the file was never used");
        assert!(spool.lock().in_memory <= IN_MEMORY + 40_000);
        loop {
            let message = spool.pop().await;
            let over = matches!(message, ChannelMessage::Closed(_));
            popped.push(message);
            if over {
                break;
            }
        }
        assert!(flow(&pushed) == flow(&popped));
        assert!(spool.lock().pop().is_none());
        assert!(spool.lock().disk.is_none(), "the file is kept for nothing");
    }
}
