//! What a host fetches by itself, and what a tree may hold.

use crate::support::{SHELLS, World, text, unresolved, wanted};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use windlass_facts::RemoteFacts;
use windlass_model::DeployId;
use windlass_model::settings::SourceKind;

#[test]
fn the_host_fetches_by_itself_and_gets_the_pinned_commit_although_the_branch_moved() {
    for shell in SHELLS {
        for depth in [None, Some(1)] {
            let mut world = World::new(shell);
            world.settings.source = SourceKind::Git;
            world.settings.depth = depth;
            world.settings.repository = Some(format!("file://{}", world.origin().display()));
            crate::support::git(
                &world.origin(),
                &["config", "uploadpack.allowAnySHA1InWant", "true"],
            );
            let one = world.commit(&[("app.txt", "one")]);
            let planned = world.plan(unresolved()).unwrap();
            assert_eq!(planned.plan.revision, Some(one.clone()));
            world.commit(&[("app.txt", "moved")]);
            world.carry_out(&planned.plan).unwrap();
            assert_eq!(
                fs::read_to_string(world.path("current/app.txt")).unwrap(),
                "one"
            );
            let planned = world.plan(unresolved()).unwrap();
            crate::support::git(
                &world.origin(),
                &["commit", "-q", "--amend", "-m", "rewritten"],
            );
            world.carry_out(&planned.plan).unwrap();
            assert_eq!(
                fs::read_to_string(world.path("current/app.txt")).unwrap(),
                "moved"
            );
            world.commit(&[("app.txt", "third")]);
            let planned = world.plan(unresolved()).unwrap();
            world.carry_out(&planned.plan).unwrap();
            let kept = world.look().repository.unwrap().kept;
            assert_eq!(kept.len(), 3, "each release's commit is kept: {kept:?}");
        }
    }
}

#[test]
fn submodules_are_part_of_the_release_where_wanted() {
    for shell in SHELLS {
        for subtree in [None, Some("app")] {
            let mut world = World::new(shell);
            world.git(&["init", "-q", "-b", "main", "library"]);
            let library = world.dir.path().join("library");
            fs::write(library.join("lib.txt"), "library").unwrap();
            crate::support::git(&library, &["add", "-A"]);
            crate::support::git(&library, &["commit", "-q", "-m", "library"]);
            world.commit(&[("app/app.txt", "one")]);
            crate::support::git(
                &world.origin(),
                &[
                    "submodule",
                    "--quiet",
                    "add",
                    library.to_str().unwrap(),
                    "app/vendor/li b",
                ],
            );
            let revision = world.commit(&[]);
            world.settings.subtree = subtree.map(str::to_owned);
            world.settings.submodules = true;
            world.settings.source = SourceKind::Git;
            world.settings.repository = Some(world.origin().to_str().unwrap().to_owned());
            let planned = world.plan(unresolved()).unwrap();
            assert_eq!(planned.plan.revision, Some(revision));
            if let Err((index, output)) = world.carry_out(&planned.plan) {
                panic!("{}: {}", planned.plan.steps[index].id, text(&output.stderr));
            }
            let below = if subtree.is_some() {
                "current"
            } else {
                "current/app"
            };
            let path = world.path(below).join("vendor/li b/lib.txt");
            assert_eq!(fs::read_to_string(path).unwrap(), "library");
            assert_eq!(
                world.path("current/.gitmodules").exists(),
                subtree.is_none()
            );
        }
    }
}

#[test]
fn a_pointer_to_git_lfs_in_the_tree_is_an_error_that_names_it() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
        // Written past any filter that this machine's git may have.
        let revision = world.commit(&[
            ("a b/logo.png", pointer),
            ("a b/.gitattributes", "*.png filter=lfs\n"),
        ]);
        let planned = world.plan(wanted(&revision)).unwrap();
        let (index, output) = world.carry_out(&planned.plan).unwrap_err();
        assert!(
            text(&output.stderr).contains("a b/logo.png is a pointer to Git LFS"),
            "{}",
            text(&output.stderr)
        );
        world.unwind(&planned.plan, index, 1);
        assert_eq!(world.releases(), [] as [&str; 0]);
    }
}

