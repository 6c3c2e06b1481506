//! Jobs that are stopped: by a person, by time, by their own failure.

use crate::local::{LocalTie, SHELLS, quick};
use crate::support::{EXIT, Heard, claim, job, job_of, lines, run, wait_until};
use std::path::Path;
use std::time::{Duration, Instant};
use windlass_job::{CancelEnd, CommandResult, JobEvent, JobSpec, Place};
use windlass_lab::Process;
use windlass_model::{Command, CommandEnd};

/// Processes of commands of a host.
fn left(tie: &LocalTie) -> Vec<String> {
    let home = tie.home().as_os_str().as_encoded_bytes();
    let of_home = |process: &Process| process.variable("HOME").is_some_and(|value| value == home);
    let all = Process::all().into_iter();
    let commands =
        all.filter(|process| of_home(process) && process.variable("WINDLASS_JOB").is_some());
    commands.map(|process| process.to_string()).collect()
}

async fn nothing_left(tie: &LocalTie, of: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    while !left(tie).is_empty() {
        assert!(Instant::now() < end, "{of}: {:?}", left(tie));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Starts a job and waits for a file that it makes.
async fn started(
    tie: &LocalTie,
    spec: &JobSpec,
    file: &Path,
) -> tokio::task::JoinHandle<(CommandEnd, Heard)> {
    let (host, spec) = (tie.host(), spec.clone());
    let following = tokio::spawn(async move {
        let (report, heard) = run(&host, &spec).await;
        (report.end, heard)
    });
    wait_until("started", || file.exists()).await;
    following
}

#[tokio::test]
async fn a_cancelled_job_is_gone_with_all_that_it_started() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let ready = tie.home().join("ready");
        // In the group; in a session of its own; forked away from its parent; deaf to TERM.
        let script = format!(
            "sleep 60 & setsid sleep 60 & (setsid sh -c 'sleep 60 & exit' &); sh -c 'trap \"\" TERM; : >{}; while :; do sleep 1; done' & wait",
            ready.display()
        );
        let spec = job("cancel", &["true", &script, "echo never"]);
        let following = started(&tie, &spec, &ready).await;
        let began = Instant::now();
        let report = tie
            .host()
            .cancel(&spec.key, &Place::Home)
            .await
            .expect("an answer");
        assert_eq!(report.end, CancelEnd::Cancelled, "{shell}");
        assert!(
            began.elapsed() > Duration::from_millis(500),
            "KILL only after a time"
        );
        assert_eq!(
            left(&tie),
            Vec::<String>::new(),
            "{shell}: gone when it is said"
        );
        let (end, heard) = following.await.expect("joined");
        assert_eq!((end, heard.out().as_str()), (CommandEnd::Cancelled, ""));
        // Twice is as good as once.
        let report = tie
            .host()
            .cancel(&spec.key, &Place::Home)
            .await
            .expect("an answer");
        assert_eq!(report.end, CancelEnd::Cancelled, "{shell}");
    }
}

#[tokio::test]
async fn a_job_that_ended_is_not_cancelled_and_its_daemon_lives_on() {
    let tie = LocalTie::new("dash");
    let spec = job("ended", &["sleep 300 & echo $! >pid"]);
    run(&tie.host(), &spec).await;
    let report = tie
        .host()
        .cancel(&spec.key, &Place::Home)
        .await
        .expect("an answer");
    assert_eq!(report.end, CancelEnd::AlreadyEnded(EXIT(0)));
    let pid: i32 = lines(&tie.home().join("pid"))[0].parse().expect("a number");
    let daemon = Process::find(pid).expect("it lives");
    assert!(daemon.signal(rustix::process::Signal::KILL));
}

#[tokio::test]
async fn cancel_stops_the_present_command_only() {
    let tie = LocalTie::new("dash");
    let ready = tie.home().join("ready");
    let spec = job(
        "present",
        &[
            "sleep 300 & echo $! >pid",
            &format!(": >{}; sleep 60", ready.display()),
        ],
    );
    let following = started(&tie, &spec, &ready).await;
    tie.host()
        .cancel(&spec.key, &Place::Home)
        .await
        .expect("an answer");
    assert_eq!(following.await.expect("joined").0, CommandEnd::Cancelled);
    let pid: i32 = lines(&tie.home().join("pid"))[0].parse().expect("a number");
    assert!(
        Process::find(pid)
            .expect("what an earlier command started lives")
            .signal(rustix::process::Signal::KILL)
    );
}

