//! The byte stream under a connection, watched so that its end is known by its kind.
//!
//! The SSH library reports most ends as one error. [`Ending`] keeps what the socket itself said first. A [`Lifeline`]
//! ends a stream at once, whatever its other side does.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use windlass_model::DisconnectKind;

/// Anything bytes go through: a socket, a channel of a jump host, a proxy command.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// What ended a stream, and whether the other side ever said a byte.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    kind: Mutex<Option<DisconnectKind>>,
    heard: AtomicU64,
}

impl Ending {
    /// Notes how it ended; the first one to say so is right.
    pub(crate) fn note(&self, kind: DisconnectKind) {
        self.lock().get_or_insert(kind);
    }

    /// How it ended, where that is known.
    pub(crate) fn kind(&self) -> Option<DisconnectKind> {
        *self.lock()
    }

    /// How many bytes came.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Whether a byte came.
    pub(crate) fn answered(&self) -> bool {
        self.heard() > 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<DisconnectKind>> {
        self.kind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kind of a socket's error.
pub(crate) fn kind_of(error: &io::Error) -> DisconnectKind {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => DisconnectKind::Refused,
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => DisconnectKind::Reset,
        Kind::UnexpectedEof => DisconnectKind::Closed,
        Kind::TimedOut => DisconnectKind::Silence,
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable => DisconnectKind::NoRoute,
        _ => DisconnectKind::Protocol,
    }
}

/// Keeps a stream open; when dropped, the stream fails, whatever its other side does.
///
/// Without it a handshake that was given up would keep its socket as long as the server stays silent.
#[derive(Debug)]
pub(crate) struct Lifeline(#[expect(dead_code, reason = "held until dropped")] oneshot::Sender<()>);

/// A stream whose end is noted.
pub(crate) struct Watched {
    inner: Box<dyn Bytes>,
    ending: Arc<Ending>,
    /// What the orderly end of this stream means.
    end_of_file: DisconnectKind,
    /// None once the lifeline is gone.
    let_go: Option<oneshot::Receiver<()>>,
}

impl Watched {
    pub(crate) fn new(
        inner: Box<dyn Bytes>,
        ending: Arc<Ending>,
        end_of_file: DisconnectKind,
    ) -> (Self, Lifeline) {
        let (lifeline, let_go) = oneshot::channel();
        let watched = Self {
            inner,
            ending,
            end_of_file,
            let_go: Some(let_go),
        };
        (watched, Lifeline(lifeline))
    }

    fn noted<T>(&self, result: io::Result<T>) -> Poll<io::Result<T>> {
        if let Err(error) = &result {
            self.ending.note(kind_of(error));
        }
        Poll::Ready(result)
    }

    /// An error once the lifeline is gone.
    fn check_lifeline(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(let_go) = &mut self.let_go else {
            return Err(io::ErrorKind::ConnectionAborted.into());
        };
        if Pin::new(let_go).poll(cx).is_pending() {
            return Ok(());
        }
        self.ending.note(DisconnectKind::Ours);
        // One that has answered must not be asked again.
        self.let_go = None;
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_lifeline(cx)?;
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        let came = buf.filled().len().saturating_sub(before);
        if came > 0 {
            let came = u64::try_from(came).unwrap_or(u64::MAX);
            self.ending.heard.fetch_add(came, Ordering::Relaxed);
        } else if result.is_ok() && buf.remaining() > 0 {
            self.ending.note(self.end_of_file);
        }
        self.noted(result)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_lifeline(cx)?;
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        self.noted(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_lifeline(cx)?;
        let result = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        self.noted(result)
    }

    /// Never waits and never fails: the library shuts a stream down when all is over, and what it learnt before must
    /// not be hidden by a jump host that no longer answers.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(error)) = Pin::new(&mut self.inner).poll_shutdown(cx) {
            tracing::trace!(%error, "stream was not shut down in good order");
        }
        Poll::Ready(Ok(()))
    }
}
