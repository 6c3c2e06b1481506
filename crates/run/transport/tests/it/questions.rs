//! What a person is asked, and what does not happen meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use windlass_lab::Sshd;
use windlass_transport::{Attention, HostKeyOptions, HostKeyQuestion, SessionOptions};

use crate::support::{LONG, open, options};

/// A host whose key no file knows, and how often it was asked about. The answer takes longer than a host may take.
fn unknown(sshd: &Sshd, file: std::path::PathBuf) -> (SessionOptions, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let question = HostKeyQuestion::new(&Attention::default(), move |_, kind, fingerprint| {
        count.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_secs(11));
        kind.starts_with("ssh-") && fingerprint.starts_with("SHA256:")
    });
    let options = SessionOptions {
        host_keys: HostKeyOptions {
            ask: Some(question),
            ..HostKeyOptions::strict(vec![file])
        },
        connect_for: Duration::from_secs(10),
        ..options(sshd, sshd.address())
    };
    (options, asked)
}

#[tokio::test]
async fn a_key_that_two_sessions_show_is_asked_about_once_and_in_its_own_time() {
    let sshd = Sshd::start_plain().unwrap();
    let (options, asked) = unknown(&sshd, sshd.dir().join("accepted"));
    let both = async { tokio::join!(open(options.clone()), open(options.clone())) };
    let (one, two) = timeout(LONG, both).await.unwrap();
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
