//! Notices a host on which no supervisor answers: a login without a usable shell, a forced command, a menu that waits.
//!
//! A channel that ended though its connection lives, or that said no word of ours for long while its connection lives, did
//! so for a reason of the host's, and after a few times it would for ever. What a lost connection took with it says
//! nothing about the host.

use crate::error::Error;
use std::time::Duration;
use windlass_model::DisconnectKind;
use windlass_transport::ChannelMessage;

/// So often it may happen in a row; once may be chance.
const OFTEN: u32 = 3;
/// So much of what was said instead is kept.
const KEPT: usize = 400;

/// What was heard of the channels that did not answer.
#[derive(Default)]
pub(crate) struct Mute {
    times: u32,
    said: Vec<u8>,
    /// How the command of the present channel ended.
    end: Option<String>,
}

impl Mute {
    /// How long the next channel may take to say its first word: longer after each that did not.
    pub(crate) fn patience(&self, least: Duration) -> Duration {
        least.saturating_mul(self.times.saturating_add(1))
    }

    /// Takes note of a message of a channel on which the supervisor has not spoken.
    pub(crate) fn hear(&mut self, message: &ChannelMessage) -> Result<(), Error> {
        match message {
            ChannelMessage::Stdout(bytes) | ChannelMessage::Stderr(bytes) => {
                let room = KEPT.saturating_sub(self.said.len());
                self.said.extend(bytes.iter().take(room));
            }
            ChannelMessage::ExitStatus(status) => {
                self.end = Some(format!("it ended with status {status}"));
            }
            ChannelMessage::ExitSignal(name) => self.end = Some(format!("it ended by SIG{name}")),
            ChannelMessage::Closed(kind) => return self.closed(*kind),
            ChannelMessage::Eof => {}
        }
        Ok(())
    }

    /// The channel is over, or was not opened.
    pub(crate) fn closed(&mut self, kind: DisconnectKind) -> Result<(), Error> {
        let ended = self.end.take();
        let how = match kind {
            DisconnectKind::ChannelRefused => "the server refused to start it".to_owned(),
            DisconnectKind::ChannelClosed => "the server closed its channel".to_owned(),
            // The connection's end, and not that of the command.
            _ if ended.is_none() => {
                self.said.clear();
                return Ok(());
            }
            _ => String::new(),
        };
        self.unanswered(&ended.unwrap_or(how))
    }

    /// Nothing of ours was said for so long, and the connection lives.
    pub(crate) fn silent(&mut self, after: Duration) -> Result<(), Error> {
        self.unanswered(&format!("it did not answer for {} s", after.as_secs()))
    }

    fn unanswered(&mut self, how: &str) -> Result<(), Error> {
        self.times = self.times.saturating_add(1);
        let said = std::mem::take(&mut self.said);
        if self.times < OFTEN {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said);
        let said = match said.trim() {
            "" => String::new(),
            said => format!(" and said `{}`", said.escape_debug()),
        };
        let text = format!("no POSIX shell answers for this login: {how}{said}");
        Err(Error::Answer(text))
    }
}
