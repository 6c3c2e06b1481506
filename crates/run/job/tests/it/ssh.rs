//! Jobs over real connections: a real sshd behind a proxy that cuts.

use crate::local::quick;
use crate::support::{EXIT, Heard, job, lines, run, wait_until};
use std::sync::Arc;
use std::time::Duration;
use windlass_job::{CancelEnd, Host, HostOptions, Place};
use windlass_lab::{Cut, CutAfter, Direction, Proxy, Shell, Sshd};
use windlass_model::plan::JobLimits;
use windlass_model::{CommandEnd, HostName};
use windlass_transport::{AuthOptions, Endpoint, HostKeyOptions, Session, SessionOptions};

struct Bench {
    sshd: Sshd,
    proxy: Proxy,
    host: Host,
}

impl Bench {
    async fn new(sshd: Sshd) -> Self {
        Self::with(sshd, quick(), |_| {}).await
    }

    async fn with(sshd: Sshd, limits: JobLimits, change: impl Fn(&mut SessionOptions)) -> Self {
        let proxy = sshd.proxy().expect("a proxy");
        let host = connect(&sshd, &proxy, limits, change).await;
        Self { sshd, proxy, host }
    }
}

async fn connect(sshd: &Sshd, proxy: &Proxy, limits: JobLimits, change: impl Fn(&mut SessionOptions)) -> Host {
    let target = Endpoint { address: "127.0.0.1".into(), port: proxy.port(), user: sshd.user().into() };
    let auth = AuthOptions { identities: vec![sshd.client_key().path().to_owned()], ..AuthOptions::default() };
    let trust = HostKeyOptions::strict(vec![sshd.known_hosts()]);
    let mut options = SessionOptions::new(HostName::new("web1"), target, auth, trust);
    change(&mut options);
    let session = Session::open(options, Arc::new(|_| {})).await.expect("a session");
    let seed = format!("{:x}", fastrand::u64(..));
    Host::new(session, HostOptions { limits, ..HostOptions::default() }, seed)
}

#[tokio::test]
async fn a_question_and_a_job() {
    let bench = Bench::new(Sshd::start_plain().expect("sshd")).await;
    let answer = bench.host.ask("echo hello; echo oops >&2; exit 3").await.expect("an answer");
    assert_eq!((answer.stdout.as_slice(), answer.stderr.as_slice(), answer.status.0), (&b"hello\n"[..], &b"oops\n"[..], 3));
    let (report, heard) = run(&bench.host, &job("two", &["echo one; echo err >&2", "echo two; exit 7", "echo never"])).await;
    assert_eq!((report.end, heard.out().as_str(), heard.err().as_str()), (EXIT(7), "one\ntwo\n", "err\n"));
    assert_eq!(bench.proxy.connections(), 1);
}

#[tokio::test]
async fn a_reset_in_the_middle_changes_nothing() {
    let bench = Bench::new(Sshd::start_plain().expect("sshd")).await;
    let script = "echo started >>starts; echo before; while [ ! -e go ]; do sleep 0.05; done; echo after; exit 5";
    let spec = job("cut", &[&format!("cd {}; {script}", bench.sshd.home().display())]);
    let host = bench.host.clone();
    let following = tokio::spawn(async move { run(&host, &spec).await });
    let starts = bench.sshd.home().join("starts");
    wait_until("started", || starts.exists()).await;
    for cut in [Cut::Reset, Cut::Finish, Cut::Reset] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        bench.proxy.cut_now(cut);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    std::fs::write(bench.sshd.home().join("go"), "").expect("written");
    let (report, heard) = following.await.expect("joined");
    assert_eq!((report.end, heard.out().as_str()), (EXIT(5), "before\nafter\n"));
    assert_eq!(lines(&starts).len(), 1);
}
