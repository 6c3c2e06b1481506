//! A forwarded ssh-agent: for steps that may be repeated, and for no other.

use crate::support::{Stage, toml, wait_until};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// An ssh-agent that holds the stage's key; ended when dropped.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn with_key_of(stage: &Stage) -> Self {
        let socket = stage.home().join("agent");
        let mut command = Command::new("ssh-agent");
        let command = command.arg("-D").arg("-a").arg(&socket);
        let child = command.stdout(Stdio::null()).spawn().expect("it starts");
        let agent = Self { child, socket };
        wait_until("the ssh-agent listens", || agent.socket.exists());
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(stage.sshd.client_key().path());
        let added = add.env("SSH_AUTH_SOCK", &agent.socket).status();
        assert!(added.expect("it runs").success());
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Source `git` from a forge that wants the key which only the ssh-agent on the controller holds. Every task writes down
/// which keys it may use.
fn configure(stage: &Stage, agent: &Agent, forward: bool) {
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (user, port) = (stage.sshd.user(), stage.sshd.port());
    let keys = stage.sshd.host_keys().expect("host keys");
    let known: Vec<String> = keys
        .iter()
        .map(|key| toml(&format!("[127.0.0.1]:{port} {key}")))
        .collect();
    let notes = text(stage.host.outside());
    let task = |name: &str, more: &str| {
        format!(
            "[[tasks]]\nname = \"{name}\"\nafter = \"updated\"\nrun = \"ssh-add -L >{notes}/{name} 2>&1 || :\"\n\
             undo = \"ssh-add -L >{notes}/{name}-undone 2>&1 || :\"\n{more}\n"
        )
    };
    let fails = "[[tasks]]\nname = \"fails\"\nafter = \"updated\"\nrun = \"false\"\n";
    let tables = [
        format!("forward_agent = {forward}\n"),
        task("may", "repeatable = true"),
        task("may-not", ""),
        fails.to_owned(),
    ];
    let top = format!(
        "source = \"git\"\nrepository_host_keys = [{}]",
        known.join(", ")
    );
    stage.configure(&top, &tables.concat());
    let bare = text(&stage.repo.bare());
    let forge = format!("ssh://{user}@127.0.0.1:{port}{bare}");
    let file = stage.repo.work().join("windlass.toml");
    let written = std::fs::read_to_string(&file).expect("read");
    let written = written.replace(&toml(&bare), &toml(&forge)).replace(
        "\nagent = false",
        &format!("\nagent = {}", toml(&text(&agent.socket))),
    );
    std::fs::write(&file, written).expect("written");
}

#[test]
fn a_forwarded_ssh_agent_is_for_the_steps_that_may_be_repeated() {
    let stage = Stage::new();
    let agent = Agent::with_key_of(&stage);
    configure(&stage, &agent, true);
    let run = stage.run(&["deploy", "production", "--json", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    let note = |name: &str| {
        let note = stage.host.outside().join(name);
        std::fs::read_to_string(note).unwrap_or_else(|error| panic!("{name}: {error}: {run}"))
    };
    // That it came as far as the tasks shows that git fetched with the key.
    assert!(note("may").starts_with("ssh-"), "{}", note("may"));
    for name in ["may-not", "may-undone", "may-not-undone"] {
        let note = note(name);
        assert!(note.contains("authentication agent"), "{name}: {note}");
    }
}

#[test]
fn without_forward_agent_the_host_cannot_use_the_key() {
    let stage = Stage::new();
    let agent = Agent::with_key_of(&stage);
    configure(&stage, &agent, false);
    let run = stage.run(&["deploy", "production", "--json", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.to_string().contains("Permission denied"), "{run}");
    assert!(!stage.host.outside().join("may").exists(), "{run}");
}
