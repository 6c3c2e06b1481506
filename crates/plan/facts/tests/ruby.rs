//! Version managers for Ruby, as directories that look like theirs, seen by every shell that hosts have.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use windlass_facts::{Ask, Rubies, RubyAsk, read, script};
use windlass_model::technology::ManagerKind;

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

/// What a shell finds, as `rbenv ~/.rbenv: 3.2.0 3.3.1`, with the home written as `~` and the system's prefix left out.
fn found(shell: &[&str], dir: &Path, place: Option<(ManagerKind, &str)>) -> Vec<String> {
    let home = dir.join("home");
    fs::create_dir_all(&home).unwrap();
    let system = dir.join("system").to_str().unwrap().to_owned();
    let ask = Ask {
        root: "~/app".to_owned(),
        ruby: Some(RubyAsk {
            place: place.map(|(kind, path)| (kind, path.to_owned())),
        }),
        system_prefix: system.clone(),
        ..Ask::default()
    };
    fs::write(dir.join("script"), script(&ask)).unwrap();
    let output = Command::new(shell[0])
        .args(&shell[1..])
        .arg(dir.join("script"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", &home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let shown = |rubies: &Rubies| {
        let path = rubies.path.replace(home.to_str().unwrap(), "~");
        let path = path.replace(&system, "");
        let line = format!(
            "{} {path}: {}",
            rubies.kind.as_str(),
            rubies.versions.join(" ")
        );
        line.trim_end().to_owned()
    };
    let facts = read(&output.stdout).unwrap();
    facts.rubies.iter().map(shown).collect()
}

fn directories(dir: &Path, paths: &[&str]) {
    for path in paths {
        fs::create_dir_all(dir.join(path)).unwrap();
    }
}

fn chruby(dir: &Path) {
    let program = dir.join("system/usr/local/bin/chruby-exec");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn each_manager_is_found_with_its_versions_in_the_order_of_preference() {
    for shell in SHELLS {
        let dir = tempfile::tempdir().unwrap();
        assert!(found(shell, dir.path(), None).is_empty());
        directories(
            dir.path(),
            &[
                "home/.rbenv/versions/3.2.0",
                "home/.rbenv/versions/3.3.1",
                "home/.rvm/rubies/ruby-3.3.1",
                "home/.asdf/installs/nodejs/20",
                "home/.local/share/mise/installs/ruby/3.3",
                "system/usr/local/rvm",
                "home/.rubies/ruby-3.1.0",
                "system/opt/rubies/ruby 3.0",
            ],
        );
        chruby(dir.path());
        let wanted = [
            "rbenv ~/.rbenv: 3.2.0 3.3.1",
            "rvm ~/.rvm: ruby-3.3.1",
            "rvm /usr/local/rvm:",
            "asdf ~/.asdf:",
            "mise ~/.local/share/mise: 3.3",
            "chruby /usr/local: ruby-3.1.0 ruby 3.0",
        ];
        assert_eq!(found(shell, dir.path(), None), wanted, "{shell:?}");
    }
}

#[test]
fn a_manager_whose_place_is_said_is_looked_for_there_alone() {
    for shell in SHELLS {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = "home/my tools/rbenv's/versions/3.3.1";
        directories(dir.path(), &["home/.rbenv/versions/3.2.0", elsewhere]);
        chruby(dir.path());
        let place = |kind, path| Some((kind, path));
        let rbenv = place(ManagerKind::Rbenv, "~/my tools/rbenv's");
        assert_eq!(
            found(shell, dir.path(), rbenv),
            ["rbenv ~/my tools/rbenv's: 3.3.1"]
        );
        let nowhere = place(ManagerKind::Rbenv, "~/none");
        assert!(found(shell, dir.path(), nowhere).is_empty());
        let prefix = dir.path().join("system/usr/local");
        let chruby = place(ManagerKind::Chruby, prefix.to_str().unwrap());
        assert_eq!(found(shell, dir.path(), chruby), ["chruby /usr/local:"]);
    }
}
