//! Jobs over real connections: a real sshd behind a proxy that cuts.

use crate::local::{LocalTie, quick};
use crate::support::{EXIT, job, lines, run, wait_until};
use std::sync::Arc;
use std::time::Duration;
use windlass_job::{CancelEnd, Host, HostOptions, Place};
use windlass_lab::{Cut, CutAfter, Direction, Proxy, Shell, Sshd, available};
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

async fn connect(
    sshd: &Sshd,
    proxy: &Proxy,
    limits: JobLimits,
    change: impl Fn(&mut SessionOptions),
) -> Host {
    connect_with(
        sshd,
        proxy,
        HostOptions {
            limits,
            ..HostOptions::default()
        },
        change,
    )
    .await
}

async fn connect_with(
    sshd: &Sshd,
    proxy: &Proxy,
    given: HostOptions,
    change: impl Fn(&mut SessionOptions),
) -> Host {
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
    let mut options = SessionOptions::new(HostName::new("web1"), target, auth, trust);
    change(&mut options);
    let session = Session::open(options, Arc::new(|_| {}))
        .await
        .expect("a session");
    let seed = format!("{:x}", fastrand::u64(..));
    Host::new(session, given, seed)
}

/// A channel of its own costs a round trip or two, and a host that forwards no ssh-agent has nothing to offer on it.
#[tokio::test]
async fn without_a_forwarded_agent_every_question_goes_to_the_same_supervisor() {
    let bench = Bench::new(Sshd::start_plain().expect("sshd")).await;
    let one = bench.host.ask("echo $$").await.expect("an answer");
    let two = bench.host.ask_with_agent("echo $$").await;
    assert_eq!(one.stdout, two.expect("an answer").stdout);
}

#[tokio::test]
async fn a_question_and_a_job() {
    let bench = Bench::new(Sshd::start_plain().expect("sshd")).await;
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
    let (report, heard) = run(
        &bench.host,
        &job(
            "two",
            &["echo one; echo err >&2", "echo two; exit 7", "echo never"],
        ),
    )
    .await;
    assert_eq!(
        (report.end, heard.out().as_str(), heard.err().as_str()),
        (EXIT(7), "one\ntwo\n", "err\n")
    );
    assert_eq!(bench.proxy.connections(), 1);
}

#[tokio::test]
async fn a_reset_in_the_middle_changes_nothing() {
    let bench = Bench::new(Sshd::start_plain().expect("sshd")).await;
    let script = "echo started >>starts; echo before; while [ ! -e go ]; do sleep 0.05; done; echo after; exit 5";
    let spec = job(
        "cut",
        &[&format!("cd {}; {script}", bench.sshd.home().display())],
    );
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
    assert_eq!(
        (report.end, heard.out().as_str()),
        (EXIT(5), "before\nafter\n")
    );
    assert_eq!(lines(&starts).len(), 1);
}

#[tokio::test]
async fn a_job_cancelled_while_it_is_followed_is_gone() {
    for setting in ["MaxSessions 10", "MaxSessions 1"] {
        let bench = Bench::new(Sshd::builder().config(setting).start().expect("sshd")).await;
        let ready = bench.sshd.home().join("ready");
        let spec = job(
            "stop",
            &[&format!(
                "trap '' TERM; : >{}; while :; do sleep 1; done",
                ready.display()
            )],
        );
        let (host, key) = (bench.host.clone(), spec.key.clone());
        let following = tokio::spawn(async move { run(&host, &spec).await.0.end });
        wait_until("started", || ready.exists()).await;
        let report = bench
            .host
            .cancel(&key, &Place::Home)
            .await
            .expect("an answer");
        assert_eq!(report.end, CancelEnd::Cancelled, "{setting}");
        assert_eq!(
            following.await.expect("joined"),
            CommandEnd::Cancelled,
            "{setting}"
        );
        let deaf = |process: &windlass_lab::Process| process.command_line().contains("stop@web1");
        assert!(!bench.sshd.processes().iter().any(deaf), "{setting}");
    }
}

#[tokio::test]
async fn channels_that_the_server_closes_are_opened_again() {
    let sshd = Sshd::builder()
        .config("ChannelTimeout session:*=1s")
        .start()
        .expect("sshd");
    let limits = JobLimits {
        pulse_interval: Duration::ZERO,
        ..quick()
    };
    let bench = Bench::with(sshd, limits, |_| {}).await;
    let script = format!(
        "cd {}; echo started >>starts; sleep 4; echo done; exit 3",
        bench.sshd.home().display()
    );
    let (report, heard) = run(&bench.host, &job("timeout", &[&script])).await;
    assert_eq!((report.end, heard.out().as_str()), (EXIT(3), "done\n"));
    assert_eq!(lines(&bench.sshd.home().join("starts")).len(), 1);
    assert_eq!(bench.proxy.connections(), 1, "the connection itself lives");
}

