//! Where the code comes from: repositories as machines of a CI system leave them.

use crate::support::Stage;
use std::path::Path;
use std::process::Command;

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("git starts");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_clone_without_history_can_push_and_a_whole_one_after_it() {
    let mut stage = Stage::new();
    stage.configure("source = \"push\"", "");
    for number in 0..3 {
        let content = number.to_string();
        stage.repo.commit(&[("number", content.as_str())]).unwrap();
    }
    stage.repo.push().unwrap();
    let bare = stage.repo.bare();
    let bare = bare.to_str().unwrap();
    let clone = stage.home().join("clone");
    let at = clone.to_str().unwrap();
    let arguments = ["clone", "-q", "--no-local", "--depth", "1", bare, at];
    git(stage.home(), &arguments);
    assert_eq!(git(&clone, &["rev-list", "--count", "HEAD"]), "1");
    std::fs::copy(
        stage.repo.work().join("windlass.toml"),
        clone.join("windlass.toml"),
    )
    .unwrap();

    let run = stage.run(&["-C", at, "deploy", "production", "--json", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(stage.host.read("current/number").unwrap(), b"2");
    let mirror = stage.host.deploy_to().join("repo");
    let head = git(&clone, &["rev-parse", "HEAD"]);
    assert_eq!(git(&mirror, &["rev-list", &head]), head);

    stage.repo.commit(&[("number", "3")]).unwrap();
    stage.repo.push().unwrap();
    let run = stage.run(&["deploy", "production", "--json", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(stage.host.read("current/number").unwrap(), b"3");
    let (here, there) = (stage.repo.work(), stage.repo.head().unwrap());
    let history = git(&here, &["rev-list", &there]);
    assert_eq!(git(&mirror, &["rev-list", &there]), history);
    assert!(!mirror.join("shallow").exists(), "the history is whole now");
    stage.assert_clean();
}
