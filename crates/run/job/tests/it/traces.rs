//! What jobs leave on their host.

use crate::holes::root;
use crate::local::{LocalTie, SHELLS};
use crate::support::{EXIT, Heard, claim, deploy, job, job_of, key, run, wait_until};
use crate::ways::program;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use windlass_job::{JobSpec, JobState, Place};
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

/// Fills a file system but for so many pages.
fn fill(dir: &Path, left: u64) {
    let mut file = std::fs::File::create(dir.join("fill")).expect("created");
    let zeros = [0; 4096];
    let mut pages = 0_u64;
    while file.write_all(&zeros).is_ok() {
        pages += 1;
    }
    file.set_len((pages - left) * 4096).expect("shrunk");
}

/// A job on a file system that is full but for so many pages: its end, what it printed, whether the room that is kept for
/// undos is still there. `None` where no file system can be mounted.
async fn on_full_disk(
    shell: &str,
    left: u64,
    spends_reserve: bool,
) -> Option<(CommandEnd, String, bool)> {
    let tie = LocalTie::new(shell);
    let dir = tempfile::tempdir().expect("a directory");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(dir.path())
        .status();
    mounted.ok().filter(std::process::ExitStatus::success)?;
    let (root, place) = root(dir.path());
    let reserve = root.join(".windlass/deploys/d-test/reserve");
    std::fs::write(&reserve, vec![0; 65_536]).expect("written");
    fill(dir.path(), left);
    let command = Command {
        secrets: vec!["TOKEN".into()],
        ..Command::script("printf '%s' \"$TOKEN\"")
    };
    let spec = JobSpec {
        place,
        spends_reserve,
        ..job_of("full", vec![command])
    };
    let secrets = [("TOKEN".into(), Secret::new("canary"))];
    let mut heard = Heard::default();
    let mut sink = |event| heard.take(event);
    let report = tie.host().run(&spec, &secrets, &mut sink).await;
    let kept = reserve.exists();
    std::process::Command::new("umount")
        .arg("-l")
        .arg(dir.path())
        .status()
        .expect("umount");
    Some((report.expect("a report").end, heard.out(), kept))
}

#[tokio::test]
async fn on_a_full_disk_an_undo_has_the_room_that_was_kept_for_it() {
    for shell in SHELLS {
        // The files of a job need three pages and its claim one more.
        for left in 0..4 {
            let Some(forward) = on_full_disk(shell, left, false).await else {
                eprintln!("SKIPPED: no file system can be mounted here");
                return;
            };
            let refused = (CommandEnd::NoSpace, String::new(), true);
            assert_eq!(forward, refused, "{shell} {left}");
            let undo = on_full_disk(shell, left, true).await;
            let done = (EXIT(0), "canary".to_owned(), false);
            assert_eq!(undo, Some(done), "{shell} {left}");
        }
    }
}
