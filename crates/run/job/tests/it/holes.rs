//! What must never happen: a second start, a guessed end, a stranger killed.

use crate::local::{LocalTie, SHELLS, quick};
use crate::support::{EXIT, Heard, claim, job, key, lines, run, wait_until};
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use windlass_job::{CancelEnd, CommandResult, JobEvent, JobSpec, JobState, Place};
use windlass_lab::Process;
use windlass_model::plan::JobLimits;
use windlass_model::{CommandEnd, DeployId};

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .expect("linux")
        .trim()
        .to_owned()
}

/// A deploy root as the request that begins a deploy leaves it.
pub(crate) fn root(dir: &Path) -> (PathBuf, Place) {
    let root = dir.join("a root");
    let ours = root.join(".windlass");
    std::fs::create_dir_all(ours.join("deploys/d-test/jobs")).expect("directories");
    std::fs::write(ours.join("id"), "root-1\n").expect("written");
    std::fs::write(ours.join("fence"), "3\n").expect("written");
    let place = Place::Deploy {
        root: root.to_str().expect("text").into(),
        deploy: DeployId::new("d-test"),
        boot_id: boot_id(),
        root_id: "root-1".into(),
        fence: 3,
    };
    (root, place)
}

fn counting(name: &str, tie: &LocalTie, place: Place) -> (JobSpec, PathBuf) {
    let starts = tie.home().join("starts");
    let script = format!("echo started >>'{}'; echo out", starts.display());
    (
        JobSpec {
            place,
            ..job(name, &[&script])
        },
        starts,
    )
}

#[tokio::test]
async fn a_request_that_comes_after_the_sweep_starts_nothing() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        let (root, place) = root(tie.home());
        let (spec, starts) = counting("late", &tie, place);
        assert_eq!(run(&host, &spec).await.0.end, EXIT(0), "{shell}");
        std::fs::remove_dir_all(root.join(".windlass/deploys/d-test")).expect("removed");
        assert_eq!(
            run(&host, &spec).await.0.end,
            CommandEnd::NotStarted,
            "{shell}"
        );
        // Outside of a deploy a tombstone stays.
        let (spec, _) = counting("late", &tie, Place::Home);
        assert_eq!(run(&host, &spec).await.0.end, EXIT(0), "{shell}");
        host.sweep(&Place::Home, Some(&spec.key))
            .await
            .expect("swept");
        let left: Vec<_> = std::fs::read_dir(tie.records())
            .expect("there")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(left.len(), 1, "{left:?}");
        run(&host, &spec).await;
        assert_eq!(lines(&starts).len(), 2, "{shell}");
    }
}

#[tokio::test]
async fn another_boot_root_or_owner_starts_nothing() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        let (dir, place) = root(tie.home());
        let Place::Deploy {
            root,
            deploy,
            boot_id,
            root_id,
            fence,
        } = place
        else {
            unreachable!()
        };
        let of = |boot: &str, id: &str, fence| Place::Deploy {
            root: root.clone(),
            deploy: deploy.clone(),
            boot_id: boot.into(),
            root_id: id.into(),
            fence,
        };
        for (name, place, end) in [
            ("boot", of("another", &root_id, fence), CommandEnd::Rebooted),
            ("root", of(&boot_id, "root-2", fence), CommandEnd::OtherHost),
            ("stale", of(&boot_id, &root_id, 2), CommandEnd::Fenced),
        ] {
            let (spec, starts) = counting(name, &tie, place);
            let (report, heard) = run(&host, &spec).await;
            assert_eq!(
                (report.end, &report.commands[0].result),
                (end, &CommandResult::NotReached),
                "{shell}"
            );
            assert!(heard.events.is_empty() && !starts.exists(), "{shell}");
        }
        // A job that was fenced before it started stays so.
        std::fs::write(dir.join(".windlass/fence"), "2\n").expect("written");
        let (spec, _) = counting("stale", &tie, of(&boot_id, &root_id, 2));
        assert_eq!(run(&host, &spec).await.0.end, CommandEnd::Fenced);
    }
}

