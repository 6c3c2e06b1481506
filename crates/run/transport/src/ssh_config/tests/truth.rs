//! What is read against what `ssh -G` itself says, for many configurations.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use super::super::{Asked, Here, Said, ask_ssh, printed, reader};
use super::{pick, write_private};

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
