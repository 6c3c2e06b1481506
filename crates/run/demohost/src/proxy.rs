//! A TCP proxy between a client and a host, whose faults can be changed while it runs.
//!
//! It runs on a thread of its own, so that a caller that blocks does not stall it; every method returns when its
//! effect is there. Cuts are exact: "after n bytes" passes n bytes of that direction, not one more or less.
//! It listens on loopback only. It does not know SSH.

mod allowance;
mod delivered;
mod door;
mod link;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::allowance::Allowance;
use self::door::{Door, Order};
use crate::error::Error;
use crate::fault::{Both, Cut, CutAfter, Direction, Faults, Freeze, Gate};

/// How long a method waits for its effect before it gives up on a proxy that does not answer.
const EFFECT: Duration = Duration::from_secs(5);

/// A running proxy; it ends, with all its connections, when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    orders: Option<mpsc::UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// What the proxy's connections and its handle both look at.
#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    faults: watch::Sender<Faults>,
    allowance: Allowance,
    generation: AtomicU64,
    passed: Both<AtomicU64>,
    cuts: AtomicU64,
    next: AtomicU64,
    /// Numbers of the connections that still pass bytes.
    live: Mutex<BTreeSet<u64>>,
    changed: Condvar,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 and carries every connection to `target`.
    pub fn start(target: SocketAddr) -> Result<Self, Error> {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST), target)
    }

    /// The same, on another loopback address.
    pub fn start_at(ip: IpAddr, target: SocketAddr) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let door = Door::open(SocketAddr::new(ip, 0))?;
        let address = door.address();
        let shared = Arc::new(Shared::new(target));
        let (orders, receiver) = mpsc::unbounded_channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || runtime.block_on(door::serve(door, for_thread, receiver)))?;
        Ok(Self {
            address,
            shared,
            orders: Some(orders),
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

    /// Delays every byte by so much, each way.
    pub fn latency(&self, each_way: Duration) {
        self.change(|faults| faults.latency = Both::of(each_way, each_way));
    }

    /// Lets at most so many bytes a second pass in a direction of each connection; `None` lifts it.
    pub fn throttle(&self, direction: Direction, bytes_a_second: Option<u64>) {
        self.change(|faults| *faults.throttle.get_mut(direction) = bytes_a_second);
    }

    /// Cuts connections after so many bytes of a direction.
    pub fn cut_after(&self, direction: Direction, after: CutAfter, cut: Cut) {
        self.shared
            .allowance
            .set(direction, self.generation(), Some((after, cut)));
    }

    /// Takes back [`Proxy::cut_after`].
    pub fn no_cut_after(&self, direction: Direction) {
        self.shared
            .allowance
            .set(direction, self.generation(), None);
    }

    /// Ends all connections there are; new ones are carried.
    pub fn cut_now(&self, cut: Cut) {
        let next = self.shared.next.load(Ordering::SeqCst);
        self.change(|faults| faults.cut_below = (next, cut));
        self.shared
            .wait_live(|live| live.first().is_none_or(|number| *number >= next));
    }

    /// The path goes silent: connections there are swallow every byte for good, new ones are accepted and never
    /// hear one. [`Proxy::heal`] ends it for connections made afterwards.
    pub fn black_hole(&self) {
        self.gate(Gate::Silent);
        self.cut_now(Cut::BlackHole);
    }

    /// The same, but a new connection does not even get an answer to its SYN (on Linux).
    pub fn black_hole_unanswered(&self) {
        self.gate(Gate::Unanswered);
        self.cut_now(Cut::BlackHole);
    }

    /// Connections made from now on are carried again.
    pub fn heal(&self) {
        self.gate(Gate::Open);
    }

    /// Refuses new connections; those there are go on. [`Proxy::heal`] ends it.
    pub fn refuse(&self) {
        self.gate(Gate::Refuse(None));
    }

    /// Refuses new connections for so long, then listens again on the same port.
    pub fn refuse_for(&self, time: Duration) {
        self.gate(Gate::Refuse(Some(Instant::now() + time)));
    }

    /// Holds all bytes; [`Proxy::thaw`] delivers them.
    pub fn freeze(&self) {
        self.change(|faults| faults.freeze = Freeze::ForGood);
    }

    /// Holds all bytes for so long, then delivers them.
    pub fn freeze_for(&self, time: Duration) {
        self.change(|faults| faults.freeze = Freeze::Until(Instant::now() + time));
    }

    /// Delivers what was held.
    pub fn thaw(&self) {
        self.change(|faults| faults.freeze = Freeze::Not);
    }

    /// Ends a connection after so long without a byte in either direction; `None` lifts it.
    pub fn idle_cut_off(&self, setting: Option<(Duration, Cut)>) {
        self.change(|faults| faults.idle = setting);
    }

    /// Bytes that passed in a direction, over all connections.
    pub fn passed(&self, direction: Direction) -> u64 {
        self.shared.passed.get(direction).load(Ordering::SeqCst)
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.next.load(Ordering::SeqCst)
    }

    /// Connections that pass bytes now.
    pub fn live(&self) -> usize {
        self.shared.lock_live().len()
    }

    /// Connections ended by a fault so far.
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    fn generation(&self) -> u64 {
        self.shared
            .generation
            .fetch_add(1, Ordering::SeqCst)
            .saturating_add(1)
    }

    fn change(&self, change: impl FnOnce(&mut Faults)) {
        self.shared.faults.send_modify(change);
    }

    fn gate(&self, gate: Gate) {
        let (done, wait) = std::sync::mpsc::channel();
        let sent = self
            .orders
            .as_ref()
            .is_some_and(|orders| orders.send(Order { gate, done }).is_ok());
        if !sent || wait.recv_timeout(EFFECT).is_err() {
            tracing::warn!(?gate, "proxy did not change its gate");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("proxy thread panicked");
        }
    }
}

impl Shared {
    fn new(target: SocketAddr) -> Self {
        Self {
            target,
            faults: watch::Sender::new(Faults::default()),
            allowance: Allowance::default(),
            generation: AtomicU64::new(0),
            passed: Both::default(),
            cuts: AtomicU64::new(0),
            next: AtomicU64::new(0),
            live: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock_live(&self) -> std::sync::MutexGuard<'_, BTreeSet<u64>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_live(&self, reached: impl Fn(&BTreeSet<u64>) -> bool) {
        let wait = self
            .changed
            .wait_timeout_while(self.lock_live(), EFFECT, |live| !reached(live));
        if wait.is_ok_and(|(_live, timeout)| timeout.timed_out()) {
            tracing::warn!("proxy did not end its connections");
        }
    }
}
