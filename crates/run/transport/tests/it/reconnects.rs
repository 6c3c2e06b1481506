//! A session comes back by itself, soon and without a storm.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use windlass_lab::{Cut, CutAfter, Direction, Sshd};
use windlass_model::DisconnectKind;
use windlass_transport::{Error, Session, SessionEvent, SessionOptions};

use crate::support::{LONG, listen, open, options, plain, run, start, text};

/// A session behind a proxy whose connection was used.
async fn behind_proxy(
    sshd: &Sshd,
) -> (
    windlass_lab::Proxy,
    windlass_transport::Session,
    crate::support::Events,
) {
    let proxy = sshd.proxy().unwrap();
    let options = SessionOptions {
        keepalive_interval: Duration::from_secs(1),
        keepalive_count: std::num::NonZeroU32::MIN,
        ..options(sshd, proxy.address())
    };
    let (session, events) = open(options).await.unwrap();
    run(&session, "true").await;
    (proxy, session, events)
}

#[tokio::test]
async fn a_cut_is_mended_at_once() {
    let sshd = Sshd::start_plain().unwrap();
    let (proxy, session, events) = behind_proxy(&sshd).await;
    for cut in 1..=5_u64 {
        proxy.cut_now(Cut::Reset);
        let began = Instant::now();
        assert_eq!(text(&session, "echo back").await, "back\n");
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "cut {cut}: {:?}",
            began.elapsed()
        );
    }
    assert_eq!(proxy.connections(), 6, "one connection a cut");
    let dialling = events
        .all()
        .into_iter()
        .filter(|event| matches!(event, SessionEvent::Dialling { .. }));
    assert_eq!(dialling.count(), 0);
}

#[tokio::test]
async fn a_host_that_refuses_for_three_seconds_is_back_soon_after() {
    let sshd = Sshd::start_plain().unwrap();
    let (proxy, session, events) = behind_proxy(&sshd).await;
    proxy.refuse_for(Duration::from_secs(3));
    proxy.cut_now(Cut::Finish);
    let began = Instant::now();
    assert_eq!(
        timeout(LONG, text(&session, "echo back")).await.unwrap(),
        "back\n"
    );
    let took = began.elapsed();
    assert!(
        took > Duration::from_millis(2500) && took < Duration::from_secs(8),
        "{took:?}"
    );
    assert_eq!(events.lost().await, DisconnectKind::Closed);
    let refused = |event: &SessionEvent| {
        matches!(
            event,
            SessionEvent::Dialling {
                kind: DisconnectKind::Refused,
                ..
            }
        )
    };
    events.wait(refused).await;
    assert!(events.back().await > Duration::from_millis(2500));
}

#[tokio::test]
async fn an_sshd_that_restarts_is_found_again() {
    let mut sshd = Sshd::start_plain().unwrap();
    let (session, events) = open(options(&sshd, sshd.address())).await.unwrap();
    run(&session, "true").await;
    sshd.stop();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    sshd.start().unwrap();
    assert_eq!(
        timeout(LONG, text(&session, "echo back")).await.unwrap(),
        "back\n"
    );
    assert!(matches!(
        events.lost().await,
        DisconnectKind::Closed | DisconnectKind::Reset
    ));
}

#[tokio::test]
async fn a_path_that_swallows_everything_is_dialled_without_a_pile_of_sockets() {
    let sshd = Sshd::start_plain().unwrap();
    let (proxy, session, events) = behind_proxy(&sshd).await;
    proxy.black_hole();
    assert_eq!(events.lost().await, DisconnectKind::Silence);
    tokio::time::sleep(Duration::from_secs(6)).await;
    let dials = proxy.connections();
    assert!((3..=8).contains(&dials), "{dials} dials in 6 s");
    let sockets = open_sockets_to(proxy.port());
    assert!(sockets <= 3, "{sockets} sockets stand open");
    proxy.heal();
    works_again_soon(&session).await;
}

