//! One command inside a connection.
//!
//! A task of its own drains every channel, since the SSH library stops the whole connection for one that is not read.

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::sync::{mpsc, oneshot};
use windlass_model::DisconnectKind;

use crate::connection::Ended;
use crate::task;

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
#[derive(Debug)]
pub struct Channel {
    write: ChannelWriteHalf<Msg>,
    messages: mpsc::UnboundedReceiver<ChannelMessage>,
    closed: Option<DisconnectKind>,
    ended: Ended,
    /// Tells the draining task that nobody listens any more.
    _gone: oneshot::Sender<()>,
}

impl Channel {
    pub(crate) fn new(channel: russh::Channel<Msg>, ended: Ended) -> Self {
        let (read, write) = channel.split();
        let (sender, messages) = mpsc::unbounded_channel();
        let (gone, is_gone) = oneshot::channel();
        task::spawn("channel", drain(read, sender, ended.clone(), is_gone));
        Self {
            write,
            messages,
            closed: None,
            ended,
            _gone: gone,
        }
    }

    /// Sends bytes to the command's standard input, as fast as the server takes them.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), DisconnectKind> {
        if let Some(kind) = self.closed {
            return Err(kind);
        }
        let bytes = bytes.to_vec();
        // The library waits for the window for ever, also on a connection that is gone.
        tokio::select! {
            kind = self.ended.wait() => Err(kind),
            sent = self.write.data_bytes(bytes) => sent.map_err(|_| self.ended.kind_now()),
        }
    }

    /// Closes the command's standard input.
    pub async fn send_eof(&mut self) -> Result<(), DisconnectKind> {
        tokio::select! {
            kind = self.ended.wait() => Err(kind),
            sent = self.write.eof() => sent.map_err(|_| self.ended.kind_now()),
        }
    }

    /// What came next. Losing the future loses nothing.
    pub async fn next(&mut self) -> ChannelMessage {
        if let Some(kind) = self.closed {
            return ChannelMessage::Closed(kind);
        }
        let message = self.messages.recv().await;
        let message = message.unwrap_or(ChannelMessage::Closed(DisconnectKind::Protocol));
        if let ChannelMessage::Closed(kind) = message {
            self.closed = Some(kind);
        }
        message
    }
}

/// Reads the channel to its end, whether anybody listens or not.
async fn drain(
    mut read: ChannelReadHalf,
    sender: mpsc::UnboundedSender<ChannelMessage>,
    ended: Ended,
    mut is_gone: oneshot::Receiver<()>,
) {
    loop {
        let message = tokio::select! {
            message = read.wait() => message,
            // The reading half is dropped with this task, which closes the channel.
            _ = &mut is_gone => return,
        };
        let told = match message {
            Some(ChannelMsg::Data { data }) => ChannelMessage::Stdout(data.to_vec()),
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => {
                ChannelMessage::Stderr(data.to_vec())
            }
            Some(ChannelMsg::Eof) => ChannelMessage::Eof,
            Some(ChannelMsg::ExitStatus { exit_status }) => ChannelMessage::ExitStatus(exit_status),
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                ChannelMessage::ExitSignal(name(&signal_name))
            }
            Some(ChannelMsg::Close) | None => break,
            Some(_) => continue,
        };
        if sender.send(told).is_err() {
            return;
        }
    }
    let kind = over(&ended).await;
    // Nobody listens any more: then nobody needs to know.
    drop(sender.send(ChannelMessage::Closed(kind)));
}

/// Why a channel is over: its connection ended, or the server closed the channel alone.
async fn over(ended: &Ended) -> DisconnectKind {
    // The library closes channels a moment before it tells of the connection's end.
    match tokio::time::timeout(std::time::Duration::from_millis(20), ended.wait()).await {
        Ok(kind) => kind,
        Err(_) => DisconnectKind::ChannelClosed,
    }
}

fn name(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => name.clone(),
        named => format!("{named:?}"),
    }
}
