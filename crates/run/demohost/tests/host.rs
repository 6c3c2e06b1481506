//! The throw-away host, as a real client of russh sees it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, Handle};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh::{Channel, ChannelMsg, Disconnect, Sig};
use tempfile::TempDir;
use tokio::time::timeout;
use windlass_demohost::{DemoHost, Process};

const SOON: Duration = Duration::from_secs(60);

struct Strict(String);

impl client::Handler for Strict {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        Ok(self.0.ends_with(key.to_openssh()?.trim_end()))
    }
}

#[derive(Debug, Default)]
struct Outcome {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: Option<u32>,
    signal: Option<Sig>,
    closed: bool,
}

async fn connect(host: &DemoHost, key: &str) -> Option<Handle<Strict>> {
    let config = Arc::new(client::Config::default());
    let strict = Strict(host.known_host());
    let mut session = client::connect(config, host.address(), strict)
        .await
        .expect("connect");
    let key = Arc::new(decode_secret_key(key, None).expect("key"));
    let key = PrivateKeyWithHashAlg::new(key, None::<HashAlg>);
    let login = session
        .authenticate_publickey("anyone", key)
        .await
        .expect("answer");
    login.success().then_some(session)
}

async fn lab() -> (TempDir, DemoHost, Handle<Strict>) {
    let home = tempfile::tempdir().expect("home");
    let host = DemoHost::start(home.path()).expect("host");
    let session = connect(&host, host.client_key()).await.expect("login");
    (home, host, session)
}

async fn exec(session: &Handle<Strict>, command: &str) -> Channel<client::Msg> {
    let channel = session.channel_open_session().await.expect("channel");
    channel.exec(true, command).await.expect("exec");
    channel
}

/// Everything that comes until the channel closes.
async fn outcome(channel: &mut Channel<client::Msg>) -> Outcome {
    let mut all = Outcome::default();
    while let Some(message) = timeout(SOON, channel.wait()).await.expect("in time") {
        match message {
            ChannelMsg::Data { data } => all.stdout.extend_from_slice(&data),
            ChannelMsg::ExtendedData { data, ext: 1 } => all.stderr.extend_from_slice(&data),
            ChannelMsg::ExitStatus { exit_status } => all.status = Some(exit_status),
            ChannelMsg::ExitSignal { signal_name, .. } => all.signal = Some(signal_name),
            ChannelMsg::Close => all.closed = true,
            _ => {}
        }
    }
    all
}

fn running(home: &Path) -> Vec<Process> {
    let ours =
        |process: &Process| process.variable("DEMO_HOST").is_some() && process.mentions(home);
    Process::all().into_iter().filter(ours).collect()
}

async fn wait_until(what: &str, reached: impl Fn() -> bool) {
    timeout(SOON, async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{what}"));
}

fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| random.u8(..))
        .take(bytes)
        .collect()
}

#[tokio::test]
async fn runs_a_command_with_its_streams_and_status_apart() {
    let (home, _host, session) = lab().await;
    let command = "echo out; echo err >&2; pwd; echo $HOME; exit 7";
    let got = outcome(&mut exec(&session, command).await).await;
    let dir = home.path().display();
    assert_eq!(
        String::from_utf8_lossy(&got.stdout),
        format!("out\n{dir}\n{dir}\n")
    );
    assert_eq!(
        (got.stderr.as_slice(), got.status, got.closed),
        (b"err\n".as_slice(), Some(7), true)
    );
}

#[tokio::test]
async fn five_megabytes_come_back_byte_for_byte_on_both_streams() {
    let (_home, _host, session) = lab().await;
    let sent = noise(1, 5_000_000);
    let mut channel = exec(&session, "tee /dev/stderr").await;
    let (mut reader, writer) = channel.split();
    let sending = async {
        writer.data_bytes(sent.clone()).await.expect("send");
        writer.eof().await.expect("eof");
    };
    let receiving = async {
        let (mut out, mut err, mut status) = (Vec::new(), Vec::new(), None);
        while let Some(message) = timeout(SOON, reader.wait()).await.expect("in time") {
            match message {
                ChannelMsg::Data { data } => out.extend_from_slice(&data),
                ChannelMsg::ExtendedData { data, .. } => err.extend_from_slice(&data),
                ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
                _ => {}
            }
        }
        (out, err, status)
    };
    let ((), (out, err, status)) = tokio::join!(sending, receiving);
    assert!(
        out == sent && err == sent,
        "{} and {} bytes",
        out.len(),
        err.len()
    );
    assert_eq!(status, Some(0));
    channel = exec(&session, "wc -c").await;
    channel.eof().await.expect("eof");
    assert_eq!(outcome(&mut channel).await.stdout.trim_ascii(), b"0");
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_command_back() {
    let (home, _host, session) = lab().await;
    let command = "head -c 20000000 /dev/zero; echo done > written";
    let mut channel = exec(&session, command).await;
    let written = home.path().join("written");
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!written.exists(), "20 MB went nowhere");
    let got = outcome(&mut channel).await;
    assert_eq!((got.stdout.len(), got.status), (20_000_000, Some(0)));
    assert!(written.exists());
}