/// Writes over the claim of a job that ended.
fn rewrite(path: &Path, change: impl Fn(&mut Vec<String>)) {
    let text = std::fs::read_to_string(path).expect("a claim");
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    change(&mut words);
    std::fs::write(path, words.join(" ") + "\n").expect("written");
}

#[tokio::test]
async fn a_pid_that_another_process_has_now_is_not_the_wrapper() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        let (spec, starts) = counting("reused", &tie, Place::Home);
        run(&host, &spec).await;
        let claim_path = claim(&tie.records(), "reused");
        let files = std::fs::read_to_string(&claim_path)
            .expect("a claim")
            .split_whitespace()
            .nth(3)
            .expect("files")
            .to_owned();
        let own = std::process::id().to_string();
        // As if the wrapper had been killed: no status, and its number is that of a process that lives: this one.
        std::fs::write(tie.records().join(format!("{files}.0.rc")), "-\n").expect("written");
        rewrite(&claim_path, |words| words[0].clone_from(&own));
        std::fs::write(
            tie.records().join(format!("{files}.0.pid")),
            format!("{own} 1 1 0 0\n"),
        )
        .expect("written");
        let (report, heard) = run(&host, &spec).await;
        assert_eq!(
            (report.end, heard.out().as_str()),
            (CommandEnd::Lost, "out\n"),
            "{shell}"
        );
        // And it is not stopped as one.
        let report = host
            .cancel(&spec.key, &Place::Home)
            .await
            .expect("an answer");
        assert_eq!(
            report.end,
            CancelEnd::AlreadyEnded(CommandEnd::Lost),
            "{shell}"
        );
        // The same under another boot.
        rewrite(&claim_path, |words| words[2] = "another".into());
        assert_eq!(
            run(&host, &spec).await.0.end,
            CommandEnd::Rebooted,
            "{shell}"
        );
        assert_eq!(lines(&starts).len(), 1, "{shell}");
    }
}

#[tokio::test]
async fn a_claim_that_could_not_be_written_is_no_claim_and_hinders_nobody() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let (spec, starts) = counting("empty", &tie, Place::Home);
        std::fs::create_dir_all(tie.records()).expect("a directory");
        std::fs::write(claim(&tie.records(), "empty"), "").expect("written");
        // Others are attaching meanwhile.
        let hosts: Vec<_> = (0..4).map(|_| tie.host()).collect();
        let runs: Vec<_> = hosts
            .into_iter()
            .map(|host| {
                let spec = spec.clone();
                tokio::spawn(async move { run(&host, &spec).await.0.end })
            })
            .collect();
        for end in runs {
            assert_eq!(end.await.expect("joined"), EXIT(0), "{shell}");
        }
        assert_eq!(lines(&starts).len(), 1, "{shell}");
    }
}

#[tokio::test]
async fn forty_clients_that_start_one_key_at_once_start_it_once() {
    let tie = LocalTie::new("dash");
    let starts = tie.home().join("starts");
    let script = format!(
        "echo started >>{}; echo out; echo err >&2; sleep 0.3; exit 9",
        starts.display()
    );
    let spec = job("forty", &[&script]);
    let hosts: Vec<_> = (0..40).map(|_| tie.host()).collect();
    let runs: Vec<_> = hosts
        .into_iter()
        .map(|host| {
            let spec = spec.clone();
            tokio::spawn(async move { run(&host, &spec).await })
        })
        .collect();
    for one in runs {
        let (report, heard) = one.await.expect("joined");
        assert_eq!(
            (report.end, heard.out().as_str(), heard.err().as_str()),
            (EXIT(9), "out\n", "err\n")
        );
    }
    assert_eq!(lines(&starts).len(), 1);
    // Those that lost have cleared away their files.
    let files = std::fs::read_dir(tie.records()).expect("there").count();
    assert_eq!(
        files, 7,
        "one claim, what it is about and the files of one command"
    );
}

#[tokio::test]
async fn a_job_cancelled_before_it_starts_never_starts() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        let (spec, starts) = counting("early", &tie, Place::Home);
        assert_eq!(
            host.cancel(&spec.key, &Place::Home)
                .await
                .expect("an answer")
                .end,
            CancelEnd::Cancelled
        );
        assert_eq!(
            run(&host, &spec).await.0.end,
            CommandEnd::Cancelled,
            "{shell}"
        );
        assert!(!starts.exists(), "{shell}");
        let jobs = host.jobs(&Place::Home).await.expect("a list");
        assert_eq!(
            (jobs.len(), &jobs[0].key, jobs[0].state),
            (1, &spec.key, JobState::NeverStarts)
        );
    }
}

