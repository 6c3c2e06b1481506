//! The script, run for real by every shell that hosts have, against directories with everything odd in them.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    reason = "a test that cannot set up its world fails, and says where"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use windlass_facts::{
    Ask, Current, Entry, Error, HistoryAsk, HostFacts, Linked, Logout, Remote, RemoteFacts,
    history, read, read_history, script,
};
use windlass_model::Revision;
use windlass_model::changes::Watch;

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

fn run(words: &[&str], dir: &Path, script: &str) -> Output {
    let file = dir.join("script");
    fs::write(&file, script).expect("the script is written");
    let (program, rest) = words.split_first().expect("a shell");
    Command::new(program)
        .args(rest)
        .arg(&file)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("a PATH"))
        .env("HOME", dir)
        .env("TMPDIR", dir)
        .stdin(Stdio::null())
        .output()
        .expect("the shell runs")
}

fn facts(shell: &[&str], dir: &Path, ask: &Ask) -> HostFacts {
    let output = run(shell, dir, &script(ask));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    read(&output.stdout).expect("an answer")
}

fn ask(root: &Path) -> Ask {
    Ask {
        root: root.to_str().expect("a root of text").to_owned(),
        ..Ask::default()
    }
}

fn place() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn odd_names_and_odd_targets_come_through_whole() {
    for shell in SHELLS {
        let dir = place();
        let root = dir.path().join("a 'b' \"$c\"\n`d` ü");
        fs::create_dir_all(root.join("releases/20260101000000")).unwrap();
        fs::create_dir(root.join("releases/st ray\n*")).unwrap();
        fs::create_dir_all(root.join("shared/co nfig")).unwrap();
        fs::write(root.join("shared/co nfig/$(id)"), "").unwrap();
        fs::create_dir(root.join("shared/dir")).unwrap();
        symlink("no\nwhere \n\n", root.join("current")).unwrap();
        let mut ask = ask(&root);
        ask.linked_files = ["co nfig/$(id)", "dir", "none"].map(str::to_owned).to_vec();
        ask.linked_dirs = ["co nfig", "lo g"].map(str::to_owned).to_vec();
        let facts = facts(shell, dir.path(), &ask);
        assert_eq!(facts.root.path, root.to_str().unwrap());
        assert_eq!(
            facts.current,
            Current::Link {
                target: "no\nwhere \n\n".to_owned()
            }
        );
        assert_eq!(facts.live, None);
        assert_eq!(facts.strays, ["st ray\n*"]);
        let states: Vec<Linked> = facts.linked_files.iter().map(|file| file.state).collect();
        assert_eq!(states, [Linked::Present, Linked::NotAFile, Linked::Missing]);
        assert!(facts.linked_files.iter().all(|file| file.content.is_none()));
        assert_eq!(facts.missing_linked_dirs, ["lo g"]);
    }
}

#[test]
fn what_linked_files_hold_is_told_where_it_is_asked() {
    for shell in SHELLS {
        let dir = place();
        let root = dir.path().join("app");
        fs::create_dir_all(root.join("shared/a b")).unwrap();
        fs::write(root.join("shared/a b/key"), "abc").unwrap();
        fs::write(root.join("shared/empty"), "").unwrap();
        let mut ask = ask(&root);
        ask.digests = true;
        ask.linked_files = ["a b/key", "none", "empty"].map(str::to_owned).to_vec();
        let facts = facts(shell, dir.path(), &ask);
        let told = facts.linked_files.iter().map(|file| {
            let content = file.content.as_ref()?;
            Some((content.bytes, content.sha256.get(..12)?))
        });
        assert_eq!(
            told.collect::<Vec<_>>(),
            [Some((3, "ba7816bf8f01")), None, Some((0, "e3b0c44298fc"))]
        );
        assert!(!facts.group.is_empty());
    }
}

