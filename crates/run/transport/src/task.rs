//! The one place where tasks are started, so that none ends unseen.

use std::future::Future;

use tokio::task::JoinHandle;

/// Starts a task whose panic is logged with its name; the caller learns of its end by the channels it held.
pub(crate) fn spawn(
    name: &'static str,
    work: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    let inner = tokio::spawn(work);
    tokio::spawn(async move {
        if let Err(error) = inner.await
            && error.is_panic()
        {
            tracing::error!(task = name, "a task of the transport panicked");
        }
    })
}
