//! What the reader of `ssh_config` refuses, and what it reads at home.

mod truth;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use fastrand::Rng;

use super::*;

fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
    random.choice(from).copied().unwrap_or_default()
}

fn write_private(file: &Path, text: &str) {
    std::fs::write(file, text).expect("written");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("set");
}

/// What is made of a text, for the host `web1`.
fn evaluated(text: &str) -> Result<Said, ConfigError> {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config");
    write_private(
        &file,
        &text.replace("DIR", &dir.path().display().to_string()),
    );
    let here = Here {
        home: PathBuf::from("/home/me"),
        user: "me".to_owned(),
        uid: dir.path().metadata().expect("it is there").uid(),
        machine: "desk".to_owned(),
        ..Here::default()
    };
    let asked = Asked {
        host: "web1".to_owned(),
        file: Some(file),
        ..Asked::default()
    };
    reader::evaluate(&asked, &here)
}

#[test]
fn what_only_ssh_can_evaluate_stops_with_its_line_and_the_way_out() {
    for (line, text) in [
        (3, "Port 22\nMatch exec \"true\"\n  User a\n"),
        (2, "Match host web1 localnetwork 10.0.0.0/8\n  HostName a\n"),
        (2, "Match tagged x\n  ProxyJump a\n"),
        (2, "Match !exec \"true\"\n  IdentityFile a\n"),
        (1, "CanonicalizeHostname yes\n"),
        (1, "CanonicalizePermittedCNAMEs *.a:*.b\n"),
        (1, "Include ~other/config\n"),
        (1, "Include [ab]\n"),
        (2, "\nIdentityFile /k/%C\n"),
        (1, "UserKnownHostsFile ~other/k\n"),
        (1, "User %u\n"),
    ] {
        let error = evaluated(text).expect_err(text);
        let ConfigError::OnlySsh { place, .. } = &error else {
            panic!("{text}: {error:?}");
        };
        assert_eq!(place.line, line, "{text}: {error}");
        assert!(
            error.to_string().contains("ssh, which could say"),
            "{error}"
        );
        let hint = error.hint().expect("a way out");
        assert!(
            hint.contains("install the ssh client") && hint.contains("\"none\""),
            "{hint}"
        );
    }
}