#[tokio::test]
async fn channels_do_not_wait_for_each_other() {
    let (_home, _host, session) = lab().await;
    let mut slow = exec(&session, "read line; echo \"got $line\"").await;
    // More input than the command reads must not stop the connection.
    let mut deaf = exec(&session, "exec sleep 600").await;
    deaf.data_bytes(noise(2, 8_000_000)).await.expect("send");
    for _ in 0..5 {
        let got = outcome(&mut exec(&session, "echo quick").await).await;
        assert_eq!(
            (got.stdout.as_slice(), got.status),
            (b"quick\n".as_slice(), Some(0))
        );
    }
    slow.data_bytes(b"word\n".to_vec()).await.expect("send");
    assert_eq!(outcome(&mut slow).await.stdout, b"got word\n");
    deaf.signal(Sig::TERM).await.expect("signal");
    assert!(matches!(outcome(&mut deaf).await.signal, Some(Sig::TERM)));
}

#[tokio::test]
async fn the_end_of_a_channel_or_a_connection_sends_no_signal() {
    let (home, _host, session) = lab().await;
    let file = |name: &str| home.path().join(name);
    for ends_with_connection in [false, true] {
        let command = "trap 'echo > term' TERM HUP; echo > begun; read x; sleep 0.3; echo > ended";
        let channel = exec(&session, command).await;
        wait_until("it runs", || file("begun").exists()).await;
        if ends_with_connection {
            session
                .disconnect(Disconnect::ByApplication, "", "")
                .await
                .expect("disconnect");
        } else {
            channel.close().await.expect("close");
        }
        wait_until("it goes on to its end", || file("ended").exists()).await;
        std::fs::remove_file(file("begun")).expect("remove");
        std::fs::remove_file(file("ended")).expect("remove");
    }
    assert!(!home.path().join("term").exists());
}

#[tokio::test]
async fn the_status_does_not_wait_for_what_holds_the_output() {
    let (_home, _host, session) = lab().await;
    let mut channel = exec(&session, "sleep 600 & exit 4").await;
    let status = async {
        loop {
            if let ChannelMsg::ExitStatus { exit_status } = channel.wait().await.expect("message") {
                return exit_status;
            }
        }
    };
    assert_eq!(timeout(SOON, status).await.expect("in time"), 4);
}

#[tokio::test]
async fn input_sent_before_the_channel_closes_arrives() {
    let (home, _host, session) = lab().await;
    let channel = exec(&session, "sleep 0.3; wc -c > counted").await;
    channel.data_bytes(noise(3, 1_000_000)).await.expect("send");
    channel.close().await.expect("close");
    let counted = || std::fs::read_to_string(home.path().join("counted")).unwrap_or_default();
    wait_until("it read all", || counted().trim() == "1000000").await;
}

#[tokio::test]
async fn another_key_is_refused() {
    let (_home, host, _session) = lab().await;
    let elsewhere = tempfile::tempdir().expect("home");
    let other = DemoHost::start(elsewhere.path()).expect("host");
    assert!(connect(&host, other.client_key()).await.is_none());
}

#[tokio::test]
async fn nothing_is_left_after_shutdown() {
    let (home, host, session) = lab().await;
    let command = "setsid sleep 600 >/dev/null 2>&1 </dev/null & sleep 600";
    let mut channel = exec(&session, command).await;
    wait_until("both run", || running(home.path()).len() >= 3).await;
    let address = host.address();
    host.shutdown();
    assert_eq!(running(home.path()), []);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(!outcome(&mut channel).await.closed);
}
