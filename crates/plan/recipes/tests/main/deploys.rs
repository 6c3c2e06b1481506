//! Whole deploys and rollbacks of a directory of this machine, by every shell.

use crate::support::{
    SHELLS, SmallDisk, World, capistrano, names, release, snapshot, text, user_task, wanted,
};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use windlass_facts::{Begun, RemoteFacts};
use windlass_model::release::ReleaseState;
use windlass_model::settings::{Hook, SourceKind};
use windlass_model::{DeployId, ReleaseName};
use windlass_planner::{Error, Run};

const HOSTILE: &str = "it's \"a\" $HOME `id` \\ ünï\nline";

#[test]
fn a_deploy_publishes_a_release_and_leaves_a_directory_of_capistranos_kind() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world.settings.linked_dirs = vec!["log".to_owned(), "tmp/pids".to_owned()];
        world.settings.linked_files = vec!["config/master.key".to_owned()];
        fs::create_dir_all(world.path("shared/config")).unwrap();
        fs::write(world.path("shared/config/master.key"), "key").unwrap();
        let revision = world.commit(&[
            ("app.txt", "one\n"),
            ("log/.keep", ""),
            ("config/master.key", "development"),
        ]);
        let plan = world.deploy(&revision);
        let new = world.path(&format!("releases/{}", plan.release));
        assert_eq!(world.current(), Some(new.clone()));
        assert_eq!(fs::read_to_string(new.join("app.txt")).unwrap(), "one\n");
        assert_eq!(
            fs::read_to_string(new.join("REVISION")).unwrap(),
            format!("{revision}\n")
        );
        let time = fs::read_to_string(new.join("REVISION_TIME")).unwrap();
        assert_eq!(
            time,
            format!(
                "{}\n",
                crate::support::git(&world.origin(), &["log", "-1", "--format=%ct"])
            )
        );
        assert_eq!(
            fs::read_link(new.join("log")).unwrap(),
            world.path("shared/log")
        );
        assert_eq!(
            fs::read_link(new.join("tmp/pids")).unwrap(),
            world.path("shared/tmp/pids")
        );
        assert_eq!(
            fs::read_to_string(new.join("config/master.key")).unwrap(),
            "key"
        );
        assert_eq!(
            fs::read_to_string(world.path("revisions.log")).unwrap(),
            format!(
                "Branch main (at {revision}) deployed as release {} by alice `$(touch pwned)`\n",
                plan.release
            )
        );
        assert_eq!(
            names(&world.path(".")),
            [
                ".windlass",
                "current",
                "releases",
                "repo",
                "revisions.log",
                "shared"
            ]
        );
        let facts = world.look();
        assert_eq!(facts.lock, None);
        assert_eq!(facts.live, Some(plan.release.clone()));
        assert_eq!(facts.state(&facts.releases[0]), ReleaseState::Good);
        assert_eq!(facts.whole_commits(), [revision]);
        assert_eq!(facts.deploys[0].decision.as_deref(), Some("done"));
        assert!(!world.path(".windlass/tmp-d-test01").exists());
    }
}

#[test]
fn a_second_deploy_reuses_the_mirror_and_a_rollback_goes_back() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        let first = world.deploy(&one);
        let two = world.commit(&[("app.txt", "two")]);
        let second = world.deploy(&two);
        assert_eq!(second.hosts[0].previous, Some(first.release.clone()));
        let planned = world.plan(Run::Rollback { to: None }).unwrap();
        assert_eq!(planned.plan.release, first.release);
        assert_eq!(planned.plan.revision, Some(one));
        world.carry_out(&planned.plan).unwrap();
        assert_eq!(world.look().live, Some(first.release.clone()));
        let log = fs::read_to_string(world.path("revisions.log")).unwrap();
        assert!(
            log.ends_with(&format!("rolled back to release {}\n", first.release)),
            "{log}"
        );
        let again = world.plan(Run::Rollback { to: None }).unwrap_err();
        assert!(matches!(again, Error::NoOlderRelease { .. }), "{again}");
    }
}

