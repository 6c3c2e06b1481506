//! Whether bytes written to a socket have reached the other side's kernel.
//!
//! A reset throws away what the kernel has not sent yet; a cut after exactly n bytes has to wait for them.
//! On Linux the answer is read from /proc/net/tcp; elsewhere a pause has to do.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(2);
const UNKNOWN_PAUSE: Duration = Duration::from_millis(50);
/// A receiver that does not read may keep bytes waiting for ever.
const TRIES: usize = 1500;

/// Waits until nothing written from `local` to `peer` is on its way, at most a few seconds.
pub(crate) async fn delivered(local: SocketAddr, peer: SocketAddr) {
    for _ in 0..TRIES {
        match waiting(local, peer) {
            Some(0) => return,
            Some(_) => sleep(PAUSE).await,
            None => return sleep(UNKNOWN_PAUSE).await,
        }
    }
}

fn waiting(local: SocketAddr, peer: SocketAddr) -> Option<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let (local, peer) = (hex(local)?, hex(peer)?);
    table.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        if words.next()? != local || words.next()? != peer {
            return None;
        }
        let (send, _receive) = words.nth(1)?.split_once(':')?;
        u64::from_str_radix(send, 16).ok()
    })
}

fn hex(address: SocketAddr) -> Option<String> {
    let IpAddr::V4(ip) = address.ip() else {
        return None;
    };
    Some(format!(
        "{:08X}:{:04X}",
        u32::from_ne_bytes(ip.octets()),
        address.port()
    ))
}