#[tokio::test]
async fn sshd_may_be_killed_and_started_again() {
    let mut bench = Bench::new(Sshd::start_plain().expect("sshd")).await;
    let script = format!(
        "cd {}; echo started >>starts; echo one; sleep 3; echo two; exit 4",
        bench.sshd.home().display()
    );
    let host = bench.host.clone();
    let following = tokio::spawn(async move { run(&host, &job("restarted", &[&script])).await });
    let starts = bench.sshd.home().join("starts");
    wait_until("started", || starts.exists()).await;
    bench.sshd.kill_sessions();
    tokio::time::sleep(Duration::from_millis(700)).await;
    bench.sshd.stop();
    tokio::time::sleep(Duration::from_millis(500)).await;
    bench.sshd.start().expect("again");
    let (report, heard) = following.await.expect("joined");
    assert_eq!((report.end, heard.out().as_str()), (EXIT(4), "one\ntwo\n"));
    assert_eq!(lines(&starts).len(), 1);
}

#[tokio::test]
async fn a_black_hole_is_noticed_by_a_late_pulse_or_by_silence() {
    for (pulse, silence) in [
        (Duration::from_secs(1), Duration::from_secs(60)),
        (Duration::ZERO, Duration::from_secs(2)),
    ] {
        let sshd = Sshd::start_plain().expect("sshd");
        let proxy = sshd.proxy().expect("a proxy");
        let limits = JobLimits {
            pulse_interval: pulse,
            ..quick()
        };
        let host = connect_with(
            &sshd,
            &proxy,
            HostOptions {
                limits,
                silence,
                ..HostOptions::default()
            },
            |options| {
                options.keepalive_interval = Duration::ZERO;
            },
        )
        .await;
        let script = format!(
            "cd {}; echo started >>starts; sleep 6; echo done",
            sshd.home().display()
        );
        let following = tokio::spawn(async move { run(&host, &job("hole", &[&script])).await });
        let starts = sshd.home().join("starts");
        wait_until("started", || starts.exists()).await;
        proxy.cut_now(Cut::BlackHole);
        let (report, heard) = following.await.expect("joined");
        assert_eq!(
            (report.end, heard.out().as_str()),
            (EXIT(0), "done\n"),
            "{pulse:?}"
        );
        assert_eq!(lines(&starts).len(), 1);
        assert!(proxy.connections() >= 2);
    }
}

#[tokio::test]
async fn an_idle_cut_off_below_and_above_the_pulse() {
    for pulse in [Duration::from_millis(400), Duration::ZERO] {
        let bench = Bench::with(
            Sshd::start_plain().expect("sshd"),
            JobLimits {
                pulse_interval: pulse,
                ..quick()
            },
            |options| {
                options.keepalive_interval = Duration::ZERO;
            },
        )
        .await;
        bench
            .proxy
            .idle_cut_off(Some((Duration::from_millis(1500), Cut::Reset)));
        let (report, heard) = run(&bench.host, &job("idlepath", &["sleep 4; echo done"])).await;
        assert_eq!(
            (report.end, heard.out().as_str()),
            (EXIT(0), "done\n"),
            "{pulse:?}"
        );
        assert_eq!(
            bench.proxy.cuts() == 0,
            !pulse.is_zero(),
            "pulses keep the path open: {pulse:?}"
        );
    }
}