#[test]
fn bytes_that_are_no_text_do_not_end_the_answer() {
    for shell in SHELLS {
        let dir = place();
        let root = dir.path().join("app");
        fs::create_dir_all(root.join("releases/20260101000000")).unwrap();
        fs::write(root.join("releases/20260101000000/REVISION"), b"\xff\xfe\n").unwrap();
        fs::write(
            root.join("revisions.log"),
            b"Branch \xff (at 1) deployed as release 20260101000000 by \xfe\n",
        )
        .unwrap();
        symlink(OsStr::from_bytes(b"\xff"), root.join("current")).unwrap();
        let facts = facts(shell, dir.path(), &ask(&root));
        assert_eq!(
            facts.current,
            Current::Link {
                target: "\u{fffd}".to_owned()
            }
        );
        assert_eq!(facts.said.len(), 1);
        assert_eq!(facts.good().count(), 1);
    }
}

#[test]
fn the_live_release_is_found_through_relative_links_and_linked_roots() {
    for shell in SHELLS {
        let dir = place();
        let root = dir.path().join("app");
        fs::create_dir_all(root.join("releases/20260101000000")).unwrap();
        symlink(
            "./releases/../releases/20260101000000/",
            root.join("current"),
        )
        .unwrap();
        symlink(&root, dir.path().join("alias")).unwrap();
        for root in ["app", "alias"] {
            let facts = facts(shell, dir.path(), &ask(&dir.path().join(root)));
            assert_eq!(
                facts.live.expect("a live release").as_str(),
                "20260101000000"
            );
        }
        // `~/` is the login's home.
        let mut ask = ask(&root);
        ask.root = "~/app".to_owned();
        assert_eq!(
            facts(shell, dir.path(), &ask).root.path,
            root.to_str().unwrap()
        );
    }
}

#[test]
fn a_root_that_is_not_there_or_no_directory_is_told_with_whom_to_ask() {
    for shell in SHELLS {
        let dir = place();
        let absent = facts(shell, dir.path(), &ask(&dir.path().join("a/b")));
        assert_eq!(absent.root.entry, Entry::Absent);
        assert_eq!(absent.root.nearest, dir.path().to_str().unwrap());
        assert!(!absent.root.nearest_owner.is_empty());
        assert!(absent.disk.free.is_some());
        fs::write(dir.path().join("file"), "").unwrap();
        let file = facts(shell, dir.path(), &ask(&dir.path().join("file")));
        assert_eq!(file.root.entry, Entry::Other);
    }
}

#[test]
fn what_the_login_may_not_write_to_is_named() {
    for shell in SHELLS {
        let dir = place();
        let root = dir.path().join("app");
        fs::create_dir_all(root.join("releases")).unwrap();
        fs::write(dir.path().join("script"), script(&ask(&root))).unwrap();
        for (path, mode) in [
            (dir.path().to_owned(), 0o755),
            (root.join("releases"), 0o555),
        ] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        // Nothing is forbidden to root, so the script is run by nobody where root runs the tests.
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let mut words: Vec<&str> = Vec::new();
        if is_root {
            words.extend([
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
            ]);
        }
        words.extend(shell);
        let output = Command::new(words[0])
            .args(&words[1..])
            .arg(dir.path().join("script"))
            .output()
            .unwrap();
        let facts = read(&output.stdout).unwrap();
        let releases = root.join("releases").to_str().unwrap().to_owned();
        assert!(
            facts.root.not_writable.contains(&releases),
            "{:?}",
            facts.root.not_writable
        );
        assert_eq!(facts.root.not_writable.contains(&facts.root.path), is_root);
    }
}

