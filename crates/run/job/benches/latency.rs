//! What a durable command costs over a plain one, on an open session to an sshd on this machine.
//!
//! The kinds take turns, so that whatever else the machine does falls on all of them alike.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};
use windlass_job::{Host, HostOptions, JobCommand, JobSpec, Place};
use windlass_lab::Sshd;
use windlass_model::{Command, DeployId, HostName, JobKey, StepId};
use windlass_transport::{
    AuthOptions, ChannelMessage, Endpoint, ExecOptions, HostKeyOptions, Session, SessionOptions,
};

const TURNS: u32 = 200;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let sshd = Sshd::start_plain().expect("sshd");
    let session = session(&sshd).await;
    let seed = format!("{:x}", fastrand::u64(..));
    let host = Host::new(session.clone(), HostOptions::default(), seed);
    let [mut plain, mut durable, mut speaking, mut question] = [const { Vec::new() }; 4];
    for turn in 0..TURNS {
        let began = Instant::now();
        exec(&session).await;
        plain.push(began.elapsed());
        for (script, times) in [("true", &mut durable), ("echo hello", &mut speaking)] {
            let spec = job(&format!("{script}{turn}"), script);
            let began = Instant::now();
            host.run(&spec, &[], &mut |_| {}).await.expect("a report");
            times.push(began.elapsed());
        }
        let began = Instant::now();
        host.ask("true").await.expect("an answer");
        question.push(began.elapsed());
    }
    println!(
        "{:<28} {:>10} {:>10}",
        format!("{TURNS} of each, median, p95"),
        "ms",
        "ms"
    );
    for (name, times) in [
        ("plain exec of true", plain),
        ("durable true", durable),
        ("durable echo", speaking),
        ("question", question),
    ] {
        row(name, times);
    }
}

fn row(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1000.0;
    println!("{name:<28} {:>10.2} {:>10.2}", at(50), at(95));
}

async fn session(sshd: &Sshd) -> Session {
    let target = Endpoint {
        address: "127.0.0.1".into(),
        port: sshd.port(),
        user: sshd.user().into(),
    };
    let auth = AuthOptions {
        identities: vec![sshd.client_key().path().to_owned()],
        ..AuthOptions::default()
    };
    let trust = HostKeyOptions::strict(vec![sshd.known_hosts()]);
    let options = SessionOptions::new(HostName::new("bench"), target, auth, trust);
    Session::open(options, Arc::new(|_| {}))
        .await
        .expect("a session")
}

async fn exec(session: &Session) {
    let link = session.connection().await.expect("a connection");
    let channel = link.exec(b"true", ExecOptions::default()).await;
    let mut channel = channel.expect("a channel");
    while !matches!(
        channel.next().await,
        ChannelMessage::ExitStatus(_) | ChannelMessage::Closed(_)
    ) {}
}

fn job(name: &str, script: &str) -> JobSpec {
    JobSpec {
        key: JobKey {
            deploy: DeployId::new("bench"),
            step: name.into(),
            host: HostName::new("bench"),
            attempt: 1,
        },
        place: Place::Home,
        commands: vec![JobCommand {
            step: StepId::new(name),
            command: Command::script(script),
            advisory: false,
        }],
    }
}
