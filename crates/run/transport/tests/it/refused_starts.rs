//! A server that opens channels and starts nothing in them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use tokio::net::TcpListener;
use tokio::time::{Duration, Instant, sleep, timeout};
use windlass_lab::{Key, KeyKind, Sshd};
use windlass_model::DisconnectKind;
use windlass_model::settings::HostKeyPolicy;
use windlass_transport::{ExecOptions, HostKeyOptions};

use crate::support::{LONG, listen, open, options};

/// Counts the channels that it has open.
#[derive(Clone, Default)]
struct Refusing(Arc<AtomicU32>);

impl Handler for Refusing {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        _user: &str,
        _key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn channel_close(
        &mut self,
        _channel: ChannelId,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.0.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Serves one connection; gives the address and the count of open channels.
async fn serve_one(sshd: &Sshd) -> (SocketAddr, Arc<AtomicU32>) {
    let key = Key::generate(sshd.dir().join("refusing"), KeyKind::Ed25519).unwrap();
    let config = Config {
        keys: vec![russh::keys::load_secret_key(key.path(), None).unwrap()],
        ..Config::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let refusing = Refusing::default();
    let open = Arc::clone(&refusing.0);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let running = russh::server::run_stream(Arc::new(config), stream, refusing).await;
        running.unwrap().await.ok();
    });
    (address, open)
}

#[tokio::test]
async fn a_refused_start_leaves_no_channel_open_on_the_server() {
    let sshd = Sshd::start_plain().unwrap();
    let (address, open_channels) = serve_one(&sshd).await;
    let mut options = options(&sshd, address);
    options.host_keys = HostKeyOptions {
        policy: HostKeyPolicy::AcceptNew,
        ..HostKeyOptions::strict(Vec::new())
    };
    let (session, _events) = open(options).await.unwrap();
    let connection = session.connection().await.unwrap();
    for _ in 0..3 {
        let mut channel = connection
            .exec(b"true", ExecOptions::default())
            .await
            .unwrap();
        let said = timeout(LONG, listen(&mut channel)).await.unwrap();
        assert_eq!(said.closed, Some(DisconnectKind::ChannelRefused));
    }
    let began = Instant::now();
    while open_channels.load(Ordering::Relaxed) > 0 {
        assert!(
            began.elapsed() < LONG,
            "{} channels are open",
            open_channels.load(Ordering::Relaxed)
        );
        sleep(Duration::from_millis(10)).await;
    }
    assert!(connection.is_alive());
}
