//! One connection through the proxy: bytes both ways, under the faults of the moment.
//!
//! Each direction is a reader and a writer with a short queue between them; latency is the time a piece waits there.
//! The writer counts and cuts, so that a byte counts when it is handed on.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::Shared;
use super::allowance::Share;
use super::delivered::delivered;
use crate::fault::{Cut, Direction, Faults, Freeze};

const PIECE: usize = 16 * 1024;
const QUEUE: usize = 64;
/// How long a side may take to answer a FIN with its own.
const LINGER: Duration = Duration::from_secs(10);

/// Why a connection stops being carried.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Both sides have said all they had to say.
    Closed,
    /// One side was reset; the other is told so.
    Broken,
    /// A fault.
    Cut(Cut),
}

/// A part of what one side said.
enum Piece {
    Bytes(Vec<u8>),
    Closed,
    Broken,
}

/// What the two directions of a connection know of each other.
struct Link<'a> {
    shared: &'a Shared,
    faults: watch::Receiver<Faults>,
    last_byte: Mutex<Instant>,
    client: Side,
    host: Side,
}

/// How one side stands.
#[derive(Default)]
struct Side {
    /// Writing to it failed.
    broken: AtomicBool,
    /// It has said all it had to say.
    said_all: AtomicBool,
}

/// Keeps a connection listed as live.
struct Live<'a> {
    shared: &'a Shared,
    number: u64,
}

/// Carries one client until one side or a fault ends it.
pub(super) async fn carry(shared: Arc<Shared>, mut client: TcpStream, number: u64, silent: bool) {
    if silent {
        return swallow(client).await;
    }
    let live = Live::new(&shared, number);
    let mut faults = shared.faults.subscribe();
    wait_thawed(&mut faults).await;
    let Ok(mut host) = TcpStream::connect(shared.target).await else {
        return reset(&client);
    };
    client.set_nodelay(true).ok();
    host.set_nodelay(true).ok();
    let end = Link::new(&shared, faults)
        .run(&mut client, &mut host, number)
        .await;
    if let End::Cut(_) = end {
        shared.cuts.fetch_add(1, Ordering::SeqCst);
    }
    close(end, client, host, live).await;
}

/// Ends both sides as `end` says; the connection is live until they have been told.
async fn close(end: End, mut client: TcpStream, mut host: TcpStream, live: Live<'_>) {
    match end {
        End::Closed => {}
        End::Broken | End::Cut(Cut::Reset) => {
            reset(&client);
            reset(&host);
        }
        End::Cut(Cut::Finish) => {
            // A side that is gone already needs no FIN.
            tokio::join!(client.shutdown(), host.shutdown()).0.ok();
            drop(live);
            let both = async { tokio::join!(swallow(client), swallow(host)) };
            timeout(LINGER, both).await.ok();
        }
        End::Cut(Cut::BlackHole) => {
            drop(live);
            tokio::join!(swallow(client), swallow(host));
        }
    }
}

impl<'a> Link<'a> {
    fn new(shared: &'a Shared, faults: watch::Receiver<Faults>) -> Self {
        let last_byte = Mutex::new(Instant::now());
        Self {
            shared,
            faults,
            last_byte,
            client: Side::default(),
            host: Side::default(),
        }
    }

    async fn run(&self, client: &mut TcpStream, host: &mut TcpStream, number: u64) -> End {
        let (from_client, to_client) = client.split();
        let (from_host, to_host) = host.split();
        let both = async {
            let up = self.direction(Direction::ToHost, from_client, to_host);
            let down = self.direction(Direction::ToClient, from_host, to_client);
            match tokio::try_join!(up, down) {
                Ok(_) => End::Closed,
                Err(end) => end,
            }
        };
        tokio::select! {
            biased;
            cut = self.told_to_end(number) => End::Cut(cut),
            end = both => end,
            cut = self.idle() => End::Cut(cut),
        }
    }

    async fn direction(
        &self,
        direction: Direction,
        from: ReadHalf<'_>,
        to: WriteHalf<'_>,
    ) -> Result<(), End> {
        let (queue, pieces) = mpsc::channel(QUEUE);
        let read = async {
            self.read(direction, from, queue).await;
            Ok(())
        };
        tokio::try_join!(read, self.write(direction, to, pieces)).map(|_| ())
    }

    async fn read(
        &self,
        direction: Direction,
        mut from: ReadHalf<'_>,
        queue: mpsc::Sender<(Instant, Piece)>,
    ) {
        let mut faults = self.faults.clone();
        loop {
            wait_thawed(&mut faults).await;
            let mut bytes = vec![0; PIECE];
            let piece = match from.read(&mut bytes).await {
                Ok(0) if self.from(direction).broken.load(Ordering::SeqCst) => Piece::Broken,
                Ok(0) => {
                    self.from(direction).said_all.store(true, Ordering::SeqCst);
                    Piece::Closed
                }
                Ok(count) => {
                    bytes.truncate(count);
                    self.touch();
                    Piece::Bytes(bytes)
                }
                Err(_) => Piece::Broken,
            };
            let latency = *faults.borrow().latency.get(direction);
            let last = !matches!(piece, Piece::Bytes(_));
            if queue.send((Instant::now() + latency, piece)).await.is_err() || last {
                return;
            }
        }
    }

