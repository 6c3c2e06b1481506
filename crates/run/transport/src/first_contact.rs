//! Makes a session's first connection. What waiting cannot mend ends it at once, since nothing has been changed yet.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use windlass_model::DisconnectKind;

use crate::attempt::Attempt;
use crate::connection::Connection;
use crate::dial::Dialler;
use crate::error::Error;

/// A server that says nothing for so long is dialled anew.
const SILENT: Duration = Duration::from_secs(12);
/// The pause after a handshake that was cut; doubled each time.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Dials until there is a connection; cut and silent handshakes are tried again as long as the session may connect.
pub(crate) async fn first_contact(dialler: &Arc<Dialler>) -> Result<Connection, Error> {
    let limit = dialler.options.connect_for;
    let mut used = Duration::ZERO;
    let mut pause = PAUSE;
    loop {
        let attempt = Arc::new(Attempt::default());
        let left = limit.saturating_sub(used);
        let error = match try_once(dialler, &attempt, left).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        used = used.saturating_add(attempt.patience.used());
        if !may_mend(error.kind()) || used.saturating_add(pause) >= limit {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        used = used.saturating_add(pause);
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

async fn try_once(
    dialler: &Arc<Dialler>,
    attempt: &Arc<Attempt>,
    left: Duration,
) -> Result<Connection, Error> {
    let (shared, watched) = (Arc::clone(dialler), Arc::clone(attempt));
    let mut task = JoinSet::new();
    task.spawn(async move { shared.dial(&watched).await });
    let given_up = |kind| Error::NotReached {
        address: dialler.options.way.target.to_string(),
        kind,
        source: None,
    };
    tokio::select! {
        ended = task.join_next() => match ended {
            Some(Ok(result)) => result,
            // A panic of the library, which is this attempt's end and no more.
            Some(Err(_)) | None => Err(given_up(DisconnectKind::Protocol)),
        },
        () = attempt.patience.reached(left) => Err(given_up(attempt.silence())),
        () = is_deaf(attempt) => Err(given_up(attempt.silence())),
    }
}

/// Returns when nothing was heard for too long.
async fn is_deaf(attempt: &Attempt) {
    let mut heard = None;
    while heard != Some(attempt.heard()) {
        heard = Some(attempt.heard());
        let used = attempt.patience.used();
        attempt.patience.reached(used.saturating_add(SILENT)).await;
    }
}

fn may_mend(kind: DisconnectKind) -> bool {
    matches!(
        kind,
        DisconnectKind::Closed
            | DisconnectKind::ClosedBeforeAuthentication
            | DisconnectKind::Reset
            | DisconnectKind::Silence
            | DisconnectKind::ConnectTimeout
    )
}
