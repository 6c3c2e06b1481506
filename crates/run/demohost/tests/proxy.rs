//! The proxy's faults, as the two ends of a plain TCP connection see them.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use windlass_demohost::{Cut, CutAfter, Direction, Proxy};

const SOON: Duration = Duration::from_secs(20);

/// A listener to be the host, and a proxy before it.
async fn lab() -> (TcpListener, Proxy) {
    let host = TcpListener::bind("127.0.0.1:0").await.expect("listener");
    let proxy = Proxy::start(host.local_addr().expect("address")).expect("proxy");
    (host, proxy)
}

/// One connection through the proxy: the client's end and the host's.
async fn pair(host: &TcpListener, proxy: &Proxy) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(proxy.address()).await.expect("connect");
    let (accepted, _) = timeout(SOON, host.accept())
        .await
        .expect("in time")
        .expect("accept");
    (client, accepted)
}

/// Everything that arrives, and how it ends.
async fn all(stream: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut bytes = Vec::new();
    let end = timeout(SOON, stream.read_to_end(&mut bytes))
        .await
        .expect("in time");
    (bytes, end.map(|_| ()).map_err(|error| error.kind()))
}

async fn echo(client: &mut TcpStream, host: &mut TcpStream) {
    client.write_all(b"ping").await.expect("write");
    let mut four = [0; 4];
    timeout(SOON, host.read_exact(&mut four))
        .await
        .expect("in time")
        .expect("ping");
    host.write_all(&four).await.expect("write");
    timeout(SOON, client.read_exact(&mut four))
        .await
        .expect("in time")
        .expect("pong");
    assert_eq!(&four, b"ping");
}

async fn silent(stream: &mut TcpStream, time: Duration) {
    let mut one = [0; 1];
    assert!(
        timeout(time, stream.read(&mut one)).await.is_err(),
        "no byte and no end"
    );
}

async fn refused(address: SocketAddr) -> bool {
    TcpStream::connect(address)
        .await
        .is_err_and(|e| e.kind() == ErrorKind::ConnectionRefused)
}

