//! Questions and jobs, with every shell.

use crate::local::{LocalTie, SHELLS, quick};
use crate::support::{EXIT, Heard, deploy, job, job_of, lines, run};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use windlass_job::{CommandResult, JobEvent};
use windlass_model::plan::JobLimits;
use windlass_model::{Command, Secret};

#[tokio::test]
async fn a_question_is_answered_on_both_streams() {
    for shell in SHELLS {
        let host = LocalTie::new(shell).host();
        for _ in 0..2 {
            let answer = host
                .ask("echo 'it''s'; echo 'a\nb' >&2; umask; pwd; exit 3")
                .await
                .expect("an answer");
            assert_eq!(String::from_utf8_lossy(&answer.stderr), "a\nb\n", "{shell}");
            assert!(
                answer.stdout.starts_with(b"its\n0022\n/tmp/"),
                "{shell} {answer:?}"
            );
            assert_eq!(answer.status.0, 3);
        }
    }
}

#[tokio::test]
async fn a_job_runs_its_commands_until_one_fails() {
    for shell in SHELLS {
        let host = LocalTie::new(shell).host();
        let spec = job(
            "two",
            &["echo one; echo err >&2", "printf two; exit 7", "echo never"],
        );
        let (report, heard) = run(&host, &spec).await;
        assert_eq!(report.end, EXIT(7), "{shell}");
        assert_eq!(
            (heard.out().as_str(), heard.err().as_str()),
            ("one\ntwo", "err\n"),
            "{shell} {report:?} {:?}",
            heard.events
        );
        assert!(
            matches!(report.commands[0].result, CommandResult::Ended { end, stdout_len: 4, stderr_len: 4, .. } if end == EXIT(0))
        );
        assert!(
            matches!(report.commands[1].result, CommandResult::Ended { end, stdout_len: 3, .. } if end == EXIT(7))
        );
        assert_eq!(report.commands[2].result, CommandResult::NotReached);
        assert!(matches!(heard.events[0], JobEvent::Running { pid } if pid > 0));
        // Asked again it only tells again.
        let (again, heard) = run(&host, &spec).await;
        assert_eq!(
            (again, heard.out().as_str()),
            (report, "one\ntwo"),
            "{shell}"
        );
    }
}

#[tokio::test]
async fn surroundings_arrive_unchanged() {
    let odd =
        "q'q \"d\" $HOME `id` \\n \\\\ āöě €😀 \u{81}\u{88} line\nline\ttab *?[a] ~ # ;&|<> %s";
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let dir = tie.home().join("a dir\nwith 'odd' name");
        std::fs::create_dir(&dir).expect("a directory");
        let mut command = Command::script(format!(
            "printf '%s' \"$ODD\" >odd; printf '%s' '{}' >literal; umask >umask; env -0 >env; pwd >pwd; readlink /proc/self/fd/0 >stdin; printf '%s' \"$SECRET\" >secret; echo ${{OTHER-none}} >other",
            odd.replace('\'', r"'\''")
        ));
        command.env.insert("ODD".into(), odd.into());
        command.dir = Some(dir.to_str().expect("text").into());
        command.secrets = vec!["SECRET".into()];
        let secrets = [
            ("SECRET".into(), Secret::new(odd)),
            ("OTHER".into(), Secret::new("hidden")),
        ];
        let mut heard = Heard::default();
        let report = tie
            .host()
            .run(&job_of("odd", vec![command]), &secrets, &mut |event| {
                heard.take(event);
            })
            .await;
        assert_eq!(
            report.expect("a report").end,
            EXIT(0),
            "{shell} {}",
            heard.err()
        );
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect(name);
        for name in ["odd", "literal", "secret"] {
            assert_eq!(read(name), odd, "{shell} {name}");
        }
        assert_eq!(
            (
                read("umask").as_str(),
                read("stdin").as_str(),
                read("other").as_str()
            ),
            ("0022\n", "/dev/null\n", "none\n")
        );
        assert_eq!(read("pwd"), format!("{}\n", dir.display()));
        let env = read("env");
        let names: Vec<&str> = env
            .split('\0')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, _)| name)
            .collect();
        let known = [
            "HOME",
            "PATH",
            "ODD",
            "SECRET",
            "WINDLASS_JOB",
            "LANG",
            "PWD",
            "_",
            "SHLVL",
        ];
        for name in names {
            assert!(known.contains(&name), "{shell}: {name}");
        }
        assert!(
            env.contains(&format!("WINDLASS_JOB={}/odd@web1/web1/1/0\0", deploy())),
            "{shell}"
        );
    }
}

