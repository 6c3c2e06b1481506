//! What is kept and what goes: old and failed releases, records, the lock, the layout.

use crate::support::{SHELLS, World, capistrano, names, text, wanted};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use windlass_model::ReleaseName;
use windlass_planner::{Error, Run};

#[test]
fn cleanup_counts_only_completed_releases_and_spares_what_would_be_gone_back_to() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world.settings.keep_releases = 2;
        capistrano(
            &world,
            &[
                "20260101000000",
                "20260102000000",
                "20260103000000",
                "20260104000000",
            ],
            &["20260101000000", "20260102000000", "20260104000000"],
        );
        fs::create_dir(world.path("releases/not-a-release")).unwrap();
        let one = world.commit(&[("app.txt", "one")]);
        let plan = world.deploy(&one);
        assert_eq!(
            world.releases(),
            ["20260104000000", plan.release.as_str(), "not-a-release"]
        );
        assert_eq!(names(&world.path(".windlass/trash")), [] as [&str; 0]);
        world.settings.keep_releases = 1;
        let next = world.deploy(&one);
        assert_eq!(
            world.releases(),
            [
                plan.release.as_str(),
                next.release.as_str(),
                "not-a-release"
            ]
        );
    }
}

#[test]
fn records_and_refs_of_releases_that_capistrano_removed_go() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        let failed = world.undone_after("release", &one).release;
        let gone = world.deploy(&one).release;
        world.deploy(&one);
        fs::remove_dir_all(world.path(&format!("releases/{gone}"))).unwrap();
        world.deploy(&one);
        let mut left = world.releases();
        let kept = world.look().repository.unwrap().kept;
        let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
        assert_eq!(kept, left);
        left.push(failed.to_string());
        left.sort();
        assert_eq!(names(&world.path(".windlass/releases")), left);
    }
}

#[test]
fn only_the_newest_failed_release_is_kept_aside() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        let mut newest = None;
        for _ in 0..2 {
            newest = Some(world.undone_after("release", &one).release);
        }
        assert_eq!(
            names(&world.path(".windlass/failed")),
            [newest.unwrap().as_str()]
        );
    }
}

#[test]
fn a_failed_release_that_cannot_be_removed_stops_no_undo() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world.settings.path = vec!["~/bin".to_owned()];
        // What cannot be removed is another user's, or held by a mount.
        let bin = world.dir.path().join("home/bin");
        fs::create_dir(&bin).unwrap();
        fs::write(
            bin.join("rm"),
            "#!/bin/sh\nfor word; do case $word in */failed/2*) exit 1;; esac; done\nPATH=/bin:/usr/bin exec rm \"$@\"\n",
        )
        .unwrap();
        fs::set_permissions(bin.join("rm"), fs::Permissions::from_mode(0o755)).unwrap();
        let one = world.commit(&[("app.txt", "one")]);
        let mut aside = Vec::new();
        for _ in 0..2 {
            let plan = world.undone_after("release", &one);
            aside.push(plan.release.to_string());
        }
        assert_eq!(names(&world.path(".windlass/failed")), aside);
        assert_eq!(world.releases(), [] as [&str; 0]);
    }
}

#[test]
fn records_of_the_last_ten_deploys_are_kept() {
    let mut world = World::new(SHELLS[0]);
    let one = world.commit(&[("app.txt", "one")]);
    for _ in 0..12 {
        world.deploy(&one);
    }
    let deploys = names(&world.path(".windlass/deploys"));
    assert_eq!(deploys.len(), 10);
    assert_eq!(deploys.first().map(String::as_str), Some("d-test03"));
    assert_eq!(world.look().fence, 12);
    // The mirror keeps a ref for each release that is there, and no more.
    let kept = world.look().repository.unwrap().kept;
    assert!(kept.len() <= 6, "{kept:?}");
}

#[test]
fn unlock_moves_the_unpublished_release_aside_and_keeps_a_published_one() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        for (until, live) in [("release", false), ("publish", true)] {
            let planned = world.plan(wanted(&one)).unwrap();
            let end = planned
                .plan
                .steps
                .iter()
                .position(|s| s.task.as_str() == until)
                .unwrap();
            for step in &planned.plan.steps[..=end] {
                assert!(world.step(step).status.success());
            }
            let deploy = &planned.plan.deploy;
            let tell = |script: &str| {
                let output = world.sh(&format!("set -e\n{script}"));
                assert!(output.status.success(), "{}", text(&output.stderr));
                world.look()
            };
            // Whatever its controller may still ask for is started no more, and nothing else is changed yet.
            let before = (world.releases(), world.current());
            let wish = windlass_facts::TakeOver {
                root: world.root.clone(),
                lock: world.look().lock.expect("it is locked"),
                patient: false,
            };
            let facts = tell(&windlass_facts::take_over(&wish));
            assert_eq!(facts.fence, planned.plan.hosts[0].fence + 1);
            assert_eq!(facts.lock.map(|lock| lock.deploy).as_ref(), Some(deploy));
            assert_eq!((world.releases(), world.current()), before);
            let facts = tell(&windlass_recipes::unlock_script(&world.root, deploy));
            assert_eq!(facts.lock, None);
            assert_eq!(facts.fence, planned.plan.hosts[0].fence + 1);
            assert_eq!(facts.live == Some(planned.plan.release.clone()), live);
            assert_eq!(facts.failed.contains(&planned.plan.release), !live);
        }
    }
}

#[test]
fn setup_makes_the_layout_and_may_be_repeated() {
    for shell in SHELLS {
        let world = World::at(shell, "a 'b' $c");
        let files = ["config/master.key".to_owned()];
        let dirs = ["tmp/p ids".to_owned()];
        for _ in 0..2 {
            let output = world.sh(&windlass_recipes::setup_script(&world.root, &files, &dirs));
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        assert!(world.path("shared/config").is_dir() && world.path("shared/tmp/p ids").is_dir());
        assert!(!world.path(".windlass").exists());
    }
}

#[test]
fn a_rollback_never_goes_to_a_release_that_failed() {
    let mut world = World::new(SHELLS[0]);
    capistrano(
        &world,
        &["20260101000000", "20260102000000"],
        &["20260102000000"],
    );
    fs::create_dir_all(world.path(".windlass/releases")).unwrap();
    fs::write(
        world.path(".windlass/releases/20260101000000"),
        "windlass-release 1\nstate failed\ndeploy d-1\nsince 1\n",
    )
    .unwrap();
    let to = Some(ReleaseName::new("20260101000000"));
    let error = world.plan(Run::Rollback { to }).unwrap_err();
    assert!(matches!(error, Error::FailedRelease { .. }), "{error}");
}
