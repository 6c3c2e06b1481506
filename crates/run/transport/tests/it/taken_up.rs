//! A session that takes up what an earlier one began does not need its host to be there yet.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use windlass_lab::{Cut, Key, KeyKind, Sshd};
use windlass_model::{DisconnectKind, ExitCode};
use windlass_transport::{Error, HostKeyError, Session, SessionEvent, SessionOptions};

use crate::support::{Events, LONG, options, run, text};

fn take_up(options: SessionOptions) -> (Session, Events) {
    let events = Events::default();
    let session = Session::take_up(options, events.observer());
    (session, events)
}

async fn refused(session: &Session) -> Error {
    let connection = timeout(LONG, session.connection()).await.unwrap();
    connection.err().expect("nobody should get in")
}

#[tokio::test]
async fn a_host_that_is_away_is_waited_for_and_nothing_is_called_lost() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    proxy.refuse();
    let (session, events) = take_up(options(&sshd, proxy.address()));
    let refused = |event: &SessionEvent| matches!(event, SessionEvent::Dialling { kind, .. } if *kind == DisconnectKind::Refused);
    events.wait(refused).await;
    let waiting = tokio::spawn(async move { text(&session, "echo here").await });
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!waiting.is_finished());
    proxy.heal();
    assert_eq!(timeout(LONG, waiting).await.unwrap().unwrap(), "here\n");
    events
        .wait(|event| matches!(event, SessionEvent::Connected { .. }))
        .await;
    let all = events.all();
    let (last, before) = all.split_last().unwrap();
    assert!(matches!(last, SessionEvent::Connected { .. }), "{all:?}");
    let dialling = |event: &SessionEvent| matches!(event, SessionEvent::Dialling { .. });
    assert!(before.iter().all(dialling), "{all:?}");
}

#[tokio::test]
async fn once_connected_it_is_a_session_like_any_other() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let (session, events) = take_up(options(&sshd, proxy.address()));
    run(&session, "true").await;
    proxy.cut_now(Cut::Reset);
    assert_eq!(events.lost().await, DisconnectKind::Reset);
    assert_eq!(
        timeout(LONG, text(&session, "echo back")).await.unwrap(),
        "back\n"
    );
    events.back().await;
}

#[tokio::test]
async fn a_host_that_stays_away_is_given_up_after_its_time_and_not_before() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    proxy.refuse();
    let began = Instant::now();
    let (session, events) = take_up(SessionOptions {
        reconnect_for: Duration::from_secs(2),
        ..options(&sshd, proxy.address())
    });
    let error = timeout(Duration::from_secs(30), refused(&session))
        .await
        .unwrap();
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert!(
        matches!(error, Error::GaveUp { gone, kind: DisconnectKind::Refused } if gone >= Duration::from_secs(2)),
        "{error:?}"
    );
    let told = events.all();
    assert!(
        matches!(told.last(), Some(SessionEvent::GaveUp { .. })),
        "{told:?}"
    );
}

/// The first refusal of this kind was the end: none was told as an attempt that another follows.
fn ended_by(events: &Events, refusal: DisconnectKind) {
    let told = events.all();
    let again = |event: &SessionEvent| matches!(event, SessionEvent::Dialling { kind, .. } if *kind == refusal);
    assert!(!told.iter().any(again), "{told:?}");
    assert!(
        matches!(told.last(), Some(SessionEvent::GaveUp { kind, .. }) if *kind == refusal),
        "{told:?}"
    );
}

#[tokio::test]
async fn another_host_key_ends_it_at_once_and_is_named_to_all_who_wait() {
    let sshd = Sshd::start_plain().unwrap();
    let other = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let mut options = options(&sshd, proxy.address());
    // The other machine's keys are known under this one's address.
    other.trust(proxy.address()).unwrap();
    options.host_keys.known.own = vec![other.known_hosts()];
    let (session, events) = take_up(options);
    for _ in 0..2 {
        let error = refused(&session).await;
        assert!(
            matches!(&error, Error::HostKey(HostKeyError::Changed { fingerprint, .. }) if fingerprint.starts_with("SHA256:")),
            "{error:?}"
        );
        assert_eq!(error.exit_code(), ExitCode::HostKey);
    }
    ended_by(&events, DisconnectKind::HostKey);
}

#[tokio::test]
async fn a_refused_login_ends_it_at_once() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let mut options = options(&sshd, proxy.address());
    let stranger = Key::generate(sshd.dir().join("stranger"), KeyKind::Ed25519).unwrap();
    options.auth.identities = vec![stranger.path().to_owned()];
    let (session, events) = take_up(options);
    let error = refused(&session).await;
    assert!(
        matches!(&error, Error::Authentication(refused) if refused.allowed.iter().any(|method| method == "publickey")),
        "{error:?}"
    );
    ended_by(&events, DisconnectKind::Authentication);
}

#[tokio::test]
async fn closing_one_that_still_dials_ends_it() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    proxy.refuse();
    let (session, events) = take_up(options(&sshd, proxy.address()));
    events
        .wait(|event| matches!(event, SessionEvent::Dialling { .. }))
        .await;
    let waiting = session.clone();
    let waiting = tokio::spawn(async move { waiting.connection().await });
    session.close().await;
    let ended = timeout(LONG, waiting).await.unwrap().unwrap();
    assert!(matches!(ended, Err(Error::Closed)), "{:?}", ended.err());
}
