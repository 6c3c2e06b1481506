//! An SSH host in this process: it runs commands as real child processes, as sshd without a terminal would.
//!
//! One key can log in, under any name; there is no password, no terminal, no forwarding, no subsystem. It has a
//! thread of its own. When it is dropped, its connections and everything that was started through it are gone; for
//! that it needs /proc, as every host does.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, MethodKind, MethodSet, Pty};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::command;
use crate::error::Error;

/// A variable in the environment of everything started through a host; its value is the host's home.
pub(crate) const MARK: &str = "DEMO_HOST";

/// A running host; it ends when dropped.
#[derive(Debug)]
pub struct DemoHost {
    address: SocketAddr,
    host_key: String,
    client_key: String,
    home: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What every connection needs.
#[derive(Debug)]
struct Shared {
    config: Arc<Config>,
    client: PublicKey,
    world: Arc<World>,
}

/// What commands see.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) home: PathBuf,
    pub(crate) environment: Vec<(OsString, OsString)>,
}

impl DemoHost {
    /// Starts a host whose logins have `home` as home and working directory.
    pub fn start(home: &Path) -> Result<Self, Error> {
        Self::start_with(home, Vec::new())
    }

    /// The same, with more variables in the environment of commands, such as a PATH.
    pub fn start_with(home: &Path, environment: Vec<(OsString, OsString)>) -> Result<Self, Error> {
        let host_key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)?;
        let client_key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)?;
        let public = host_key.public_key().to_openssh()?;
        let pem = client_key.to_openssh(LineEnding::LF)?.to_string();
        let world = Arc::new(World {
            home: home.to_owned(),
            environment,
        });
        let client = client_key.public_key().clone();
        let shared = Arc::new(Shared {
            config: Arc::new(config(host_key)),
            client,
            world,
        });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("demo host".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = accept(listener, shared) => {}
                        // Dropping the sender stops it as well.
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            host_key: public,
            client_key: pem,
            home: home.to_owned(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its line in a `known_hosts` file, without the line's end.
    pub fn known_host(&self) -> String {
        self.known_host_at(self.address)
    }

    /// The same for another address by which it is reached, such as a proxy's.
    pub fn known_host_at(&self, address: SocketAddr) -> String {
        format!(
            "[{}]:{} {}",
            address.ip(),
            address.port(),
            self.host_key.trim_end()
        )
    }

    /// The private key that can log in, in OpenSSH's format.
    pub fn client_key(&self) -> &str {
        &self.client_key
    }

    /// Ends it; dropping does the same.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for DemoHost {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("demo host's thread panicked");
        }
        kill_all_of(&self.home);
    }
}

/// Kills what was started through the host, also what detached itself, until nothing of it is left.
#[cfg(target_os = "linux")]
fn kill_all_of(home: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let ours = |process: &crate::Process| {
        process
            .variable(MARK)
            .is_some_and(|mark| mark == home.as_os_str().as_bytes())
    };
    // Bounded, since a process of another user cannot be killed.
    for _ in 0..500 {
        let left: Vec<_> = crate::Process::all().into_iter().filter(ours).collect();
        if left.is_empty() {
            return;
        }
        for process in left {
            process.signal(rustix::process::Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    tracing::warn!("processes of the demo host are left");
}

#[cfg(not(target_os = "linux"))]
fn kill_all_of(_home: &Path) {}

fn config(host_key: PrivateKey) -> Config {
    Config {
        methods: MethodSet::from([MethodKind::PublicKey].as_slice()),
        keys: vec![host_key],
        // Nobody guesses keys here, and clients ask with "none" first.
        auth_rejection_time: Duration::ZERO,
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    }
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "demo host cannot listen"),
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
                }
                // Out of descriptors, or the client is gone already.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Not russh's to set, since it did not accept the connection.
    stream.set_nodelay(true).ok();
    let login = Login {
        shared: Arc::clone(&shared),
    };
    let running = russh::server::run_stream(Arc::clone(&shared.config), stream, login).await;
    let end = match running {
        Ok(session) => session.await,
        Err(error) => Err(error),
    };
    if let Err(error) = end {
        tracing::debug!(%error, "connection to the demo host ended");
    }
}

/// One connection's side of the host.
struct Login {
    shared: Arc<Shared>,
}

impl Handler for Login {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        _user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let known = key.public_key.key_data() == self.shared.client.key_data();
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let world = Arc::clone(&self.shared.world);
        tokio::spawn(command::serve(channel, session.handle(), world));
        reply.accept().await;
        Ok(())
    }

    /// The channel's own task hears of the request too, and runs it.
    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }
}
