//! Ways to start a command: without setsid, through the user's manager, as another user, in a terminal.

use crate::local::{LocalTie, SHELLS};
use crate::support::{EXIT, Heard, deploy, job, job_of, lines, run};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use windlass_lab::Process;
use windlass_model::{Command, Secret};

pub(crate) fn program(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/dash\n{text}\n")).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A host with nothing but these programs.
fn bare(shell: &str, programs: &[&str]) -> LocalTie {
    let tie = LocalTie::new(shell);
    let bin = tie.home().join("bin");
    let few = [
        "cat", "dd", "sleep", "wc", "rm", "mkdir", "id", "grep", "tr", "kill",
    ];
    for name in few.iter().chain(programs) {
        let real = ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(name));
        let real = real
            .into_iter()
            .find(|path| path.exists())
            .expect("a program");
        std::os::unix::fs::symlink(real, bin.join(name)).expect("a link");
    }
    tie.only(&bin)
}

#[tokio::test]
async fn where_setsid_is_missing_another_way_is_found_or_named() {
    for shell in SHELLS {
        for way in ["setsid", "busybox", "perl"] {
            let tie = bare(shell, &[way]);
            let (report, heard) = run(&tie.host(), &job("way", &["read -r _ _ _ _ group session _ </proc/$$/stat; echo $(($$-session)); exit 3"])).await;
            assert_eq!(
                (report.end, heard.out().as_str()),
                (EXIT(3), "0\n"),
                "{shell} {way}: {}",
                heard.err()
            );
        }
        let tie = bare(shell, &[]);
        let error = tie
            .host()
            .run(&job("none", &["true"]), &[], &mut |_| {})
            .await
            .expect_err("no way");
        assert!(error.to_string().contains("setsid"), "{error}");
    }
}

#[tokio::test]
async fn through_the_users_manager() {
    for shell in SHELLS {
        let tie = LocalTie::with_env(shell, &[("LOGIN_ONLY", "it's \"here\"")]);
        // Stands in for the manager: starts the unit in surroundings of its own, without a way back to us.
        program(
            &tie.home().join("bin/systemd-run"),
            &format!(
                "echo \"$*\" >>{home}/units; while [ \"$1\" != -- ]; do shift; done; shift\n\
                 cd /; env -i PATH={home}/bin:/usr/bin:/bin HOME=/ setsid \"$@\" </dev/null >/dev/null 2>&1 &",
                home = tie.home().display()
            ),
        );
        let host = tie.host();
        host.start_through_user_manager();
        let command = Command {
            secrets: vec!["TOKEN".into()],
            ..Command::script("echo \"$LOGIN_ONLY $TOKEN $HOME\"; exit 8")
        };
        let secrets = [("TOKEN".into(), Secret::new("canary"))];
        let mut heard = Heard::default();
        let report = host
            .run(&job_of("managed", vec![command]), &secrets, &mut |event| {
                heard.take(event);
            })
            .await
            .expect("a report");
        assert_eq!(
            (report.end, heard.out()),
            (
                EXIT(8),
                format!("it's \"here\" canary {}\n", tie.home().display())
            ),
            "{shell}"
        );
        let units = lines(&tie.home().join("units"));
        assert_eq!(units.len(), 1);
        assert!(
            units[0].starts_with("--user --quiet --collect -p KillMode=process -- sh -c"),
            "{units:?}"
        );
        let found = std::process::Command::new("grep")
            .args(["-rl", "canary"])
            .arg(tie.records())
            .output()
            .expect("grep");
        // Only in what the command itself printed.
        assert!(
            String::from_utf8_lossy(&found.stdout)
                .lines()
                .all(|file| file.rsplit('.').next() == Some("out")),
            "{found:?}"
        );
        assert!(
            !tie.records()
                .read_dir()
                .expect("there")
                .flatten()
                .any(|entry| entry
                    .path()
                    .extension()
                    .is_some_and(|kind| kind == "boot" || kind == "pipe"))
        );
        // A manager that refuses.
        program(&tie.home().join("bin/systemd-run"), "exit 1");
        let (report, _) = run(&host, &job("refused", &["true"])).await;
        assert_eq!(
            report.end,
            windlass_model::CommandEnd::NotStarted,
            "{shell}"
        );
    }
}

