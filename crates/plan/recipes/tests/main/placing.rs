//! A linked file that was sent takes its place whole, and never that of something nobody knew of.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its place fails, and says where"
)]

use crate::support::{SHELLS, World, text};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Output;
use windlass_recipes::{Placing, kept};

/// SHA-256 of `old` and of `new`.
const OLD: &str = "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4";
const NEW: &str = "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";

struct Place {
    world: World,
    dir: PathBuf,
}

impl Place {
    /// With the new file sent.
    fn new(shell: &[&str]) -> Self {
        let world = World::at(shell, "a 'b' $c");
        let dir = world.path("shared/d e");
        fs::create_dir_all(&dir).unwrap();
        let place = Self { world, dir };
        fs::write(place.sent(), "new").unwrap();
        fs::set_permissions(place.sent(), fs::Permissions::from_mode(0o600)).unwrap();
        place
    }

    fn file(&self) -> PathBuf {
        self.dir.join("it's")
    }

    fn sent(&self) -> PathBuf {
        self.dir.join(".it's.sent")
    }

    fn there(&self, content: &str, mode: u32) {
        fs::write(self.file(), content).unwrap();
        fs::set_permissions(self.file(), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, replaces: Option<&str>) -> Output {
        let (target, sent) = (self.file(), self.sent());
        let placing = Placing {
            target: target.to_str().unwrap(),
            sent: sent.to_str().unwrap(),
            sha256: NEW,
            replaces,
        };
        self.world.sh(&placing.script())
    }

    fn assert_holds(&self, content: &str, mode: u32, others: usize) {
        assert_eq!(fs::read_to_string(self.file()).unwrap(), content);
        let about = fs::metadata(self.file()).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, mode);
        assert_eq!(fs::read_dir(&self.dir).unwrap().count(), 1 + others);
    }

    fn assert_refused(&self, output: &Output, why: &str) {
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(why), "{output:?}");
        assert!(!self.sent().exists());
    }
}

#[test]
fn what_was_missing_is_there_and_the_script_may_be_repeated() {
    for shell in SHELLS {
        let place = Place::new(shell);
        for _ in 0..2 {
            let output = place.run(None);
            assert!(output.status.success(), "{output:?}");
            place.assert_holds("new", 0o600, 0);
        }
    }
}

#[test]
fn what_is_replaced_is_kept_and_its_mode_too() {
    for shell in SHELLS {
        let place = Place::new(shell);
        place.there("old", 0o440);
        for _ in 0..2 {
            let output = place.run(Some(OLD));
            assert!(output.status.success(), "{output:?}");
            place.assert_holds("new", 0o640, 1);
        }
        let old = kept(place.file().to_str().unwrap(), OLD);
        assert!(old.ends_with(".before-cba06b5736fa"), "{old}");
        assert_eq!(fs::read_to_string(old).unwrap(), "old");
    }
}

#[test]
fn a_copy_of_the_old_file_that_broke_off_is_made_again_before_anything_is_replaced() {
    for shell in SHELLS {
        let place = Place::new(shell);
        place.there("old", 0o600);
        let old = kept(place.file().to_str().unwrap(), OLD);
        fs::write(&old, "o").unwrap();
        let output = place.run(Some(OLD));
        assert!(output.status.success(), "{output:?}");
        place.assert_holds("new", 0o600, 1);
        assert_eq!(fs::read_to_string(old).unwrap(), "old");
    }
}

#[test]
fn what_came_or_changed_meanwhile_is_left_as_it_is() {
    for shell in SHELLS {
        let place = Place::new(shell);
        place.there("else", 0o644);
        place.assert_refused(&place.run(None), "was made meanwhile");
        place.assert_holds("else", 0o644, 0);
        let place = Place::new(shell);
        place.there("else", 0o644);
        place.assert_refused(&place.run(Some(OLD)), "was changed meanwhile");
        place.assert_holds("else", 0o644, 0);
        let place = Place::new(shell);
        symlink("nowhere", place.file()).unwrap();
        place.assert_refused(&place.run(None), "is a link");
        assert!(place.file().is_symlink() && !place.dir.join("nowhere").exists());
    }
}
