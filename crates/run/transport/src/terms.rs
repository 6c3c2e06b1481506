//! What we propose to a server: algorithms, sizes, probes.

use std::borrow::Cow;

use russh::client::Config;
use russh::keys::Algorithm;
use russh::{Preferred, SshId, cipher};

use crate::host_key::Judge;
use crate::options::SessionOptions;

/// The largest packets to be sent to us, as most clients have them.
pub(crate) const LARGE_PACKET: u32 = 32 * 1024;
/// The same on a path that is cut so often that large ones do not get through.
pub(crate) const SMALL_PACKET: u32 = 2 * 1024;

/// aes-gcm first: about twice as fast as chacha20 where the processor helps, and safe without strict key exchange.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

/// The library's configuration for one connection.
pub(crate) fn config(options: &SessionOptions, judge: &Judge, packet: u32) -> Config {
    let interval = options.keepalive_interval;
    let probes = !interval.is_zero();
    // Never zero, which the library takes as "never give up".
    let count = options.keepalive_count.get();
    // The library's probes stand still while a full send buffer is flushed. This limit does not, and it lies above
    // the moment at which the probes themselves would give up.
    let inactive = interval.saturating_mul(count.saturating_add(2));
    Config {
        client_id: SshId::Standard(Cow::Borrowed(concat!(
            "SSH-2.0-windlass_",
            env!("CARGO_PKG_VERSION")
        ))),
        keepalive_interval: probes.then_some(interval),
        keepalive_max: usize::try_from(count).unwrap_or(usize::MAX),
        inactivity_timeout: probes.then_some(inactive),
        maximum_packet_size: packet,
        preferred: preferred(judge),
        ..Config::default()
    }
}

fn preferred(judge: &Judge) -> Preferred {
    let usual = Preferred::default();
    let mut keys: Vec<Algorithm> = Vec::new();
    let known = judge.preferred();
    // Known kinds of keys keep the usual order among each other, so that RSA's old hash stays last.
    let (first, then): (Vec<_>, Vec<_>) = usual
        .key
        .iter()
        .cloned()
        .partition(|usual| known.iter().any(|known| same_kind(known, usual)));
    keys.extend(first);
    keys.extend(then);
    let certificates = if judge.wants_certificates() {
        keys.clone()
    } else {
        Vec::new()
    };
    Preferred {
        key: Cow::Owned(keys),
        host_key_certificates: Cow::Owned(certificates),
        cipher: Cow::Borrowed(CIPHERS),
        ..usual
    }
}

/// Whether keys of one algorithm serve the other: an RSA key serves all of RSA's hashes.
fn same_kind(known: &Algorithm, usual: &Algorithm) -> bool {
    known == usual || (known.clone().is_rsa() && usual.clone().is_rsa())
}
