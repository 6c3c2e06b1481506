//! How a deploy takes its hosts, when others want them too.

use crate::support::{SHELLS, World, wanted};
use std::fs;
use windlass_facts::Begun;
use windlass_lab::Picture;
use windlass_model::DeployId;

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
        let before = Picture::of(&world.path(".")).unwrap();
        let other = world.begin(&DeployId::new("d-other"));
        assert_eq!(other.begun, Begun::Locked);
        assert_eq!(other.lock, Some(World::lock(&mine)));
        assert_eq!(Picture::of(&world.path(".")).unwrap(), before);
        // Given back, nothing is left of it, and the number is not used again where somebody was there before.
        world.sh(&windlass_facts::give_back(&world.root, &mine, 0));
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
        world.sh(&windlass_facts::give_back(&world.root, &late, 0));
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
fn what_begin_made_comes_and_goes_under_the_lock() {
    let world = World::new(SHELLS[0]);
    let ours = world.path(".windlass");
    let noted = world.dir.path().join("noted");
    let locked = format!("[ -e {}/lock ]", ours.display());
    let note = |words: &str| format!("{locked} || echo \"{words}\" >>{}", noted.display());
    world.first("ln", &format!("case $2 in */id) {};; esac", note("ln $2")));
    world.first("rm", &note("rm $*"));
    world.first("rmdir", &note("rmdir $*"));
    let mine = DeployId::new("d-mine");
    assert_eq!(world.begin(&mine).begun, Begun::Begun { fence: 1 });
    // Of what is tried before the lock is there only the id counts.
    let before = fs::read_to_string(&noted).unwrap_or_default();
    assert!(!before.contains("ln "), "{before}");
    fs::write(&noted, "").unwrap();
    world.sh(&windlass_facts::give_back(&world.root, &mine, 0));
    assert!(!world.path(".").exists());
    let after = fs::read_to_string(&noted).unwrap();
    assert_eq!(
        after,
        format!("rmdir {}\nrmdir {}\n", ours.display(), world.root)
    );
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
        let before = Picture::of(&world.path(".")).unwrap();
        let error = world.plan(wanted(&one)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("current` is a directory, not a link"),
            "{error}"
        );
        assert_eq!(Picture::of(&world.path(".")).unwrap(), before);
    }
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
