//! A TCP socket of our own, with everything set before the first byte.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::TcpStream;

/// How long one SYN is waited for.
const CONNECT: Duration = Duration::from_secs(10);
/// TCP's own patience with data that is not acknowledged.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// A socket with everything set before the first byte.
pub(crate) async fn connect(address: SocketAddr, keepalive: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_keepalive(true)?;
    if !keepalive.is_zero() {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    }
    match socket.connect(&address.into()) {
        Ok(()) => {}
        // EINPROGRESS, as it must be on a socket that does not block.
        Err(error)
            if error.kind() == io::ErrorKind::WouldBlock
                || error.raw_os_error() == Some(EINPROGRESS) => {}
        Err(error) => return Err(error),
    }
    let stream = TcpStream::from_std(socket.into())?;
    match tokio::time::timeout(CONNECT, stream.writable()).await {
        Ok(ready) => ready?,
        Err(_) => return Err(io::ErrorKind::TimedOut.into()),
    }
    match SockRef::from(&stream).take_error()? {
        Some(error) => Err(error),
        None => Ok(stream),
    }
}

/// "Operation now in progress" on Linux and on macOS.
#[cfg(target_os = "linux")]
const EINPROGRESS: i32 = 115;
#[cfg(not(target_os = "linux"))]
const EINPROGRESS: i32 = 36;
