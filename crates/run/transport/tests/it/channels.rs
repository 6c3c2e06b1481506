//! Commands: what they write, how they end, and that none holds up another.

use std::time::Duration;

use tokio::time::timeout;
use windlass_lab::Sshd;
use windlass_model::DisconnectKind;
use windlass_transport::{ChannelMessage, ExecOptions};

use crate::support::{LONG, listen, open, options, plain, run, start};

#[tokio::test]
async fn a_command_gives_both_streams_and_its_status() {
    let (_sshd, session, events) = plain().await.unwrap();
    let said = run(&session, "printf out; printf err >&2; exit 7").await;
    assert_eq!(
        (said.out.as_slice(), said.err.as_slice()),
        (&b"out"[..], &b"err"[..])
    );
    assert_eq!(said.status, Some(7));
    assert_eq!(said.closed, Some(DisconnectKind::ChannelClosed));
    let said = run(&session, "kill -TERM $$").await;
    assert_eq!((said.status, said.signal.as_deref()), (None, Some("TERM")));
    let greeting = format!("{:?}", events.all());
    assert!(greeting.contains("SSH-2.0-OpenSSH"), "{greeting}");
}

#[tokio::test]
async fn closed_is_said_for_ever() {
    let (_sshd, session, _events) = plain().await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut channel = start(&connection, "true").await;
    listen(&mut channel).await;
    for _ in 0..3 {
        let closed = ChannelMessage::Closed(DisconnectKind::ChannelClosed);
        assert_eq!(channel.next().await, closed);
    }
    assert_eq!(channel.send(b"x").await, Err(DisconnectKind::ChannelClosed));
}

#[tokio::test]
async fn input_goes_in_and_ends() {
    let (_sshd, session, _events) = plain().await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut channel = start(&connection, "wc -c").await;
    channel.send(&vec![b'x'; 3_000_000]).await.unwrap();
    channel.send_eof().await.unwrap();
    assert_eq!(listen(&mut channel).await.out.trim_ascii(), b"3000000");
}

#[tokio::test]
async fn a_terminal_only_where_it_is_asked_for() {
    let (_sshd, session, _events) = plain().await.unwrap();
    let connection = session.connection().await.unwrap();
    for (pty, status) in [(false, 1), (true, 0)] {
        let options = ExecOptions {
            pty,
            ..ExecOptions::default()
        };
        let mut channel = connection.exec(b"test -t 1", options).await.unwrap();
        assert_eq!(
            listen(&mut channel).await.status,
            Some(status),
            "pty = {pty}"
        );
    }
}

#[tokio::test]
async fn a_channel_that_nobody_reads_holds_up_no_other() {
    let (_sshd, session, _events) = plain().await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut unread = start(&connection, "head -c 50000000 /dev/zero; echo end >&2").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..5 {
        let said = timeout(LONG, run(&session, "echo here")).await.unwrap();
        assert_eq!(said.out, b"here\n");
    }
    let said = timeout(LONG, listen(&mut unread)).await.unwrap();
    assert_eq!(
        (said.out.len(), said.err.as_slice()),
        (50_000_000, &b"end\n"[..])
    );
}

#[tokio::test]
async fn a_command_that_reads_nothing_holds_up_no_other() {
    let (_sshd, session, _events) = plain().await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut deaf = start(&connection, "sleep 60").await;
    let bytes = vec![0; 8_000_000];
    let sending = deaf.send(&bytes);
    assert!(timeout(Duration::from_millis(500), sending).await.is_err());
    assert_eq!(
        timeout(LONG, run(&session, "echo here")).await.unwrap().out,
        b"here\n"
    );
}

#[tokio::test]
async fn dropping_a_channel_closes_it() {
    let sshd = Sshd::builder().config("MaxSessions 1").start().unwrap();
    let (session, _events) = open(options(&sshd, sshd.address())).await.unwrap();
    let connection = session.connection().await.unwrap();
    let channel = start(&connection, "cat").await;
    let refused = connection.exec(b"true", ExecOptions::default()).await;
    assert_eq!(refused.err(), Some(DisconnectKind::ChannelRefused));
    assert!(connection.is_alive());
    drop(channel);
    let began = tokio::time::Instant::now();
    while connection
        .exec(b"true", ExecOptions::default())
        .await
        .is_err()
    {
        assert!(began.elapsed() < LONG);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn one_channel_a_connection_leaves_room_for_an_extra_connection() {
    let sshd = Sshd::builder().config("MaxSessions 1").start().unwrap();
    let (session, events) = open(options(&sshd, sshd.address())).await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut busy = start(&connection, "cat").await;
    let extra = session.extra().await.unwrap();
    assert_ne!(extra.epoch(), connection.epoch());
    assert_eq!(
        listen(&mut start(&extra, "echo extra").await).await.out,
        b"extra\n"
    );
    assert_eq!(
        session.connection().await.unwrap().epoch(),
        connection.epoch()
    );
    busy.send(b"still").await.unwrap();
    busy.send_eof().await.unwrap();
    assert_eq!(listen(&mut busy).await.out, b"still");
    assert_eq!(
        events.all().len(),
        1,
        "an extra connection is no event: {:?}",
        events.all()
    );
}

#[tokio::test]
async fn twenty_megabytes_both_ways_while_keys_change_all_the_time() {
    let sshd = Sshd::builder().config("RekeyLimit 16K 1s").start().unwrap();
    let (session, events) = open(options(&sshd, sshd.address())).await.unwrap();
    let connection = session.connection().await.unwrap();
    let mut channel = start(&connection, "cat").await;
    let bytes: Vec<u8> = (0..20_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut back = Vec::new();
    for chunk in bytes.chunks(1_000_000) {
        channel.send(chunk).await.unwrap();
        while back.len() + 3_000_000 < chunk.len() {
            if let ChannelMessage::Stdout(bytes) = channel.next().await {
                back.extend(bytes);
            }
        }
    }
    channel.send_eof().await.unwrap();
    let said = timeout(LONG, listen(&mut channel)).await.unwrap();
    back.extend(said.out);
    assert!(
        back == bytes,
        "{} of {} bytes came back",
        back.len(),
        bytes.len()
    );
    assert_eq!(said.status, Some(0));
    assert_eq!(events.all().len(), 1, "{:?}", events.all());
}

#[tokio::test]
async fn a_channel_timed_out_by_the_server_is_told_from_a_lost_connection() {
    let sshd = Sshd::builder()
        .config("ChannelTimeout session:*=1s")
        .start()
        .unwrap();
    let (session, events) = open(options(&sshd, sshd.address())).await.unwrap();
    let said = timeout(LONG, run(&session, "sleep 30")).await.unwrap();
    assert_eq!((said.status, said.signal), (None, None));
    assert_eq!(said.closed, Some(DisconnectKind::ChannelClosed));
    assert_eq!(run(&session, "echo on").await.out, b"on\n");
    assert_eq!(events.all().len(), 1, "{:?}", events.all());
}
