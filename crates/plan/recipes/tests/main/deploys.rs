//! Whole deploys and rollbacks of a directory of this machine, by every shell.

use crate::support::{SHELLS, World, capistrano, names, release, text, user_task, wanted};
use std::fs;
use std::os::unix::fs::symlink;
use windlass_lab::Picture;
use windlass_model::release::ReleaseState;
use windlass_model::settings::Hook;
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
fn what_was_live_is_gone_back_to_although_no_line_says_that_it_was_deployed() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        capistrano(&world, &["20260101000000", "20260102000000"], &[]);
        let one = world.commit(&[("app.txt", "one")]);
        world.deploy(&one);
        let planned = world.plan(Run::Rollback { to: None }).unwrap();
        assert_eq!(planned.plan.release, release("20260102000000"));
        world.carry_out(&planned.plan).unwrap();
        assert_eq!(world.current(), Some(world.path("releases/20260102000000")));
        // The other was never live while anybody looked.
        let refused = world.plan(Run::Rollback { to: None }).unwrap_err();
        assert!(matches!(refused, Error::NoOlderRelease { .. }), "{refused}");
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
        let before = Picture::of(&world.dir.path().join("app")).unwrap();
        let mut ask = world.ask();
        ask.sshd = true;
        world.facts(&ask);
        assert_eq!(Picture::of(&world.dir.path().join("app")).unwrap(), before);
    }
}
