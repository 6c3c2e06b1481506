//! Where new connections come in: listening, silent, unanswered or refusing, always on the same port.
//!
//! A second socket is bound to the port without listening, so that the port stays ours while nobody listens.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Shared, link};
use crate::fault::Gate;

const BACKLOG: i32 = 1024;
/// Connections made to fill the queue of a door that must not answer, and how long each may take.
const FILLERS: usize = 4;
const FILLER_WAIT: Duration = Duration::from_millis(150);

/// A change of the gate, and where to say that it is done.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) gate: Gate,
    pub(super) done: std::sync::mpsc::Sender<()>,
}

/// The listening side of a proxy.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    /// Bound, never listening.
    _held: Socket,
    gate: Gate,
    /// Made by [`Door::open`], before there is a runtime to register it with.
    waiting: Option<std::net::TcpListener>,
    listener: Option<TcpListener>,
    fillers: Vec<TcpStream>,
}

impl Door {
    pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
        let held = bound(address)?;
        let address = held
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let waiting = Some(listening(address, BACKLOG)?);
        let gate = Gate::Open;
        Ok(Self {
            address,
            _held: held,
            gate,
            waiting,
            listener: None,
            fillers: Vec::new(),
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    async fn set(&mut self, gate: Gate) -> io::Result<()> {
        let listens = self.listener.is_some() && self.gate != Gate::Unanswered;
        self.gate = gate;
        if listens && matches!(gate, Gate::Open | Gate::Silent) {
            return Ok(());
        }
        self.listener = None;
        self.fillers.clear();
        match gate {
            Gate::Open | Gate::Silent => self.listen(BACKLOG),
            Gate::Refuse(_) => Ok(()),
            Gate::Unanswered => {
                self.listen(0)?;
                self.fill().await;
                Ok(())
            }
        }
    }

    fn listen(&mut self, backlog: i32) -> io::Result<()> {
        let listener = match self.waiting.take() {
            Some(waiting) => waiting,
            None => listening(self.address, backlog)?,
        };
        self.listener = Some(TcpListener::from_std(listener)?);
        Ok(())
    }

    async fn fill(&mut self) {
        for _ in 0..FILLERS {
            match timeout(FILLER_WAIT, TcpStream::connect(self.address)).await {
                Ok(Ok(filler)) => self.fillers.push(filler),
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    /// The next client; never returns while the door is closed.
    async fn accept(&self) -> TcpStream {
        let (Some(listener), Gate::Open | Gate::Silent) = (&self.listener, self.gate) else {
            return std::future::pending().await;
        };
        loop {
            match listener.accept().await {
                Ok((client, _)) => return client,
                // Out of descriptors, or the client is gone already.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn refused_long_enough(&self) {
        match self.gate {
            Gate::Refuse(Some(until)) => sleep_until(until).await,
            _ => std::future::pending().await,
        }
    }
}

/// Takes connections until the order channel closes; all connections end with it.
pub(super) async fn serve(
    mut door: Door,
    shared: Arc<Shared>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut links = JoinSet::new();
    turn(&mut door, Gate::Open).await;
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(order) => {
                    turn(&mut door, order.gate).await;
                    // The caller may have stopped waiting.
                    order.done.send(()).ok();
                }
                None => return,
            },
            () = door.refused_long_enough() => turn(&mut door, Gate::Open).await,
            client = door.accept() => {
                let number = shared.next.fetch_add(1, Ordering::SeqCst);
                let silent = door.gate == Gate::Silent;
                links.spawn(link::carry(Arc::clone(&shared), client, number, silent));
            }
            Some(_) = links.join_next(), if !links.is_empty() => {}
        }
    }
}

/// Sets the gate; a port that cannot be listened on is tried again a little later.
async fn turn(door: &mut Door, gate: Gate) {
    if let Err(error) = door.set(gate).await {
        tracing::warn!(%error, ?gate, "proxy cannot listen; tries again");
        door.gate = match gate {
            Gate::Open | Gate::Silent => {
                Gate::Refuse(Some(Instant::now() + Duration::from_millis(50)))
            }
            other => other,
        };
    }
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    // Elsewhere two sockets on one port need this as well.
    #[cfg(not(target_os = "linux"))]
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn listening(address: SocketAddr, backlog: i32) -> io::Result<std::net::TcpListener> {
    let socket = bound(address)?;
    socket.listen(backlog)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