#[tokio::test]
async fn what_is_followed_must_be_there() {
    let tie = LocalTie::new("dash");
    let host = tie.host();
    let (spec, starts) = counting("absent", &tie, Place::Home);
    let absent = host.follow(&spec, &mut |_| {}).await;
    assert!(absent.is_err() && !starts.exists());
    run(&host, &spec).await;
    let mut heard = Heard::default();
    let report = host
        .follow(&spec, &mut |event| heard.take(event))
        .await
        .expect("a report");
    assert_eq!((report.end, heard.out().as_str()), (EXIT(0), "out\n"));
    assert_eq!(lines(&starts).len(), 1);
}

#[tokio::test]
async fn a_killed_wrapper_is_lost_once_its_command_is_gone() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        let gone = tie.home().join("gone");
        let script = format!("echo before; sleep 1; echo after; : >'{}'", gone.display());
        let spec = job("widow", &[&script, "echo never"]);
        let started = Instant::now();
        let mut heard = Heard::default();
        let mut sink = |event| {
            if let JobEvent::Running { pid } = event {
                std::process::Command::new("kill")
                    .args(["-9", &pid.to_string()])
                    .status()
                    .expect("kill");
            }
            heard.take(event);
        };
        let report = host.run(&spec, &[], &mut sink).await.expect("a report");
        assert_eq!(
            (report.end, heard.out().as_str()),
            (CommandEnd::Lost, "before\nafter\n"),
            "{shell}"
        );
        assert!(
            gone.exists() && started.elapsed() > Duration::from_millis(900),
            "{shell}"
        );
        assert_eq!(
            host.jobs(&Place::Home).await.expect("a list")[0].state,
            JobState::Ended(CommandEnd::Lost)
        );
    }
}

#[tokio::test]
async fn a_job_whose_wrapper_was_killed_runs_as_long_as_its_command() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        let ready = tie.home().join("ready");
        let spec = job("widower", &[&format!(": >'{}'; sleep 60", ready.display())]);
        let (following, of) = (host.clone(), spec.clone());
        let following = tokio::spawn(async move { run(&following, &of).await.0.end });
        wait_until("started", || ready.exists()).await;
        let jobs = host.jobs(&Place::Home).await.expect("a list");
        let JobState::Running { pid } = jobs[0].state else {
            panic!("{jobs:?}")
        };
        let wrapper = Process::find(i32::try_from(pid).expect("a pid")).expect("the wrapper");
        assert!(wrapper.signal(Signal::KILL));
        wait_until("killed", || !wrapper.lives()).await;
        let jobs = host.jobs(&Place::Home).await.expect("a list");
        assert_eq!(jobs[0].state, JobState::Running { pid }, "{shell}");
        // Nor is its record removed.
        host.sweep(&Place::Home, Some(&spec.key))
            .await
            .expect("swept");
        assert_eq!(host.jobs(&Place::Home).await.expect("a list"), jobs);
        host.cancel(&spec.key, &Place::Home)
            .await
            .expect("an answer");
        assert_eq!(following.await.expect("joined"), CommandEnd::Lost);
        let jobs = host.jobs(&Place::Home).await.expect("a list");
        assert_eq!(jobs[0].state, JobState::Ended(CommandEnd::Lost), "{shell}");
    }
}

#[tokio::test]
async fn what_a_daemon_writes_after_the_end_is_no_output() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        // The daemon ends with this file, and so also with the directory of a test that failed.
        let alive = tie.home().join("alive");
        std::fs::write(&alive, "").expect("written");
        let script = format!(
            "(while [ -e '{}' ]; do echo late; done) & echo end; sleep 0.3",
            alive.display()
        );
        let spec = job("daemon", &[&script, "echo next"]);
        let began = Instant::now();
        let (report, heard) = run(&host, &spec).await;
        assert!(began.elapsed() < Duration::from_secs(20), "{shell}");
        let CommandResult::Ended {
            end,
            stdout_len,
            truncated: false,
            ..
        } = report.commands[0].result
        else {
            panic!("{report:?}")
        };
        assert_eq!((end, report.end), (EXIT(0), EXIT(0)));
        let total = stdout_len + 5;
        assert_eq!(heard.stdout.len() as u64, total, "{shell}");
        let (again, once_more) = run(&host, &spec).await;
        assert!(
            again == report && once_more.stdout == heard.stdout,
            "{shell}"
        );
        std::fs::remove_file(alive).expect("removed");
    }
}

