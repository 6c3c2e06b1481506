//! Repositories, deploy roots and filters.

use std::process::Command;

use windlass_lab::{LabHost, ODD_NAMES, Repo, redactions};

#[test]
fn the_same_calls_make_the_same_commits() {
    let ids = || {
        let mut repo = Repo::sample().expect("repo");
        repo.commit(&[("a", "b")]).expect("commit")
    };
    assert_eq!(ids(), ids());
    let repo = Repo::sample().expect("repo");
    assert_ne!(repo.id("main").expect("id"), repo.id("v1").expect("id"));
    assert_eq!(repo.id("release").expect("id"), repo.id("v1").expect("id"));
}

#[test]
fn the_bare_repository_follows() {
    let mut repo = Repo::new().expect("repo");
    let mut library = Repo::new().expect("repo");
    library.commit(&[("lib", "x")]).expect("commit");
    repo.submodule(&library, "vendor/lib").expect("submodule");
    let files: Vec<_> = ODD_NAMES.iter().map(|name| (*name, *name)).collect();
    let id = repo.commit(&files).expect("odd names");
    repo.branch("odd/$HOME`id`;it's").expect("branch");
    repo.tag("v2 ".trim()).expect("tag");
    let at = format!("--git-dir={}", repo.bare().display());
    let said = repo
        .git(&[&at, "log", "-1", "--format=%H", "odd/$HOME`id`;it's"])
        .expect("log");
    assert_eq!(said.trim(), id);
    let listed = repo
        .git(&[&at, "ls-tree", "-rz", "--name-only", "v2"])
        .expect("tree");
    assert!(
        ODD_NAMES
            .iter()
            .all(|name| listed.split('\0').any(|file| file == *name))
    );
    assert!(listed.contains("vendor/lib"));
}

#[test]
fn what_is_left_is_found() {
    let host = LabHost::new().expect("host");
    host.assert_nothing_left();
    host.write(".windlass/tmp-d-1/current", "").expect("file");
    host.write(".windlass/lock", "").expect("file");
    let root = host.deploy_to();
    let mut sleeper = Command::new("sleep")
        .arg("600")
        .current_dir(&root)
        .spawn()
        .expect("sleep");
    let left = host.left();
    assert!(
        left.contains("tmp-d-1") && left.contains("lock") && left.contains("sleep 600"),
        "{left}"
    );
    sleeper.kill().expect("kill");
    sleeper.wait().expect("wait");
    assert!(!host.left().contains("sleep"));
}

#[test]
fn reads_current_and_releases_and_counts() {
    let host = LabHost::new().expect("host");
    assert_eq!((host.current(), host.releases().len()), (None, 0));
    for name in ["20260102030405", "20260102030406"] {
        host.write(&format!("releases/{name}/REVISION"), name)
            .expect("file");
    }
    let target = host.deploy_to().join("releases/20260102030406");
    std::os::unix::fs::symlink(&target, host.deploy_to().join("current")).expect("link");
    assert_eq!(
        (host.current(), host.live().as_deref()),
        (Some(target), Some("20260102030406"))
    );
    assert_eq!(host.releases(), ["20260102030405", "20260102030406"]);
    assert_eq!(
        host.read("current/REVISION").expect("file"),
        b"20260102030406"
    );
    let counter = host.counter("build");
    assert_eq!(counter.count(), 0);
    for _ in 0..2 {
        assert!(
            Command::new("sh")
                .args(["-c", &counter.command()])
                .status()
                .expect("sh")
                .success()
        );
    }
    assert_eq!(counter.count(), 2);
}

#[test]
fn filters_make_a_text_the_same_everywhere() {
    let host = LabHost::new().expect("host");
    let line = format!(
        "02:14 web1 back after 1.2 s at {} on 127.0.0.1:4022, release 20261124081502",
        host.deploy_to().display()
    );
    let mut settings = insta::Settings::new();
    settings.set_filters(redactions().iter().copied());
    settings.bind(|| {
        insta::assert_snapshot!(line, @"[CLOCK] web1 back after [DURATION] at [LAB]/deploy_to on [ADDRESS], release [RELEASE]");
    });
}

#[test]
fn a_picture_names_every_path_that_is_not_the_same() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use windlass_lab::Picture;
    let host = LabHost::new().expect("host");
    for name in ["a/file", "a/other", "b/gone"] {
        host.write(name, name).expect("written");
    }
    let at = |name: &str| host.deploy_to().join(name);
    symlink("file", at("a/link")).expect("a link");
    let take = || Picture::of(&host.deploy_to()).expect("a picture");
    let before = take();
    assert_eq!(before.differences(&take()), "");

    std::fs::set_permissions(at("a/file"), std::fs::Permissions::from_mode(0o600)).expect("mode");
    std::fs::remove_file(at("a/link")).expect("removed");
    symlink("other", at("a/link")).expect("a link");
    let other = std::fs::File::options().write(true).open(at("a/other"));
    let long_ago = std::time::UNIX_EPOCH;
    other
        .expect("it is there")
        .set_modified(long_ago)
        .expect("a time");
    std::fs::remove_file(at("b/gone")).expect("removed");
    let said = before.differences(&take());
    let named = |path: &&str| {
        said.lines()
            .any(|line| line.starts_with(&format!("{path}: ")))
    };
    let wanted = ["a/file", "a/link", "a/other", "b/gone"];
    assert!(wanted.iter().all(named), "{said}");
    let said = before
        .without_times()
        .without("b")
        .differences(&take().without_times().without("b"));
    assert_eq!(said.lines().count(), 2, "{said}");
}
