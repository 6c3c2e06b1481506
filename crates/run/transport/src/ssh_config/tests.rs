//! The reader against `ssh -G` itself, and what it refuses.

use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use fastrand::Rng;

use super::*;

/// How many configurations are made up.
const CASES: u64 = 300;

const VALUES: &[&str] = &[
    "HostName h1.example.com",
    "HostName %h.Example.com",
    "HostName=127.0.0.1",
    "HostName ::0001",
    "User alice",
    "user = \"bob\"",
    "User carol # not dave",
    "Port 2200",
    "PORT=22",
    "IdentityFile ~/.ssh/a",
    "IdentityFile /k/%h-%r",
    "IdentityFile '/k/with %d blanks'",
    "IdentityFile none",
    "CertificateFile /c/a",
    "CertificateFile ~/c/%n",
    "IdentitiesOnly yes",
    "IdentitiesOnly False",
    "IdentityAgent none",
    "IdentityAgent SSH_AUTH_SOCK",
    "IdentityAgent ~/agent-%n-%L",
    "IdentityAgent $HOME",
    "IdentityAgent ${HOME}/agent",
    "HostKeyAlias Alias-A",
    "UserKnownHostsFile none",
    "UserKnownHostsFile ~/k1 /k2",
    "UserKnownHostsFile /k/%h-%p-%r-%k-%n-%u-%i-%l-%L-%% %d/k",
    "GlobalKnownHostsFile /g1 /g2",
    "GlobalKnownHostsFile none",
    "ProxyJump none",
    "ProxyJump j1",
    "ProxyJump me@j1:2201,ssh://you@j2:2202",
    "ProxyJump = [::1]:2203",
    "ProxyJump 10.1.2.3 # by number",
    "ProxyCommand none",
    "ProxyCommand nc -x 'a b' %h %p %% # all of it",
    "ProxyCommand=nc %h",
    "ServerAliveInterval 30",
    "ServerAliveInterval 1h2m3",
    "ServerAliveInterval none",
    "ServerAliveInterval 0",
    "ServerAliveCountMax 5",
    "ServerAliveCountMax 0",
    "ForwardX11 no",
    "SendEnv LANG LC_*",
    "StrictHostKeyChecking no",
    "IgnoreUnknown Odd*",
    "CanonicalizeHostname no",
    "CanonicalizePermittedCNAMEs none",
    "# User nobody",
    "",
];

const BLOCKS: &[&str] = &[
    "Host *",
    "Host web*",
    "Host=web1",
    "Host !web1 *",
    "Host * !*.example.com",
    "Host \"web?\" other",
    "Host h1.example.com 127.0.0.1",
    "Host WEB1",
    "Match all",
    "Match host web*,*.example.com",
    "Match host *.EXAMPLE.com,!h1.*",
    "Match originalhost web1 # and nobody else",
    "Match user alice",
    "Match !user alice host=web1",
    "Match user \"bob\" originalhost web*",
    "Match localuser nobody-of-that-name",
    "Match !localuser nobody-of-that-name",
    "Match final",
    "Match final host *.example.com",
    "Match !final user alice",
    "Match canonical",
    "Match canonical all",
    "Match !all",
    "Match originalhost nobody exec \"exit 1\"",
];

fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
    random.choice(from).copied().unwrap_or_default()
}

/// The lines of one file; those of some blocks stand in files of their own.
fn made_up(random: &mut Rng, dir: &Path, depth: u32) -> String {
    let mut text = String::new();
    for block in 0..random.u32(1..5) {
        if block > 0 || random.bool() {
            writeln!(text, "{}", pick(random, BLOCKS)).expect("written");
        }
        for _ in 0..random.u32(0..5) {
            writeln!(text, "\t{}", pick(random, VALUES)).expect("written");
        }
        if depth < 2 && random.u32(0..4) == 0 {
            let below = dir.join(format!("d{}", random.u32(..)));
            std::fs::create_dir(&below).expect("a directory");
            for name in ["a.conf", "b.conf", ".c.conf", "d.txt"] {
                let inner = made_up(random, &below, depth.saturating_add(1));
                write_private(&below.join(name), &inner);
            }
            let words = ["*.conf", "?.conf /nowhere/x", "d.txt", "nothing*"];
            let word = pick(random, &words);
            writeln!(text, "  Include {}/{word}", below.display()).expect("written");
        }
    }
    text
}

fn write_private(file: &Path, text: &str) {
    std::fs::write(file, text).expect("written");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("set");
}

fn said_by(program: &str, word: &str) -> String {
    let output = std::process::Command::new(program).arg(word).output();
    let text = String::from_utf8(output.expect("it runs").stdout).expect("UTF-8");
    text.trim().to_owned()
}

/// This machine as `ssh` sees it; its home is not the one of the environment.
async fn this_machine(dir: &Path) -> Option<(Here, Said)> {
    let asked = Asked {
        host: "nobody".to_owned(),
        file: Some(PathBuf::from("/dev/null")),
        ..Asked::default()
    };
    let text = ask_ssh(&asked).await.expect("it runs")?;
    let usual = printed::read(&text, &asked, &Here::default()).expect("read");
    let known = usual
        .known_hosts
        .as_ref()
        .and_then(|known| known.own.first());
    let home = known.and_then(|file| file.parent()?.parent());
    let here = Here {
        home: home.expect("a home").to_owned(),
        user: said_by("id", "-un"),
        uid: dir.metadata().expect("it is there").uid(),
        machine: said_by("uname", "-n"),
        env: std::env::vars().collect(),
    };
    let usual = printed::read(&text, &asked, &here).expect("read");
    Some((here, usual))
}

/// What is the same written otherwise: ssh prints the usual keys, and puts numbers of hosts in brackets.
fn plain(mut said: Said, usual: &Said) -> Said {
    if said.identities == usual.identities {
        said.identities = None;
    }
    for jump in &mut said.jump {
        if jump.matches(':').count() < 2 {
            *jump = jump.replace(['[', ']'], "");
        }
    }
    said
}

#[tokio::test]
async fn what_is_read_is_what_ssh_says() {
    let dir = tempfile::tempdir().expect("a directory");
    let Some((here, usual)) = this_machine(dir.path()).await else {
        eprintln!("SKIPPED: ssh is not installed, so nothing could be compared with it");
        return;
    };
    for seed in 0..CASES {
        let mut random = Rng::with_seed(seed);
        let below = dir.path().join(seed.to_string());
        std::fs::create_dir(&below).expect("a directory");
        let text = made_up(&mut random, &below, 0);
        let file = below.join("config");
        write_private(&file, &text);
        let hosts = [
            "web1",
            "web2.example.com",
            "WEB1",
            "127.0.0.1",
            "::1",
            "other",
        ];
        let asked = Asked {
            host: pick(&mut random, &hosts).to_owned(),
            user: random.bool().then(|| "alice".to_owned()),
            port: (random.u32(0..3) == 0).then_some(2222),
            file: Some(file),
        };
        let truth = ask_ssh(&asked).await.expect("ssh understands it");
        let truth = printed::read(&truth.expect("ssh is there"), &asked, &here).expect("read");
        let ours = reader::evaluate(&asked, &here);
        let ours = ours.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{asked:?}\n{text}"));
        assert_eq!(
            plain(ours, &usual),
            plain(truth, &usual),
            "seed {seed}\n{asked:?}\n{text}"
        );
    }
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