#[test]
fn whatever_step_fails_everything_is_undone_however_often_it_is_repeated() {
    for shell in SHELLS {
        for fails_at in 0.. {
            let mut world = World::new(shell);
            world.settings.restart.insert(
                "app".to_owned(),
                "readlink ../../current >>~/restarts || :".to_owned(),
            );
            let one = world.commit(&[("app.txt", "one")]);
            let first = world.deploy(&one);
            let log = fs::read_to_string(world.path("revisions.log")).unwrap();
            let two = world.commit(&[("app.txt", "two")]);
            let planned = world.plan(wanted(&two)).unwrap();
            // Once the deploy is over nothing is undone any more.
            if planned.plan.steps[fails_at].task.as_str() == "unlock" {
                break;
            }
            for step in &planned.plan.steps[..=fails_at] {
                assert!(world.step(step).status.success());
            }
            world.unwind(&planned.plan, fails_at, 2);
            let facts = world.look();
            assert_eq!(facts.live, Some(first.release.clone()));
            assert_eq!(facts.releases.len(), 1, "step {fails_at}");
            assert_eq!(facts.lock, None);
            assert_eq!(
                fs::read_to_string(world.path("revisions.log")).unwrap(),
                log
            );
            let made = planned.plan.steps[..=fails_at]
                .iter()
                .any(|step| step.task.as_str() == "release");
            assert_eq!(facts.failed.len(), usize::from(made));
            assert_eq!(
                names(&world.path(".windlass"))
                    .iter()
                    .filter(|name| name.starts_with("tmp"))
                    .count(),
                0
            );
        }
    }
}

#[test]
fn wherever_a_script_breaks_off_the_undo_cleans_up() {
    // Each program that the scripts call fails once, at every place where it is called.
    for breaks_at in 1.. {
        let mut world = World::new(SHELLS[0]);
        world.settings.linked_dirs = vec!["log".to_owned()];
        let one = world.commit(&[("app.txt", "one"), ("log/x", "")]);
        let first = world.deploy(&one);
        let log = fs::read_to_string(world.path("revisions.log")).unwrap();
        let two = world.commit(&[("app.txt", "two")]);
        let planned = world.plan(wanted(&two)).unwrap();
        world.break_at(breaks_at);
        let advisory = planned
            .plan
            .steps
            .iter()
            .position(|step| step.advisory)
            .unwrap();
        let failed = planned.plan.steps[..advisory]
            .iter()
            .position(|step| !world.step(step).status.success());
        let broken = world.mend();
        world.unwind(&planned.plan, failed.unwrap_or(advisory - 1), 2);
        let facts = world.look();
        assert_eq!(facts.live, Some(first.release.clone()), "call {breaks_at}");
        assert_eq!(facts.releases.len(), 1, "call {breaks_at}");
        assert_eq!(facts.lock, None);
        assert_eq!(
            fs::read_to_string(world.path("revisions.log")).unwrap(),
            log
        );
        // And the next one is not hindered by what is left.
        world.deploy(&two);
        assert_eq!(
            fs::read_to_string(world.path("current/app.txt")).unwrap(),
            "two"
        );
        if !broken {
            assert!(breaks_at > 20, "only {breaks_at} calls were seen");
            break;
        }
    }
}

#[test]
fn steps_that_are_said_to_be_repeatable_are() {
    for shell in SHELLS {
        for source in [SourceKind::Push, SourceKind::Git] {
            let mut world = World::new(shell);
            world.settings.source = source;
            world.settings.repository = Some(world.origin().to_str().unwrap().to_owned());
            let one = world.commit(&[("app.txt", "one")]);
            let run = || match source {
                SourceKind::Push => wanted(&one),
                SourceKind::Git => Run::Deploy { wanted: None },
            };
            for _ in 0..2 {
                let planned = world.plan(run()).unwrap();
                for step in &planned.plan.steps {
                    for _ in 0..=u32::from(step.repeatable) {
                        let output = world.step(step);
                        assert!(
                            output.status.success(),
                            "{}: {}",
                            step.id,
                            text(&output.stderr)
                        );
                    }
                }
                assert_eq!(world.look().live, Some(planned.plan.release));
            }
            assert_eq!(world.look().good().count(), 2);
        }
    }
}

#[test]
fn undo_finds_nothing_done_or_half_done_and_does_no_harm() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        let planned = world.plan(wanted(&one)).unwrap();
        world.unwind(&planned.plan, planned.plan.steps.len() - 1, 1);
        assert_eq!(world.current(), None);
        assert_eq!(world.releases(), [] as [&str; 0]);
        // A release of which only the directory was made.
        let planned = world.plan(wanted(&one)).unwrap();
        fs::create_dir(world.path(&format!("releases/{}", planned.plan.release))).unwrap();
        world.unwind(&planned.plan, planned.plan.steps.len() - 1, 1);
        assert_eq!(world.releases(), [] as [&str; 0]);
    }
}