#[test]
fn a_pointer_to_git_lfs_in_a_submodule_is_an_error_too() {
    for shell in SHELLS {
        for (git_lfs, words) in [
            (false, "set git_lfs = true"),
            (true, "not fetched for submodules"),
        ] {
            let mut world = World::new(shell);
            let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
            world.git(&["init", "-q", "-b", "main", "library"]);
            let library = world.dir.path().join("library");
            fs::write(library.join("logo.png"), pointer).unwrap();
            // Not part of the archive, as is usual.
            let attributes = "*.png filter=lfs\n.gitattributes export-ignore\n";
            fs::write(library.join(".gitattributes"), attributes).unwrap();
            let git = |words: &[&str]| crate::support::git(&library, words);
            git(&["-c", "filter.lfs.clean=cat", "add", "-A"]);
            git(&["commit", "-q", "-m", "library"]);
            let library = library.to_str().unwrap();
            crate::support::git(
                &world.origin(),
                &["submodule", "--quiet", "add", library, "vendor/li b"],
            );
            let revision = world.commit(&[]);
            world.settings.submodules = true;
            world.settings.git_lfs = git_lfs;
            // Wanted on the host, and never called: the repository itself has nothing for it.
            world.settings.path = vec!["~/bin".to_owned()];
            let bin = world.dir.path().join("home/bin");
            fs::create_dir(&bin).unwrap();
            fs::write(bin.join("git-lfs"), "#!/bin/sh\nexit 1\n").unwrap();
            fs::set_permissions(bin.join("git-lfs"), fs::Permissions::from_mode(0o755)).unwrap();
            let planned = world.plan(wanted(&revision)).unwrap();
            let (index, output) = world.carry_out(&planned.plan).unwrap_err();
            let said = text(&output.stderr);
            assert!(
                said.contains("vendor/li b/logo.png is a pointer to Git LFS"),
                "{said}"
            );
            assert!(said.contains(words), "{said}");
            world.unwind(&planned.plan, index, 1);
            assert_eq!(world.releases(), [] as [&str; 0]);
        }
    }
}

#[test]
fn a_stale_lock_of_a_killed_git_does_not_stop_the_next_deploy() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        world.deploy(&one);
        for lock in [
            "packed-refs.lock",
            "HEAD.lock",
            "refs/windlass/20261124080002.lock",
            "config.lock",
        ] {
            fs::write(world.path("repo").join(lock), "").unwrap();
        }
        let two = world.commit(&[("app.txt", "two")]);
        world.deploy(&two);
        assert_eq!(
            fs::read_to_string(world.path("current/app.txt")).unwrap(),
            "two"
        );
    }
}

#[test]
fn the_forge_is_asked_with_the_keys_of_the_settings_and_no_prompt() {
    for (shell, root) in SHELLS.iter().zip(["a b", "it's \"c\"", "$d %h"]) {
        let mut world = World::at(shell, root);
        world.settings.source = SourceKind::Git;
        world.settings.repository = Some(format!(
            "git@forge.example.com:{}",
            world.origin().display()
        ));
        world.settings.repository_host_keys = vec!["forge.example.com ssh-ed25519 AAAA".to_owned()];
        world.settings.path = vec!["~/bin".to_owned()];
        // Stands in for ssh: notes its words and the keys it was given, and runs the command here.
        let bin = world.dir.path().join("home/bin");
        fs::create_dir(&bin).unwrap();
        fs::write(
            bin.join("ssh"),
            "#!/bin/sh\n\
             for word; do printf '%s\\n' \"$word\" >>~/words; done\n\
             file=$(sed -n 's/^UserKnownHostsFile=\"\\(.*\\)\" .*/\\1/p' ~/words | tail -n 1)\n\
             cat \"$file\" >>~/keys\neval \"exec $word\"\n",
        )
        .unwrap();
        fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
        let one = world.commit(&[("app.txt", "one")]);
        let mut facts = world.begin(&DeployId::new("d-mine"));
        facts.remote = Some(RemoteFacts::Found { revision: one });
        let run = unresolved();
        let plan = world
            .planned(&DeployId::new("d-mine"), run, facts)
            .unwrap()
            .plan;
        let output = world.step(&plan.steps[0]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let words = fs::read_to_string(world.dir.path().join("home/words")).unwrap();
        assert!(words.contains("\nBatchMode=yes\n"), "{words}");
        assert!(words.contains("\nStrictHostKeyChecking=yes\n"), "{words}");
        assert!(words.contains("\" ~/.ssh/known_hosts\n"), "{words}");
        let keys = fs::read_to_string(world.dir.path().join("home/keys")).unwrap();
        assert_eq!(
            keys.lines().next(),
            Some("forge.example.com ssh-ed25519 AAAA")
        );
    }
}
