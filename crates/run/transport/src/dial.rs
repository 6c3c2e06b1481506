//! One attempt to make an authenticated connection: a socket or a proxy command, jump hosts, handshakes, logins.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use russh::client::{self, Handle};
use tokio::net::TcpStream;
use tokio::sync::watch;
use windlass_model::DisconnectKind;

use crate::attempt::Attempt;
use crate::auth::{Failure, Login};
use crate::client::{Client, EndNote, Greeting, Refusal};
use crate::connection::{Connection, Ended, Made};
use crate::error::Error;
use crate::event::{Observer, SessionEvent};
use crate::host_key::{Judge, Pin};
use crate::options::{AuthOptions, Endpoint, HostKeyOptions, SessionOptions};
use crate::pacer::Turn;
use crate::proxy_command::ProxyCommand;
use crate::stream::{Bytes, Ending, Watched};
use crate::tcp::{self, Failed};
use crate::terms::{self, LARGE_PACKET, SMALL_PACKET};

/// Makes the connections of one session.
pub(crate) struct Dialler {
    pub(crate) options: SessionOptions,
    pub(crate) observer: Observer,
    /// The keys of the first connection: one for each jump host, then the target's.
    pins: Vec<Pin>,
    /// The address of the first connection: the target's, or that of the first jump host.
    first_address: Mutex<Option<SocketAddr>>,
    epochs: AtomicU64,
    packet: AtomicU32,
}

/// One end on the way: a jump host or the target.
struct Leg<'a> {
    endpoint: &'a Endpoint,
    auth: &'a AuthOptions,
    host_keys: &'a HostKeyOptions,
    pin: &'a Pin,
}

/// What carries a leg's bytes.
struct Line {
    bytes: Box<dyn Bytes>,
    /// What its orderly end means.
    end_of_file: DisconnectKind,
}

/// What a leg's handshake has under way.
struct Shaken<'a> {
    attempt: &'a Attempt,
    ending: Arc<Ending>,
    beneath: Option<Connection>,
    epoch: u64,
}

impl Dialler {
    pub(crate) fn new(options: SessionOptions, observer: Observer) -> Self {
        let legs = options.way.jumps.len().saturating_add(1);
        let pins = std::iter::repeat_with(Pin::default).take(legs).collect();
        Self {
            options,
            observer,
            pins,
            first_address: Mutex::default(),
            epochs: AtomicU64::new(0),
            packet: AtomicU32::new(LARGE_PACKET),
        }
    }

    /// Halves the packets of the connections to come.
    pub(crate) fn smaller_packets(&self) {
        let half = self.packet.load(Ordering::Relaxed) / 2;
        self.packet.store(half.max(SMALL_PACKET), Ordering::Relaxed);
    }

    /// Packets are of the usual size again.
    pub(crate) fn usual_packets(&self) {
        self.packet.store(LARGE_PACKET, Ordering::Relaxed);
    }

    /// Makes one attempt.
    pub(crate) async fn dial(&self, attempt: &Attempt) -> Result<Connection, Error> {
        let epoch = self
            .epochs
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        let mut beneath = None;
        for leg in self.legs() {
            let shaken = Shaken {
                attempt,
                ending: attempt.begin_leg(),
                beneath: beneath.take(),
                epoch,
            };
            beneath = Some(self.leg(&leg, shaken).await?);
        }
        beneath.ok_or(Error::Closed)
    }

    /// Whether nobody has logged in to the host yet: until then a refusal is not worth another attempt.
    pub(crate) fn is_new(&self) -> bool {
        self.pins.last().is_none_or(|pin| pin.get().is_none())
    }