#[test]
fn what_only_ssh_can_evaluate_is_passed_over_where_it_changes_nothing() {
    for text in [
        "Match host other exec \"true\"\n  User a\n",
        "Match exec \"true\" host other\n  User a\n",
        "Match exec \"true\"\n  ForwardX11 yes\n",
        "User b\nMatch exec \"true\"\n  User a\n",
        "Host other\n  CanonicalizeHostname yes\n  User %u\n  Include [ab]\n",
        "ProxyCommand none\nMatch exec \"true\"\n  ProxyJump a\n",
    ] {
        let said = evaluated(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_ne!(said.user.as_deref(), Some("a"), "{text}");
    }
}

#[test]
fn what_ssh_would_not_take_either_is_named_by_its_line() {
    for (line, text) in [
        (2, "User a\nUzer b\n"),
        (1, "Port 0\n"),
        (1, "Port 65536\n"),
        (1, "User a b\n"),
        (1, "User \"a\n"),
        (1, "User\n"),
        (1, "Match\n"),
        (1, "Match weather fine\n"),
        (1, "Match user\n"),
        (1, "Match user a host b all\n"),
        (1, "Match all user a\n"),
        (1, "ServerAliveInterval soon\n"),
        (1, "ServerAliveInterval 99999999999999999999w\n"),
        (1, "IdentitiesOnly perhaps\n"),
        (1, "UserKnownHostsFile a none\n"),
        (1, "IdentityFile /%z\n"),
        (1, "IdentityFile ${NOT_SET_ANYWHERE}\n"),
        (1, "HostName %p\n"),
        (1, "Include DIR/config\n"),
    ] {
        let error = evaluated(text).expect_err(text);
        let ConfigError::Wrong { place, .. } = &error else {
            panic!("{text}: {error:?}");
        };
        assert_eq!(place.line, line, "{text}: {error}");
        assert!(error.hint().is_some(), "{error}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut random = Rng::with_seed(7);
    let pieces = [
        "Host",
        "Match",
        " ",
        "=",
        "\"",
        "'",
        "\\",
        "%",
        "$",
        "{",
        "~",
        "!",
        ",",
        "#",
        "é",
        "\n",
        "\t",
        "\u{c}",
        "Include",
        "IdentityFile",
        "ProxyJump",
        "all",
        "user",
        "exec",
        "*",
    ];
    let mut refused = 0;
    for _ in 0..5000 {
        let text: String = (0..random.u32(1..12))
            .map(|_| pick(&mut random, &pieces))
            .collect();
        refused += u32::from(evaluated(&text).is_err());
    }
    assert!(refused > 1000, "{refused}");
}

/// A home with a file of `ssh_config`, and what is said of `web1` there.
fn at_home(mode: u32, uid: impl Fn(u32) -> u32) -> (PathBuf, Result<Said, ConfigError>) {
    let home = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(home.path().join(".ssh/more")).expect("a directory");
    let file = home.path().join(".ssh/config");
    std::fs::write(&file, "Host web1\n  Include more/*\n").expect("written");
    write_private(&home.path().join(".ssh/more/one"), "User from-afar\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("set");
    let here = Here {
        home: home.path().to_owned(),
        user: "me".to_owned(),
        uid: uid(file.metadata().expect("it is there").uid()),
        ..Here::default()
    };
    let asked = Asked {
        host: "web1".to_owned(),
        ..Asked::default()
    };
    (file, reader::evaluate(&asked, &here))
}

#[test]
fn the_file_at_home_is_read_with_what_it_includes() {
    let said = at_home(0o644, |uid| uid).1.expect("read");
    assert_eq!(said.user.as_deref(), Some("from-afar"));
}

#[test]
fn a_file_that_others_may_write_to_is_not_followed() {
    for mode in [0o664, 0o646] {
        let (written, said) = at_home(mode, |uid| uid);
        let error = said.expect_err("refused");
        assert!(
            matches!(&error, ConfigError::Writable { file } if *file == written),
            "{error}"
        );
        assert!(error.hint().is_some_and(|hint| hint.contains("chmod go-w")));
    }
}

#[test]
fn a_named_file_that_is_not_there_is_an_error() {
    let asked = Asked {
        host: "web1".to_owned(),
        file: Some(PathBuf::from("/nowhere/config")),
        ..Asked::default()
    };
    let error = reader::evaluate(&asked, &Here::default()).expect_err("refused");
    assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
}

#[test]
fn what_ssh_prints_is_filled_where_ssh_leaves_that_to_itself() {
    let text = "user deploy\nhostname web1.internal\nport 2222\nserveraliveinterval 0\nserveralivecountmax 3\n\
                identityfile ~/.ssh/%n\nidentityagent $AGENT\nproxycommand nc %n %h %%n\n\
                globalknownhostsfile /etc/g\nuserknownhostsfile none\n";
    let asked = Asked {
        host: "web1".to_owned(),
        ..Asked::default()
    };
    let here = Here {
        home: PathBuf::from("/home/me"),
        env: [("AGENT".to_owned(), "/run/agent".to_owned())].into(),
        ..Here::default()
    };
    let said = printed::read(text, &asked, &here).expect("read");
    let keepalive = (said.keepalive_interval, said.keepalive_count);
    assert_eq!((said.port, keepalive), (Some(2222), (None, None)));
    assert_eq!(
        said.identities,
        Some(vec![PathBuf::from("/home/me/.ssh/web1")])
    );
    assert_eq!(said.agent.as_deref(), Some("/run/agent"));
    assert_eq!(said.proxy_command.as_deref(), Some("nc web1 %h %%n"));
    let known = said.known_hosts.expect("said");
    assert_eq!((known.own.len(), known.global.len()), (0, 1));
}
