//! A directory of Capistrano's is taken over and given back, with the real Capistrano on the other side.

use crate::cap;
use crate::support::Stage;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use windlass_lab::{Picture, Sshd, available};

const LINKS: &str = "append :linked_files, 'config/app.yml'\nappend :linked_dirs, 'log', 'tmp/pids', 'public/system'\n";
const OUR_LINKS: &str =
    "linked_files = [\"config/app.yml\"]\nlinked_dirs = [\"log\", \"tmp/pids\", \"public/system\"]";

/// A project that brings its own files where links will be, and a mode.
fn project(mut stage: Stage, more: &str) -> Stage {
    cap::write_project(&stage, &format!("{LINKS}{more}"));
    stage
        .repo
        .commit(&[
            ("config/app.yml", "of the repository\n"),
            ("public/system/.keep", ""),
            ("tmp/pids/.keep", ""),
        ])
        .expect("committed");
    let file = stage.host.write("shared/config/app.yml", "of the host\n");
    file.expect("written");
    stage
}

/// A commit that changes a file.
fn change(stage: &mut Stage, text: &str) -> String {
    stage
        .repo
        .commit(&[("index.html", text)])
        .expect("committed")
}

fn windlass(stage: &Stage, words: &[&str]) {
    let run = stage.run(words);
    assert_eq!(run.code, 0, "{words:?}: {run}");
}

fn live(stage: &Stage) -> String {
    stage.host.live().expect("a release is live")
}

/// A release without what may differ: when it was made, and the file that only newer Capistranos write.
fn tree(stage: &Stage, release: &str) -> Picture {
    let path = stage.host.deploy_to().join("releases").join(release);
    let picture = Picture::of(&path).expect("a picture").without_times();
    picture.without("REVISION_TIME")
}

fn assert_same_tree(stage: &Stage, one: &str, two: &str) {
    let said = tree(stage, one).differences(&tree(stage, two));
    assert_eq!(said, "", "{one} | {two}");
}

fn log(stage: &Stage) -> String {
    let log = stage.host.read("revisions.log").expect("a log");
    String::from_utf8(log).expect("UTF-8")
}

fn deployed(id: &str, release: &str) -> String {
    format!("Branch main (at {id}) deployed as release {release} by tester\n")
}

fn rolled_back(release: &str) -> String {
    format!("tester rolled back to release {release}\n")
}

