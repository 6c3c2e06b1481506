//! What lies where something of a deploy is to be, told of before anything is changed.

use crate::support::{Run, Stage};

fn shown(run: &Run) -> String {
    format!("{}{}", String::from_utf8_lossy(&run.stdout), run.stderr)
}

#[test]
fn a_linked_file_that_the_repository_has_as_a_directory_is_refused() {
    let mut stage = Stage::new();
    stage.configure("linked_files = [\"config\"]", "");
    stage
        .repo
        .commit(&[("config/app.yml", "a: 1")])
        .expect("a commit");
    stage.host.write("shared/config", "x").expect("written");
    let before = stage.proxy.connections();
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    for said in [
        "config is a directory in the repository",
        "nothing was changed on any host",
        "next: name config in `linked_dirs`",
    ] {
        assert!(run.stderr.contains(said), "{said}\n{run}");
    }
    assert_eq!(stage.proxy.connections(), before, "no host was asked");
    for (words, code) in [(["plan", "production"], 1), (["check", "production"], 30)] {
        let run = stage.run(&words);
        assert_eq!(run.code, code, "{run}");
        assert!(
            shown(&run).contains("config is a directory in the repository"),
            "{run}"
        );
    }
}

#[test]
fn another_tools_working_copy_in_the_mirrors_place_is_refused_before_anything_changes() {
    let stage = Stage::new();
    stage.configure("", "");
    for (file, whose) in [
        ("repo/.svn/entries", "is a working copy of Subversion"),
        ("repo/.hg/requires", "is a working copy of Mercurial"),
        ("repo/app.rb", "is there but is not a git mirror"),
    ] {
        stage.host.write(file, "12\n").expect("written");
        let repo = stage.host.deploy_to().join("repo");
        for words in [["deploy", "production"], ["check", "production"]] {
            let run = stage.run(&[&words[..], &["--yes"]].concat());
            assert_ne!(run.code, 0, "{run}");
            let hint = format!("mv {0} {0}.before", repo.display());
            for said in [whose, &hint] {
                assert!(
                    shown(&run).replace('\n', " ").contains(said),
                    "{said}\n{run}"
                );
            }
        }
        assert!(
            !stage.host.deploy_to().join("releases").exists() || stage.host.releases().is_empty()
        );
        std::fs::remove_dir_all(&repo).expect("removed");
    }
    // An empty one is in nobody's way.
    std::fs::create_dir(stage.host.deploy_to().join("repo")).expect("made");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    stage.assert_clean();
}
