//! Makes one authenticated connection: a socket of our own, jump hosts or a proxy command, handshake, login.

use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::{self, Config, Handle};
use russh::{Preferred, cipher};
use tokio::net::TcpStream;
use tokio::sync::watch;
use windlass_model::DisconnectKind;

use crate::auth::{Failure, Login};
use crate::client::{Client, EndNote, Refusal};
use crate::connection::{Connection, Ended, Made};
use crate::error::Error;
use crate::event::Observer;
use crate::host_key::{Judge, Pin};
use crate::options::{AuthOptions, Endpoint, HostKeyOptions, SessionOptions};
use crate::patience::Patience;
use crate::proxy_command::proxy;
use crate::stream::{Bytes, Ending, Watched, kind_of};
use crate::tcp::connect;

/// How long a handshake with its login may take, persons being asked left out.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// What all dials of a session have in common.
pub(crate) struct Dialler {
    pub(crate) options: SessionOptions,
    pub(crate) observer: Observer,
    /// The first key of the host, and of each jump host.
    pins: Vec<Pin>,
    /// The address that answered first; tried first from then on.
    address: Mutex<Option<SocketAddr>>,
}

/// One attempt to connect.
#[derive(Clone)]
pub(crate) struct Call {
    /// The number of the connection that it would make.
    pub(crate) epoch: u64,
    /// The largest packet to be sent to us.
    pub(crate) packet: u32,
    /// Tells whether the host has said anything yet.
    pub(crate) ending: Arc<Ending>,
}

/// One end that is shaken hands with.
struct End<'a> {
    endpoint: &'a Endpoint,
    auth: &'a AuthOptions,
    host_keys: &'a HostKeyOptions,
    pin: Pin,
}

impl Dialler {
    pub(crate) fn new(options: SessionOptions, observer: Observer) -> Self {
        let mut pins: Vec<Pin> = options
            .way
            .jumps
            .iter()
            .map(|hop| Pin::of(&hop.host_keys))
            .collect();
        pins.push(Pin::of(&options.host_keys));
        Self {
            options,
            observer,
            pins,
            address: Mutex::new(None),
        }
    }

    /// Makes one connection.
    pub(crate) async fn dial(&self, call: Call) -> Result<Connection, Error> {
        let way = &self.options.way;
        let mut beneath: Vec<Connection> = Vec::new();
        for (hop, pin) in way.jumps.iter().zip(&self.pins) {
            let bytes = self.bytes(&hop.endpoint, beneath.last(), None).await?;
            let end = End {
                endpoint: &hop.endpoint,
                auth: &hop.auth,
                host_keys: &hop.host_keys,
                pin: pin.clone(),
            };
            let on_the_way = Call {
                ending: Arc::default(),
                ..call.clone()
            };
            let below = std::mem::take(&mut beneath);
            beneath.push(self.shake(end, bytes, on_the_way, below).await?);
        }
        let command = way.proxy_command.as_deref();
        let bytes = self.bytes(&way.target, beneath.last(), command).await?;
        let end = End {
            endpoint: &way.target,
            auth: &self.options.auth,
            host_keys: &self.options.host_keys,
            pin: self.pins.last().cloned().unwrap_or_default(),
        };
        self.shake(end, bytes, call, beneath).await
    }

    /// The bytes to an end: through the last jump host, a proxy command, or a socket.
    async fn bytes(
        &self,
        endpoint: &Endpoint,
        through: Option<&Connection>,
        command: Option<&str>,
    ) -> Result<Box<dyn Bytes>, Error> {
        if let Some(connection) = through {
            let stream = connection.through(&endpoint.address, endpoint.port).await;
            return stream
                .map(|stream| Box::new(stream) as Box<dyn Bytes>)
                .map_err(|kind| not_reached(endpoint, kind, None));
        }
        if let Some(command) = command {
            return proxy(command, endpoint);
        }
        let stream = self.socket(endpoint).await?;
        Ok(Box::new(stream))
    }

    async fn socket(&self, endpoint: &Endpoint) -> Result<TcpStream, Error> {
        let mut addresses = self.addresses(endpoint).await?;
        let first = *self.address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) =
            first.and_then(|first| addresses.iter().position(|address| *address == first))
        {
            addresses.swap(0, at);
        }
        let mut last = not_reached(endpoint, DisconnectKind::UnknownName, None);
        for address in addresses {
            match connect(address, self.options.keepalive_interval).await {
                Ok(stream) => {
                    self.address
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get_or_insert(address);
                    return Ok(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    last = not_reached(endpoint, DisconnectKind::ConnectTimeout, Some(error));
                }
                Err(error) => last = not_reached(endpoint, kind_of(&error), Some(error)),
            }
        }
        Err(last)
    }

