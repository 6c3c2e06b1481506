//! The answer to a question, put together from what a channel brings. Pure.

use crate::frames::{Frames, Piece};
use windlass_model::ExitStatus;
use windlass_transport::ChannelMessage;

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub status: ExitStatus,
}

/// What is known of an answer so far.
pub(crate) struct Listening {
    stdout: Side,
    stderr: Side,
}

/// The longest answer that is kept: a host that says more than this says something else than was asked.
const LONGEST: usize = 8 << 20;

/// How far the answer is.
pub(crate) enum Heard {
    More,
    All(Answer),
    Cut,
    TooLong,
}

/// One of the two streams: bytes count from the frame that begins the answer to the one that ends it.
struct Side {
    frames: Frames,
    begun: bool,
    bytes: Vec<u8>,
    end: Option<String>,
}

impl Side {
    fn new(nonce: &str) -> Self {
        Self {
            frames: Frames::new(nonce),
            begun: false,
            bytes: Vec::new(),
            end: None,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in self.frames.push(bytes) {
            match piece {
                // What profiles print, and what comes from what the question left in the background.
                Piece::Bytes(_) if !self.begun || self.end.is_some() => {}
                Piece::Bytes(more) => self.bytes.extend(more),
                Piece::Line(line) if line == "b" => self.begun = true,
                Piece::Line(line) => {
                    self.end = line
                        .strip_prefix('A')
                        .map(str::to_owned)
                        .or(self.end.take());
                }
            }
        }
    }
}

impl Listening {
    pub(crate) fn new(nonce: &str) -> Self {
        Self {
            stdout: Side::new(nonce),
            stderr: Side::new(nonce),
        }
    }

    /// Whether the supervisor has begun to answer.
    pub(crate) fn is_begun(&self) -> bool {
        self.stdout.begun
    }

    pub(crate) fn take(&mut self, message: ChannelMessage) -> Heard {
        match message {
            ChannelMessage::Stdout(bytes) => self.stdout.take(&bytes),
            ChannelMessage::Stderr(bytes) => self.stderr.take(&bytes),
            ChannelMessage::Closed(_) => return Heard::Cut,
            _ => {}
        }
        if self
            .stdout
            .bytes
            .len()
            .saturating_add(self.stderr.bytes.len())
            > LONGEST
        {
            return Heard::TooLong;
        }
        let (Some(status), Some(_)) = (&self.stdout.end, &self.stderr.end) else {
            return Heard::More;
        };
        let Ok(status) = status.trim().parse() else {
            return Heard::Cut;
        };
        Heard::All(Answer {
            stdout: std::mem::take(&mut self.stdout.bytes),
            stderr: std::mem::take(&mut self.stderr.bytes),
            status: ExitStatus(status),
        })
    }
}