/// All words in the scripts that a login may export as variables.
fn words_of_the_scripts() -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sh");
    let scripts = std::fs::read_dir(dir).expect("there").flatten();
    let text: String = scripts
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a script"))
        .collect();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let plain = words.filter(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase()));
    let foreign = plain.filter(|word| !word.starts_with("w_"));
    // What older scripts used.
    let more = ["l", "user", "key", "name", "secrets", "opt0"];
    foreign.chain(more).map(str::to_owned).collect()
}

#[tokio::test]
async fn what_the_login_exports_reaches_the_commands_unchanged() {
    let names = words_of_the_scripts();
    for shell in SHELLS {
        let mut env: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "own")).collect();
        let functions = ["BASH_FUNC_look%%", "BASH_FUNC_stop%%", "BASH_FUNC_watch%%"];
        env.extend(functions.map(|name| (name, "() {  echo own\n}")));
        let tie = LocalTie::with_env(shell, &env);
        let with_secret = Command {
            secrets: vec!["TOKEN".into()],
            when: Some("true".into()),
            ..Command::script("true")
        };
        let spec = job_of("names", vec![with_secret, Command::script("env -0")]);
        let secrets = [("TOKEN".into(), Secret::new("canary"))];
        let mut heard = Heard::default();
        let mut sink = |event| heard.take(event);
        let report = tie.host().run(&spec, &secrets, &mut sink).await;
        assert_eq!(report.expect("a report").end, EXIT(0), "{shell}");
        let out = heard.out();
        let got: BTreeSet<&str> = out.split('\0').collect();
        for name in &names {
            assert!(
                got.contains(format!("{name}=own").as_str()),
                "{shell}: {name}\n{out}"
            );
        }
        for name in functions.iter().filter(|_| shell == "bash") {
            assert!(
                got.contains(format!("{name}=() {{  echo own\n}}").as_str()),
                "{name}\n{out}"
            );
        }
        assert!(!out.contains("canary"), "{shell}");
    }
}

#[tokio::test]
async fn binary_output_survives_cuts_at_any_byte() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        tie.world
            .cut_below
            .store(9000, std::sync::atomic::Ordering::SeqCst);
        let data: Vec<u8> = (0..60_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        std::fs::write(tie.home().join("data"), &data).expect("written");
        let script = "echo started >>starts; cat data; cat data >&2; sleep 0.2; cat data; exit 41";
        let (report, heard) = run(&tie.host(), &job("data", &[script])).await;
        assert_eq!(report.end, EXIT(41), "{shell}");
        assert!(
            heard.stdout == [data.clone(), data.clone()].concat(),
            "{shell}: {} bytes",
            heard.stdout.len()
        );
        assert!(
            heard.stderr == data,
            "{shell}: {} bytes",
            heard.stderr.len()
        );
        assert_eq!(lines(&tie.home().join("starts")).len(), 1);
    }
}

#[tokio::test]
async fn signs_of_life_are_no_part_of_a_slow_answer() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let limits = JobLimits {
            pulse_interval: Duration::from_secs(1),
            ..quick()
        };
        let answer = tie
            .host_with(limits)
            .ask("printf a; sleep 2.5; printf b >&2; printf c; exit 4")
            .await
            .expect("an answer");
        assert_eq!(
            (
                answer.stdout.as_slice(),
                answer.stderr.as_slice(),
                answer.status.0
            ),
            (&b"ac"[..], &b"b"[..], 4),
            "{shell}"
        );
        assert_eq!(tie.world.besides.load(Ordering::SeqCst), 0, "{shell}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_an_error() {
    let host = LocalTie::new("dash").host();
    let long = host.ask("head -c 8000000 /dev/zero").await;
    assert_eq!(long.expect("an answer").stdout.len(), 8_000_000);
    for script in ["cat /dev/zero", "cat /dev/zero >&2"] {
        let endless = tokio::time::timeout(Duration::from_secs(60), host.ask(script)).await;
        let error = endless.expect("an end").expect_err("too long");
        assert!(error.to_string().contains("too long"), "{error}");
    }
}

#[tokio::test]
async fn what_no_shell_can_carry_is_refused_and_nothing_to_do_is_done() {
    let tie = LocalTie::new("dash");
    let host = tie.host();
    assert!(
        host.run(&job("nul", &["echo \0"]), &[], &mut |_| {})
            .await
            .is_err()
    );
    assert_eq!(run(&host, &job("empty", &[])).await.0.end, EXIT(0));
    assert_eq!(tie.world.channels.load(Ordering::SeqCst), 0);
}