#[tokio::test]
async fn a_wrapper_that_was_killed_does_not_keep_its_command_from_being_stopped() {
    let tie = LocalTie::new("dash");
    let ready = tie.home().join("ready");
    let spec = job("orphan", &[&format!(": >{}; sleep 60", ready.display())]);
    let following = started(&tie, &spec, &ready).await;
    let path = claim(&tie.records(), "orphan");
    let pid = lines(&path)[0]
        .split(' ')
        .next()
        .expect("a pid")
        .parse()
        .expect("a number");
    assert!(
        Process::find(pid)
            .expect("the wrapper")
            .signal(rustix::process::Signal::KILL)
    );
    let report = tie
        .host()
        .cancel(&spec.key, &Place::Home)
        .await
        .expect("an answer");
    assert_eq!(report.end, CancelEnd::AlreadyEnded(CommandEnd::Lost));
    assert_eq!(following.await.expect("joined").0, CommandEnd::Lost);
    nothing_left(&tie, "cancelled").await;
}

#[tokio::test]
async fn time_runs_out_without_any_connection() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let silent = Command {
            idle_timeout: Some(Duration::from_millis(1500)),
            ..Command::script("trap '' TERM; echo on; sleep 60; sleep 60")
        };
        let long = Command {
            timeout: Some(Duration::from_millis(1500)),
            ..Command::script("while :; do echo on; sleep 0.2; done")
        };
        for (name, command, end) in [
            ("idle", silent, CommandEnd::IdleTimedOut),
            ("long", long, CommandEnd::TimedOut),
        ] {
            let spec = job_of(name, vec![command, Command::script("echo never")]);
            let host = tie.host();
            {
                let mut sink = |_| {};
                let following = host.run(&spec, &[], &mut sink);
                // Followed for a moment only.
                assert!(
                    tokio::time::timeout(Duration::from_millis(700), following)
                        .await
                        .is_err()
                );
            }
            drop(host);
            tokio::time::sleep(Duration::from_millis(500)).await;
            let path = claim(&tie.records(), name);
            let files = lines(&path)[0].split(' ').nth(3).expect("files").to_owned();
            let rc = tie.records().join(format!("{files}.0.rc"));
            wait_until("ended", || lines(&rc)[0].contains("last")).await;
            let mut heard = Heard::default();
            let report = tie
                .host()
                .follow(&spec, &mut |event| heard.take(event))
                .await
                .expect("a report");
            assert_eq!(report.end, end, "{shell}");
            assert!(heard.out().starts_with("on\n"), "{shell}");
        }
        nothing_left(&tie, shell).await;
    }
}

#[tokio::test]
async fn what_a_failed_command_leaves_behind_is_stopped_before_its_end_is_told() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let (report, _) = run(
            &tie.host(),
            &job("killed", &["sleep 60 & setsid sleep 60 & kill -9 $$"]),
        )
        .await;
        assert_eq!(report.end, EXIT(137), "{shell}");
        nothing_left(&tie, shell).await;
    }
}

#[tokio::test]
async fn output_beyond_the_limit_is_not_kept_and_the_status_is() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let limits = windlass_model::plan::JobLimits {
            output_limit: 100_000,
            ..quick()
        };
        let script = "i=0; while [ $i -lt 30 ]; do head -c 20000 /dev/zero | tr '\\0' x; echo; sleep 0.1; i=$((i+1)); done; echo the end; exit 6";
        let spec = job("flood", &[script]);
        let host = tie.host_with(limits.clone());
        let mut last = (0, 0);
        let mut sink = |event| {
            if let JobEvent::Output { offset, bytes, .. } = &event {
                assert!(*offset >= last.0, "{shell}");
                last = (*offset, bytes.len());
            }
        };
        let report = host.run(&spec, &[], &mut sink).await.expect("a report");
        let CommandResult::Ended {
            end,
            stdout_len,
            truncated,
            ..
        } = report.commands[0].result
        else {
            panic!("{report:?}")
        };
        assert_eq!((end, truncated), (EXIT(6), true), "{shell}");
        assert_eq!(stdout_len, 30 * 20_001 + 8, "{shell}: all output counts");
        assert_eq!(last.0 + last.1 as u64, stdout_len, "{shell}");
        // Somebody who comes later hears the mark and the end.
        let mut heard = Heard::default();
        let again = tie
            .host()
            .run(&spec, &[], &mut |event| heard.take(event))
            .await
            .expect("a report");
        assert_eq!(again, report, "{shell}");
        assert!(
            heard.out().starts_with("[windlass: ") && heard.out().ends_with("the end\n"),
            "{shell}"
        );
        assert!(heard.stdout.len() < 400_000);
    }
}

