//! Bad input: each is refused with a clear error and nothing is changed on any host.

use crate::support::{Run, Stage, toml};
use windlass_lab::{Key, KeyKind, ODD_NAMES, Picture, Sshd};

/// Deploys and asserts the refusal: code, words, and that the deploy root was not even made.
fn refused(stage: &Stage, code: i32, words: &[&str]) -> Run {
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, code, "{run}");
    for word in words {
        assert!(run.stderr.contains(word), "the error says `{word}`\n{run}");
    }
    assert!(!run.stderr.contains("panicked"), "{run}");
    assert!(!stage.host.deploy_to().exists(), "nothing was made\n{run}");
    run
}

/// The same with a windlass.toml of its own.
fn file_refused(text: &str, code: i32, words: &[&str]) {
    let stage = Stage::new();
    std::fs::write(stage.repo.work().join("windlass.toml"), text).expect("written");
    refused(&stage, code, words);
}

const HOSTS: &str = "[stages.production]\nhosts = [\"deploy@127.0.0.1:1\"]\n";

#[test]
fn mistakes_in_the_file_are_pointed_at() {
    file_refused(
        &format!("application = \"shop\"\nkeep_release = 5\n{HOSTS}"),
        20,
        &[
            "unknown key",
            "keep_release",
            "windlass.toml:2:1",
            "keep_releases",
        ],
    );
    file_refused(
        &format!("application = \"shop\"\nkeep_releases = \"five\"\n{HOSTS}"),
        20,
        &["keep_releases", ":2:"],
    );
    file_refused(
        &format!("application = \"shop/x\"\n{HOSTS}"),
        20,
        &["application", ":1:"],
    );
    file_refused(
        &format!("application = \"shop\"\nrepo_url = \"x\"\n{HOSTS}"),
        20,
        &["repo_url", "repository"],
    );
    for host in [
        "-oProxyCommand=x",
        "web1\\nweb2",
        "$(touch x)",
        "a b",
        "web1;id",
    ] {
        let text = format!("application = \"shop\"\n[stages.production]\nhosts = [\"{host}\"]\n");
        file_refused(&text, 20, &["windlass.toml:3:"]);
    }
    file_refused(
        "application = \"shop\"\n[stages.staging]\nhosts = [\"h\"]\n",
        20,
        &["production", "staging"],
    );
}

#[test]
fn noise_in_the_file_is_pointed_at() {
    let noise: String = (0..1_000_000_u32)
        .filter_map(|i| char::from_u32(33 + (i.wrapping_mul(2_654_435_761) >> 16) % 90))
        .collect();
    file_refused(&noise, 20, &["windlass.toml:1:"]);
}

#[test]
fn a_filter_that_matches_nothing_is_an_error() {
    let stage = Stage::new();
    stage.configure("", "");
    let run = stage.run(&["deploy", "production", "--yes", "--host", "web9"]);
    assert_eq!(run.code, 4, "{run}");
    assert!(
        run.stderr.contains("web9") && run.stderr.contains("127.0.0.1"),
        "{run}"
    );
    assert!(!stage.host.deploy_to().exists());
}

#[test]
fn a_missing_linked_file_is_named_before_anything() {
    let stage = Stage::new();
    stage.configure("linked_files = [\"config/master.key\"]", "");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stderr.contains("config/master.key") && run.stderr.contains("127.0.0.1"),
        "{run}"
    );
    assert!(stage.host.releases().is_empty(), "{run}");
    stage.assert_clean();
}

#[test]
fn current_being_a_directory_is_refused() {
    let stage = Stage::new();
    stage.configure("", "");
    stage
        .host
        .write("current/index.html", "hand made")
        .expect("written");
    let picture = || Picture::of(stage.host.outside()).expect("a picture");
    let before = picture();
    for (words, code) in [
        (["check", "production"].as_slice(), 30),
        (&["plan", "production"], 1),
        (&["deploy", "production", "--yes"], 1),
        (&["rollback", "production", "--yes"], 1),
    ] {
        let run = stage.run(words);
        assert_eq!(run.code, code, "{words:?}: {run}");
        let said = String::from_utf8_lossy(&run.stdout) + run.stderr.as_str();
        let path = stage.host.deploy_to().join("current");
        let why = format!("`{}` is a directory", path.display());
        assert!(said.contains(&why), "{words:?}: {run}");
        assert_eq!(before.differences(&picture()), "", "{words:?}");
    }
}

