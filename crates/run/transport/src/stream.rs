//! The byte stream under a connection, watched so that its end is known by its kind.
//!
//! The SSH library reports most ends as one error. [`Ending`] keeps what the socket itself said first.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use windlass_model::DisconnectKind;

/// Anything bytes go through: a socket, a channel of a jump host, a proxy command.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// What ended a stream, and whether the other side ever said a byte.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    kind: Mutex<Option<DisconnectKind>>,
    answered: AtomicBool,
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

    /// Whether a byte came.
    pub(crate) fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
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

/// A stream whose end is noted.
pub(crate) struct Watched {
    inner: Box<dyn Bytes>,
    ending: Arc<Ending>,
}

impl Watched {
    pub(crate) fn new(inner: Box<dyn Bytes>, ending: Arc<Ending>) -> Self {
        Self { inner, ending }
    }

    fn noted<T>(&self, result: io::Result<T>) -> Poll<io::Result<T>> {
        if let Err(error) = &result {
            self.ending.note(kind_of(error));
        }
        Poll::Ready(result)
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        if buf.filled().len() > before {
            self.ending.answered.store(true, Ordering::Relaxed);
        } else if result.is_ok() && buf.remaining() > 0 {
            self.ending.note(DisconnectKind::Closed);
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
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        self.noted(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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