/// The numbered lines of 64 bytes among output that was heard by offsets, and how far each is from where it would stand
/// if nothing but lines had been written.
fn numbered(heard: &[(u64, Vec<u8>)]) -> Vec<(u64, u64)> {
    let (mut lines, mut run, mut begin) = (Vec::new(), Vec::new(), 0_u64);
    let mut take = |begin: u64, run: &[u8]| {
        let mut at = begin;
        for line in run.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            let number = text.strip_prefix("line ").filter(|_| line.len() == 64);
            if let Some(number) = number {
                let number: u64 = number.trim_end().parse().expect("a number");
                lines.push((number, at.wrapping_sub(number * 64)));
            }
            at += line.len() as u64;
        }
    };
    for (offset, bytes) in heard {
        if begin + run.len() as u64 != *offset {
            take(begin, &run);
            run.clear();
            begin = *offset;
        }
        run.extend(bytes);
    }
    take(begin, &run);
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_reader_of_output_that_is_cut_hears_every_byte_at_its_place() {
    let of_shell = |shell: &'static str| async move {
        let tie = LocalTie::new(shell);
        let limits = windlass_model::plan::JobLimits {
            output_limit: 1_500_000,
            ..quick()
        };
        let script = "n=0; while [ $n -lt 120 ]; do awk -v n=$n 'BEGIN { for (i = n*2000; i < n*2000+2000; i++) printf(\"line %058d\\n\", i) }'; n=$((n+1)); sleep 0.05; done";
        let mut heard: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut sink = |event| {
            if let JobEvent::Output { offset, bytes, .. } = event {
                if heard.len() < 400 {
                    std::thread::sleep(Duration::from_millis(15));
                }
                heard.push((offset, bytes));
            }
        };
        let spec = job("slow", &[script]);
        let host = tie.host_with(limits);
        let report = host.run(&spec, &[], &mut sink).await.expect("a report");
        assert_eq!(report.end, EXIT(0), "{shell}");
        let lines = numbered(&heard);
        assert!(lines.len() > 10_000, "{shell}: {}", lines.len());
        assert_eq!(lines.last().map(|(number, _)| *number), Some(239_999));
        for pair in lines.windows(2) {
            let [(one, before), (other, after)] = pair else {
                unreachable!()
            };
            assert!(one < other && before == after, "{shell}: {pair:?}");
        }
        assert!(lines[0] == (0, 0), "{shell}: {:?}", lines[0]);
    };
    let shells = SHELLS.map(|shell| tokio::spawn(of_shell(shell)));
    for shell in shells {
        shell.await.expect("as it should be");
    }
}

/// Whether it tells all that there is to tell about the fourth command. One that comes late may not see the process any more.
fn is_whole_pulse(event: &JobEvent) -> bool {
    let JobEvent::Pulse { index, pulse } = event else {
        return false;
    };
    *index == 3
        && pulse.pid > 0
        && (100_000..1 << 30).contains(&pulse.memory)
        && pulse.silent >= quick().pulse_interval
}

#[tokio::test]
async fn when_advisory_and_pulse() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let when = |when: &str| Command {
            when: Some(when.into()),
            ..Command::script("echo done")
        };
        let mark = tie.home().join("pulsed");
        let pulsed = mark.display();
        let mut spec = job_of(
            "when",
            vec![
                when("echo noise; true"),
                when("false"),
                Command::script("exit 3"),
                Command::script(format!("until [ -e '{pulsed}' ]; do sleep 0.1; done")),
                when("no-such-program"),
            ],
        );
        spec.commands[2].advisory = true;
        let mut heard = Heard::default();
        let mut whole = 0;
        let report = tie
            .host()
            .run(&spec, &[], &mut |event| {
                if is_whole_pulse(&event) {
                    whole += 1;
                }
                // Only now does the command end that they tell about.
                if whole == 2 {
                    std::fs::write(&mark, "").expect("written");
                }
                heard.take(event);
            })
            .await
            .expect("a report");
        assert_eq!(
            (report.end, heard.out().as_str()),
            (EXIT(127), "done\n"),
            "{shell}"
        );
        assert!(
            heard.err().contains("`when` ended with status 127"),
            "{shell} {}",
            heard.err()
        );
        assert_eq!(report.commands[1].result, CommandResult::Skipped);
        assert!(
            matches!(report.commands[2].result, CommandResult::Ended { end, .. } if end == EXIT(3))
        );
        assert!(whole >= 2, "{shell} {:?}", heard.events);
    }
}