#[test]
fn the_first_deploy_is_undone_by_removing_current_and_restarting_nothing() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world
            .settings
            .restart
            .insert("app".to_owned(), "echo restarted >>~/restarts".to_owned());
        let one = world.commit(&[("app.txt", "one")]);
        let planned = world.plan(wanted(&one)).unwrap();
        let restart = planned
            .plan
            .steps
            .iter()
            .position(|s| s.task.as_str() == "restart")
            .unwrap();
        for step in &planned.plan.steps[..=restart] {
            assert!(world.step(step).status.success());
        }
        world.unwind(&planned.plan, restart, 1);
        assert_eq!(world.current(), None);
        let restarts = fs::read_to_string(world.dir.path().join("home/restarts")).unwrap();
        assert_eq!(restarts, "restarted\n");
    }
}

#[test]
fn a_flip_back_restores_the_old_link_verbatim_and_restarts_once_after_it() {
    for shell in SHELLS {
        for target in [
            "releases/../releases/20200101000000",
            "/nowhere/at all",
            "odd\nname\n",
        ] {
            let mut world = World::new(shell);
            fs::create_dir_all(world.path("releases/20200101000000")).unwrap();
            fs::create_dir_all(world.path("odd\nname\n")).unwrap();
            symlink(target, world.path("current")).unwrap();
            world.settings.restart.insert(
                "web".to_owned(),
                "readlink \"$DEPLOY_CURRENT_PATH\" >>~/restarts".to_owned(),
            );
            let one = world.commit(&[("app.txt", "one")]);
            let planned = world.plan(wanted(&one)).unwrap();
            let publish = planned
                .plan
                .steps
                .iter()
                .position(|s| s.task.as_str() == "publish")
                .unwrap();
            for step in &planned.plan.steps[..=publish] {
                assert!(world.step(step).status.success());
            }
            world.unwind(&planned.plan, publish, 1);
            let restarts = fs::read_to_string(world.dir.path().join("home/restarts"));
            // There is nothing to restart behind a link to nothing.
            let wanted = (target != "/nowhere/at all").then(|| format!("{target}\n"));
            assert_eq!(restarts.ok(), wanted);
            assert_eq!(world.current(), Some(PathBuf::from(target)));
        }
    }
}

#[test]
fn a_release_directory_that_is_there_already_is_left_alone() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        let planned = world.plan(wanted(&one)).unwrap();
        let theirs = world.path(&format!("releases/{}/theirs", planned.plan.release));
        fs::create_dir_all(theirs.parent().unwrap()).unwrap();
        fs::write(&theirs, "").unwrap();
        let (index, output) = world.carry_out(&planned.plan).unwrap_err();
        assert_eq!(planned.plan.steps[index].task.as_str(), "release");
        assert!(
            text(&output.stderr).contains("File exists"),
            "{}",
            text(&output.stderr)
        );
        world.unwind(&planned.plan, index, 2);
        assert!(theirs.exists());
    }
}

