//! What jobs leave on their host.

use crate::local::{LocalTie, SHELLS};
use crate::support::{EXIT, claim, deploy, job, job_of, key, run, wait_until};
use crate::ways::program;
use std::path::Path;
use std::time::Duration;
use windlass_job::{JobState, Place};
use windlass_lab::Process;
use windlass_model::{Command, CommandEnd, Secret};

/// The names of the files in a directory.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("there").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Makes a new file two days old.
fn age(path: &Path) {
    let file = std::fs::File::options()
        .append(true)
        .open(path)
        .expect("there");
    let now = file.metadata().and_then(|about| about.modified());
    let then = now
        .expect("a time")
        .checked_sub(Duration::from_secs(2 * 86_400));
    file.set_modified(then.expect("a time")).expect("aged");
}

#[tokio::test]
async fn tombstones_outside_of_a_deploy_go_after_a_day_with_any_sweep() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        for name in ["swept", "kept", "young", "present"] {
            run(&host, &job(name, &["true"])).await;
        }
        for name in ["swept", "young"] {
            host.sweep(&Place::Home, Some(&key(name)))
                .await
                .expect("swept");
        }
        host.cancel(&key("never"), &Place::Home)
            .await
            .expect("claimed");
        for name in ["swept", "kept", "never"] {
            age(&claim(&tie.records(), name));
        }
        host.sweep(&Place::Home, Some(&key("present")))
            .await
            .expect("swept");
        let left = |name: &str| claim(&tie.records(), name).exists();
        assert!(!left("swept") && !left("never"), "{shell}");
        assert!(left("kept") && left("young") && left("present"), "{shell}");
        let jobs = host.jobs(&Place::Home).await.expect("a list");
        assert_eq!(jobs.len(), 1, "{shell}");
        assert_eq!(
            jobs[0].state,
            JobState::Ended(EXIT(0)),
            "its record was not asked to be removed"
        );
    }
}

#[tokio::test]
async fn the_files_of_a_start_that_came_to_nothing_are_removed() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        let host = tie.host();
        let stat = std::fs::read_to_string("/proc/self/stat").expect("linux");
        let (_, words) = stat.rsplit_once(')').expect("a name");
        let tick = words.split_whitespace().nth(19).expect("a tick");
        let alive = format!("{}.{tick}", std::process::id());
        std::fs::create_dir_all(tie.records()).expect("a directory");
        let put = |name: &str, starter: &str, kind: &str| {
            let path = tie
                .records()
                .join(format!("{}.{starter}.{kind}", spec_base(name)));
            std::fs::write(&path, "TOKEN=canary").expect("written");
            path
        };
        let gone = [
            put("again", "4999999.7", "boot"),
            put("again", "4999999.7", "0.script"),
        ];
        let theirs = put("again", &alive, "0.script");
        let forgotten = put("forgotten", "4999999.7", "boot");
        let recent = put("recent", "4999999.7", "boot");
        age(&forgotten);
        // Another start of the key clears away.
        run(&host, &job("again", &["true"])).await;
        assert!(gone.iter().all(|path| !path.exists()), "{shell}");
        assert!(theirs.exists(), "{shell}: its starter is alive");
        // So does a sweep, of what came later, and in the end of what no key was ever claimed for.
        let late = put("again", "4999999.8", "boot");
        host.sweep(&Place::Home, Some(&key("again")))
            .await
            .expect("swept");
        assert!(!late.exists() && !forgotten.exists(), "{shell}");
        assert!(theirs.exists() && recent.exists(), "{shell}");
    }
}

#[tokio::test]
async fn a_manager_that_refuses_leaves_no_file_and_no_process_with_a_secret() {
    for shell in SHELLS {
        let tie = LocalTie::new(shell);
        program(&tie.home().join("bin/systemd-run"), "exit 1");
        let host = tie.host();
        host.start_through_user_manager();
        let command = Command {
            secrets: vec!["TOKEN".into()],
            ..Command::script("true")
        };
        let spec = job_of("refused", vec![command]);
        let secrets = [("TOKEN".into(), Secret::new("canary"))];
        let report = host.run(&spec, &secrets, &mut |_| {}).await;
        assert_eq!(
            report.expect("a report").end,
            CommandEnd::NotStarted,
            "{shell}"
        );
        let left = names(&tie.records());
        assert_eq!(left, [format!("{}.claim", spec_base("refused"))], "{shell}");
        let home = tie.home().as_os_str().as_encoded_bytes();
        let of_home =
            |process: &Process| process.variable("HOME").is_some_and(|value| value == home);
        // The supervisor, which waits for another request.
        let alone = || {
            Process::all()
                .iter()
                .filter(|process| of_home(process))
                .count()
                == 1
        };
        wait_until("nobody holds the secret", alone).await;
    }
}

fn spec_base(name: &str) -> String {
    format!("{},{name}@web1,web1,1", deploy())
}