#[tokio::test]
async fn every_login_shell_and_server_and_a_noisy_profile() {
    let noise = "echo noise; printf 'more noise without an end'; printf 'and here' >&2\n";
    for shell in [Shell::Dash, Shell::Bash, Shell::Busybox, Shell::Tcsh] {
        for builder in [Sshd::builder(), Sshd::dropbear()] {
            let Some(sshd) =
                available(builder.login_shell(shell.clone()).start()).expect("a daemon")
            else {
                continue;
            };
            for profile in [".bashrc", ".tcshrc"] {
                let line = if profile == ".tcshrc" {
                    "echo noise\n"
                } else {
                    noise
                };
                std::fs::write(sshd.home().join(profile), line).expect("a profile");
            }
            let bench = Bench::new(sshd).await;
            let answer = bench
                .host
                .ask("echo hello; echo oops >&2")
                .await
                .expect("an answer");
            assert_eq!(
                (answer.stdout.as_slice(), answer.stderr.as_slice()),
                (&b"hello\n"[..], &b"oops\n"[..]),
                "{shell:?}"
            );
            let (report, heard) = run(&bench.host, &job("shell", &["echo it''s; exit 2"])).await;
            assert_eq!(
                (report.end, heard.out().as_str(), heard.err().as_str()),
                (EXIT(2), "its\n", ""),
                "{shell:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_login_without_a_shell_is_named() {
    let Some(sshd) = available(
        Sshd::builder()
            .login_shell(Shell::Other("/bin/false".into()))
            .start(),
    )
    .expect("sshd") else {
        return;
    };
    let bench = Bench::new(sshd).await;
    let error = bench.host.ask("true").await.expect_err("nobody answers");
    assert!(error.to_string().contains("no POSIX shell"), "{error}");
}

#[tokio::test]
async fn a_login_that_waits_is_named() {
    let sshd = Sshd::builder().config("ForceCommand cat >/dev/null");
    let sshd = sshd.start().expect("sshd");
    let proxy = sshd.proxy().expect("a proxy");
    let options = HostOptions {
        silence: Duration::from_secs(2),
        ..HostOptions::default()
    };
    let host = connect_with(&sshd, &proxy, options, |_| {}).await;
    let error = host.ask("true").await.expect_err("nobody answers");
    assert!(error.to_string().contains("did not answer for"), "{error}");
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_home_that_cannot_be_written_has_its_records_below_tmp() {
    let Some(sshd) = available(Sshd::builder().ordinary_login().start()).expect("sshd") else {
        return;
    };
    std::process::Command::new("chmod")
        .arg("555")
        .arg(sshd.home())
        .status()
        .expect("chmod");
    let bench = Bench::new(sshd).await;
    let spec = job(&format!("tmp{}", fastrand::u32(..)), &["id -u"]);
    let (report, heard) = run(&bench.host, &spec).await;
    assert_eq!(report.end, EXIT(0));
    let place = format!("/tmp/.windlass-{}", heard.out().trim());
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&place).expect("records").permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
    std::fs::remove_dir_all(place).expect("removed");
}

#[tokio::test]
async fn a_full_disk_starts_nothing_and_loses_no_status() {
    let dir = tempfile::tempdir().expect("a directory");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
        .arg(dir.path())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no file system can be mounted here");
        return;
    }
    let tie = LocalTie::with_env("dash", &[("HOME", dir.path().to_str().expect("text"))]);
    let host = tie.host();
    let (report, _) = run(
        &host,
        &job("fills", &["head -c 2000000 /dev/zero >fill || exit 33"]),
    )
    .await;
    let (again, _) = run(&host, &job("fills", &["true"])).await;
    let (full, heard) = run(&host, &job("late", &["echo started"])).await;
    std::fs::remove_file(dir.path().join("fill")).expect("removed");
    let (freed, _) = run(&host, &job("freed", &["true"])).await;
    std::process::Command::new("umount")
        .arg("-l")
        .arg(dir.path())
        .status()
        .expect("umount");
    assert_eq!((report.end, again.end), (EXIT(33), EXIT(33)));
    assert_eq!((full.end, heard.out().as_str()), (CommandEnd::NoSpace, ""));
    assert_eq!(freed.end, EXIT(0));
}

/// 300 cuts over 100 jobs that write bytes of all values to both streams.
#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_random_cuts_over_a_hundred_jobs_change_no_byte() {
    let sshd = Arc::new(Sshd::start_plain().expect("sshd"));
    let data: Vec<u8> = (0..40_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(sshd.home().join("data"), &data).expect("written");
    let data = Arc::new(data);
    let lanes: Vec<_> = (0..5_u64)
        .map(|lane| {
            let (sshd, data) = (Arc::clone(&sshd), Arc::clone(&data));
            tokio::spawn(async move { lane_of_cuts(lane, &sshd, &data).await })
        })
        .collect();
    let mut cuts = 0;
    for lane in lanes {
        cuts += lane.await.expect("joined");
    }
    assert!(cuts >= 300, "{cuts}");
    assert_eq!(lines(&sshd.home().join("starts")).len(), 100);
}

async fn lane_of_cuts(lane: u64, sshd: &Sshd, data: &[u8]) -> u64 {
    let proxy = sshd.proxy().expect("a proxy");
    let host = connect(sshd, &proxy, quick(), |_| {}).await;
    proxy.cut_after(
        Direction::ToClient,
        CutAfter::Random {
            range: 3_000..40_000,
            seed: lane,
        },
        Cut::Reset,
    );
    for number in 0..20_u8 {
        let status = number * 7 + 1;
        let script = format!(
            "cd {}; echo {lane}.{number} >>starts; cat data; cat data >&2; cat data; exit {status}",
            sshd.home().display()
        );
        let (report, heard) = run(&host, &job(&format!("cut{lane}.{number}"), &[&script])).await;
        assert_eq!(report.end, EXIT(status));
        assert!(
            heard.stdout == [data, data].concat() && heard.stderr == data,
            "{lane}.{number}"
        );
    }
    proxy.cuts()
}