#[test]
fn a_stale_link_of_capistranos_does_no_harm() {
    let mut stage = Stage::new();
    stage.configure("", "");
    let first = stage.deploy_first();
    let old_link = stage.host.deploy_to().join("releases/current");
    std::os::unix::fs::symlink(
        stage.host.deploy_to().join("releases").join(&first),
        old_link,
    )
    .expect("a link");
    stage
        .repo
        .commit(&[("index.html", "second")])
        .expect("a commit");
    let second = stage.deploy_first();
    assert!(second > first);
    let target = stage.host.current().expect("a link");
    assert!(target.ends_with(&second), "{target:?}");
    assert!(
        !stage
            .host
            .deploy_to()
            .join("releases")
            .join(&first)
            .join("current")
            .exists()
    );
}

#[test]
fn a_repository_or_branch_that_is_not_there() {
    let stage = Stage::new();
    stage.configure("", "");
    let run = stage.run(&["deploy", "production", "--yes", "--branch", "mian"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stderr.contains("mian") && run.stderr.contains("main"),
        "{run}"
    );
    assert!(!stage.host.deploy_to().exists());
    for source in ["push", "git"] {
        let text = std::fs::read_to_string(stage.repo.work().join("windlass.toml")).expect("read");
        let bare = toml(stage.repo.bare().to_str().expect("UTF-8"));
        let text = text.replace(&bare, "\"/nowhere/at/all.git\"");
        std::fs::write(
            stage.repo.work().join("windlass.toml"),
            format!("source = \"{source}\"\n{text}"),
        )
        .expect("written");
        refused(&stage, 1, &["/nowhere/at/all.git"]);
        stage.configure("", "");
    }
}

#[test]
fn host_keys_unknown_changed_and_revoked() {
    let stage = Stage::new();
    stage.configure("", "");
    let known = stage.sshd.known_hosts();
    let original = std::fs::read_to_string(&known).expect("read");
    let other = Key::generate(stage.home().join("other"), KeyKind::Ed25519).expect("a key");
    let name = format!("[127.0.0.1]:{}", stage.proxy.port());
    std::fs::write(&known, "").expect("written");
    // The advice names the file that is in use.
    let advice = format!("127.0.0.1 >> {}`", known.display());
    refused(&stage, 22, &["host key", "known", &advice]);
    std::fs::write(
        &known,
        format!("{name} {}\n", other.public().expect("text")),
    )
    .expect("written");
    refused(&stage, 22, &["changed", "ssh-keygen -R"]);
    let revoked: String = original
        .lines()
        .map(|line| {
            let key = line.split_once(' ').expect("a line has a key").1;
            ["@revoked * ", key, "\n", line, "\n"].concat()
        })
        .collect();
    std::fs::write(&known, revoked).expect("written");
    refused(&stage, 22, &["revoked"]);
}

#[test]
fn a_refused_key_says_what_was_tried() {
    let stage = Stage::new();
    stage.configure("", "");
    let other = Key::generate(stage.home().join("other"), KeyKind::Ed25519).expect("a key");
    let path = toml(other.path().to_str().expect("UTF-8"));
    let run = stage.run(&[
        "deploy",
        "production",
        "--yes",
        "--set",
        &format!("ssh.identities=[{path}]"),
    ]);
    assert_eq!(run.code, 23, "{run}");
    assert!(
        run.stderr.contains("other") && run.stderr.contains("publickey"),
        "{run}"
    );
    assert!(!stage.host.deploy_to().exists());
}

#[test]
fn what_a_host_says_moves_no_cursor() {
    use std::os::unix::fs::PermissionsExt as _;
    // A program of the host's that clears the screen, and a record of the host's that would.
    let bin = tempfile::tempdir().expect("a directory");
    let mkdir = bin.path().join("mkdir");
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::write(&mkdir, "#!/bin/sh\nprintf 'gone\\033[2J' >&2\nexit 1\n").expect("written");
    for path in [bin.path(), &mkdir] {
        std::fs::set_permissions(path, everybody.clone()).expect("permissions");
    }
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.path().display());
    let stage = Stage::with(Sshd::builder().env("PATH", &path));
    stage.configure("", "");
    let record = stage.host.write(".windlass/fence", "gone\u{1b}[2J");
    record.expect("written");
    for command in ["plan", "setup"] {
        let run = stage.run(&[command, "production"]);
        assert_eq!(run.code, 1, "{command}: {run}");
        assert!(run.stderr.contains("gone␛[2J"), "{command}: {run}");
        assert!(!run.stderr.contains('\u{1b}'), "{command}: {run}");
    }
}