fn git(directory: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(directory)
        .args(words)
        .output();
    let output = output.expect("git starts");
    assert!(output.status.success(), "git {words:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The mirror is whole and one of the repository of the settings, whoever worked in it last.
fn assert_mirror(stage: &Stage) {
    let mirror = stage.host.deploy_to().join("repo");
    let get = |key: &str| git(&mirror, &["config", "--get-all", key]);
    let bare = stage.repo.bare();
    assert_eq!(Some(get("remote.origin.url").as_str()), bare.to_str());
    assert_eq!(get("remote.origin.fetch"), "+refs/*:refs/*");
    assert_eq!(get("remote.origin.mirror"), "true");
    assert_eq!(get("core.bare"), "true");
    git(&mirror, &["fsck", "--connectivity-only"]);
}

fn taken_over_and_given_back(source: &str) {
    if !cap::is_here() {
        return;
    }
    let mut stage = project(Stage::new(), "");
    let head = stage.repo.head().expect("a commit");
    let one = cap::deploy(&stage);
    let two = cap::deploy(&stage);
    let mut told = deployed(&head, &one) + &deployed(&head, &two);
    assert_eq!(log(&stage), told);

    // Windlass takes it over: what it makes of the same commit is the same.
    stage.configure(&format!("source = \"{source}\"\n{OUR_LINKS}"), "");
    let three = stage.deploy_first();
    assert_eq!(stage.host.releases(), [one.as_str(), &two, &three]);
    let path = stage.host.deploy_to().join("releases").join(&three);
    assert_eq!(stage.host.current(), Some(path));
    assert_same_tree(&stage, &two, &three);
    let time = stage
        .repo
        .git(&["log", "-1", "--format=%ct"])
        .expect("a time");
    let said = stage.host.read("current/REVISION_TIME").expect("a time");
    assert_eq!(String::from_utf8_lossy(&said), time);
    told += &deployed(&head, &three);
    assert_eq!(log(&stage), told);
    assert_mirror(&stage);

    // Back to a release of Capistrano's, by itself and by its name.
    windlass(&stage, &["rollback", "production", "--yes"]);
    assert_eq!(live(&stage), two);
    windlass(&stage, &["rollback", "production", "--yes", "--to", &one]);
    assert_eq!(live(&stage), one);
    windlass(&stage, &["rollback", "production", "--yes", "--to", &three]);
    assert_eq!(live(&stage), three);
    told += &(rolled_back(&two) + &rolled_back(&one) + &rolled_back(&three));
    assert_eq!(log(&stage), told);

    // Capistrano takes it back, and goes back to a release of Windlass's.
    let next = change(&mut stage, "by Capistrano");
    let four = cap::deploy(&stage);
    assert_eq!(stage.host.releases(), [one.as_str(), &two, &three, &four]);
    told += &deployed(&next, &four);
    assert_eq!(log(&stage), told);
    assert_mirror(&stage);
    let run = cap::cap(&stage, &["deploy:rollback"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(live(&stage), three, "{run}");
    assert_eq!(stage.host.releases(), [one.as_str(), &two, &three]);
    told += &rolled_back(&three);
    assert_eq!(log(&stage), told);

    // And Windlass once more, with a mirror that Capistrano has pruned.
    let last = change(&mut stage, "by Windlass");
    let five = stage.deploy_first();
    assert_eq!(
        stage.host.read("current/index.html").expect("read"),
        b"by Windlass"
    );
    told += &deployed(&last, &five);
    assert_eq!(log(&stage), told);
    assert_mirror(&stage);
    windlass(&stage, &["rollback", "production", "--yes"]);
    assert_eq!(live(&stage), three);
    stage.assert_clean();
}

#[test]
fn a_directory_of_capistranos_is_taken_over_and_given_back_with_source_git() {
    taken_over_and_given_back("git");
}

#[test]
fn a_directory_of_capistranos_is_taken_over_and_given_back_with_source_push() {
    taken_over_and_given_back("push");
}

/// A whole directory without its one release, and that release; the mirror's inside and names of releases left out.
fn layout_and_release(root: &Path, release: &str) -> (Picture, Picture) {
    let all = Picture::of(root).expect("a picture").without_times();
    let inside = Picture::of(&root.join("releases").join(release)).expect("a picture");
    let all = all.without(&format!("releases/{release}")).without("repo");
    let all = all
        .without("current")
        .without("revisions.log")
        .without(".windlass");
    (all, inside.without_times().without("REVISION_TIME"))
}

/// Deploys once with either to the same empty place, and compares what they made.
fn made_alike(stage: &mut Stage, theirs: &str, ours: &str) {
    for dir in [
        stage.repo.bare().parent().expect("a parent"),
        stage.sshd.dir(),
    ] {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("modes");
    }
    let trust = "[safe]\ndirectory = *\n";
    std::fs::write(stage.sshd.home().join(".gitconfig"), trust).expect("written");
    cap::write_project(
        stage,
        &format!("append :linked_dirs, 'log', 'tmp/pids'\n{theirs}"),
    );
    let files = [
        ("app/bin/run", "#!/bin/sh\n"),
        ("app/.hidden", ""),
        ("app/tmp/pids/.keep", ""),
        ("log/.keep", ""),
    ];
    stage.repo.commit(&files).expect("committed");
    stage
        .repo
        .make_executable("app/bin/run")
        .expect("committed");
    let release = cap::deploy(stage);
    let root = stage.host.deploy_to();
    let kept = stage.host.outside().join("theirs");
    std::fs::rename(&root, &kept).expect("moved");

    let settings = format!("source = \"git\"\nlinked_dirs = [\"log\", \"tmp/pids\"]\n{ours}");
    stage.configure(&settings, "");
    let other = stage.deploy_first();
    let (theirs, ours) = (
        layout_and_release(&kept, &release),
        layout_and_release(&root, &other),
    );
    assert_eq!(theirs.0.differences(&ours.0), "");
    assert_eq!(theirs.1.differences(&ours.1), "");
    for name in ["repo", "repo/config", "revisions.log"] {
        let mode = |root: &Path| {
            std::fs::metadata(root.join(name))
                .expect(name)
                .permissions()
                .mode()
        };
        assert_eq!(mode(&kept), mode(&root), "{name}");
    }
}

#[test]
fn a_directory_is_made_as_capistrano_makes_it() {
    if cap::is_here() {
        made_alike(&mut Stage::new(), "", "");
    }
}

#[test]
fn a_directory_of_a_subtree_is_made_as_capistrano_makes_it() {
    if cap::is_here() {
        made_alike(
            &mut Stage::new(),
            "set :repo_tree, 'app'\n",
            "subtree = \"app\"",
        );
    }
}

#[test]
fn a_directory_is_made_as_capistrano_makes_it_whatever_umask_the_login_has() {
    let sshd = available(Sshd::builder().ordinary_login().start()).expect("the daemon starts");
    if let (Some(sshd), true) = (sshd, cap::is_here()) {
        let mut stage = Stage::on(sshd);
        std::fs::write(stage.sshd.home().join(".bashrc"), "umask 027\n").expect("written");
        made_alike(&mut stage, "", "");
        let shared = std::fs::metadata(stage.host.deploy_to().join("shared")).expect("made");
        assert_eq!(shared.permissions().mode() & 0o777, 0o750);
    }
}
