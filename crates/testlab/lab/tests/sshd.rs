//! The daemons: they start, log in, stop, start again, and leave nothing.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use windlass_lab::{
    Cut, CutAfter, Direction, Key, KeyKind, LabError, Process, Shell, Sshd, SshdBuilder, available,
};

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.stdin(Stdio::null()).output().expect("ssh");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// What a command says when all goes well.
fn says(sshd: &Sshd, command: &str) -> String {
    let (status, stdout, stderr) = run(&mut sshd.ssh(sshd.address(), command));
    assert_eq!(status, Some(0), "{stderr}\n{}", sshd.log());
    stdout
}

fn wait_until(what: &str, reached: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !reached() {
        assert!(Instant::now() < end, "{what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_real_client_runs_a_command_through_the_proxy() {
    let sshd = Sshd::start_plain().expect("sshd");
    let proxy = sshd.proxy().expect("proxy");
    let (status, stdout, stderr) =
        run(&mut sshd.ssh(proxy.address(), "echo out; echo err >&2; exit 3"));
    assert_eq!(
        (status, stdout.as_str(), stderr.as_str()),
        (Some(3), "out\n", "err\n")
    );
    assert_eq!(proxy.connections(), 1);
    assert!(proxy.passed(Direction::ToHost) > 1000);
}

#[test]
fn a_cut_in_the_handshake_is_seen_by_the_client() {
    let sshd = Sshd::start_plain().expect("sshd");
    let proxy = sshd.proxy().expect("proxy");
    proxy.cut_after(Direction::ToClient, CutAfter::Once(500), Cut::Reset);
    assert_eq!(run(&mut sshd.ssh(proxy.address(), "true")).0, Some(255));
    assert_eq!(proxy.passed(Direction::ToClient), 500);
    assert_eq!(run(&mut sshd.ssh(proxy.address(), "true")).0, Some(0));
}

#[test]
fn a_login_has_the_home_and_the_variables_it_was_given() {
    let sshd = Sshd::builder()
        .env("COLOUR", "a \"b\" \\c")
        .start()
        .expect("sshd");
    let said = says(
        &sshd,
        "cd && pwd && echo \"$HOME\" && printf %s \"$COLOUR\"",
    );
    let home = sshd.home().display();
    assert_eq!(said, format!("{home}\n{home}\na \"b\" \\c"));
}

#[test]
fn one_daemon_is_many_hosts() {
    let sshd = Sshd::builder().addresses(60).start().expect("sshd");
    for number in [1, 2, 60] {
        let (status, stdout, stderr) = run(&mut sshd.ssh(sshd.address_of(number), "echo $HOME"));
        assert_eq!((status, stderr.as_str()), (Some(0), ""));
        assert_eq!(Path::new(stdout.trim_end()), sshd.home_of(number));
    }
}

#[test]
fn stops_and_starts_on_the_same_port_with_the_same_keys() {
    let mut sshd = Sshd::start_plain().expect("sshd");
    let (port, keys) = (sshd.port(), sshd.host_keys().expect("keys"));
    let mut client = sshd
        .ssh(sshd.address(), "sleep 600")
        .stderr(Stdio::null())
        .spawn()
        .expect("ssh");
    wait_until("the command runs", || {
        sshd.processes()
            .iter()
            .any(|process| process.name() == "sleep")
    });
    sshd.stop_listener();
    assert_eq!(
        client.try_wait().expect("wait"),
        None,
        "the connection outlives the listener"
    );
    sshd.stop();
    assert_eq!(client.wait().expect("wait").code(), Some(255));
    assert_eq!(run(&mut sshd.ssh(sshd.address(), "true")).0, Some(255));
    sshd.start().expect("again");
    assert_eq!((sshd.port(), sshd.host_keys().expect("keys")), (port, keys));
    assert_eq!(says(&sshd, "echo back"), "back\n");
}

#[test]
fn kill_sessions_ends_connections_and_nothing_else() {
    let mut sshd = Sshd::start_plain().expect("sshd");
    let mut client = sshd
        .ssh(sshd.address(), "sleep 600")
        .stderr(Stdio::null())
        .spawn()
        .expect("ssh");
    let sleeps = || {
        sshd.processes()
            .into_iter()
            .find(|process| process.name() == "sleep")
    };
    wait_until("the command runs", || sleeps().is_some());
    let command = sleeps().expect("sleep");
    sshd.kill_sessions();
    assert_eq!(client.wait().expect("wait").code(), Some(255));
    assert!(command.lives());
    assert_eq!(says(&sshd, "echo still"), "still\n");
}

#[test]
fn nothing_is_left_after_drop_not_even_what_detached_itself() {
    for builder in [Sshd::builder(), Sshd::dropbear()] {
        let Some(sshd) = available(builder.start()).expect("daemon") else {
            continue;
        };
        let mark = sshd.dir().to_owned();
        let detach = "setsid sh -c 'sleep 600 & sleep 600' >/dev/null 2>&1 </dev/null & sleep 0.1";
        says(&sshd, detach);
        let commands = sshd.processes();
        assert!(
            commands
                .iter()
                .filter(|process| process.name() == "sleep")
                .count()
                >= 2
        );
        drop(sshd);
        assert!(commands.iter().all(|process| !process.lives()));
        assert!(!mark.exists());
        let mentions =
            |process: &Process| process.command_line().contains(&*mark.to_string_lossy());
        assert!(!Process::all().iter().any(mentions), "the daemon is gone");
    }
}

#[test]
fn config_lines_win_over_those_of_the_laboratory() {
    let usual = Sshd::start_plain().expect("sshd");
    let quiet = Sshd::builder()
        .config("LogLevel ERROR")
        .start()
        .expect("sshd");
    for (sshd, logs) in [(usual, true), (quiet, false)] {
        says(&sshd, "true");
        assert_eq!(sshd.log().contains("Accepted publickey"), logs);
    }
    let wrong = Sshd::builder().config("NoSuchKeyword yes").start();
    assert!(
        matches!(wrong, Err(LabError::NotAccepting { log, .. }) if log.contains("NoSuchKeyword"))
    );
}

#[test]
fn keys_of_all_kinds_and_certificates_log_in() {
    let authority_dir = tempfile::tempdir().expect("dir");
    let authority = Key::generate(authority_dir.path().join("ca"), KeyKind::Ed25519).expect("ca");
    let sshd = Sshd::builder()
        .rsa_host_key()
        .host_authority(&authority)
        .start()
        .expect("sshd");
    assert_eq!(sshd.host_keys().expect("keys").len(), 3);
    for (name, kind) in [("rsa", KeyKind::Rsa), ("ecdsa", KeyKind::Ecdsa)] {
        let key = Key::generate(sshd.dir().join(name), kind).expect("key");
        assert_eq!(with_key(&sshd, &key), Some(255), "not yet");
        sshd.authorize(&key).expect("authorize");
        assert_eq!(with_key(&sshd, &key), Some(0));
    }
    let key = Key::generate(sshd.dir().join("certified"), KeyKind::Ed25519).expect("key");
    key.certify_user(&authority, sshd.user())
        .expect("certificate");
    assert_eq!(
        with_key(&sshd, &key),
        Some(255),
        "authority not trusted yet"
    );
    sshd.authorize_authority(&authority).expect("authority");
    assert_eq!(with_key(&sshd, &key), Some(0), "{}", sshd.log());
    let locked =
        Key::encrypted(sshd.dir().join("locked"), KeyKind::Ed25519, "secret").expect("key");
    assert!(
        locked
            .private()
            .expect("text")
            .contains("OPENSSH PRIVATE KEY")
    );
    sshd.authorize(&locked).expect("authorize");
    assert_eq!(
        with_key(&sshd, &locked),
        Some(255),
        "nobody types the passphrase"
    );
}

fn with_key(sshd: &Sshd, key: &Key) -> Option<i32> {
    let ssh = sshd.ssh(sshd.address(), "true");
    let ours = sshd.client_key().path().as_os_str().to_owned();
    let arguments: Vec<_> = ssh.get_args().map(ToOwned::to_owned).collect();
    let swap = |argument| {
        if argument == ours {
            key.path().as_os_str().to_owned()
        } else {
            argument
        }
    };
    run(Command::new("ssh").args(arguments.into_iter().map(swap))).0
}

#[test]
fn every_login_shell_is_what_it_says() {
    let cases = [
        (Shell::Sh, "echo ok", "ok\n"),
        (Shell::Dash, "readlink /proc/$$/exe | grep -c dash", "1\n"),
        (Shell::Bash, "echo ${BASH_VERSION:+bash}", "bash\n"),
        (
            Shell::Busybox,
            "readlink /proc/$$/exe | grep -c busybox",
            "1\n",
        ),
        (Shell::Tcsh, "if ($?tcsh) echo tcsh", "tcsh\n"),
    ];
    for (shell, command, answer) in cases {
        for builder in [Sshd::builder(), Sshd::dropbear()] {
            login(builder.login_shell(shell.clone()), command, answer);
        }
    }
}

#[test]
fn an_ordinary_login_is_not_root() {
    login(
        Sshd::builder().ordinary_login(),
        "id -u | grep -vx 0 && touch ~/a && pwd | grep -c home",
        "23017\n1\n",
    );
}

fn login(builder: SshdBuilder, command: &str, answer: &str) {
    let Some(sshd) = available(builder.start()).expect("daemon") else {
        return;
    };
    assert_eq!(says(&sshd, command), answer, "{sshd:?}");
    assert_eq!(
        says(&sshd, "cd; pwd").trim_end(),
        sshd.home().display().to_string()
    );
}

#[test]
fn a_noisy_profile_is_read() {
    let Some(sshd) = available(Sshd::builder().login_shell(Shell::Bash).start()).expect("sshd")
    else {
        return;
    };
    std::fs::write(sshd.home().join(".bashrc"), "echo NOISE\n").expect("profile");
    assert_eq!(says(&sshd, "echo ok"), "NOISE\nok\n");
}