    async fn write(
        &self,
        direction: Direction,
        mut to: WriteHalf<'_>,
        mut pieces: mpsc::Receiver<(Instant, Piece)>,
    ) -> Result<(), End> {
        let mut faults = self.faults.clone();
        let mut share = Share::default();
        while let Some((due, piece)) = pieces.recv().await {
            sleep_until(due).await;
            wait_thawed(&mut faults).await;
            match piece {
                Piece::Bytes(bytes) => self.pass(direction, &mut to, &bytes, &mut share).await?,
                Piece::Broken => return Err(End::Broken),
                Piece::Closed => {
                    // A side that is gone already needs no FIN.
                    to.shutdown().await.ok();
                }
            }
        }
        Ok(())
    }

    /// Hands on as many of the bytes as may pass, in slices small enough for the throttle to be even.
    async fn pass(
        &self,
        direction: Direction,
        to: &mut WriteHalf<'_>,
        mut bytes: &[u8],
        share: &mut Share,
    ) -> Result<(), End> {
        while !bytes.is_empty() {
            let throttle = *self.faults.borrow().throttle.get(direction);
            let most = throttle.map_or(usize::MAX, |rate| {
                usize::try_from(rate / 20).unwrap_or(1).max(1)
            });
            let grant = self
                .shared
                .allowance
                .take(direction, share, bytes.len().min(most));
            let (now, later) = bytes.split_at_checked(grant.bytes).unwrap_or((bytes, &[]));
            bytes = later;
            if to.write_all(now).await.is_err() {
                let side = self.from(opposite(direction));
                side.broken.store(true, Ordering::SeqCst);
                // What that side said before still arrives; its reader then sees the end.
                let said_all = side.said_all.load(Ordering::SeqCst);
                return if said_all { Err(End::Broken) } else { Ok(()) };
            }
            self.shared
                .passed
                .get(direction)
                .fetch_add(now.len() as u64, Ordering::SeqCst);
            self.touch();
            if let Some(cut) = grant.cut {
                settle(to, cut).await;
                return Err(End::Cut(cut));
            }
            if let Some(rate) = throttle {
                tokio::time::sleep(time_for(now.len(), rate)).await;
            }
        }
        Ok(())
    }

    /// The side that a direction comes from.
    const fn from(&self, direction: Direction) -> &Side {
        match direction {
            Direction::ToHost => &self.client,
            Direction::ToClient => &self.host,
        }
    }

    fn touch(&self) {
        *self
            .last_byte
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    async fn told_to_end(&self, number: u64) -> Cut {
        let mut faults = self.faults.clone();
        let told = faults.wait_for(|faults| number < faults.cut_below.0).await;
        let cut = told.ok().map(|faults| faults.cut_below.1);
        match cut {
            Some(cut) => cut,
            None => pending().await,
        }
    }

    async fn idle(&self) -> Cut {
        let mut faults = self.faults.clone();
        loop {
            let setting = faults.borrow_and_update().idle;
            let last = *self
                .last_byte
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            match setting {
                Some((limit, cut)) if last.elapsed() >= limit => return cut,
                Some((limit, _)) => {
                    tokio::select! {
                        () = sleep_until(last + limit) => {}
                        _ = faults.changed() => {}
                    }
                }
                None => {
                    if faults.changed().await.is_err() {
                        return pending().await;
                    }
                }
            }
        }
    }
}

impl<'a> Live<'a> {
    fn new(shared: &'a Shared, number: u64) -> Self {
        shared.lock_live().insert(number);
        Self { shared, number }
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.shared.lock_live().remove(&self.number);
        self.shared.changed.notify_all();
    }
}

const fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::ToHost => Direction::ToClient,
        Direction::ToClient => Direction::ToHost,
    }
}

async fn wait_thawed(faults: &mut watch::Receiver<Faults>) {
    loop {
        let freeze = faults.borrow_and_update().freeze;
        match freeze {
            Freeze::Not => return,
            Freeze::Until(time) if time <= Instant::now() => return,
            Freeze::Until(time) => {
                tokio::select! {
                    () = sleep_until(time) => {}
                    _ = faults.changed() => {}
                }
            }
            Freeze::ForGood => {
                if faults.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Lets the bytes before a cut arrive, where the cut would throw them away.
async fn settle(to: &WriteHalf<'_>, cut: Cut) {
    if cut == Cut::Reset
        && let (Ok(local), Ok(peer)) = (to.local_addr(), to.peer_addr())
    {
        delivered(SocketAddr::new(local.ip(), local.port()), peer).await;
    }
}

fn time_for(bytes: usize, rate: u64) -> Duration {
    let nanos = (bytes as u64)
        .saturating_mul(1_000_000_000)
        .checked_div(rate);
    nanos.map_or(Duration::MAX, Duration::from_nanos)
}

/// Makes the close of a socket a RST.
fn reset(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).ok();
}

/// Reads on until the other side closes: a close with unread bytes would be a RST.
async fn swallow(mut stream: TcpStream) {
    let mut bytes = vec![0; PIECE];
    while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}