/// The path is whole again, and what is asked now is answered within seconds.
async fn works_again_soon(session: &Session) {
    let began = Instant::now();
    assert_eq!(
        timeout(LONG, text(session, "echo back")).await.unwrap(),
        "back\n"
    );
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

/// Our own sockets to a port, as /proc lists them.
fn open_sockets_to(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let to = format!("0100007F:{port:04X}");
    let to_port = |line: &&str| {
        let mut words = line.split_whitespace().skip(2);
        // State 01 is "established".
        words.next() == Some(to.as_str()) && words.next() == Some("01")
    };
    table.lines().filter(to_port).count()
}

#[tokio::test]
async fn unanswered_dials_overlap_and_the_link_s_return_is_noticed() {
    let sshd = Sshd::start_plain().unwrap();
    let (proxy, session, events) = behind_proxy(&sshd).await;
    proxy.black_hole_unanswered();
    assert_eq!(events.lost().await, DisconnectKind::Silence);
    tokio::time::sleep(Duration::from_secs(4)).await;
    proxy.heal();
    works_again_soon(&session).await;
}

#[tokio::test]
async fn a_server_that_breaks_off_handshakes_is_given_time() {
    let sshd = Sshd::start_plain().unwrap();
    let (proxy, session, events) = behind_proxy(&sshd).await;
    proxy.cut_after(Direction::ToClient, CutAfter::Each(1000), Cut::Finish);
    proxy.cut_now(Cut::Finish);
    let before = proxy.connections();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let dials = proxy.connections() - before;
    assert!((2..=5).contains(&dials), "{dials} dials in 6 s");
    proxy.no_cut_after(Direction::ToClient);
    assert_eq!(
        timeout(LONG, text(&session, "echo back")).await.unwrap(),
        "back\n"
    );
    let kinds = events.all();
    let early = SessionEvent::Dialling {
        attempt: 1,
        gone: Duration::ZERO,
        kind: DisconnectKind::ClosedBeforeAuthentication,
    };
    let same =
        |event: &SessionEvent| std::mem::discriminant(event) == std::mem::discriminant(&early);
    assert!(kinds.iter().any(same), "{kinds:?}");
}

#[tokio::test]
async fn it_gives_up_after_its_time() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let options = SessionOptions {
        reconnect_for: Duration::from_secs(2),
        ..options(&sshd, proxy.address())
    };
    let (session, events) = open(options).await.unwrap();
    run(&session, "true").await;
    proxy.refuse();
    proxy.cut_now(Cut::Reset);
    events.lost().await;
    let error = timeout(LONG, session.connection())
        .await
        .unwrap()
        .err()
        .unwrap();
    assert!(
        matches!(error, Error::GaveUp { gone, kind: DisconnectKind::Refused } if gone >= Duration::from_secs(2)),
        "{error:?}"
    );
    events
        .wait(|event| matches!(event, SessionEvent::GaveUp { .. }))
        .await;
    assert!(matches!(
        session.connection().await,
        Err(Error::GaveUp { .. })
    ));
}

#[tokio::test]
async fn a_connection_that_nobody_used_is_replaced_on_demand_only() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let (session, events) = open(options(&sshd, proxy.address())).await.unwrap();
    proxy.cut_now(Cut::Finish);
    events.lost().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(proxy.connections(), 1);
    assert_eq!(text(&session, "echo back").await, "back\n");
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn dropping_the_session_ends_its_dialling() {
    let sshd = Sshd::start_plain().unwrap();
    let (proxy, session, events) = behind_proxy(&sshd).await;
    proxy.refuse();
    proxy.cut_now(Cut::Reset);
    events
        .wait(|event| matches!(event, SessionEvent::Dialling { .. }))
        .await;
    drop(session);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = events.all().len();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(events.all().len(), told);
}

#[tokio::test]
async fn a_second_connection_beside_a_silent_one_becomes_the_live_one() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let (session, events) = open(options(&sshd, proxy.address())).await.unwrap();
    let first = session.connection().await.unwrap();
    let mut channel = start(&first, "sleep 30").await;
    proxy.cut_now(Cut::BlackHole);
    let second = timeout(LONG, session.beside(Duration::from_secs(20)))
        .await
        .unwrap()
        .unwrap();
    assert_ne!(first.epoch(), second.epoch());
    assert_eq!(text(&session, "echo on").await, "on\n");
    assert_eq!(session.connection().await.unwrap().epoch(), second.epoch());
    let said = timeout(LONG, listen(&mut channel)).await.unwrap();
    assert_eq!(
        said.closed,
        Some(DisconnectKind::Ours),
        "who still waits on the first learns of its end"
    );
    assert!(events.back().await >= Duration::from_secs(20));
    assert!(
        !events
            .all()
            .iter()
            .any(|event| matches!(event, SessionEvent::Lost { .. }))
    );
}

#[tokio::test]
async fn a_second_dial_that_is_dropped_leaves_the_first_connection_alone() {
    let (_sshd, session, events) = plain().await.unwrap();
    let first = session.connection().await.unwrap();
    let dropped = timeout(
        Duration::from_millis(1),
        session.beside(Duration::from_secs(20)),
    );
    assert!(dropped.await.is_err());
    assert_eq!(text(&session, "echo same").await, "same\n");
    assert_eq!(session.connection().await.unwrap().epoch(), first.epoch());
    assert_eq!(events.all().len(), 2, "{:?}", events.all());
}

#[tokio::test]
async fn many_sessions_at_once_do_not_run_into_max_startups() {
    let sshd = Sshd::builder()
        .config("PerSourceMaxStartups 8")
        .start()
        .unwrap();
    let pacer = std::sync::Arc::default();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let options = SessionOptions {
            pacer: std::sync::Arc::clone(&pacer),
            ..options(&sshd, sshd.address())
        };
        tasks.spawn(async move {
            let (session, _events) = open(options).await.unwrap();
            text(&session, "echo in").await
        });
    }
    while let Some(said) = tasks.join_next().await {
        assert_eq!(said.unwrap(), "in\n");
    }
}

#[tokio::test]
async fn one_dropped_by_max_startups_is_dialled_again() {
    let sshd = Sshd::builder()
        .config("PerSourceMaxStartups 2")
        .start()
        .unwrap();
    let hogs = [0, 1].map(|_| {
        let mut hog = std::net::TcpStream::connect(sshd.address()).unwrap();
        std::io::Read::read_exact(&mut hog, &mut [0; 4]).unwrap();
        hog
    });
    let opening = tokio::spawn(open(options(&sshd, sshd.address())));
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!opening.is_finished(), "{}", sshd.log());
    drop(hogs);
    let (session, _events) = timeout(LONG, opening).await.unwrap().unwrap().unwrap();
    assert_eq!(text(&session, "echo in").await, "in\n");
}
