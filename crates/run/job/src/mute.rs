//! Notices a host on which no supervisor answers: a login without a usable shell, a forced command.
//!
//! A cut connection brings no exit status. A channel whose command ended by itself before it said a word of ours did so
//! for a reason of the host's, and after a few times it would for ever.

use crate::error::Error;
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
}

impl Mute {
    /// Takes note of a message. `answered`: the supervisor has spoken on this channel.
    pub(crate) fn hear(&mut self, message: &ChannelMessage, answered: bool) -> Result<(), Error> {
        if answered {
            *self = Self::default();
            return Ok(());
        }
        match message {
            ChannelMessage::Stdout(bytes) | ChannelMessage::Stderr(bytes) => {
                let room = KEPT.saturating_sub(self.said.len());
                self.said.extend(bytes.iter().take(room));
            }
            ChannelMessage::ExitStatus(status) => {
                self.times = self.times.saturating_add(1);
                if self.times >= OFTEN {
                    return Err(self.error(*status));
                }
                self.said.clear();
            }
            _ => {}
        }
        Ok(())
    }

    fn error(&self, status: u32) -> Error {
        let said = String::from_utf8_lossy(&self.said);
        let said = said.trim().escape_debug();
        Error::Answer(format!(
            "no POSIX shell answers for this login: it ended with status {status} and said `{said}`"
        ))
    }
}
