//! Where Capistrano cuts those who use it, and what happens here instead. docs/guarantees.md has the whole list; what
//! needs no Capistrano stands with the tests of the thing itself.

use crate::cap;
use crate::support::{Run, Stage, toml};
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};
use windlass_lab::{LabHost, Repo, Sshd, available};

fn deploy(stage: &Stage) -> Run {
    stage.run(&["deploy", "production", "--yes"])
}

fn live(stage: &Stage) -> String {
    stage.host.live().expect("a release is live")
}

fn release_path(stage: &Stage, release: &str) -> PathBuf {
    stage.host.deploy_to().join("releases").join(release)
}

/// A Capistrano that breaks off between making its link and moving it, or with `FAIL` before anything is published.
const BROKEN: &str = "SSHKit.config.command_map[:mv] = 'false' if ENV['BREAK_OFF']\n\
    task(:fail_if_asked) { raise 'as asked' if ENV['FAIL'] }\nafter 'deploy:updated', :fail_if_asked\n";

/// Lets Capistrano deploy and fail in the way that the variable says; returns the release that it leaves behind.
fn break_capistrano(stage: &Stage, how: &str) -> String {
    cap::wait_for_a_name(stage);
    let before = stage.host.releases();
    let run = cap::cap(stage, &["deploy", &format!("{how}=1")]);
    assert_eq!(run.code, 1, "{run}");
    let mut after = stage.host.releases();
    after.retain(|name| name != "current" && !before.contains(name));
    after.pop().expect("the failed release stays there")
}

#[test]
fn the_link_that_a_broken_off_capistrano_left_is_named_and_removed_and_never_published() {
    if !cap::is_here() {
        return;
    }
    for words in [["deploy", "production"], ["rollback", "production"]] {
        let stage = Stage::new();
        cap::write_project(&stage, BROKEN);
        stage.configure("", "");
        let first = cap::deploy(&stage);
        let second = cap::deploy(&stage);
        let link = stage.host.deploy_to().join("releases/current");
        let left = break_capistrano(&stage, "BREAK_OFF");
        assert_eq!(
            std::fs::read_link(&link).expect("a link"),
            release_path(&stage, &left)
        );

        let plan = stage.run(&["plan", "production"]);
        let shown = String::from_utf8_lossy(&plan.stdout) + plan.stderr.as_str();
        assert!(shown.contains("releases/current"), "{plan}");
        assert!(std::fs::symlink_metadata(&link).is_ok(), "{plan}");
        let run = stage.run(&[words[0], words[1], "--yes"]);
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stderr.contains("releases/current"), "{run}");
        assert!(std::fs::symlink_metadata(&link).is_err(), "{run}");
        let newest = stage.host.releases().pop().expect("a release");
        let wanted = if words[0] == "deploy" {
            &newest
        } else {
            &first
        };
        assert_eq!(&live(&stage), wanted, "{run}");
        // Without the cure Capistrano would now publish what the link pointed at.
        let third = cap::deploy(&stage);
        assert!(third > second, "{third}");
        stage.assert_clean();
    }
}

#[test]
fn a_rollback_goes_by_the_names_of_releases_and_not_by_the_times_of_their_directories() {
    if !cap::is_here() {
        return;
    }
    let stage = Stage::new();
    cap::write_project(&stage, "");
    stage.configure("", "");
    let releases = [0, 1, 2].map(|_| cap::deploy(&stage));
    // As after a restored backup, or a person who looked something up there.
    // The year 2096.
    let later = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let oldest = File::open(release_path(&stage, &releases[0]));
    oldest
        .expect("it is there")
        .set_modified(later)
        .expect("a time");
    let run = stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(live(&stage), releases[1], "{run}");
}

