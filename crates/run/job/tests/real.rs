//! Jobs over real connections: a real sshd behind a proxy that cuts.

#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::time::Duration;
use windlass_job::{CancelEnd, Host, HostOptions, JobCommand, JobEvent, JobSpec, Place};
use windlass_lab::{Cut, CutAfter, Direction, Proxy, Sshd};
use windlass_model::{Command, CommandEnd, DeployId, ExitStatus, HostName, JobKey, StepId, Stream};
use windlass_transport::{AuthOptions, Endpoint, HostKeyOptions, Session, SessionOptions};

struct Bench {
    sshd: Sshd,
    proxy: Proxy,
    host: Host,
}

async fn bench() -> Bench {
    bench_with(Sshd::start_plain().expect("sshd starts")).await
}

async fn bench_with(sshd: Sshd) -> Bench {
    let proxy = sshd.proxy().expect("a proxy");
    let host = host(&sshd, &proxy).await;
    Bench { sshd, proxy, host }
}

async fn host(sshd: &Sshd, proxy: &Proxy) -> Host {
    let target = Endpoint {
        address: "127.0.0.1".into(),
        port: proxy.port(),
        user: sshd.user().into(),
    };
    let auth = AuthOptions {
        identities: vec![sshd.client_key().path().to_owned()],
        ..AuthOptions::default()
    };
    let trust = HostKeyOptions::strict(vec![sshd.known_hosts()]);
    let options = SessionOptions::new(HostName::new("web1"), target, auth, trust);
    let session = Session::open(options, Arc::new(|_| {}))
        .await
        .expect("a session");
    Host::new(session, HostOptions::default(), "0123456789abcdef".into())
}

fn job(name: &str, scripts: &[&str]) -> JobSpec {
    let command = |(index, script): (usize, &&str)| JobCommand {
        step: StepId::new(format!("{name}{index}")),
        command: Command::script(*script),
        advisory: false,
    };
    JobSpec {
        key: JobKey {
            deploy: DeployId::new("d-test"),
            step: name.into(),
            host: HostName::new("web1"),
            attempt: 1,
        },
        place: Place::Home,
        commands: scripts.iter().enumerate().map(command).collect(),
    }
}

#[derive(Default)]
struct Heard {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Heard {
    fn take(&mut self, event: JobEvent) {
        if let JobEvent::Output { stream, bytes, .. } = event {
            match stream {
                Stream::Stdout => self.stdout.extend(bytes),
                Stream::Stderr => self.stderr.extend(bytes),
            }
        }
    }
}

const EXIT: fn(u8) -> CommandEnd = |status| CommandEnd::Exited(ExitStatus(status));

#[tokio::test]
async fn a_question_and_a_job() {
    let bench = bench().await;
    let answer = bench
        .host
        .ask("echo hello; echo oops >&2; exit 3")
        .await
        .expect("an answer");
    assert_eq!(
        (
            answer.stdout.as_slice(),
            answer.stderr.as_slice(),
            answer.status.0
        ),
        (&b"hello\n"[..], &b"oops\n"[..], 3)
    );
    let mut heard = Heard::default();
    let spec = job(
        "two",
        &["echo one; echo err >&2", "echo two; exit 7", "echo never"],
    );
    let report = bench
        .host
        .run(&spec, &[], &mut |event| heard.take(event))
        .await
        .expect("a report");
    assert_eq!(report.end, EXIT(7));
    assert_eq!(
        (heard.stdout.as_slice(), heard.stderr.as_slice()),
        (&b"one\ntwo\n"[..], &b"err\n"[..])
    );
}

#[tokio::test]
async fn a_reset_in_the_middle_changes_nothing() {
    let bench = bench().await;
    let count = bench.sshd.home().join("count");
    let script = format!(
        "echo x >> {}; echo before; sleep 2; echo after; exit 5",
        count.display()
    );
    let spec = job("cut", &[&script]);
    let mut heard = Heard::default();
    let cutter = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bench.proxy.cut_now(Cut::Reset);
    };
    let mut sink = |event| heard.take(event);
    let (report, ()) = tokio::join!(bench.host.run(&spec, &[], &mut sink), cutter);
    assert_eq!(report.expect("a report").end, EXIT(5));
    assert_eq!(heard.stdout, b"before\nafter\n");
    assert_eq!(std::fs::read_to_string(count).expect("it ran"), "x\n");
}