/// A made-up system whose control group, logind and lingering are as given.
fn system(group: &str, logind: &str, linger: bool, manager: bool) -> TempDir {
    let dir = place();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("proc/self/cgroup", group);
    write("etc/systemd/logind.conf", logind);
    let id = |what: &str| {
        let output = Command::new("id").arg(what).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    if linger {
        write(&format!("var/lib/systemd/linger/{}", id("-un")), "");
    }
    if manager {
        write(&format!("run/user/{}/systemd/private", id("-u")), "");
    }
    dir
}

#[test]
fn whether_processes_survive_the_logout_is_read_from_group_logind_and_lingering() {
    const SESSION: &str = "0::/user.slice/user-1000.slice/session-3.scope\n";
    const MANAGER: &str = "0::/user.slice/user-1000.slice/user@1000.service/app.slice\n";
    const KILLS: &str = "[Login]\nKillUserProcesses=yes\nKillExcludeUsers=nobody\n";
    let has_systemd_run = Command::new("sh")
        .args(["-c", "command -v systemd-run"])
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success();
    let held = if has_systemd_run {
        Logout::UserManager
    } else {
        Logout::Die
    };
    let cases = [
        ("0::/\n", KILLS, false, false, Logout::Survive),
        (
            "0::/system.slice/ssh.service\n",
            KILLS,
            false,
            false,
            Logout::Survive,
        ),
        (
            SESSION,
            "#KillUserProcesses=no\n",
            false,
            false,
            Logout::Survive,
        ),
        (
            SESSION,
            "#KillUserProcesses=yes\n",
            false,
            false,
            Logout::Survive,
        ),
        (SESSION, KILLS, false, false, Logout::Die),
        (SESSION, KILLS, true, false, Logout::Die),
        (SESSION, KILLS, true, true, held),
        (MANAGER, "", false, true, Logout::Die),
        (MANAGER, "", true, true, Logout::Survive),
    ];
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    for shell in SHELLS {
        for (group, logind, linger, manager, wanted) in cases {
            let system = system(group, logind, linger, manager);
            let mut ask = ask(system.path());
            ask.system_prefix = system.path().to_str().unwrap().to_owned();
            let wanted = match logind {
                // What stands in a comment is how logind was built; it spares root.
                "#KillUserProcesses=yes\n" if !is_root => Logout::Die,
                _ => wanted,
            };
            let facts = facts(shell, system.path(), &ask);
            assert_eq!(
                facts.logout, wanted,
                "{shell:?} {group} {logind} {linger} {manager}"
            );
        }
    }
}

fn remote(repository: &str, reference: &str) -> Option<Remote> {
    Some(Remote {
        repository: repository.to_owned(),
        reference: reference.to_owned(),
        host_keys: vec!["forge.invalid ssh-ed25519 AAAA".to_owned()],
    })
}

#[test]
fn a_ref_that_a_power_cut_left_empty_is_no_commit() {
    for shell in SHELLS {
        let dir = place();
        let made = Command::new("sh")
            .args([
                "-ec",
                "git init -q -b main o; cd o
                 git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x; git rev-parse main
                 cd ..; git clone -q --mirror o app/repo; >app/repo/refs/heads/broken",
            ])
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let id = String::from_utf8(made.stdout).unwrap();
        let repository = facts(shell, dir.path(), &ask(&dir.path().join("app"))).repository;
        let tips = repository.unwrap().tips;
        let tips: Vec<&str> = tips.iter().map(windlass_model::Revision::as_str).collect();
        assert_eq!(tips, [id.trim()]);
    }
}

#[test]
fn a_repository_is_asked_by_the_host_and_its_error_kept() {
    for shell in SHELLS {
        let dir = place();
        let sh = |line: &str| {
            let output = Command::new("sh")
                .args(["-ec", line])
                .current_dir(dir.path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        sh(
            "git init -q -b main 'o r'; cd 'o r'; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x; git -c user.name=a -c user.email=a@b tag -a -m y v1; git branch 'wei\"rd'",
        );
        let id = sh("git -C 'o r' rev-parse main");
        let origin = dir.path().join("o r");
        let mut ask = ask(&dir.path().join("app"));
        for reference in ["main", "v1", "wei\"rd", "refs/heads/main", id.as_str()] {
            ask.remote = remote(origin.to_str().unwrap(), reference);
            match facts(shell, dir.path(), &ask).remote {
                Some(RemoteFacts::Found { revision }) => assert_eq!(revision.as_str(), id),
                other => panic!("{reference}: {other:?}"),
            }
        }
        ask.remote = remote(origin.to_str().unwrap(), "nope");
        // A commit that no name stands for, and one that the repository does not have.
        sh(
            "cd 'o r'; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m z; git branch -f 'wei\"rd'; git tag -d v1",
        );
        ask.remote = remote(origin.to_str().unwrap(), &id);
        let found = facts(shell, dir.path(), &ask).remote;
        assert!(matches!(found, Some(RemoteFacts::Found { revision }) if revision.as_str() == id));
        let absent = "0123456789abcdef0123456789abcdef01234567";
        for reference in ["nope", absent] {
            ask.remote = remote(origin.to_str().unwrap(), reference);
            let wanted = RemoteFacts::NotFound {
                reference: reference.to_owned(),
                branches: vec!["main".to_owned(), "wei\"rd".to_owned()],
            };
            assert_eq!(facts(shell, dir.path(), &ask).remote, Some(wanted));
        }
        ask.remote = remote(dir.path().join("none").to_str().unwrap(), "main");
        let Some(RemoteFacts::Unreadable { error }) = facts(shell, dir.path(), &ask).remote else {
            panic!("readable");
        };
        assert!(
            error.contains("does not appear to be a git repository"),
            "{error}"
        );
        // The file of host keys is gone again.
        let left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name.to_str().unwrap().starts_with("windlass"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn an_answer_that_is_cut_off_or_none_is_an_error() {
    let dir = place();
    let output = run(SHELLS[0], dir.path(), &script(&ask(dir.path())));
    for end in 0..output.stdout.len() - "end 1\0".len() {
        assert!(read(&output.stdout[..end]).is_err(), "cut at {end}");
    }
    let error = read(b"bash: no such shell\n").unwrap_err();
    assert!(matches!(error, Error::NotAnAnswer { .. }), "{error}");
    let error = read(b"facts 1\0fence x\0end 1\0").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the host's answer says `x` for `fence`, which makes no sense"
    );
}

#[test]
fn a_mirror_tells_what_lies_between_two_commits_and_is_left_as_it_was() {
    for shell in SHELLS {
        let dir = place();
        let sh = |script: &str| {
            let script = format!("cd {}\n{script}", dir.path().display());
            let output = run(&["sh", "-e"], dir.path(), &script);
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let ids = sh("git init -q -b main o; cd o
             c() { git add -A; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m \"$1\"; git rev-parse HEAD; }
             c first; mkdir -p 'a b/db'; echo 1 >'a b/db/1
x'; printf '1\\n2\\n' >'a b/\"q\"'; c 'second \"$x\"'; git checkout -q -b other HEAD^; echo >out; c third
             cd ..; mkdir root; git clone -q --mirror o root/repo");
        let ids: Vec<Revision> = ids.lines().map(Revision::new).collect();
        let [first, second, third] = ids.as_slice() else {
            panic!("{ids:?}")
        };
        let root = dir.path().join("root");
        let between = |from: &Revision, to: &Revision, subtree: Option<&str>| {
            let root = root.to_str().unwrap();
            let ask = HistoryAsk {
                root,
                from,
                to,
                subtree,
            };
            let output = run(shell, dir.path(), &history(&ask));
            assert_eq!(String::from_utf8_lossy(&output.stderr), "");
            let watch = [Watch::new_files("db")];
            read_history(&output.stdout, &watch).unwrap()
        };
        let listed = || sh("cd root; find . -type f -exec cksum {} + | sort; find . -ls");
        let before = listed();
        let there = between(first, second, Some("a b")).unwrap();
        assert_eq!((there.comes.count, there.leaves.count), (1, 0));
        assert_eq!(there.comes.commits[0].subject, "second \"$x\"");
        assert_eq!(there.files.names, ["\"q\"", "db/1\u{1}x"]);
        assert_eq!(there.files.insertions, 3);
        assert_eq!(there.watched[0].added, Some(vec!["1\u{1}x".to_owned()]));
        let apart = between(second, third, None).unwrap();
        assert_eq!((apart.comes.count, apart.leaves.count), (1, 1));
        assert_eq!(apart.leaves.commits[0].revision, *second);
        let absent = Revision::new("0123456789012345678901234567890123456789");
        assert_eq!(between(&absent, second, None), None);
        assert_eq!(between(first, &absent, None), None);
        assert_eq!(listed(), before, "{shell:?}");
        // Where an object is gone, half of an answer would read as if nothing had changed.
        sh(&format!(
            "cd root/repo; rm -f objects/$(git rev-parse '{second}^{{tree}}' | sed 's|^..|&/|')"
        ));
        assert_eq!(between(first, second, None), None, "{shell:?}");
        sh("rm -rf root/repo");
        assert_eq!(between(first, second, None), None);
    }
}