#[test]
fn a_release_that_capistrano_never_published_is_not_counted_and_not_chosen() {
    if !cap::is_here() {
        return;
    }
    let stage = Stage::new();
    cap::write_project(&stage, BROKEN);
    let good = [0, 1].map(|_| cap::deploy(&stage));
    let failed = [0, 1].map(|_| break_capistrano(&stage, "FAIL"));
    // Capistrano itself would keep the two that failed and remove the two that were live.
    stage.configure("keep_releases = 2", "");
    let new = stage.deploy_first();
    let left = stage.host.releases();
    assert!(left.contains(&good[1]) && left.contains(&new), "{left:?}");
    assert!(!left.contains(&good[0]), "{left:?}");
    let shown = stage.run(&["releases", "production"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let of_failed = |line: &&str| line.contains(&failed[1]);
    let line = shown.lines().find(of_failed).expect("it is shown");
    assert!(line.contains("unknown"), "{shown}");
    let run = stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(live(&stage), good[1], "{run}");
}

#[test]
fn who_deploys_is_written_to_the_log_as_it_is() {
    const NAME: &str = "a \"b\" 'c' $HOME `id` $(id) \\n > x";
    let stage = Stage::new();
    stage.configure("", "");
    let reason = ["-m", "because of \"$HOME\" and `id`"];
    let mut told = Vec::new();
    for words in [
        ["deploy", "production"].as_slice(),
        &["deploy", "production"],
        &["rollback", "production"],
    ] {
        let mut command = stage.windlass(words);
        command.arg("--yes").args(reason).env("USER", NAME);
        let run = crate::support::Running::new(command).finish();
        assert_eq!(run.code, 0, "{run}");
        let live = live(&stage);
        let id = stage.repo.head().expect("a commit");
        told.push(if words[0] == "deploy" {
            format!("Branch main (at {id}) deployed as release {live} by {NAME}\n")
        } else {
            format!("{NAME} rolled back to release {live}\n")
        });
    }
    let log = stage.host.read("revisions.log").expect("a log");
    assert_eq!(String::from_utf8_lossy(&log), told.concat());
    // And in the history, with the reason.
    let shown = stage.run(&["history", "production", "--json"]);
    let events = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(events.contains(&toml(reason[1])), "{events}");
}

#[test]
fn nothing_is_left_in_tmp_and_nothing_is_started_from_it() {
    let repo = Repo::sample().expect("git makes a repository");
    let host = LabHost::new().expect("a deploy root");
    let dirs = [repo.bare(), host.outside().to_owned()];
    let with = dirs.each_ref().map(PathBuf::as_path);
    let sshd = available(Sshd::builder().own_tmp(&with).start());
    let Some(sshd) = sshd.expect("the daemon starts") else {
        return;
    };
    let stage = Stage::of(sshd, repo, host);
    let on_host = |script: &str| {
        let output = stage.sshd.ssh(stage.sshd.address(), script).output();
        let output = output.expect("ssh runs");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (can_start, _) = on_host("cp /bin/true /tmp/true && /tmp/true");
    assert!(!can_start, "/tmp is mounted noexec there");
    let (_, before) = on_host("rm /tmp/true; find /tmp -maxdepth 1");
    let forge = "repository_host_keys = [\"git.example.com ssh-ed25519 AAAA\"]";
    stage.configure(&format!("source = \"git\"\n{forge}"), "");
    for words in [
        ["check", "production"].as_slice(),
        &["deploy", "production", "--yes"],
        &["deploy", "production", "--yes"],
        &["rollback", "production", "--yes"],
        &["exec", "production", "--", "true"],
        &["status", "production"],
    ] {
        let run = stage.run(words);
        assert_eq!(run.code, 0, "{words:?}: {run}");
    }
    assert_eq!(on_host("find /tmp -maxdepth 1").1, before);
    stage.assert_clean();
}

#[test]
fn what_fails_after_publishing_is_a_warning() {
    for (task, broken) in [
        (
            "cleanup",
            "rmdir \"$DEPLOY_SHARED_PATH/../.windlass/trash\"; echo > \"$DEPLOY_SHARED_PATH/../.windlass/trash\"",
        ),
        (
            "log",
            "mv \"$DEPLOY_SHARED_PATH/../revisions.log\" \"$DEPLOY_SHARED_PATH/old\"; mkdir \"$DEPLOY_SHARED_PATH/../revisions.log\"",
        ),
    ] {
        let stage = Stage::new();
        stage.configure("", "");
        let first = stage.deploy_first();
        let tables =
            format!("[[tasks]]\nname = \"spoil\"\nafter = \"published\"\nrun = '''{broken}'''\n");
        stage.configure("", &tables);
        let run = deploy(&stage);
        assert_eq!(run.code, 0, "{task}: {run}");
        assert!(
            run.stderr
                .contains(&format!("127.0.0.1  ▲ {task}: exit status")),
            "{task}: {run}"
        );
        assert!(live(&stage) > first, "{task}: {run}");
        assert!(!stage.host.deploy_to().join(".windlass/lock").exists());
        let shown = stage.run(&["releases", "production"]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(!shown.contains("failed"), "{task}: {shown}");
    }
}
