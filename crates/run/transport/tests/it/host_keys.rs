//! Whose key is trusted, and what is written down of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use windlass_lab::Sshd;
use windlass_model::settings::HostKeyPolicy;
use windlass_transport::{Error, HostKeyError, HostKeyOptions, HostKeyQuestion, SessionOptions};

use crate::support::{open, options, text};

/// With these files of known hosts and no others.
fn knowing(sshd: &Sshd, host_keys: HostKeyOptions) -> SessionOptions {
    SessionOptions {
        host_keys,
        ..options(sshd, sshd.address())
    }
}

/// An empty file.
fn empty(sshd: &Sshd, name: &str) -> PathBuf {
    let file = sshd.dir().join(name);
    fs::write(&file, "").unwrap();
    file
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[tokio::test]
async fn an_accepted_key_goes_into_the_person_s_file_and_never_into_the_machine_s() {
    let sshd = Sshd::start_plain().unwrap();
    let (own, global) = (empty(&sshd, "own"), empty(&sshd, "global"));
    for files in [vec![], vec![own.clone()]] {
        let host_keys = HostKeyOptions {
            global_files: vec![global.clone()],
            policy: HostKeyPolicy::AcceptNew,
            ..HostKeyOptions::strict(files)
        };
        let (session, _events) = open(knowing(&sshd, host_keys)).await.unwrap();
        assert_eq!(text(&session, "echo in").await, "in\n");
    }
    let place = format!("[127.0.0.1]:{} ", sshd.address().port());
    assert!(read(&own).starts_with(&place), "{}", read(&own));
    assert_eq!(read(&own).lines().count(), 1);
    assert_eq!(read(&global), "");
}

#[tokio::test]
async fn a_key_in_the_machine_s_file_is_known() {
    let sshd = Sshd::start_plain().unwrap();
    let own = empty(&sshd, "own");
    let host_keys = HostKeyOptions {
        global_files: vec![sshd.known_hosts()],
        ..HostKeyOptions::strict(vec![own.clone()])
    };
    let (session, _events) = open(knowing(&sshd, host_keys)).await.unwrap();
    assert_eq!(text(&session, "echo in").await, "in\n");
    assert_eq!(read(&own), "");
}

/// The sshd's host keys, each as a line under this name.
fn lines(sshd: &Sshd, name: &str) -> String {
    let line = |key| format!("{name} {key}\n");
    sshd.host_keys().unwrap().into_iter().map(line).collect()
}

/// How the host is refused with known hosts of this content; it must be.
async fn refused(sshd: &Sshd, known_hosts: &str) -> HostKeyError {
    let file = sshd.dir().join("known");
    fs::write(&file, known_hosts).unwrap();
    let opened = open(knowing(sshd, HostKeyOptions::strict(vec![file]))).await;
    match opened.err().expect("the key should be refused") {
        Error::HostKey(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Whether the host is trusted with known hosts of this content.
async fn is_trusted(sshd: &Sshd, known_hosts: &str) -> bool {
    let file = sshd.dir().join("known");
    fs::write(&file, known_hosts).unwrap();
    let options = knowing(sshd, HostKeyOptions::strict(vec![file]));
    open(options).await.is_ok()
}

#[tokio::test]
async fn the_name_without_the_port_counts_only_where_the_port_has_no_key() {
    let sshd = Sshd::start_plain().unwrap();
    let other = Sshd::start_plain().unwrap();
    let port = format!("[127.0.0.1]:{}", sshd.address().port());
    assert!(is_trusted(&sshd, &lines(&sshd, "127.0.0.1")).await);
    assert!(is_trusted(&sshd, &lines(&sshd, &port)).await);
    let both = lines(&other, &port) + &lines(&sshd, "127.0.0.1");
    let error = refused(&sshd, &both).await;
    assert!(
        matches!(&error, HostKeyError::Changed { host, line: 1, .. } if *host == port),
        "{error:?}"
    );
    let error = refused(&sshd, &lines(&other, "127.0.0.1")).await;
    assert!(matches!(error, HostKeyError::Unknown { .. }), "{error:?}");
}

/// Says yes after so long, and counts how often it was asked.
fn slow_yes(after: Duration) -> (HostKeyQuestion, Arc<AtomicU32>) {
    let asked = Arc::<AtomicU32>::default();
    let count = Arc::clone(&asked);
    let question = HostKeyQuestion::new(move |_, _, _| {
        count.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(after);
        true
    });
    (question, asked)
}

#[tokio::test]
async fn comparing_a_fingerprint_may_take_longer_than_connecting() {
    let sshd = Sshd::start_plain().unwrap();
    let own = empty(&sshd, "own");
    let (question, asked) = slow_yes(Duration::from_secs(13));
    let host_keys = HostKeyOptions {
        ask: Some(question),
        ..HostKeyOptions::strict(vec![own.clone()])
    };
    let options = SessionOptions {
        connect_for: Duration::from_secs(10),
        ..knowing(&sshd, host_keys)
    };
    let (session, _events) = open(options).await.unwrap();
    assert_eq!(text(&session, "echo in").await, "in\n");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(read(&own).lines().count(), 1);
}

#[tokio::test]
async fn one_yes_is_enough_also_where_the_server_hung_up_before_it_came() {
    let sshd = Sshd::builder().config("LoginGraceTime 3").start().unwrap();
    let (question, asked) = slow_yes(Duration::from_secs(6));
    let host_keys = HostKeyOptions {
        ask: Some(question),
        ..HostKeyOptions::strict(Vec::new())
    };
    let (session, _events) = open(knowing(&sshd, host_keys)).await.unwrap();
    assert_eq!(text(&session, "echo in").await, "in\n");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