#[test]
fn a_wrong_port_ends_at_once() {
    let stage = Stage::new();
    stage.configure("", "");
    stage.proxy.refuse();
    refused(&stage, 21, &["refused"]);
}

#[test]
fn deploy_to_not_writable() {
    let stage = Stage::new();
    stage.configure("", "");
    let text = std::fs::read_to_string(stage.repo.work().join("windlass.toml")).expect("read");
    let root = toml(stage.host.deploy_to().to_str().expect("UTF-8"));
    std::fs::write(
        stage.repo.work().join("windlass.toml"),
        text.replace(&root, "\"/proc/nothing/here\""),
    )
    .expect("written");
    refused(&stage, 1, &["/proc"]);
}

#[test]
fn two_deploys_at_once() {
    let stage = Stage::new();
    let builds = stage.with_build(
        std::time::Duration::from_secs(5),
        &crate::support::Link::default(),
        "",
    );
    let first = stage.start(&["deploy", "production", "--yes"]);
    crate::support::wait_until("the build has started", || builds.count() == 1);
    let second = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(second.code, 12, "{second}");
    assert!(
        second.stderr.contains("tester") && second.stderr.contains("since"),
        "who and since when\n{second}"
    );
    assert_eq!(first.finish().code, 0);
    assert_eq!(builds.count(), 1);
    stage.assert_clean();
}

/// A value for every place that takes one, with everything that has ever hurt a shell.
const HOSTILE: &str = "a'b\"c $HOME `id` $(id) \\n ; | & é € \t*?";

#[test]
fn values_arrive_unchanged() {
    let stage = Stage::new();
    let tables = format!(
        "[env]\nHOSTILE = {value}\nTWO_LINES = \"one\\ntwo\"\n[[tasks]]\nname = \"say\"\nafter = \"updated\"\n\
         env = {{ OWN = {value} }}\nrun = '''\nprintf '%s|%s|%s' \"$HOSTILE\" \"$TWO_LINES\" \"$OWN\" > \"$DEPLOY_SHARED_PATH/said\"\n'''\n",
        value = toml(HOSTILE),
    );
    stage.configure("", &tables);
    stage.deploy_first();
    let said = stage.host.read("shared/said").expect("said");
    assert_eq!(
        String::from_utf8_lossy(&said),
        format!("{HOSTILE}|one\ntwo|{HOSTILE}")
    );
}

#[test]
fn odd_names_in_paths_and_branches_arrive_unchanged() {
    for name in ODD_NAMES.iter().filter(|name| !name.contains('\n')) {
        let mut stage = Stage::new();
        stage.repo.commit(&[(name, "odd")]).expect("a commit");
        let root = stage.host.outside().join(name);
        let text = format!("linked_dirs = [{}]", toml(&format!("x/{name}")));
        stage.configure(&text, "");
        let file = stage.repo.work().join("windlass.toml");
        let old = toml(stage.host.deploy_to().to_str().expect("UTF-8"));
        let text = std::fs::read_to_string(&file)
            .expect("read")
            .replace(&old, &toml(root.to_str().expect("UTF-8")));
        std::fs::write(&file, text).expect("written");
        let run = stage.run(&["deploy", "production", "--yes"]);
        assert_eq!(run.code, 0, "{name:?}\n{run}");
        let live = root.join("current");
        assert_eq!(
            std::fs::read(live.join(name)).expect("the file is there"),
            b"odd",
            "{name:?}"
        );
        assert!(live.join("x").join(name).is_dir(), "{name:?}");
    }
}

#[test]
fn check_finds_what_a_plan_would_refuse() {
    let stage = Stage::new();
    stage.configure(
        "",
        "[[tasks]]\nname = \"build\"\nafter = \"update\"\nrun = \"true\"\n",
    );
    let run = stage.run(&["check", "production"]);
    assert_eq!(run.code, 30, "{run}");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(said.contains("no phase or task of that name"), "{run}");
}
