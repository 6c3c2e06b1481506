//! Ways to a host: a bare address, `ssh_config`, a jump host, a proxy command; each survives a cut.

use crate::support::{Run, Stage, toml, wait_until};
use std::time::Duration;
use windlass_lab::Cut;

/// Settings on the command line that let the built binary in where there is no windlass.toml.
fn keys(stage: &Stage) -> Vec<String> {
    let path = |path: &std::path::Path| toml(path.to_str().expect("UTF-8"));
    vec![
        "--set=ssh.agent=false".to_owned(),
        format!(
            "--set=ssh.identities=[{}]",
            path(stage.sshd.client_key().path())
        ),
        format!(
            "--set=ssh.known_hosts=[{}]",
            path(&stage.sshd.known_hosts())
        ),
    ]
}

/// Runs a silent command on a bare address, resets the connection in the middle of it.
fn exec_through_a_reset(stage: &Stage, target: &str, more: &[String]) -> Run {
    let count = stage.host.counter("execs");
    let script = format!(
        "{}; echo before; sleep 2; echo after; exit 7",
        count.command()
    );
    let mut words = vec!["exec".to_owned(), target.to_owned()];
    words.extend(keys(stage));
    words.extend(more.iter().cloned());
    words.extend(["--".to_owned(), script]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = stage.windlass(&words);
    command.current_dir(stage.home());
    let running = crate::support::Running::new(command);
    wait_until("the command has started", || count.count() == 1);
    std::thread::sleep(Duration::from_millis(500));
    stage.proxy.cut_now(Cut::Reset);
    let run = running.finish();
    assert_eq!(run.code, 7, "{run}");
    assert_eq!(run.stdout, b"before\nafter\n", "{run}");
    assert_eq!(count.count(), 1, "{run}");
    run
}

#[test]
fn exec_on_a_bare_address_survives_a_reset() {
    let stage = Stage::new();
    let target = format!("{}@127.0.0.1:{}", stage.sshd.user(), stage.proxy.port());
    exec_through_a_reset(&stage, &target, &["--set=ssh.config=none".to_owned()]);
}

#[test]
fn ssh_config_names_host_port_and_login() {
    let stage = Stage::new();
    let file = stage.home().join("ssh_config");
    let text = format!(
        "Host prod-*\n  HostName 127.0.0.1\n  Port {}\n  User {}\n",
        stage.proxy.port(),
        stage.sshd.user()
    );
    std::fs::write(&file, text).expect("written");
    let config = format!("--set=ssh.config={}", file.display());
    exec_through_a_reset(&stage, "prod-1", &[config]);
}

#[test]
fn a_jump_host_leads_there() {
    let stage = Stage::new();
    let target = format!("{}@127.0.0.1:{}", stage.sshd.user(), stage.sshd.port());
    let jump = format!(
        "--set=ssh.jump={}@127.0.0.1:{}",
        stage.sshd.user(),
        stage.proxy.port()
    );
    exec_through_a_reset(&stage, &target, &["--set=ssh.config=none".to_owned(), jump]);
}

#[test]
fn a_proxy_command_leads_there() {
    let stage = Stage::new();
    let target = format!("{}@127.0.0.1:{}", stage.sshd.user(), stage.proxy.port());
    let proxy = "--set=ssh.proxy_command=bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3'";
    exec_through_a_reset(
        &stage,
        &target,
        &["--set=ssh.config=none".to_owned(), proxy.to_owned()],
    );
}

#[test]
fn a_jump_host_has_a_block_of_its_own_in_ssh_config() {
    for jump in ["ssh_config", "windlass.toml"] {
        through_a_block_of_its_own(jump);
    }
}

/// The jump host is named in the one file or the other; what `hop` means stands in `ssh_config`.
fn through_a_block_of_its_own(named_in: &str) {
    let stage = Stage::new();
    let file = stage.home().join("ssh_config");
    let user = stage.sshd.user();
    let text = format!(
        "Host inner\n  HostName 127.0.0.1\n  Port {}\n  User {user}\n  ProxyJump hop\n\
         Host hop\n  HostName 127.0.0.1\n  Port {}\n  User {user}\n  ProxyJump hop\n",
        stage.sshd.port(),
        stage.proxy.port(),
    );
    std::fs::write(&file, text).expect("written");
    let config = format!("--set=ssh.config={}", file.display());
    if named_in == "ssh_config" {
        exec_through_a_reset(&stage, "inner", &[config]);
        return;
    }
    let target = format!("{user}@127.0.0.1:{}", stage.sshd.port());
    let jump = "--set=ssh.jump=hop".to_owned();
    exec_through_a_reset(&stage, &target, &[config, jump]);
}

#[test]
fn files_of_ssh_lie_beside_windlass_toml_and_check_tells_what_is_in_force() {
    let stage = Stage::new();
    stage.configure("", "");
    let (work, below) = (stage.repo.work(), stage.repo.work().join("app/assets"));
    let file = work.join("windlass.toml");
    let mut text = std::fs::read_to_string(&file).expect("read");
    for (path, name) in [
        (stage.sshd.client_key().path().to_owned(), "key"),
        (stage.sshd.known_hosts(), "known"),
    ] {
        // Copied with its permissions.
        std::fs::copy(&path, work.join(name)).expect("copied");
        text = text.replace(&toml(path.to_str().expect("UTF-8")), &toml(name));
    }
    text = text.replace("config = \"none\"", "config = \"ssh_config\"");
    std::fs::write(&file, text).expect("written");
    let config = "Host *\n  ServerAliveInterval 7\n  ServerAliveCountMax 2\n";
    std::fs::write(work.join("ssh_config"), config).expect("written");
    std::fs::create_dir_all(&below).expect("a directory");
    let mut command = stage.windlass(&["check", "production"]);
    command.current_dir(below);
    let run = crate::support::Running::new(command).finish();
    let wanted = "keepalive here: every 7s, 2 may stay unanswered: ends after 21s of silence";
    assert!(run.to_string().contains(wanted), "{run}");
    assert_eq!(run.code, 0, "{run}");
}

/// Runs a command on the host `prod-1` where no `ssh` is installed, with this `~/.ssh/config`.
fn exec_without_ssh(stage: &Stage, config: &str) -> Run {
    let (ssh, programs) = (stage.home().join(".ssh"), stage.home().join("programs"));
    for dir in [&ssh, &programs] {
        std::fs::create_dir(dir).expect("a directory");
    }
    std::fs::write(ssh.join("config"), config).expect("written");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(ssh.join("config"), private).expect("set");
    let mut words = vec!["exec".to_owned(), "prod-1".to_owned()];
    words.extend(keys(stage));
    words.extend(["--", "echo there"].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = stage.windlass(&words);
    command.current_dir(stage.home()).env("PATH", programs);
    crate::support::Running::new(command).finish()
}

#[test]
fn an_alias_of_ssh_config_is_reached_where_ssh_is_not_installed() {
    let stage = Stage::new();
    let text = format!(
        "Host other\n  CanonicalizeHostname yes\nHost prod-*\n  HostName 127.0.0.1\n  Port {}\n  User {}\n",
        stage.proxy.port(),
        stage.sshd.user()
    );
    let run = exec_without_ssh(&stage, &text);
    assert_eq!(
        (run.code, run.stdout.as_slice()),
        (0, &b"there\n"[..]),
        "{run}"
    );
}

#[test]
fn a_line_that_only_ssh_can_evaluate_is_named_where_ssh_is_not_installed() {
    let stage = Stage::new();
    let run = exec_without_ssh(&stage, "Host prod-*\nMatch exec \"true\"\n  HostName a\n");
    assert_eq!(run.code, 20, "{run}");
    for part in [
        ".ssh/config:3",
        "Match exec",
        "install the ssh client",
        "\"none\"",
    ] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
}
