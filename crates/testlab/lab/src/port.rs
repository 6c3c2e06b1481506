//! A loopback port that stays ours while nobody listens on it.
//!
//! A socket is bound to it and never listens: the kernel gives the port to nobody else, and a daemon that sets
//! `SO_REUSEADDR` (as OpenSSH and dropbear do) may listen on it, stop, and listen again.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Socket, Type};

#[derive(Debug)]
pub(crate) struct HeldPort {
    _socket: Socket,
    port: u16,
}

impl HeldPort {
    pub(crate) fn any(ip: IpAddr) -> io::Result<Self> {
        let address = SocketAddr::new(ip, 0);
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        let bound = socket
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self {
            _socket: socket,
            port: bound.port(),
        })
    }

    pub(crate) const fn number(&self) -> u16 {
        self.port
    }
}
