//! A socket of our own to a host: addresses, options, and which address answers first.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::task::JoinSet;
use windlass_model::DisconnectKind;

/// Data that stays unacknowledged for so long ends the connection.
const USER_TIMEOUT: Duration = Duration::from_secs(30);
/// After so long without an answer the next address is tried as well.
const STAGGER: Duration = Duration::from_millis(300);

/// How a socket is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Whether unacknowledged data ends the connection; not where the user turned keepalive off.
    pub(crate) user_timeout: bool,
}

/// A failure to connect, by its kind.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) kind: DisconnectKind,
    pub(crate) source: Option<io::Error>,
}

impl From<io::Error> for Failed {
    fn from(source: io::Error) -> Self {
        let kind = match crate::stream::kind_of(&source) {
            DisconnectKind::Silence => DisconnectKind::ConnectTimeout,
            DisconnectKind::Protocol => DisconnectKind::NoRoute,
            kind => kind,
        };
        Self {
            kind,
            source: Some(source),
        }
    }
}

/// The addresses of a name.
pub(crate) async fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>, Failed> {
    let unknown = |source| Failed {
        kind: DisconnectKind::UnknownName,
        source,
    };
    let found = lookup_host((name, port)).await;
    let found: Vec<_> = found.map_err(|error| unknown(Some(error)))?.collect();
    if found.is_empty() {
        return Err(unknown(None));
    }
    Ok(found)
}

/// Connects to the first of the addresses that answers.
pub(crate) async fn connect(
    addresses: &[SocketAddr],
    options: Options,
) -> Result<(TcpStream, SocketAddr), Failed> {
    let mut remaining = addresses.iter().copied();
    let mut under_way = JoinSet::new();
    let mut failure = Failed {
        kind: DisconnectKind::UnknownName,
        source: None,
    };
    loop {
        let next = remaining.next();
        if let Some(address) = next {
            under_way.spawn(async move { (connect_one(address, options).await, address) });
        }
        let joined = match next {
            Some(_) => match tokio::time::timeout(STAGGER, under_way.join_next()).await {
                Ok(joined) => joined,
                Err(_) => continue,
            },
            None => under_way.join_next().await,
        };
        match joined {
            Some(Ok((Ok(stream), address))) => return Ok((stream, address)),
            Some(Ok((Err(error), _))) => failure = error.into(),
            Some(Err(error)) => failure = io::Error::other(error).into(),
            None if next.is_none() => return Err(failure),
            None => {}
        }
    }
}

async fn connect_one(address: SocketAddr, options: Options) -> io::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_keepalive(true)?;
    #[cfg(target_os = "linux")]
    if options.user_timeout {
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    }
    TcpSocket::from_std_stream(socket.into())
        .connect(address)
        .await
}