#[tokio::test]
async fn records_are_private() {
    let tie = LocalTie::new("dash");
    run(&tie.host(), &job("private", &["true"])).await;
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&tie.records()), 0o700);
    for entry in std::fs::read_dir(tie.records()).expect("there").flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
    }
}

#[tokio::test]
async fn a_late_pulse_has_another_connection_dialled() {
    let tie = LocalTie::with_env("dash", &[("SILENT_TEST", "1")]);
    let host = tie.host_with(JobLimits {
        pulse_interval: Duration::from_secs(1),
        ..quick()
    });
    let mark = tie.home().join("dialled");
    let script = format!(
        "until [ -e '{}' ]; do sleep 0.1; done; echo done",
        mark.display()
    );
    let spec = job("silent", &[&script]);
    let mut heard = Heard::default();
    let mut stopped = None;
    let is_stopped = AtomicBool::new(false);
    let mut sink = |event| {
        // The first supervisor falls silent, as behind a black hole.
        if matches!(event, JobEvent::Pulse { .. }) && stopped.is_none() {
            let supervisor = supervisors("SILENT_TEST").pop().expect("a supervisor");
            assert!(supervisor.signal(Signal::STOP));
            stopped = Some(supervisor);
            is_stopped.store(true, Ordering::SeqCst);
        }
        heard.take(event);
    };
    let dialled = || tie.world.besides.load(Ordering::SeqCst) >= 1;
    let goes_on = async {
        let reached = || is_stopped.load(Ordering::SeqCst) && dialled();
        wait_until("another connection was dialled", reached).await;
        std::fs::write(&mark, "").expect("written");
    };
    let (report, ()) = tokio::join!(host.run(&spec, &[], &mut sink), goes_on);
    let report = report.expect("a report");
    assert_eq!((report.end, heard.out().as_str()), (EXIT(0), "done\n"));
    // False where it went with its connection.
    let _ = stopped.expect("stopped").signal(Signal::KILL);
}

/// The supervisors of the host with this variable: the children of this process that have it.
fn supervisors(variable: &str) -> Vec<Process> {
    let tasks = std::fs::read_dir("/proc/self/task")
        .expect("linux")
        .flatten();
    let children =
        tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let pids: Vec<i32> = children
        .flat_map(|text| {
            text.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    let found = pids.into_iter().filter_map(Process::find);
    found
        .filter(|process| process.variable(variable).is_some())
        .collect()
}

#[tokio::test]
async fn jobs_are_listed_with_how_they_stand() {
    let tie = LocalTie::new("dash");
    let host = tie.host();
    run(&host, &job("failed", &["true", "exit 4", "true"])).await;
    let (running, path) = (host.clone(), tie.records());
    let spec = job("running", &["sleep 30"]);
    let following = tokio::spawn(async move { run(&running, &spec).await.0.end });
    wait_until("running", || claim(&path, "running").exists()).await;
    let jobs = host.jobs(&Place::Home).await.expect("a list");
    let state = |name: &str| {
        jobs.iter()
            .find(|job| job.key == key(name))
            .map(|job| job.state)
    };
    assert_eq!(state("failed"), Some(JobState::Ended(EXIT(4))));
    assert!(
        matches!(state("running"), Some(JobState::Running { pid }) if pid > 0),
        "{jobs:?}"
    );
    host.cancel(&key("running"), &Place::Home)
        .await
        .expect("an answer");
    assert_eq!(following.await.expect("joined"), CommandEnd::Cancelled);
    host.sweep(&Place::Home, None).await.expect("swept");
    assert!(host.jobs(&Place::Home).await.expect("a list").is_empty());
}