#[test]
fn hostile_values_arrive_unchanged_and_run_nothing() {
    for shell in SHELLS {
        let mut world = World::at(shell, "a 'b' \"c\" $HOME `id` ü\\");
        let branch = "ünïcode/$(touch pwned)`touch pwned`'q'";
        world.settings.branch = branch.to_owned();
        world.settings.linked_dirs = vec!["lo g/$(touch pwned)'\"`ü`".to_owned()];
        world
            .settings
            .env
            .insert("VALUE".to_owned(), HOSTILE.to_owned());
        world.settings.subtree = Some("su b".to_owned());
        let mut task = user_task(
            "show",
            "printf %s \"$VALUE\" >value; printf %s \"$OWN\" >own; pwd >dir; printf '%s' '$(`\"ü' >script",
            Hook::After("updated".to_owned()),
        );
        task.env.insert("OWN".to_owned(), HOSTILE.to_owned());
        world.settings.tasks = vec![task];
        let revision = world.commit(&[("su b/a \"file\"\n$x", "content"), ("other", "")]);
        let plan = world.deploy(&revision);
        let new = world.path(&format!("releases/{}", plan.release));
        assert_eq!(fs::read_to_string(new.join("value")).unwrap(), HOSTILE);
        assert_eq!(fs::read_to_string(new.join("own")).unwrap(), HOSTILE);
        assert_eq!(fs::read_to_string(new.join("script")).unwrap(), "$(`\"ü");
        assert_eq!(
            fs::read_to_string(new.join("dir")).unwrap(),
            format!("{}\n", new.display())
        );
        assert_eq!(
            fs::read_to_string(new.join("a \"file\"\n$x")).unwrap(),
            "content"
        );
        assert!(!new.join("other").exists());
        assert!(new.join("lo g/$(touch pwned)'\"`ü`").is_dir());
        let log = fs::read_to_string(world.path("revisions.log")).unwrap();
        assert!(log.starts_with(&format!("Branch {branch} (at ")), "{log}");
        let pwned = std::process::Command::new("find")
            .arg(world.dir.path())
            .args(["-name", "pwned"])
            .output()
            .unwrap();
        assert_eq!(text(&pwned.stdout), "");
    }
}

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
            let planned = world.plan(Run::Deploy { wanted: None }).unwrap();
            assert_eq!(planned.plan.revision, Some(one.clone()));
            world.commit(&[("app.txt", "moved")]);
            world.carry_out(&planned.plan).unwrap();
            assert_eq!(
                fs::read_to_string(world.path("current/app.txt")).unwrap(),
                "one"
            );
            let planned = world.plan(Run::Deploy { wanted: None }).unwrap();
            crate::support::git(
                &world.origin(),
                &["commit", "-q", "--amend", "-m", "rewritten"],
            );
            world.carry_out(&planned.plan).unwrap();
            assert_eq!(
                fs::read_to_string(world.path("current/app.txt")).unwrap(),
                "moved"
            );
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
            let planned = world.plan(Run::Deploy { wanted: None }).unwrap();
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
fn a_directory_of_capistranos_is_taken_over_and_its_stale_link_removed() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        capistrano(
            &world,
            &["20260101000000", "20260102000000", "20260103000000"],
            &["20260101000000", "20260103000000"],
        );
        symlink(
            world.path("releases/20260101000000"),
            world.path("releases/current"),
        )
        .unwrap();
        let facts = world.look();
        let states: Vec<ReleaseState> = facts
            .classified()
            .iter()
            .map(|release| release.state)
            .collect();
        assert_eq!(
            states,
            [
                ReleaseState::Good,
                ReleaseState::Unknown,
                ReleaseState::Good
            ]
        );
        assert!(facts.stale_link.is_some());
        let one = world.commit(&[("app.txt", "one")]);
        let plan = world.deploy(&one);
        assert_eq!(
            world.current(),
            Some(world.path(&format!("releases/{}", plan.release)))
        );
        assert!(fs::symlink_metadata(world.path("releases/current")).is_err());
        assert!(fs::symlink_metadata(world.path("releases/20260103000000/current")).is_err());
        // The unknown one is not chosen, and not refused when it is named.
        world
            .plan(Run::Rollback { to: None })
            .map(|planned| assert_eq!(planned.plan.release, release("20260103000000")))
            .unwrap();
        fs::remove_file(world.path(".windlass/lock")).unwrap();
        let unknown = world
            .plan(Run::Rollback {
                to: Some(release("20260102000000")),
            })
            .unwrap();
        world.carry_out(&unknown.plan).unwrap();
        assert_eq!(world.current(), Some(world.path("releases/20260102000000")));
    }
}

#[test]
fn looking_leaves_a_directory_byte_for_byte_as_it_was() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        capistrano(
            &world,
            &["20260101000000", "20260102000000"],
            &["20260101000000"],
        );
        world.settings.linked_files = vec!["config/none".to_owned()];
        let before = snapshot(world.dir.path().join("app").as_path());
        let mut ask = world.ask();
        ask.sshd = true;
        world.facts(&ask);
        assert_eq!(snapshot(world.dir.path().join("app").as_path()), before);
    }
}

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
fn only_the_newest_failed_release_is_kept_aside() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        let mut newest = None;
        for _ in 0..2 {
            let planned = world.plan(wanted(&one)).unwrap();
            let steps = planned
                .plan
                .steps
                .iter()
                .position(|s| s.task.as_str() == "release")
                .unwrap();
            for step in &planned.plan.steps[..=steps] {
                assert!(world.step(step).status.success());
            }
            world.unwind(&planned.plan, steps, 1);
            newest = Some(planned.plan.release);
        }
        assert_eq!(
            names(&world.path(".windlass/failed")),
            [newest.unwrap().as_str()]
        );
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
fn a_deploy_is_begun_once_and_answers_the_same_when_asked_again() {
    for shell in SHELLS {
        let world = World::new(shell);
        let mine = DeployId::new("d-mine");
        let first = world.begin(&mine);
        assert_eq!(first.begun, Begun::Begun { fence: 1 });
        let second = world.begin(&mine);
        assert_eq!(second.begun, first.begun);
        assert_eq!((second.fence, second.root_id), (1, first.root_id));
        let before = snapshot(&world.path("."));
        let other = world.begin(&DeployId::new("d-other"));
        assert_eq!(other.begun, Begun::Locked);
        assert_eq!(other.lock, Some(World::lock(&mine)));
        assert_eq!(snapshot(&world.path(".")), before);
        // Given back, nothing is left of it, and the number is not used again where somebody was there before.
        world.sh(&windlass_facts::give_back(&world.root, &mine));
        assert!(!world.path(".").exists());
    }
}

