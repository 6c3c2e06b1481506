//! Looking changes nothing: the host's directory and the login's home are byte for byte what they were, whoever made them.

use crate::cap;
use crate::support::{Stage, toml};
use windlass_lab::Picture;

/// Every command that only looks, and how it ends where all is well.
const LOOKS: [&[&str]; 11] = [
    &["plan", "production"],
    &["plan", "production", "--json"],
    &["deploy", "production", "--dry-run"],
    &["check", "production"],
    &["status", "production"],
    &["releases", "production"],
    &["config", "production"],
    &["history", "production"],
    &["tasks", "production"],
    &["lock", "production"],
    // A commit that the mirror lacks: the repository is asked for it.
    &["plan", "production", "--revision", "NEWEST"],
];

/// Looks with every command; not even a time may have changed.
fn look(stage: &Stage) {
    let pictures = || {
        let dirs = [stage.host.outside(), stage.sshd.home()];
        dirs.map(|dir| Picture::of(dir).expect("a picture"))
    };
    let before = pictures();
    let newest = stage.repo.head().expect("a commit");
    for words in LOOKS {
        let words: Vec<&str> = words
            .iter()
            .map(|word| if *word == "NEWEST" { &newest } else { *word })
            .collect();
        let run = stage.run(&words);
        assert_eq!(run.code, 0, "{words:?}: {run}");
        let said = String::from_utf8_lossy(&run.stdout) + run.stderr.as_str();
        if words == ["plan", "production", "--json"] {
            assert!(said.contains("\"begun\":false"), "{run}");
        } else if ["plan", "deploy", "check"].contains(&words[0]) {
            assert!(said.contains("nothing was changed on any host"), "{run}");
        }
        for (before, after) in before.iter().zip(&pictures()) {
            assert_eq!(before.differences(after), "", "{words:?}: {run}");
        }
    }
}

#[test]
fn looking_leaves_a_directory_and_the_home_as_they_were() {
    if !cap::is_here() {
        return;
    }
    for source in ["git", "push"] {
        let mut stage = Stage::new();
        cap::write_project(&stage, "append :linked_dirs, 'log'\n");
        cap::deploy(&stage);
        cap::deploy(&stage);
        // A file that only its owner may see, and a link to nowhere, are there like all else.
        stage.host.write("shared/secret", "x").expect("written");
        let nowhere = stage.host.deploy_to().join("shared/nowhere");
        std::os::unix::fs::symlink("/nowhere", nowhere).expect("a link");
        let change = stage.repo.commit(&[("index.html", "new")]);
        change.expect("committed");
        let keys = toml("git.example.com ssh-ed25519 AAAA");
        let top = format!(
            "source = \"{source}\"\nlinked_dirs = [\"log\", \"none/yet\"]\nrepository_host_keys = [{keys}]"
        );
        stage.configure(&top, "[[tasks]]\nname = \"say\"\nrun = \"true\"\n");
        look(&stage);

        // And once Windlass was there too.
        stage.deploy_first();
        let change = stage.repo.commit(&[("index.html", "newer")]);
        change.expect("committed");
        look(&stage);
    }
}
