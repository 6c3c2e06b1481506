//! Steps that fail or break off, and what their undos leave behind.

use crate::support::{SHELLS, SmallDisk, World, names, text, unresolved, wanted};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use windlass_model::settings::SourceKind;

#[test]
fn whatever_step_fails_everything_is_undone_however_often_it_is_repeated() {
    for shell in SHELLS {
        for fails_at in 0.. {
            let mut world = World::new(shell);
            world.settings.restart.insert(
                "app".to_owned(),
                "readlink ../../current >>~/restarts || :".to_owned(),
            );
            world.settings.health = vec![crate::health::own("true")];
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
                SourceKind::Git => unresolved(),
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
        world.undone_after("restart", &one);
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
            world.undone_after("publish", &one);
            let restarts = fs::read_to_string(world.dir.path().join("home/restarts"));
            // There is nothing to restart behind a link to nothing.
            let wanted = (target != "/nowhere/at all").then(|| format!("{target}\n"));
            assert_eq!(restarts.ok(), wanted);
            assert_eq!(world.current(), Some(PathBuf::from(target)));
        }
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

#[test]
fn wherever_a_script_breaks_off_it_may_be_tried_again() {
    for breaks_at in 1.. {
        let mut world = World::new(SHELLS[0]);
        world.settings.linked_dirs = vec!["log".to_owned()];
        let one = world.commit(&[("app.txt", "one"), ("log/x", "")]);
        world.deploy(&one);
        let two = world.commit(&[("app.txt", "two"), ("new/y", "")]);
        let planned = world.plan(wanted(&two)).unwrap();
        world.break_at(breaks_at);
        let steps = &planned.plan.steps;
        let failed = steps
            .iter()
            .position(|step| !world.step(step).status.success() && !step.advisory);
        let broken = world.mend();
        for step in steps.iter().skip(failed.unwrap_or(steps.len())) {
            let output = world.step(step);
            let said = text(&output.stderr);
            assert!(
                output.status.success(),
                "call {breaks_at}, {}: {said}",
                step.id
            );
        }
        let facts = world.look();
        assert_eq!(
            facts.live,
            Some(planned.plan.release.clone()),
            "call {breaks_at}"
        );
        assert_eq!(
            (facts.failed.len(), facts.lock),
            (0, None),
            "call {breaks_at}"
        );
        let mut made = names(&world.path("current/"));
        made.retain(|name| !name.starts_with('.'));
        made.sort();
        let wanted = ["REVISION", "REVISION_TIME", "app.txt", "log", "new"];
        assert_eq!(made, wanted, "call {breaks_at}");
        if !broken {
            break;
        }
    }
}