    fn legs(&self) -> Vec<Leg<'_>> {
        let options = &self.options;
        let jumps = options.way.jumps.iter();
        let jumps = jumps.map(|hop| (&hop.endpoint, &hop.auth, &hop.host_keys));
        jumps
            .chain([(&options.way.target, &options.auth, &options.host_keys)])
            .zip(&self.pins)
            .map(|((endpoint, auth, host_keys), pin)| Leg {
                endpoint,
                auth,
                host_keys,
                pin,
            })
            .collect()
    }

    fn warn(&self, warnings: Vec<String>) {
        for warning in warnings {
            (self.observer)(SessionEvent::Warning(warning));
        }
    }

    async fn leg(&self, leg: &Leg<'_>, shaken: Shaken<'_>) -> Result<Connection, Error> {
        let (pin, patience) = (leg.pin.clone(), Arc::clone(&shaken.attempt.patience));
        let judge = Judge::new(leg.endpoint, leg.host_keys, pin, patience)?;
        if leg.pin.get().is_none() {
            self.warn(judge.warnings().to_vec());
        }
        let ending = Arc::clone(&shaken.ending);
        let _turns = self.turns(leg, &shaken).await;
        let line = self.line(leg, &shaken).await?;
        let connection = self.shake(leg, line, judge, shaken).await;
        if let Err(Error::NotReached { .. }) = &connection
            && ending.answered()
        {
            self.options.pacer.ended_early(&leg.endpoint.place());
        }
        connection
    }

    /// Waits for leave to make the handshake: of the jump host that it goes through, and of its own address.
    async fn turns(&self, leg: &Leg<'_>, shaken: &Shaken<'_>) -> (Option<Turn>, Turn) {
        let _wait = shaken.attempt.patience.wait();
        let through = match &shaken.beneath {
            Some(jump) => {
                let through = format!("through {}", jump.place());
                Some(self.options.pacer.turn(&through).await)
            }
            None => None,
        };
        (
            through,
            self.options.pacer.turn(&leg.endpoint.place()).await,
        )
    }

    /// Gets the bytes to flow: through the jump host, a proxy command, or a socket.
    async fn line(&self, leg: &Leg<'_>, shaken: &Shaken<'_>) -> Result<Line, Error> {
        if let Some(jump) = &shaken.beneath {
            let through = jump.through(&leg.endpoint.address, leg.endpoint.port).await;
            let stream = through.map_err(|kind| not_reached(leg.endpoint, kind))?;
            shaken.attempt.connected();
            return Ok(Line {
                bytes: Box::new(stream),
                end_of_file: DisconnectKind::Closed,
            });
        }
        if let Some(command) = &self.options.way.proxy_command {
            let command = ProxyCommand::start(command, leg.endpoint)
                .map_err(|error| Error::ProxyCommand(Arc::new(error)))?;
            shaken.attempt.connected();
            return Ok(Line {
                bytes: Box::new(command),
                end_of_file: DisconnectKind::Proxy,
            });
        }
        let stream = self.socket(leg.endpoint, shaken.attempt).await;
        let stream = stream.map_err(|failed| Error::NotReached {
            address: leg.endpoint.to_string(),
            kind: failed.kind,
            source: failed.source.map(Arc::new),
        })?;
        shaken.attempt.connected();
        Ok(Line {
            bytes: Box::new(stream),
            end_of_file: DisconnectKind::Closed,
        })
    }

    /// A socket: to the first connection's address, then to whatever the name says now.
    async fn socket(&self, to: &Endpoint, attempt: &Attempt) -> Result<TcpStream, Failed> {
        let options = tcp::Options {
            user_timeout: !self.options.keepalive_interval.is_zero(),
        };
        let first = *self
            .first_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut tried = None;
        if let Some(first) = first.filter(|_| !attempt.looks_elsewhere()) {
            match tcp::connect(&[first], options).await {
                Ok((stream, _)) => return Ok(stream),
                Err(failed) => tried = Some((first, failed)),
            }
        }
        let mut addresses = tcp::resolve(&to.address, to.port).await?;
        if let Some((first, failed)) = tried {
            addresses.retain(|address| *address != first);
            if addresses.is_empty() {
                return Err(failed);
            }
        }
        let (stream, address) = tcp::connect(&addresses, options).await?;
        let mut first = self
            .first_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(address);
        Ok(stream)
    }

    /// Handshake and login.
    async fn shake(
        &self,
        leg: &Leg<'_>,
        line: Line,
        judge: Judge,
        shaken: Shaken<'_>,
    ) -> Result<Connection, Error> {
        let packet = self.packet.load(Ordering::Relaxed);
        let config = terms::config(&self.options, &judge, packet);
        let (judge, ending) = (Arc::new(judge), Arc::clone(&shaken.ending));
        let (stream, lifeline) = Watched::new(line.bytes, Arc::clone(&ending), line.end_of_file);
        let (tell, told) = watch::channel(None);
        let (refusal, greeting) = <(Refusal, Greeting)>::default();
        let client = Client {
            judge: Arc::clone(&judge),
            refusal: Arc::clone(&refusal),
            agent: leg.auth.agent.clone().filter(|_| leg.auth.forward_agent),
            greeting: Arc::clone(&greeting),
            end: EndNote {
                ending: Arc::clone(&ending),
                beneath: shaken.beneath.as_ref().map(Connection::ended),
                tell,
            },
        };
        let connected = client::connect_stream(Arc::new(config), stream, client).await;
        let mut handle = connected.map_err(|error| {
            ending.note(crate::client::kind_of(&error));
            let refused = refusal
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            refused.map_or_else(|| early(leg.endpoint, &ending), Error::HostKey)
        })?;
        self.warn(log_in(leg, &mut handle, shaken.attempt, &ending).await?);
        judge.settle();
        let made = Made {
            epoch: shaken.epoch,
            place: leg.endpoint.place(),
            server_version: greeting.get().cloned().unwrap_or_default(),
            forward_agent: leg.auth.forward_agent,
            packet: usize::try_from(packet).unwrap_or(usize::MAX),
            ended: Ended { ending, told },
            beneath: shaken.beneath,
        };
        Ok(Connection::new(handle, made, lifeline))
    }
}

async fn log_in(
    leg: &Leg<'_>,
    handle: &mut Handle<Client>,
    attempt: &Attempt,
    ending: &Ending,
) -> Result<Vec<String>, Error> {
    let login = Login::new(handle, leg.endpoint, leg.auth, &attempt.patience);
    login.log_in().await.map_err(|failure| match failure {
        Failure::Refused(refused) => Error::Authentication(refused),
        Failure::Lost(so_far) if ending.kind() == Some(DisconnectKind::Authentication) => {
            Error::Authentication(so_far)
        }
        Failure::Lost(_) => early(leg.endpoint, ending),
    })
}

/// The failure of a connection that ended before somebody was logged in.
fn early(endpoint: &Endpoint, ending: &Ending) -> Error {
    let kind = match ending.kind() {
        Some(DisconnectKind::Closed) => DisconnectKind::ClosedBeforeAuthentication,
        Some(DisconnectKind::Reset) if ending.answered() => {
            DisconnectKind::ClosedBeforeAuthentication
        }
        Some(kind) => kind,
        None => DisconnectKind::Protocol,
    };
    not_reached(endpoint, kind)
}

fn not_reached(endpoint: &Endpoint, kind: DisconnectKind) -> Error {
    Error::NotReached {
        address: endpoint.to_string(),
        kind,
        source: None,
    }
}