#[tokio::test]
async fn random_cuts_change_no_byte_and_start_nothing_twice() {
    let bench = bench().await;
    let seeds = Direction::ToClient;
    bench.proxy.cut_after(
        seeds,
        CutAfter::Random {
            range: 4_000..120_000,
            seed: 7,
        },
        Cut::Reset,
    );
    let count = bench.sshd.home().join("count");
    let script = format!(
        "echo $1 >> {}; i=0; while [ $i -lt 1500 ]; do printf 'line %05d \\001\\377\\n' $i; printf 'fehler %05d\\n' $i >&2; i=$((i+1)); done; exit 9",
        count.display()
    );
    let mut want = Heard::default();
    for i in 0..1500 {
        want.stdout
            .extend(format!("line {i:05} ").bytes().chain([1, 255, 10]));
        want.stderr.extend(format!("fehler {i:05}\n").bytes());
    }
    for round in 0..12 {
        let mut heard = Heard::default();
        let spec = job(&format!("r{round}"), &[&script]);
        let report = bench
            .host
            .run(&spec, &[], &mut |event| heard.take(event))
            .await
            .expect("a report");
        assert_eq!(report.end, EXIT(9), "round {round}");
        assert!(
            heard.stdout == want.stdout && heard.stderr == want.stderr,
            "round {round}"
        );
    }
    assert!(bench.proxy.cuts() > 5, "{}", bench.proxy.cuts());
    assert_eq!(
        std::fs::read_to_string(count)
            .expect("they ran")
            .lines()
            .count(),
        12
    );
}

#[tokio::test]
async fn cancel_while_following_and_before_start() {
    let bench = bench().await;
    let spec = job("long", &["trap '' TERM; echo go; sleep 60; sleep 60"]);
    let mut events = 0;
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        bench.host.cancel(&spec.key, &spec.place).await
    };
    let mut sink = |_| events += 1;
    let (report, cancelled) = tokio::join!(bench.host.run(&spec, &[], &mut sink), cancel);
    assert_eq!(cancelled.expect("a report").end, CancelEnd::Cancelled);
    assert_eq!(report.expect("a report").end, CommandEnd::Cancelled);
    let early = job("early", &["echo never"]);
    assert_eq!(
        bench
            .host
            .cancel(&early.key, &early.place)
            .await
            .expect("a report")
            .end,
        CancelEnd::Cancelled
    );
    let report = bench
        .host
        .run(&early, &[], &mut |_| {})
        .await
        .expect("a report");
    assert_eq!(report.end, CommandEnd::Cancelled);
    assert!(
        bench
            .sshd
            .processes()
            .iter()
            .all(|process| !process.command_line().contains("sleep 60"))
    );
}

#[tokio::test]
async fn one_session_a_connection_still_cancels() {
    let bench = bench_with(
        Sshd::builder()
            .config("MaxSessions 1")
            .start()
            .expect("sshd starts"),
    )
    .await;
    let spec = job("long", &["echo go; sleep 60"]);
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        bench.host.cancel(&spec.key, &spec.place).await
    };
    let mut sink = |_| {};
    let (report, cancelled) = tokio::join!(bench.host.run(&spec, &[], &mut sink), cancel);
    assert_eq!(cancelled.expect("a report").end, CancelEnd::Cancelled);
    assert_eq!(report.expect("a report").end, CommandEnd::Cancelled);
}
