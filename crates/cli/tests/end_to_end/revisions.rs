//! Which commit is deployed, and what it is called on the way.

use crate::support::Stage;

/// A stage whose working copy has a branch that the forge has too, and that no setting names.
fn on_a_branch(source: &str) -> (Stage, String) {
    let mut stage = Stage::new();
    stage.configure(&format!("source = \"{source}\""), "");
    stage.repo.branch("feature").expect("a branch");
    let id = stage
        .repo
        .commit(&[("index.html", "feature")])
        .expect("a commit");
    // Without it the working copy is not the repository of the settings: push goes through a mirror.
    let removed = stage.repo.git(&["remote", "remove", "origin"]);
    removed.expect("a remote less");
    (stage, id)
}

fn last_line(stage: &Stage) -> String {
    let log = stage.host.read("revisions.log").expect("a log");
    let log = String::from_utf8_lossy(&log).into_owned();
    log.lines().last().expect("a line").to_owned()
}

#[test]
fn here_is_what_is_checked_out_and_bears_its_branch() {
    for source in ["git", "push"] {
        let (stage, id) = on_a_branch(source);
        let run = stage.run(&["deploy", "production", "--yes", "--here"]);
        assert_eq!(run.code, 0, "{run}");
        let line = last_line(&stage);
        let wanted = format!("Branch feature (at {id}) deployed");
        assert!(line.starts_with(&wanted), "{source}: {line}");
        let title = format!("feature at {}", &id[..7]);
        assert!(run.stderr.contains(&title), "{source}: {run}");

        let detach = ["checkout", "--quiet", "--detach", "HEAD"];
        stage.repo.git(&detach).expect("no branch");
        let run = stage.run(&["plan", "production", "--here"]);
        let text = run.to_string();
        let title = format!("would deploy {} ", &id[..7]);
        assert!(text.contains(&title), "{source}: {run}");
    }
}

#[test]
fn a_commit_that_the_repository_lacks_is_refused_by_its_own_name() {
    for source in ["git", "push"] {
        let (stage, _) = on_a_branch(source);
        let commit = ["commit", "--quiet", "--allow-empty", "-m", "not pushed"];
        stage.repo.git(&commit).expect("a commit");
        let id = stage.repo.head().expect("a commit");
        let absent = "0123456789abcdef0123456789abcdef01234567".to_owned();
        for (words, id) in [
            (["--here".to_owned(), "--yes".to_owned()], id),
            (["--revision".to_owned(), absent.clone()], absent),
        ] {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let run = stage.run(&[&["deploy", "production"], words.as_slice()].concat());
            assert_eq!(run.code, 1, "{source}: {run}");
            assert!(run.stderr.contains(&id), "{source}: {run}");
            assert!(!run.stderr.contains("`main`"), "{source}: {run}");
            let cure = "push the commit to the repository";
            assert!(run.stderr.contains(cure), "{source}: {run}");
        }
        assert!(stage.host.releases().is_empty());
        stage.assert_clean();
    }
}

#[test]
fn a_host_that_fetches_needs_the_whole_id() {
    let (stage, id) = on_a_branch("git");
    let run = stage.run(&["plan", "production", "--revision", &id[..7]]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("by its whole id"), "{run}");
    let run = stage.run(&["plan", "production", "--revision", &id]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn here_without_a_working_copy_is_refused() {
    for source in ["git", "push"] {
        let (stage, _) = on_a_branch(source);
        std::fs::remove_dir_all(stage.repo.work().join(".git")).expect("removed");
        let run = stage.run(&["deploy", "production", "--here"]);
        assert_eq!(run.code, 1, "{source}: {run}");
        assert!(run.stderr.contains("nothing is checked out here"), "{run}");
        assert!(!stage.host.deploy_to().exists(), "{source}: {run}");
    }
}
