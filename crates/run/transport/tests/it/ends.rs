//! Every end of a connection is named by its kind.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use windlass_lab::{Cut, Sshd};
use windlass_model::{DisconnectKind, ExitCode};
use windlass_transport::{Error, SessionOptions};

use crate::support::{LONG, listen, open, options, run, start};

fn impatient(sshd: &Sshd, address: std::net::SocketAddr) -> SessionOptions {
    SessionOptions {
        keepalive_interval: Duration::from_secs(1),
        keepalive_count: std::num::NonZeroU32::MIN,
        ..options(sshd, address)
    }
}

async fn killed_by(cut: Cut) -> DisconnectKind {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let (session, events) = open(impatient(&sshd, proxy.address())).await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut channel = start(&connection, "sleep 30").await;
    proxy.cut_now(cut);
    let said = timeout(LONG, listen(&mut channel)).await.unwrap();
    assert_eq!(said.status, None);
    let kind = connection.closed().await;
    assert_eq!(said.closed, Some(kind), "channel and connection disagree");
    assert_eq!(events.lost().await, kind, "session and connection disagree");
    assert!(!connection.is_alive());
    assert_eq!(
        timeout(LONG, run(&session, "echo back")).await.unwrap().out,
        b"back\n"
    );
    kind
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    assert_eq!(killed_by(Cut::Reset).await, DisconnectKind::Reset);
}

#[tokio::test]
async fn a_fin_is_closed() {
    assert_eq!(killed_by(Cut::Finish).await, DisconnectKind::Closed);
}

#[tokio::test]
async fn a_black_hole_is_silence_after_the_keepalive() {
    let began = Instant::now();
    assert_eq!(killed_by(Cut::BlackHole).await, DisconnectKind::Silence);
    assert!(
        began.elapsed() > Duration::from_millis(1900),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_black_hole_is_noticed_while_the_send_buffer_is_full() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let (session, events) = open(impatient(&sshd, proxy.address())).await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut channel = start(&connection, "cat >/dev/null").await;
    channel.send(b"begin").await.unwrap();
    proxy.freeze();
    let bytes = vec![0; 30_000_000];
    let sent = timeout(LONG, channel.send(&bytes)).await.unwrap();
    assert_eq!(sent, Err(DisconnectKind::Silence));
    assert_eq!(events.lost().await, DisconnectKind::Silence);
}

#[tokio::test]
async fn without_keepalive_a_black_hole_stays_unnoticed_and_the_far_end_may_come_back() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let quiet = SessionOptions {
        keepalive_interval: Duration::ZERO,
        ..options(&sshd, proxy.address())
    };
    let (session, events) = open(quiet).await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut channel = start(&connection, "sleep 1; echo late").await;
    proxy.freeze_for(Duration::from_secs(3));
    assert_eq!(
        timeout(LONG, listen(&mut channel)).await.unwrap().out,
        b"late\n"
    );
    assert_eq!(events.all().len(), 1, "{:?}", events.all());
}

#[tokio::test]
async fn what_we_end_is_ours() {
    let sshd = Sshd::start_plain().unwrap();
    let (session, _events) = open(options(&sshd, sshd.address())).await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut channel = start(&connection, "sleep 30").await;
    session.close().await;
    assert_eq!(
        listen(&mut channel).await.closed,
        Some(DisconnectKind::Ours)
    );
    assert_eq!(connection.closed().await, DisconnectKind::Ours);
}

/// How a first contact fails, and how soon.
async fn first_contact(sshd: &Sshd, change: impl FnOnce(&mut SessionOptions)) -> (Error, Duration) {
    let mut options = options(sshd, sshd.address());
    options.connect_for = Duration::from_secs(3);
    change(&mut options);
    let began = Instant::now();
    let error = open(options).await.err().expect("nobody should get in");
    (error, began.elapsed())
}

#[tokio::test]
async fn a_first_contact_that_waiting_cannot_mend_ends_at_once() {
    let sshd = Sshd::start_plain().unwrap();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (error, took) = first_contact(&sshd, |options| options.way.target.port = free).await;
    assert_eq!(
        (error.kind(), error.exit_code()),
        (DisconnectKind::Refused, ExitCode::Unreachable)
    );
    assert!(took < Duration::from_secs(2), "{took:?}");
    let (error, _) = first_contact(&sshd, |options| {
        options.way.target.address = "no-such-host.invalid".to_owned();
    })
    .await;
    assert_eq!(error.kind(), DisconnectKind::UnknownName);
    assert!(
        error.to_string().contains("no-such-host.invalid"),
        "{error}"
    );
}

#[tokio::test]
async fn a_first_contact_that_hears_nothing_ends_after_its_time() {
    let sshd = Sshd::start_plain().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let (error, took) = first_contact(&sshd, |options| options.way.target.port = port).await;
    assert_eq!(error.kind(), DisconnectKind::Silence);
    assert!(took >= Duration::from_millis(2900), "{took:?}");
}

#[tokio::test]
async fn a_first_contact_that_is_cut_in_the_handshake_is_tried_again() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let after = windlass_lab::CutAfter::Once(1500);
    proxy.cut_after(windlass_lab::Direction::ToClient, after, Cut::Reset);
    let (session, _events) = open(options(&sshd, proxy.address())).await.unwrap();
    assert_eq!(run(&session, "echo in").await.out, b"in\n");
    assert_eq!(proxy.cuts(), 1);
}

#[tokio::test]
async fn what_is_not_ssh_is_said_so() {
    let sshd = Sshd::start_plain().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = other.accept().unwrap();
        let line = [b'x'; 200].as_slice();
        for _ in 0..30 {
            stream
                .write_all(line)
                .and_then(|()| stream.write_all(b"\r\n"))
                .ok();
        }
        std::thread::sleep(Duration::from_secs(1));
    });
    let (error, _) = first_contact(&sshd, |options| options.way.target.port = port).await;
    assert_eq!(error.kind(), DisconnectKind::Protocol);
    serving.join().unwrap();
}
