//! A file arrives whole or not at all, and what arrived before a cut is not sent again.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::time::timeout;
use windlass_lab::{Cut, CutAfter, Direction, Sshd};
use windlass_transport::{InMemory, Session, Upload, UploadError, UploadSource};

use crate::support::{LONG, open, options, plain, start};

/// Bytes, and the same as they are sent.
struct Bytes {
    content: Vec<u8>,
    source: InMemory,
}

impl Bytes {
    /// Bytes that no compression makes fewer, the same for the same seed.
    fn random(length: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self::new((0..length).map(|_| random.u8(..)).collect())
    }

    fn new(content: Vec<u8>) -> Self {
        let source = InMemory::new(content.clone());
        Self { content, source }
    }

    /// Where what has arrived of it lies.
    fn part(&self, to: &Path) -> PathBuf {
        let digest = (&self.source).sha256().get(..16).unwrap().to_owned();
        PathBuf::from(format!("{}.part-{digest}", to.display()))
    }
}

async fn upload(session: &Session, to: &Path, bytes: &Bytes) -> Result<(), UploadError> {
    let upload = Upload {
        to: to.to_str().unwrap(),
        mode: 0o640,
        source: &mut &bytes.source,
    };
    timeout(LONG, session.upload(upload)).await.unwrap()
}

/// The file is there, whole and with its mode, and nothing lies beside it.
fn assert_arrived(to: &Path, bytes: &Bytes) {
    assert!(fs::read(to).unwrap() == bytes.content, "another content");
    assert_eq!(
        fs::metadata(to).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let beside = fs::read_dir(to.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "something lies beside it");
}

/// A directory of its own, with a name that a shell would like to take apart.
fn place(sshd: &Sshd) -> PathBuf {
    let place = sshd.home().join("it's \"$(here)\"");
    fs::create_dir(&place).unwrap();
    place.join("a file")
}

#[tokio::test]
async fn a_file_arrives_with_its_mode() {
    let (sshd, session, _) = plain().await.unwrap();
    let to = place(&sshd);
    for bytes in [
        Bytes::new(Vec::new()),
        Bytes::random(1, 1),
        Bytes::random(3_000_000, 2),
    ] {
        upload(&session, &to, &bytes).await.unwrap();
        assert_arrived(&to, &bytes);
    }
}

#[tokio::test]
async fn goes_on_over_connections_that_each_carry_less_than_the_file() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let (session, _) = open(options(&sshd, proxy.address())).await.unwrap();
    let (to, bytes) = (place(&sshd), Bytes::random(6_000_000, 3));
    proxy.cut_after(Direction::ToHost, CutAfter::Each(900_000), Cut::Reset);
    // One that began anew at each cut would never arrive. How much passes in all says nothing: a reset also takes what the
    // host's kernel has and its sshd has not read yet, which is more on a host that is busy.
    upload(&session, &to, &bytes).await.unwrap();
    assert_arrived(&to, &bytes);
    assert!(proxy.cuts() >= 6, "{} cuts", proxy.cuts());
}

#[tokio::test]
async fn what_an_earlier_run_brought_is_gone_on_with() {
    let sshd = Sshd::start_plain().unwrap();
    let proxy = sshd.proxy().unwrap();
    let (session, _) = open(options(&sshd, proxy.address())).await.unwrap();
    let (to, bytes) = (place(&sshd), Bytes::random(40_000_000, 4));
    fs::write(bytes.part(&to), &bytes.content[..39_000_000]).unwrap();
    upload(&session, &to, &bytes).await.unwrap();
    assert_arrived(&to, &bytes);
    let passed = proxy.passed(Direction::ToHost);
    assert!(passed < 10_000_000, "{passed} bytes for the last 1,000,000");
}

#[tokio::test]
async fn what_lies_there_damaged_or_too_long_is_not_believed() {
    let (sshd, session, _) = plain().await.unwrap();
    let (to, bytes) = (place(&sshd), Bytes::random(100_000, 5));
    for left in [vec![b'x'; 60_000], vec![b'x'; 100_000], vec![b'x'; 100_001]] {
        fs::write(bytes.part(&to), left).unwrap();
        upload(&session, &to, &bytes).await.unwrap();
        assert_arrived(&to, &bytes);
        fs::remove_file(&to).unwrap();
    }
}

#[tokio::test]
async fn a_host_that_cannot_write_says_why() {
    let (sshd, session, _) = plain().await.unwrap();
    let bytes = Bytes::random(5_000_000, 6);
    let to = sshd.home().join("absent/file");
    match upload(&session, &to, &bytes).await {
        Err(UploadError::Host { path, message }) => {
            assert_eq!(Path::new(&path), to);
            assert!(!message.is_empty());
        }
        other => panic!("{other:?}"),
    }
    fs::create_dir(sshd.home().join("absent")).unwrap();
    upload(&session, &to, &bytes).await.unwrap();
    assert_arrived(&to, &bytes);
}

#[tokio::test]
async fn a_source_that_ends_early_is_an_error_and_no_loop() {
    struct Short;
    impl UploadSource for Short {
        fn len(&self) -> u64 {
            10
        }
        fn sha256(&self) -> &'static str {
            "00112233445566778899"
        }
        fn read_at(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            Ok(0)
        }
    }
    let (sshd, session, _) = plain().await.unwrap();
    let to = place(&sshd);
    let upload = Upload {
        to: to.to_str().unwrap(),
        mode: 0o600,
        source: &mut Short,
    };
    let ended = timeout(LONG, session.upload(upload)).await.unwrap();
    assert!(matches!(ended, Err(UploadError::Source(_))), "{ended:?}");
    assert!(!to.exists());
}

#[tokio::test]
async fn where_one_channel_is_all_it_takes_a_connection_of_its_own() {
    let sshd = Sshd::builder().config("MaxSessions 1").start().unwrap();
    let (session, _) = open(options(&sshd, sshd.address())).await.unwrap();
    let connection = session.connection().await.unwrap();
    let _busy = start(&connection, "sleep 60").await;
    let (to, bytes) = (place(&sshd), Bytes::random(200_000, 7));
    upload(&session, &to, &bytes).await.unwrap();
    assert_arrived(&to, &bytes);
}
