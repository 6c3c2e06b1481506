//! The layout and the linked files, made and brought ahead of the first deploy.

use crate::support::{Run, Stage, toml};
use crate::terminal::Terminal;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use windlass_lab::{Cut, CutAfter, Direction, Sshd, available};

const KEY: &str = "config/master.key";
const CANARY: &str = "canary-5d20e1-value\n";

/// A stage with a linked file, and the path of the one that is here.
fn with_key(stage: &Stage) -> PathBuf {
    stage.configure(&format!("linked_files = [{}]", toml(KEY)), "");
    let here = stage.repo.work().join(KEY);
    std::fs::create_dir_all(here.parent().expect("a parent")).expect("a directory");
    std::fs::write(&here, CANARY).expect("written");
    here
}

fn shared(stage: &Stage) -> PathBuf {
    stage.host.deploy_to().join("shared").join(KEY)
}

fn shown(run: &Run) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

fn mode(path: &PathBuf) -> u32 {
    let about = std::fs::metadata(path).expect("it is there");
    about.permissions().mode() & 0o777
}

/// Nothing but the linked file and what it was before lies beside it.
fn assert_alone(stage: &Stage, others: usize) {
    let beside = stage.host.list("shared/config");
    assert_eq!(beside.len(), 1 + others, "{beside:?}");
}

