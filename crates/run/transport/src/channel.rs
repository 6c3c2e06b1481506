//! One command inside a connection.
//!
//! A task of its own drains every channel into a [`Spool`], since the SSH library stops the whole connection for one
//! that is not read. So no reader, however slow, holds up the others, and memory stays bounded.

use std::sync::Arc;
use std::time::Duration;

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::sync::oneshot;
use tokio::time::timeout;
use windlass_model::DisconnectKind;

use crate::connection::{Connection, Ended};
use crate::spool::Spool;
use crate::task;

/// The library drops channels a moment before it tells of the connection's end.
const MOMENT: Duration = Duration::from_secs(1);

/// Something that came through a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelMessage {
    /// Bytes of standard output.
    Stdout(Vec<u8>),
    /// Bytes of standard error.
    Stderr(Vec<u8>),
    /// No more output follows.
    Eof,
    /// The command's exit status, as the server says.
    ExitStatus(u32),
    /// The command ended by this signal, without `SIG`.
    ExitSignal(String),
    /// The channel is over; said last, and for ever after.
    Closed(DisconnectKind),
}

/// A channel with a command in it. Dropping it closes the channel; the command may go on.
pub struct Channel {
    write: Option<ChannelWriteHalf<Msg>>,
    spool: Arc<Spool>,
    closed: Option<DisconnectKind>,
    connection: Connection,
    ended: Ended,
    /// Takes the writing half to the draining task when nobody listens any more.
    gone: Option<oneshot::Sender<ChannelWriteHalf<Msg>>>,
}

impl Channel {
    pub(crate) fn new(channel: russh::Channel<Msg>, connection: Connection) -> Self {
        let (read, write) = channel.split();
        let (gone, is_gone) = oneshot::channel();
        let (spool, ended) = (Arc::<Spool>::default(), connection.ended());
        task::spawn(
            "channel",
            drain(read, Arc::clone(&spool), ended.clone(), is_gone),
        );
        Self {
            write: Some(write),
            spool,
            closed: None,
            connection,
            ended,
            gone: Some(gone),
        }
    }

    /// Sends bytes to the command's standard input, as fast as the server takes them.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), DisconnectKind> {
        if let Some(kind) = self.closed {
            return Err(kind);
        }
        let Some(write) = &self.write else {
            return Err(self.ended.kind_now());
        };
        let packets = async {
            for packet in bytes.chunks(self.connection.packet()) {
                write.data_bytes(packet.to_vec()).await?;
            }
            Ok::<_, russh::Error>(())
        };
        // The library waits for the window for ever, also on a channel or connection that is gone.
        tokio::select! {
            kind = self.ended.wait() => Err(kind),
            kind = self.spool.closed() => Err(kind),
            sent = packets => sent.map_err(|_| self.ended.kind_now()),
        }
    }

    /// Closes the command's standard input.
    pub async fn send_eof(&mut self) -> Result<(), DisconnectKind> {
        let Some(write) = &self.write else {
            return Err(self.ended.kind_now());
        };
        tokio::select! {
            kind = self.ended.wait() => Err(kind),
            sent = write.eof() => sent.map_err(|_| self.ended.kind_now()),
        }
    }

    /// What came next. Losing the future loses nothing.
    pub async fn next(&mut self) -> ChannelMessage {
        if let Some(kind) = self.closed {
            return ChannelMessage::Closed(kind);
        }
        let message = self.spool.pop().await;
        if let ChannelMessage::Closed(kind) = message {
            self.closed = Some(kind);
        }
        message
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let (Some(gone), Some(write)) = (self.gone.take(), self.write.take()) {
            // A task that has ended already had nothing left to close.
            gone.send(write).ok();
        }
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel")
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

/// Reads the channel to its end, or closes it when nobody listens any more.
async fn drain(
    mut read: ChannelReadHalf,
    spool: Arc<Spool>,
    ended: Ended,
    mut is_gone: oneshot::Receiver<ChannelWriteHalf<Msg>>,
) {
    let kind = loop {
        let message = tokio::select! {
            message = read.wait() => message,
            write = &mut is_gone => {
                drop(read);
                if let Ok(write) = write {
                    close(&write, &ended).await;
                }
                return;
            }
        };
        match translate(message) {
            Translated::Message(message) => spool.push(message),
            Translated::Nothing => {}
            Translated::Over(kind) => break kind,
        }
    };
    let kind = match kind {
        Some(kind) => kind,
        None => timeout(MOMENT, ended.wait())
            .await
            .unwrap_or(DisconnectKind::Protocol),
    };
    spool.push(ChannelMessage::Closed(kind));
    if kind == DisconnectKind::ChannelRefused {
        drop(read);
        close_when_dropped(is_gone, &ended).await;
    }
}

/// A refused start leaves the channel open on the server, where it counts until we close it.
async fn close_when_dropped(is_gone: oneshot::Receiver<ChannelWriteHalf<Msg>>, ended: &Ended) {
    tokio::select! {
        _ = ended.wait() => {}
        write = is_gone => if let Ok(write) = write {
            close(&write, ended).await;
        },
    }
}

/// What a message of the library means.
enum Translated {
    Message(ChannelMessage),
    Nothing,
    /// The channel is over; without a kind it is the connection's.
    Over(Option<DisconnectKind>),
}

fn translate(message: Option<ChannelMsg>) -> Translated {
    Translated::Message(match message {
        Some(ChannelMsg::Data { data }) => ChannelMessage::Stdout(data.to_vec()),
        Some(ChannelMsg::ExtendedData { data, ext: 1 }) => ChannelMessage::Stderr(data.to_vec()),
        Some(ChannelMsg::Eof) => ChannelMessage::Eof,
        Some(ChannelMsg::ExitStatus { exit_status }) => ChannelMessage::ExitStatus(exit_status),
        Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
            ChannelMessage::ExitSignal(name(&signal_name))
        }
        // The only request that is to be answered is the start of the command.
        Some(ChannelMsg::Failure) => return Translated::Over(Some(DisconnectKind::ChannelRefused)),
        Some(ChannelMsg::Close) => return Translated::Over(Some(DisconnectKind::ChannelClosed)),
        Some(_) => return Translated::Nothing,
        None => return Translated::Over(None),
    })
}

async fn close(write: &ChannelWriteHalf<Msg>, ended: &Ended) {
    tokio::select! {
        _ = ended.wait() => {}
        closed = write.close() => {
            if closed.is_err() {
                tracing::trace!("channel of a connection that is gone needs no closing");
            }
        }
    }
}

fn name(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => name.clone(),
        named => format!("{named:?}"),
    }
}
