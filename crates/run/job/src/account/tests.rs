use super::*;
use crate::spec::{JobCommand, Place};
use proptest::prelude::*;
use windlass_model::{Command, DeployId, HostName, JobKey, StepId};

const NONCE: &str = ".0123abc.";

fn spec(commands: usize) -> JobSpec {
    let command = |index| JobCommand {
        step: StepId::new(format!("s{index}")),
        attempt: 1,
        command: Command::script("true"),
        advisory: false,
    };
    JobSpec {
        key: JobKey {
            deploy: DeployId::new("d-1"),
            step: "s0".into(),
            host: HostName::new("web1"),
            attempt: 1,
        },
        spends_reserve: false,
        place: Place::Home,
        commands: (0..commands).map(command).collect(),
    }
}

/// What a host holds of one command.
#[derive(Clone, Debug)]
struct Held {
    out: Vec<u8>,
    err: Vec<u8>,
}

/// The whole answer from an offset on, in chunks of `chunk` bytes, the streams taking turns.
fn told(held: &[Held], from: Offsets, chunk: usize) -> Vec<u8> {
    let mut bytes = b"noise of a profile\n".to_vec();
    for (index, command) in held.iter().enumerate().skip(from.index) {
        let start = |offset: u64| {
            if index == from.index {
                usize::try_from(offset).unwrap()
            } else {
                0
            }
        };
        bytes.extend(format!("{NONCE}B {index} 77\n").bytes());
        let mut at = [start(from.stdout), start(from.stderr)];
        let streams = [("out", &command.out), ("err", &command.err)];
        while streams.iter().zip(at).any(|((_, all), at)| at < all.len()) {
            for ((name, all), at) in streams.iter().zip(&mut at) {
                let end = all.len().min(*at + chunk);
                bytes.extend(format!("{NONCE}O {name} {at}\n").bytes());
                bytes.extend(&all[*at..end]);
                *at = end;
            }
            bytes.extend(format!("{NONCE}P {index} 78 100 50 10 3\n").bytes());
        }
        bytes.extend(
            format!(
                "{NONCE}E {index} 0 {} {} 42 0\n",
                command.out.len(),
                command.err.len()
            )
            .bytes(),
        );
    }
    bytes.extend(format!("{NONCE}D\n").bytes());
    bytes
}

proptest! {
    #[test]
    fn cuts_and_splits_change_nothing(
        held in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), prop::collection::vec(any::<u8>(), 0..200)), 1..4),
        cuts in prop::collection::vec(1usize..400, 0..12),
        split in 1usize..50,
        chunk in 1usize..90,
    ) {
        let held: Vec<Held> = held.into_iter().map(|(out, err)| Held { out, err }).collect();
        let spec = spec(held.len());
        let mut account = Account::new(&spec);
        let mut heard = vec![Held { out: Vec::new(), err: Vec::new() }; held.len()];
        let (mut started, mut ended) = (Vec::new(), Vec::new());
        let mut cuts = cuts.into_iter();
        while account.verdict().is_none() {
            let from = account.restart(NONCE);
            let mut answer = told(&held, from, chunk);
            answer.truncate(cuts.next().unwrap_or(usize::MAX));
            for part in answer.chunks(split) {
                account.take(part, &mut |event| match event {
                    JobEvent::Output { index, stream, offset, bytes } => {
                        let side = if stream == Stream::Stdout { &mut heard[index].out } else { &mut heard[index].err };
                        assert_eq!(offset, side.len() as u64);
                        side.extend(bytes);
                    }
                    JobEvent::CommandStarted { index } => started.push(index),
                    JobEvent::CommandEnded { index, .. } => ended.push(index),
                    _ => {}
                });
            }
        }
        for (held, heard) in held.iter().zip(&heard) {
            prop_assert_eq!(&held.out, &heard.out);
            prop_assert_eq!(&held.err, &heard.err);
        }
        let all: Vec<usize> = (0..held.len()).collect();
        prop_assert_eq!(&started, &all);
        prop_assert_eq!(&ended, &all);
        prop_assert!(account.report().end.success());
    }

    #[test]
    fn noise_is_never_a_job(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let spec = spec(1);
        let mut account = Account::new(&spec);
        account.restart(NONCE);
        account.take(&bytes, &mut |_| panic!("an event"));
        prop_assert_eq!(account.verdict(), None);
    }
}

#[test]
fn output_that_the_host_no_longer_has_is_named() {
    let spec = spec(1);
    let mut account = Account::new(&spec);
    account.restart(NONCE);
    let answer = format!("{NONCE}B 0 7\n{NONCE}O out 1000\nend{NONCE}E 0 0 1003 0 1 1\n{NONCE}D\n");
    account.take(answer.as_bytes(), &mut |_| {});
    let report = account.report();
    assert!(matches!(
        report.commands[0].result,
        CommandResult::Ended {
            stdout_len: 1003,
            truncated: true,
            ..
        }
    ));
}

#[test]
fn a_report_that_ends_before_the_job_is_no_end() {
    let spec = spec(2);
    let mut account = Account::new(&spec);
    for broken in ["B 0 7\n{}D\n", "E 0 0 5\n"] {
        account.restart(NONCE);
        assert!(!account.is_broken_off());
        let answer = format!("{NONCE}{}", broken.replace("{}", NONCE));
        account.take(answer.as_bytes(), &mut |_| {});
        assert!(account.is_broken_off(), "{broken}");
        assert_eq!(account.verdict(), None);
    }
    account.restart(NONCE);
    let answer = format!("{NONCE}E 0 0 0 0 1 0\n{NONCE}E 1 3 0 0 1 0\n{NONCE}D\n");
    account.take(answer.as_bytes(), &mut |_| {});
    assert!(!account.is_broken_off());
    assert_eq!(account.report().end, CommandEnd::Exited(ExitStatus(3)));
}

#[test]
fn a_pulse_tells_what_the_host_counted() {
    let spec = spec(1);
    let mut account = Account::new(&spec);
    account.restart(NONCE);
    let mut pulses = Vec::new();
    let answer = format!("{NONCE}P 0 78 1000 250 65536 300\n");
    account.take(answer.as_bytes(), &mut |event| {
        if let JobEvent::Pulse { pulse, .. } = event {
            pulses.push(pulse);
        }
    });
    let told = Pulse {
        age: Duration::from_secs(10),
        cpu: Duration::from_millis(2500),
        memory: 65536,
        silent: Duration::from_secs(3),
        pid: 78,
    };
    assert_eq!(pulses, [told]);
}

#[test]
fn output_that_overtakes_its_beginning_is_told_after_it() {
    let spec = spec(1);
    let mut account = Account::new(&spec);
    account.restart(NONCE);
    let mut events = Vec::new();
    let text = format!("{NONCE}O err 0\nno{NONCE}B 0 77\n{NONCE}E 0 1 0 2 42 0\n");
    account.take(text.as_bytes(), &mut |event| events.push(event));
    let [
        JobEvent::CommandStarted { index: 0 },
        JobEvent::Output { .. },
        JobEvent::Running { pid: 77 },
        JobEvent::CommandEnded { .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
}