#[test]
fn without_a_terminal_a_linked_file_is_sent_only_when_it_is_said() {
    let stage = Stage::new();
    with_key(&stage);
    let run = stage.run(&["setup", "production"]);
    assert_eq!(run.code, 1, "{run}");
    let key = shared(&stage);
    assert!(!key.exists() && key.parent().is_some_and(Path::is_dir));
    let line = "✘ config/master.key  is missing on 127.0.0.1";
    assert!(shown(&run).contains(line), "{run}");
    let next = "next: windlass setup production --yes  sends config/master.key";
    assert!(run.stderr.contains(next), "{run}");
    let refused = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(refused.code, 1, "{refused}");
    let hint = format!("create {}; windlass setup production", key.display());
    assert!(refused.stderr.contains(&hint), "{refused}");

    let run = stage.run(&["setup", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    let line = "✔ config/master.key  sent to 127.0.0.1: 20 B, sha256 ";
    assert!(shown(&run).contains(line), "{run}");
    assert_eq!(std::fs::read_to_string(&key).expect("read"), CANARY);
    assert_eq!(mode(&key), 0o600);
    assert_alone(&stage, 0);

    let before = std::fs::metadata(&key).expect("there");
    let run = stage.run(&["setup", "production", "--yes", "--overwrite", "--diff"]);
    assert_eq!(run.code, 0, "{run}");
    let line = "· config/master.key  on 127.0.0.1 as it is here\n";
    assert!(shown(&run).contains(line), "{run}");
    let after = std::fs::metadata(&key).expect("there");
    let same = |about: &std::fs::Metadata| (about.ino(), about.mtime(), about.mtime_nsec());
    assert_eq!(same(&before), same(&after), "a second run changes nothing");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn at_a_terminal_a_file_is_asked_about_once_for_all_hosts() {
    let stage = Stage::with(Sshd::builder().addresses(2));
    with_key(&stage);
    let roots = stage.set_hosts(&["", ""]);
    let question = "send the one that is here (20 B, sha256 ";

    let mut terminal = Terminal::start(stage.windlass(&["setup", "production"]));
    terminal.wait_for(question, 1);
    terminal.enter("n");
    let run = terminal.finish();
    assert_eq!(run.code, 1, "{run}");
    assert!(!roots[0].join("shared").join(KEY).exists());

    let mut terminal = Terminal::start(stage.windlass(&["setup", "production"]));
    terminal.wait_for("is missing on 127.0.0.1, 127.0.0.2; ", 1);
    terminal.wait_for(question, 1);
    terminal.enter("y");
    let run = terminal.finish();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.stderr.matches("[y/N]").count(), 1, "{run}");
    assert!(run.stderr.contains("sent to all 2 hosts"), "{run}");
    for root in roots {
        let sent = std::fs::read_to_string(root.join("shared").join(KEY));
        assert_eq!(sent.expect("read"), CANARY);
    }
    assert!(!run.stderr.contains(CANARY.trim()), "{run}");
}

const OTHER: &str = "one\ntwo\x1b[2J\n";

/// A stage whose host has another file than the one that is here.
fn with_another() -> Stage {
    let stage = Stage::new();
    with_key(&stage);
    let file = format!("shared/{KEY}");
    stage.host.write(&file, OTHER).expect("written");
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(shared(&stage), mode).expect("set");
    stage
}

#[test]
fn a_file_that_differs_is_shown_only_when_that_is_said() {
    let stage = with_another();
    let untouched = |words: &[&str]| {
        let run = stage.run(words);
        assert_eq!(run.code, 0, "{run}");
        let line = "▲ config/master.key  differs on 127.0.0.1: there 12 B, sha256 ";
        assert!(shown(&run).contains(line), "{run}");
        let there = std::fs::read_to_string(shared(&stage)).expect("read");
        assert_eq!(there, OTHER);
        assert_alone(&stage, 0);
        run
    };
    let run = untouched(&["setup", "production", "--yes"]);
    assert!(!shown(&run).contains("two"), "{run}");
    assert!(!shown(&run).contains(CANARY.trim()), "{run}");
    let next = "windlass setup production --diff  shows";
    assert!(run.stderr.contains(next), "{run}");
    // Nobody to ask, and no `--yes`.
    untouched(&["setup", "production", "--overwrite"]);
    let run = untouched(&["setup", "production", "--diff"]);
    let names = "--- config/master.key on 127.0.0.1\n+++ config/master.key here\n";
    for part in [names, "-one\n-two", &format!("\n+{CANARY}")] {
        assert!(shown(&run).contains(part), "{part}\n{run}");
    }
    assert!(!shown(&run).contains('\x1b'), "{run}");
}

#[test]
fn a_file_that_differs_is_replaced_when_that_is_said_and_the_old_one_is_kept() {
    let stage = with_another();
    let run = stage.run(&["setup", "production", "--overwrite", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    let key = shared(&stage);
    assert_eq!(std::fs::read_to_string(&key).expect("read"), CANARY);
    assert_eq!(mode(&key), 0o640, "as it was");
    assert_alone(&stage, 1);
    let said = shown(&run);
    let (_, old) = said.split_once("; the old one is ").expect("it is named");
    let old = std::fs::read_to_string(old.trim()).expect("read");
    assert_eq!(old, OTHER);
}

#[test]
fn hosts_with_the_same_other_file_are_shown_its_difference_once() {
    let stage = Stage::with(Sshd::builder().addresses(3));
    with_key(&stage);
    for (root, content) in stage.set_hosts(&["", "", ""]).iter().zip(["a", "a", "b"]) {
        std::fs::create_dir_all(root.join("shared/config")).expect("directories");
        std::fs::write(root.join("shared").join(KEY), content).expect("written");
    }
    let run = stage.run(&["setup", "production", "--diff"]);
    assert_eq!(run.code, 0, "{run}");
    for (part, count) in [
        ("\n-a\n", 1),
        ("\n-b\n", 1),
        ("differs on 127.0.0.1 and 127.0.0.2: ", 1),
    ] {
        assert_eq!(shown(&run).matches(part).count(), count, "{part}{run}");
    }
    let run = stage.run(&["setup", "production", "--diff", "--json"]);
    let diffs = run
        .events()
        .into_iter()
        .filter(|row| row["diff"].is_string());
    assert_eq!(diffs.count(), 3, "{run}");
}

#[test]
fn rows_of_json_say_how_each_file_stands() {
    let stage = Stage::new();
    with_key(&stage);
    let run = stage.run(&["setup", "production", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    let rows = run.events();
    assert_eq!(rows.len(), 2, "{run}");
    assert_eq!(
        rows[0]["deploy_to"],
        stage.host.deploy_to().to_str().expect("UTF-8")
    );
    assert!(rows[0]["wrong"].is_null());
    assert_eq!(
        (&rows[0]["kind"], &rows[1]["kind"]),
        (&"layout".into(), &"linked_file".into())
    );
    assert_eq!(
        (&rows[1]["file"], &rows[1]["state"]),
        (&KEY.into(), &"sent".into())
    );
    assert_eq!(rows[1]["here"]["bytes"], 20);
    assert!(!shown(&run).contains(CANARY.trim()));
    stage
        .host
        .write(&format!("shared/{KEY}"), "other\n")
        .expect("written");
    let run = stage.run(&["setup", "production", "--json", "--diff"]);
    let rows = run.events();
    assert_eq!(rows[1]["state"], "differs", "{run}");
    let diff = rows[1]["diff"].as_str().unwrap_or_default();
    assert!(diff.contains("-other\n+canary"), "{run}");
}

#[test]
fn a_file_that_is_nowhere_is_named_with_the_command_that_makes_it() {
    let stage = Stage::new();
    let here = with_key(&stage);
    std::fs::remove_file(here).expect("removed");
    let run = stage.run(&["setup", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    let ways = [
        "next: put it here as config/master.key, and it is offered\n".to_owned(),
        format!(
            "next: ssh -p {} -i {} {}@127.0.0.1 'umask 077; cat >{}' <FILE  makes it there\n",
            stage.proxy.port(),
            stage.sshd.client_key().path().display(),
            stage.sshd.user(),
            shared(&stage).display()
        ),
    ];
    for way in ways {
        assert!(run.stderr.contains(&way), "{way}{run}");
    }
    // One that is there and not here is nothing to be said of.
    stage
        .host
        .write(&format!("shared/{KEY}"), "x")
        .expect("written");
    let run = stage.run(&["setup", "production"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        shown(&run).contains("· config/master.key  on 127.0.0.1; there is none here"),
        "{run}"
    );
}

#[test]
fn what_cannot_be_replaced_is_left_and_named() {
    let stage = Stage::new();
    with_key(&stage);
    let elsewhere = stage.host.outside().join("elsewhere");
    std::fs::write(&elsewhere, "old").expect("written");
    let key = shared(&stage);
    std::fs::create_dir_all(key.parent().expect("a parent")).expect("a directory");
    symlink(&elsewhere, &key).expect("a link");
    let run = stage.run(&["setup", "production", "--overwrite", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        shown(&run).contains("was not replaced on 127.0.0.1; ")
            && shown(&run).contains("is a link"),
        "{run}"
    );
    assert!(
        run.stderr.contains("the one that was there is still there"),
        "{run}"
    );
    assert!(!run.stderr.contains("missing"), "{run}");
    assert_eq!(std::fs::read_to_string(&elsewhere).expect("read"), "old");
    assert_alone(&stage, 0);
    // A link to nothing counts as missing, and is left as well.
    std::fs::remove_file(&elsewhere).expect("removed");
    let run = stage.run(&["setup", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        shown(&run).contains("is a link") && !elsewhere.exists(),
        "{run}"
    );
    assert_alone(&stage, 0);
}

/// Bytes that no compression makes fewer.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(next).collect()
}

#[test]
fn a_file_is_whole_although_the_connection_is_cut_while_it_is_sent() {
    let stage = Stage::new();
    let here = with_key(&stage);
    let long = noise(3_000_000);
    std::fs::write(&here, &long).expect("written");
    // No connection brings all of it.
    let after = CutAfter::Each(700_000);
    stage.proxy.cut_after(Direction::ToHost, after, Cut::Reset);
    let run = stage.run(&["setup", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(stage.proxy.cuts() >= 3);
    let there = std::fs::read(shared(&stage)).expect("it is there");
    assert!(there == long, "{} of {} bytes", there.len(), long.len());
    assert_eq!(mode(&shared(&stage)), 0o600);
    assert_alone(&stage, 0);
}

/// What a run says after `sudo install `, to the end of the line.
fn install_line(run: &Run) -> String {
    let all = shown(run) + &run.stderr;
    let found = all.split_once("sudo install ");
    let (_, line) = found.unwrap_or_else(|| panic!("a command\n{run}"));
    line.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_root_that_the_login_may_not_make_comes_with_the_exact_command() {
    let sshd = Sshd::builder().ordinary_login().start();
    let Some(sshd) = available(sshd).expect("sshd") else {
        return;
    };
    let stage = Stage::on(sshd);
    let above = tempfile::tempdir().expect("a directory");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(above.path(), open).expect("set");
    let root = above.path().join("our app's");
    stage.configure("", "");
    let old = toml(stage.host.deploy_to().to_str().expect("UTF-8"));
    let new = toml(root.to_str().expect("UTF-8"));
    stage.edit(|text| text.replace(&old, &new));
    let quoted = root.display().to_string().replace('\'', r"'\''");
    // The login has no group with a name.
    let about = std::fs::metadata(stage.sshd.home()).expect("a home");
    let (user, group) = (stage.sshd.user(), about.gid());
    let wanted = format!("-d -o {user} -g {group} -m 0755 '{quoted}'");
    for (words, code) in [
        (["setup", "production"].as_slice(), 1),
        (&["check", "production"], 30),
        (&["deploy", "production", "--yes"], 1),
    ] {
        let run = stage.run(words);
        assert_eq!(run.code, code, "{run}");
        assert!(!root.exists(), "{run}");
        assert_eq!(install_line(&run), wanted, "{run}");
    }
    // Outside of the daemon's view nobody knows the login by its name.
    let known = wanted.replace(&format!("-o {user}"), &format!("-o {}", about.uid()));
    let install = format!("install {known}");
    let status = Command::new("sh").args(["-c", &install]).status();
    assert!(status.expect("it runs").success(), "{install}");
    let run = stage.run(&["setup", "production"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(mode(&root), 0o755);
}