#[tokio::test]
async fn carries_bytes_and_half_close_both_ways() {
    let (host, proxy) = lab().await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let (up, down) = (sent.clone(), sent.clone());
    let upload = async {
        client.write_all(&up).await.expect("write");
        client.shutdown().await.expect("shutdown");
        all(&mut client).await
    };
    let answer = async {
        let got = all(&mut far).await;
        far.write_all(&down)
            .await
            .expect("write after the client's FIN");
        far.shutdown().await.expect("shutdown");
        got
    };
    let (back, there) = tokio::join!(upload, answer);
    assert!(back == (sent.clone(), Ok(())) && there == (sent.clone(), Ok(())));
    assert_eq!(proxy.passed(Direction::ToHost), sent.len() as u64);
    assert_eq!(proxy.passed(Direction::ToClient), sent.len() as u64);
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn cut_after_n_bytes_passes_exactly_n() {
    let (host, proxy) = lab().await;
    for cut in [Cut::Reset, Cut::Finish] {
        for bytes in [0_usize, 1, 7, 16 * 1024, 16 * 1024 + 1, 300_001] {
            proxy.cut_after(Direction::ToHost, CutAfter::Once(bytes as u64), cut);
            let (mut client, mut far) = pair(&host, &proxy).await;
            let sending = async {
                // The cut may come in the middle of it.
                client.write_all(&vec![7; 500_000]).await.ok();
            };
            let (got, ()) = tokio::join!(all(&mut far), sending);
            let end = if cut == Cut::Reset {
                Err(ErrorKind::ConnectionReset)
            } else {
                Ok(())
            };
            assert_eq!((got.0.len(), got.1), (bytes, end), "{cut:?} after {bytes}");
        }
    }
    assert_eq!(proxy.cuts(), 12);
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
}

#[tokio::test]
async fn a_reset_after_n_bytes_waits_for_a_slow_reader() {
    let (host, proxy) = lab().await;
    proxy.cut_after(Direction::ToClient, CutAfter::Once(6_000_000), Cut::Reset);
    let (mut client, mut far) = pair(&host, &proxy).await;
    let sending = tokio::spawn(async move {
        far.write_all(&vec![1; 7_000_000]).await.ok();
        far
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(all(&mut client).await.0.len(), 6_000_000);
    sending.await.expect("sender");
}

#[tokio::test]
async fn every_connection_is_cut_after_its_own_bytes() {
    let (host, proxy) = lab().await;
    proxy.cut_after(Direction::ToClient, CutAfter::Each(1000), Cut::Finish);
    for _ in 0..3 {
        let (mut client, mut far) = pair(&host, &proxy).await;
        far.write_all(&[1; 5000]).await.expect("write");
        assert_eq!(all(&mut client).await, (vec![1; 1000], Ok(())));
    }
    proxy.no_cut_after(Direction::ToClient);
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
}

#[tokio::test]
async fn reset_and_finish_look_different_to_both_ends() {
    let (host, proxy) = lab().await;
    for (cut, end) in [
        (Cut::Reset, Err(ErrorKind::ConnectionReset)),
        (Cut::Finish, Ok(())),
    ] {
        let (mut client, mut far) = pair(&host, &proxy).await;
        echo(&mut client, &mut far).await;
        proxy.cut_now(cut);
        assert_eq!(proxy.live(), 0);
        assert_eq!(all(&mut client).await, (Vec::new(), end));
        assert_eq!(all(&mut far).await, (Vec::new(), end));
    }
}

#[tokio::test]
async fn a_reset_of_one_end_reaches_the_other_after_its_bytes() {
    let (host, proxy) = lab().await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
    far.write_all(b"last words").await.expect("write");
    tokio::time::sleep(Duration::from_millis(100)).await;
    socket2::SockRef::from(&far)
        .set_linger(Some(Duration::ZERO))
        .expect("linger");
    drop(far);
    assert_eq!(
        all(&mut client).await,
        (b"last words".into(), Err(ErrorKind::ConnectionReset))
    );
}

#[tokio::test]
async fn a_black_hole_swallows_and_tells_nobody() {
    let (host, proxy) = lab().await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
    proxy.black_hole();
    client
        .write_all(&vec![1; 200_000])
        .await
        .expect("swallowed");
    silent(&mut far, Duration::from_millis(200)).await;
    let mut late = TcpStream::connect(proxy.address()).await.expect("accepted");
    late.write_all(b"hello?").await.expect("swallowed");
    silent(&mut late, Duration::from_millis(200)).await;
    drop(client);
    silent(&mut far, Duration::from_millis(200)).await;
    proxy.heal();
    silent(&mut late, Duration::from_millis(100)).await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_unanswered_connection_hangs() {
    let (host, proxy) = lab().await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    proxy.black_hole_unanswered();
    silent(&mut client, Duration::from_millis(100)).await;
    let dial = TcpStream::connect(proxy.address());
    assert!(
        timeout(Duration::from_millis(400), dial).await.is_err(),
        "no answer to the SYN"
    );
    proxy.heal();
    silent(&mut far, Duration::from_millis(100)).await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
}

#[tokio::test]
async fn a_frozen_link_holds_bytes_and_delivers_them() {
    let (host, proxy) = lab().await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
    proxy.freeze();
    client.write_all(b"held").await.expect("write");
    silent(&mut far, Duration::from_millis(300)).await;
    proxy.thaw();
    let mut four = [0; 4];
    timeout(SOON, far.read_exact(&mut four))
        .await
        .expect("in time")
        .expect("delivered");
    assert_eq!(&four, b"held");
    let start = Instant::now();
    proxy.freeze_for(Duration::from_millis(300));
    echo(&mut client, &mut far).await;
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn refuses_for_a_time_and_listens_again_on_the_same_port() {
    let (host, proxy) = lab().await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    proxy.refuse_for(Duration::from_millis(2500));
    assert!(refused(proxy.address()).await);
    echo(&mut client, &mut far).await;
    tokio::time::sleep(Duration::from_millis(2700)).await;
    let (mut client, mut far) = pair(&host, &proxy).await;
    echo(&mut client, &mut far).await;
    proxy.refuse();
    assert!(refused(proxy.address()).await);
    proxy.heal();
    pair(&host, &proxy).await;
}

#[tokio::test]
async fn an_idle_cut_off_ends_only_a_silent_connection() {
    let (host, proxy) = lab().await;
    proxy.idle_cut_off(Some((Duration::from_millis(1500), Cut::Reset)));
    let (mut client, mut far) = pair(&host, &proxy).await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        echo(&mut client, &mut far).await;
    }
    assert_eq!(all(&mut client).await.1, Err(ErrorKind::ConnectionReset));
    proxy.idle_cut_off(Some((Duration::from_millis(200), Cut::BlackHole)));
    let (mut client, mut far) = pair(&host, &proxy).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    client.write_all(b"into the hole").await.expect("swallowed");
    silent(&mut far, Duration::from_millis(200)).await;
    assert_eq!(proxy.cuts(), 2);
}

#[tokio::test]
async fn latency_and_throttle_slow_the_link_down() {
    let (host, proxy) = lab().await;
    proxy.latency(Duration::from_millis(100));
    let (mut client, mut far) = pair(&host, &proxy).await;
    let start = Instant::now();
    echo(&mut client, &mut far).await;
    assert!(start.elapsed() >= Duration::from_millis(200));
    proxy.latency(Duration::ZERO);
    proxy.throttle(Direction::ToHost, Some(100_000));
    let start = Instant::now();
    client.write_all(&vec![0; 50_000]).await.expect("write");
    timeout(SOON, far.read_exact(&mut vec![0; 50_000]))
        .await
        .expect("in time")
        .expect("read");
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_host_that_is_not_there_resets_the_client_and_drop_closes_the_port() {
    let (host, proxy) = lab().await;
    drop(host);
    // The reset may come before the client has seen that it is connected.
    let came = match TcpStream::connect(proxy.address()).await {
        Ok(mut client) => all(&mut client).await,
        Err(error) => (Vec::new(), Err(error.kind())),
    };
    assert_eq!(came, (Vec::new(), Err(ErrorKind::ConnectionReset)));
    let address = proxy.address();
    drop(proxy);
    assert!(refused(address).await);
}
