//! Whose key is trusted, and what is written down of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use windlass_lab::{Key, KeyKind, Sshd};
use windlass_model::DisconnectKind;
use windlass_model::settings::HostKeyPolicy;
use windlass_transport::{
    Attention, Error, HostKeyError, HostKeyOptions, HostKeyQuestion, KnownHosts, SessionEvent,
    SessionOptions,
};

use crate::support::{LONG, open, options, text};

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
            known: KnownHosts {
                own: files,
                global: vec![global.clone()],
            },
            policy: HostKeyPolicy::AcceptNew,
            ..HostKeyOptions::strict(Vec::new())
        };
        let (session, _events) = open(knowing(&sshd, host_keys)).await.unwrap();
        assert_eq!(text(&session, "echo in").await, "in\n");
    }
    assert!(read(&own).starts_with(&place(&sshd)), "{}", read(&own));
    assert_eq!(read(&own).lines().count(), 1);
    assert_eq!(read(&global), "");
}

#[tokio::test]
async fn a_key_in_the_machine_s_file_is_known() {
    let sshd = Sshd::start_plain().unwrap();
    let own = empty(&sshd, "own");
    let host_keys = HostKeyOptions {
        known: KnownHosts {
            own: vec![own.clone()],
            global: vec![sshd.known_hosts()],
        },
        ..HostKeyOptions::strict(Vec::new())
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
    let port = place(&sshd);
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
    let question = HostKeyQuestion::new(&Attention::default(), move |_, _, _| {
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

/// The host as known hosts name it.
fn place(sshd: &Sshd) -> String {
    format!("[127.0.0.1]:{}", sshd.address().port())
}

#[tokio::test]
async fn an_unknown_key_is_refused_with_its_fingerprint_and_what_to_do() {
    let sshd = Sshd::start_plain().unwrap();
    let error = refused(&sshd, "").await;
    let HostKeyError::Unknown {
        host, fingerprint, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*host, place(&sshd));
    let file = sshd.dir().join("host_ed25519.pub");
    let told = Command::new("ssh-keygen").arg("-lf").arg(file).output();
    let told = String::from_utf8(told.unwrap().stdout).unwrap();
    assert!(told.contains(fingerprint.as_str()), "{fingerprint}: {told}");
    let hint = error.hint().unwrap_or_default();
    let scan = format!("ssh-keyscan -p {} 127.0.0.1", sshd.address().port());
    let add = format!("`{scan} >> {}`", sshd.dir().join("known").display());
    assert!(hint.contains(&add), "{hint}");

    // No file to add it to.
    let opened = open(knowing(&sshd, HostKeyOptions::strict(Vec::new()))).await;
    let Err(Error::HostKey(error)) = opened else {
        panic!("the key should be refused");
    };
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("ssh.known_hosts"), "{hint}");
    assert!(hint.contains(&format!("`{scan}`")), "{hint}");
}

#[tokio::test]
async fn a_changed_key_is_refused_whatever_the_policy() {
    let sshd = Sshd::start_plain().unwrap();
    let other = Sshd::start_plain().unwrap();
    let file = sshd.dir().join("known");
    fs::write(&file, lines(&other, &place(&sshd))).unwrap();
    let host_keys = HostKeyOptions {
        policy: HostKeyPolicy::AcceptNew,
        ..HostKeyOptions::strict(vec![file.clone()])
    };
    let before = read(&file);
    let opened = open(knowing(&sshd, host_keys)).await;
    let error = opened.err().expect("the key should be refused");
    assert!(
        matches!(&error, Error::HostKey(HostKeyError::Changed { file: named, .. }) if *named == file),
        "{error:?}"
    );
    assert_eq!(read(&file), before);
}

#[tokio::test]
async fn a_revoked_key_is_refused_also_where_it_is_known() {
    let sshd = Sshd::start_plain().unwrap();
    let known = lines(&sshd, &place(&sshd));
    let revoked = known.lines().map(|line| format!("@revoked {line}"));
    let revoked = revoked.collect::<Vec<_>>().join("\n");
    let error = refused(&sshd, &(known + &revoked)).await;
    assert!(matches!(error, HostKeyError::Revoked { .. }), "{error:?}");
}

#[tokio::test]
async fn hashed_names_are_found_as_ssh_keygen_hashes_them() {
    let sshd = Sshd::start_plain().unwrap();
    let other = Sshd::start_plain().unwrap();
    let file = empty(&sshd, "hashed");
    for (keys, trusted) in [(&sshd, true), (&other, false)] {
        fs::write(&file, lines(keys, &place(&sshd))).unwrap();
        let hashing = Command::new("ssh-keygen")
            .args(["-q", "-H", "-f"])
            .arg(&file)
            .output();
        assert!(hashing.unwrap().status.success());
        let hashed = read(&file);
        assert!(hashed.lines().all(|line| line.starts_with("|1|")));
        assert_eq!(is_trusted(&sshd, &hashed).await, trusted, "{hashed}");
    }
}

#[tokio::test]
async fn a_certificate_counts_where_its_authority_is_trusted_for_the_host() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Key::generate(dir.path().join("authority"), KeyKind::Ed25519).unwrap();
    let stranger = Key::generate(dir.path().join("stranger"), KeyKind::Ed25519).unwrap();
    let sshd = Sshd::builder().host_authority(&authority).start().unwrap();
    for (key, host, trusted) in [
        (&authority, place(&sshd), true),
        (&authority, "elsewhere.example.com".to_owned(), false),
        (&stranger, place(&sshd), false),
    ] {
        let line = format!("@cert-authority {host} {}\n", key.public().unwrap());
        assert_eq!(is_trusted(&sshd, &line).await, trusted, "{line}");
    }
}

#[tokio::test]
async fn another_machine_that_answers_after_a_cut_gets_no_command() {
    let mut sshd = Sshd::start_plain().unwrap();
    let other = Sshd::start_plain().unwrap();
    let (session, events) = open(options(&sshd, sshd.address())).await.unwrap();
    assert_eq!(text(&session, "echo one").await, "one\n");
    sshd.stop();
    let names = ["host_ed25519", "host_ecdsa"];
    let kept = names.map(|name| fs::read(sshd.dir().join(name)).unwrap());
    for name in names {
        fs::copy(other.dir().join(name), sshd.dir().join(name)).unwrap();
    }
    // Known by itself, but not the one that the session began with.
    let known = read(&sshd.known_hosts()) + &lines(&other, &place(&sshd));
    fs::write(sshd.known_hosts(), known).unwrap();
    sshd.start().unwrap();
    let refused = |event: &SessionEvent| matches!(event, SessionEvent::Dialling { kind, .. } if *kind == DisconnectKind::HostKey);
    events.wait(refused).await;
    sshd.stop();
    for (name, bytes) in names.iter().zip(kept) {
        fs::write(sshd.dir().join(name), bytes).unwrap();
    }
    sshd.start().unwrap();
    let back = timeout(LONG, text(&session, "echo two")).await.unwrap();
    assert_eq!(back, "two\n");
}