#[test]
fn a_begin_that_comes_after_it_was_given_back_finds_the_deploy_over() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        world.deploy(&one);
        let late = DeployId::new("d-late");
        assert_eq!(world.begin(&late).begun, Begun::Begun { fence: 2 });
        world.sh(&windlass_facts::give_back(&world.root, &late));
        assert_eq!(world.look().lock, None);
        assert!(matches!(world.begin(&late).begun, Begun::Failed { .. }));
        assert_eq!(world.look().lock, None);
        assert_eq!(
            world.begin(&DeployId::new("d-next")).begun,
            Begun::Begun { fence: 3 }
        );
    }
}

#[test]
fn a_deploy_that_cannot_begin_changes_nothing() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world.settings.linked_files = vec!["config/a b".to_owned()];
        let one = world.commit(&[("app.txt", "one")]);
        let error = world.plan(wanted(&one)).unwrap_err();
        assert!(
            error.to_string().contains("shared/config/a b` is missing"),
            "{error}"
        );
        assert!(!world.path(".").exists());
        fs::create_dir_all(world.path("current")).unwrap();
        world.settings.linked_files.clear();
        let before = snapshot(&world.path("."));
        let error = world.plan(wanted(&one)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("current` is a directory, not a link"),
            "{error}"
        );
        assert_eq!(snapshot(&world.path(".")), before);
    }
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
            let output = world.sh(&format!(
                "set -e\n{}",
                windlass_recipes::unlock_script(&world.root, &planned.plan.deploy)
            ));
            assert!(output.status.success(), "{}", text(&output.stderr));
            let facts = world.look();
            assert_eq!(facts.lock, None);
            // Whatever its controller may still ask for is started no more.
            assert!(facts.fence > planned.plan.hosts[0].fence);
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

#[test]
fn of_many_that_begin_at_once_exactly_one_does() {
    for shell in SHELLS {
        let world = World::new(shell);
        let begun: Vec<Begun> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..12)
                .map(|number| {
                    let world = &world;
                    scope.spawn(move || world.begin(&DeployId::new(format!("d-{number}"))).begun)
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let winners = begun
            .iter()
            .filter(|begun| **begun == Begun::Begun { fence: 1 })
            .count();
        let locked = begun
            .iter()
            .filter(|begun| **begun == Begun::Locked)
            .count();
        assert_eq!((winners, locked), (1, 11), "{begun:?}");
    }
}

#[test]
fn hosts_that_are_one_directory_and_begin_at_once_get_one_number() {
    for shell in SHELLS {
        let world = World::new(shell);
        let mine = DeployId::new("d-mine");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(world.begin(&mine).begun, Begun::Begun { fence: 1 }));
            }
        });
        assert_eq!(world.look().fence, 1);
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
        let run = Run::Deploy { wanted: None };
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

#[test]
fn a_deploy_that_fills_the_disk_is_undone_and_frees_it() {
    for shell in SHELLS {
        let mut world = World::at(shell, "disk/app");
        let Some(disk) = SmallDisk::at(world.dir.path().join("disk")) else {
            eprintln!("not tried: this login may not mount a file system");
            return;
        };
        let one = world.commit(&[("app.txt", "one")]);
        let first = world.deploy(&one);
        // Small in the mirror, too large for a release.
        let two = world.commit(&[("large.txt", &"x".repeat(8 << 20))]);
        let planned = world.plan(wanted(&two)).unwrap();
        let (index, output) = world.carry_out(&planned.plan).unwrap_err();
        assert_eq!(planned.plan.steps[index].task.as_str(), "release");
        let words = text(&output.stderr);
        assert!(
            words.contains("No space left") || words.contains("Wrote only"),
            "{words}"
        );
        world.unwind(&planned.plan, index, 1);
        let facts = world.look();
        assert_eq!(facts.live, Some(first.release.clone()));
        assert_eq!((facts.releases.len(), facts.failed.len()), (1, 0));
        assert_eq!(facts.lock, None);
        assert!(facts.disk.free.unwrap() > 2 << 20, "{:?}", facts.disk);
        // A disk that is full already is seen before anything is changed.
        let fill = world.sh("head -c 8000000 /dev/zero >\"$1/fill\" 2>/dev/null"
            .replace("$1", disk.path.to_str().unwrap())
            .as_str());
        assert!(!fill.status.success());
        let error = world.plan(wanted(&one)).unwrap_err();
        assert!(error.to_string().contains("no space left for"), "{error}");
        assert_eq!(world.look().lock, None);
    }
}