    async fn addresses(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Error> {
        match tokio::net::lookup_host((endpoint.address.as_str(), endpoint.port)).await {
            Ok(found) => Ok(found.collect()),
            Err(error) => Err(not_reached(
                endpoint,
                DisconnectKind::UnknownName,
                Some(error),
            )),
        }
    }

    /// Handshake and login.
    async fn shake(
        &self,
        end: End<'_>,
        bytes: Box<dyn Bytes>,
        call: Call,
        beneath: Vec<Connection>,
    ) -> Result<Connection, Error> {
        let judge = Judge::new(end.endpoint, end.host_keys, end.pin.clone(), &self.observer)?;
        let judge = Arc::new(judge);
        let _turn = self.options.pacer.turn(&end.at()).await;
        let (tell, told) = watch::channel(None);
        let refusal = Refusal::default();
        let client = Client {
            judge: Arc::clone(&judge),
            refusal: Arc::clone(&refusal),
            agent: end.auth.agent.clone().filter(|_| end.auth.forward_agent),
            end: EndNote {
                ending: Arc::clone(&call.ending),
                tell,
            },
        };
        let config = Arc::new(self.config(&judge, call.packet));
        let stream = Watched::new(bytes, Arc::clone(&call.ending));
        let shaken =
            tokio::time::timeout(HANDSHAKE, client::connect_stream(config, stream, client));
        let mut handle = match shaken.await {
            Ok(Ok(handle)) => handle,
            Ok(Err(error)) => return Err(self.not_shaken(&end, &call.ending, &refusal, &error)),
            Err(_) => return Err(not_reached(end.endpoint, DisconnectKind::Silence, None)),
        };
        self.log_in(&mut handle, &end, &call.ending).await?;
        judge.settle();
        let ended = Ended {
            ending: call.ending,
            told,
        };
        Ok(connection(
            handle,
            call.epoch,
            end.auth.forward_agent,
            ended,
            beneath,
        ))
    }

    /// Why a handshake came to nothing: a host key that was refused, or how the stream ended.
    fn not_shaken(
        &self,
        end: &End<'_>,
        ending: &Ending,
        refusal: &Refusal,
        error: &russh::Error,
    ) -> Error {
        if let Some(refused) = refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            return refused.into();
        }
        let kind = ending
            .kind()
            .unwrap_or_else(|| crate::client::kind_of(error));
        self.options.pacer.ended_early(&end.at());
        not_reached(end.endpoint, early(kind, ending), None)
    }

    /// The login. Its limit does not run while a person is asked.
    async fn log_in(
        &self,
        handle: &mut Handle<Client>,
        end: &End<'_>,
        ending: &Ending,
    ) -> Result<(), Error> {
        let patience = Patience::default();
        let logged_in = tokio::select! {
            logged_in = Login::new(handle, end.endpoint, end.auth, &patience).log_in() => logged_in,
            () = patience.reached(HANDSHAKE) => {
                return Err(not_reached(end.endpoint, DisconnectKind::Silence, None));
            }
        };
        match logged_in {
            Ok(()) => Ok(()),
            Err(Failure::Lost) => {
                self.options.pacer.ended_early(&end.at());
                let kind = ending.kind().unwrap_or(DisconnectKind::Silence);
                Err(not_reached(end.endpoint, early(kind, ending), None))
            }
            Err(Failure::Refused(refused)) => Err(refused.into()),
        }
    }

    fn config(&self, judge: &Judge, packet: u32) -> Config {
        let every = self.options.keepalive_interval;
        let count = usize::try_from(self.options.keepalive_count).unwrap_or(usize::MAX);
        let on = !every.is_zero();
        // The library's keepalive stands still while a full send buffer is flushed: this limit does not.
        let inactive = every.saturating_mul(self.options.keepalive_count.saturating_add(2));
        let mut preferred = Preferred {
            cipher: Cow::Borrowed(CIPHERS),
            ..Preferred::default()
        };
        let mut keys = judge.preferred();
        keys.extend(preferred.key.iter().cloned());
        preferred.key = Cow::Owned(dedup(keys));
        if judge.wants_certificates() {
            preferred.host_key_certificates = Preferred::default()
                .key
                .iter()
                .cloned()
                .collect::<Vec<_>>()
                .into();
        }
        Config {
            keepalive_interval: on.then_some(every),
            keepalive_max: count,
            inactivity_timeout: on.then_some(inactive),
            maximum_packet_size: packet,
            preferred,
            nodelay: true,
            ..Config::default()
        }
    }
}

impl End<'_> {
    /// The name under which handshakes with it are paced.
    fn at(&self) -> String {
        format!("{}:{}", self.endpoint.address, self.endpoint.port)
    }
}

/// The kind of an end before login: a server that answered and then closed says more than a closed socket.
fn early(kind: DisconnectKind, ending: &Ending) -> DisconnectKind {
    match kind {
        DisconnectKind::Closed | DisconnectKind::Reset if ending.answered() => {
            DisconnectKind::ClosedBeforeAuthentication
        }
        kind => kind,
    }
}

const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

fn dedup<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut once = Vec::with_capacity(list.len());
    for item in list {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

fn connection(
    handle: Handle<Client>,
    epoch: u64,
    forward_agent: bool,
    ended: Ended,
    beneath: Vec<Connection>,
) -> Connection {
    Connection::new(
        handle,
        Made {
            epoch,
            server_version: String::new(),
            forward_agent,
            ended,
            beneath,
        },
    )
}

fn not_reached(endpoint: &Endpoint, kind: DisconnectKind, source: Option<io::Error>) -> Error {
    Error::NotReached {
        address: endpoint.to_string(),
        kind,
        source,
    }
}