#[tokio::test]
async fn secrets_are_in_no_file_and_no_argument() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let secret = "canary-'q\" \n$X `y` \\n";
        let check = "for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/cmdline 2>/dev/null | grep -q canary- && echo \"$p args\"; done; \
             read -r _ _ _ wrapper _ </proc/$$/stat; grep -c canary- /proc/$wrapper/environ || true; printf '%s' \"$TOKEN\" | wc -c; exit 0";
        let command = Command {
            secrets: vec!["TOKEN".into()],
            ..Command::script(check)
        };
        let secrets = [("TOKEN".into(), Secret::new(secret))];
        let mut heard = Heard::default();
        let report = tie
            .host()
            .run(&job_of("secret", vec![command]), &secrets, &mut |event| {
                heard.take(event);
            })
            .await
            .expect("a report");
        assert_eq!(
            (report.end, heard.out()),
            (EXIT(0), format!("0\n{}\n", secret.len())),
            "{shell} {}",
            heard.err()
        );
        let found = std::process::Command::new("grep")
            .args(["-rlF", "canary-"])
            .arg(tie.home())
            .output()
            .expect("grep");
        assert_eq!(
            String::from_utf8_lossy(&found.stdout)
                .lines()
                .filter(|file| !file.ends_with(".script"))
                .count(),
            0,
            "{shell}"
        );
    }
}

#[tokio::test]
async fn another_user_gets_surroundings_script_and_secrets_through_sudo() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        // Stands in for sudo: resets the environment and notes its arguments.
        program(
            &tie.home().join("bin/sudo"),
            &format!(
                "echo \"$*\" >>{home}/sudo.log; [ \"$1 $2 $3 $4\" = '-n -u www --' ] || exit 9; shift 4\n\
                 exec env -i PATH={home}/bin:/usr/bin:/bin HOME=/tmp USER=www \"$@\"",
                home = tie.home().display()
            ),
        );
        let mut command = Command {
            sudo: Some("www".into()),
            secrets: vec!["TOKEN".into()],
            dir: Some("/usr".into()),
            when: Some("[ \"$USER\" = www ]".into()),
            ..Command::script("echo \"$USER $ODD $TOKEN $PWD $WINDLASS_JOB\"; cat; exit 5")
        };
        command.env.insert("ODD".into(), "a'b\nc".into());
        let secrets = [("TOKEN".into(), Secret::new("canary"))];
        let mut heard = Heard::default();
        let report = tie
            .host()
            .run(&job_of("sudo", vec![command]), &secrets, &mut |event| {
                heard.take(event);
            })
            .await
            .expect("a report");
        assert_eq!(
            (report.end, heard.out().as_str()),
            (
                EXIT(5),
                format!("www a'b\nc canary /usr {}/sudo@web1/web1/1/0\n", deploy()).as_str()
            ),
            "{shell} {}",
            heard.err()
        );
        assert!(
            !std::fs::read_to_string(tie.home().join("sudo.log"))
                .expect("a log")
                .contains("canary")
        );
    }
}

#[tokio::test]
async fn a_terminal_where_one_is_wanted() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let command = Command {
            pty: true,
            secrets: vec!["TOKEN".into()],
            ..Command::script("[ -t 1 ] && echo \"a terminal, $TOKEN\"; exit 6")
        };
        let secrets = [("TOKEN".into(), Secret::new("it's"))];
        let mut heard = Heard::default();
        let report = tie
            .host()
            .run(&job_of("pty", vec![command]), &secrets, &mut |event| {
                heard.take(event);
            })
            .await
            .expect("a report");
        assert_eq!(
            (report.end, heard.out().as_str()),
            (EXIT(6), "a terminal, it's\r\n"),
            "{shell} {}",
            heard.err()
        );
        let left = Process::all().into_iter().filter(|process| {
            process
                .variable("WINDLASS_JOB")
                .is_some_and(|mark| mark.starts_with(format!("{}/pty", deploy()).as_bytes()))
        });
        assert_eq!(left.count(), 0);
    }
}

#[tokio::test]
async fn output_that_could_not_be_sent_is_sent_again() {
    for shell in ["dash", "bash"] {
        let tie = LocalTie::new(shell);
        let failed = tie.home().join("failed").display().to_string();
        let dd = format!("[ -e {failed} ] || {{ : >{failed}; exit 1; }}; exec /bin/dd \"$@\"");
        program(&tie.home().join("bin/dd"), &dd);
        let (report, heard) = run(&tie.host(), &job("unsent", &["echo out"])).await;
        assert_eq!(
            (report.end, heard.out().as_str()),
            (EXIT(0), "out\n"),
            "{shell}"
        );
        assert!(tie.home().join("failed").exists(), "{shell}");
    }
}
