//! The files that a command of a job consists of on the host.
//!
//! The wrapper runs a small script of ours, which reads the secrets from its standard input, sets up the surroundings,
//! and becomes the user's shell with the user's script. Nothing of the supervisor's or the wrapper's own reaches it.

use crate::spec::JobCommand;
use crate::text::word;
use std::fmt::Write as _;
use windlass_model::Command;
use windlass_model::shell::{join, quote};

/// Reads the line of secrets and hands over those that the command names.
const SECRETS: &str = "IFS= read -r w_secrets";

/// Which of a command's two scripts is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Run,
    When,
}

/// The calls that write the files of one command, each ending with `&&`.
pub(crate) fn files(index: usize, command: &JobCommand, hides_agent: bool) -> String {
    let mut calls = String::new();
    let mut put = |kind: &str, text: &str| {
        // Writing to a String cannot fail.
        let _ = write!(calls, "w_put {index}.{kind} {} && ", word(text));
    };
    let (given, advisory) = (&command.command, u8::from(command.advisory));
    let hundredths =
        |time: Option<std::time::Duration>| time.map_or(0, |time| time.as_millis() / 10);
    let user = given.sudo.as_deref().unwrap_or_default();
    let (longest, silent) = (hundredths(given.timeout), hundredths(given.idle_timeout));
    put("opt", &format!("{longest} {silent} {advisory} {user}"));
    for part in [Part::Run, Part::When] {
        let (script, [starter, script_name, inner_name]) = match (part, &given.when) {
            (Part::Run, _) => (&given.script, ["run", "script", "inner"]),
            (Part::When, Some(when)) => (when, ["when", "test", "asked"]),
            (Part::When, None) => continue,
        };
        let quiet = part == Part::When;
        if let Some(user) = &given.sudo {
            put(inner_name, &inner(given, script, quiet, hides_agent));
            put(starter, &through_sudo(given, user, inner_name));
        } else {
            put(script_name, script);
            put(starter, &straight(given, script_name, quiet, hides_agent));
        }
    }
    let _ = write!(calls, "w_room {index} && ");
    calls
}

/// A line that defines how a secret is handed over by its name.
pub(crate) fn secret_line(secrets: &[(String, windlass_model::Secret)]) -> String {
    let mut line = "w_secret() { case $1 in ".to_owned();
    for (name, secret) in secrets {
        let _ = write!(line, "{name}) export {name}={};; ", word(secret.reveal()));
    }
    line.push_str("esac; }");
    line
}

/// The starter of a command that runs as the login itself.
fn straight(command: &Command, script_name: &str, quiet: bool, hides_agent: bool) -> String {
    let mut text = String::new();
    if !command.secrets.is_empty() {
        let _ = writeln!(text, "{SECRETS}");
    }
    text.push_str(&surroundings(command, hides_agent));
    // A path of ours; what is in it that a shell could read is quoted by the parameter.
    let file = format!("\"${{0%.*}}.{script_name}\"");
    if command.pty {
        let words = join(command.shell_words());
        let _ = writeln!(text, "w_file={file}\n{PTY}\nexport w_file");
        let script = format!("w_x=$w_file; unset w_file; exec {words} \"$w_x\"");
        text.push_str(&in_terminal(&script, quiet));
    } else {
        let _ = writeln!(
            text,
            "exec {} {file} </dev/null{}",
            join(command.shell_words()),
            hush(quiet)
        );
    }
    text
}

/// The starter of a command for another user: surroundings, secrets and script go through sudo's standard input, since
/// that user cannot read our files and sudo writes its arguments into logs.
fn through_sudo(command: &Command, user: &str, inner_name: &str) -> String {
    let read = if command.secrets.is_empty() {
        "w_secrets="
    } else {
        SECRETS
    };
    format!(
        "{read}\ncd /\n{{ printf '%s\\n' \"$w_secrets\"; cat \"${{0%.*}}.{inner_name}\"; }} | \
         exec sudo -n -u {} -- sh -c '{SECRETS}; eval \"$(cat)\"' windlass-command \"$1\" \"$2\"\n",
        quote(user)
    )
}

/// What the other user's shell carries out.
fn inner(command: &Command, script: &str, quiet: bool, hides_agent: bool) -> String {
    let mut text = surroundings(command, hides_agent);
    let mut words = command.shell_words();
    words.extend(["-c".to_owned(), script.to_owned()]);
    if command.pty {
        let _ = writeln!(text, "{PTY}");
        text.push_str(&in_terminal(&format!("exec {}", join(words)), quiet));
    } else {
        let _ = writeln!(text, "exec {} </dev/null{}", join(words), hush(quiet));
    }
    text
}

const PTY: &str = "command -v script >/dev/null || { echo 'windlass: pty = true needs the program script on the host' >&2; exit 127; }\n\
                   export TERM=\"${TERM:-xterm}\"";

/// Runs a script of sh in a terminal of its own.
fn in_terminal(script: &str, quiet: bool) -> String {
    let line = format!("exec sh -c {}", quote(script));
    format!(
        "exec script -qec {} /dev/null </dev/null{}\n",
        quote(&line),
        hush(quiet)
    )
}

fn hush(quiet: bool) -> &'static str {
    if quiet { " >/dev/null 2>&1" } else { "" }
}

/// umask, marker, secrets, directory, variables. The arguments are the login's umask and the marker.
fn surroundings(command: &Command, hides_agent: bool) -> String {
    let mut text = "umask \"$1\"\nexport WINDLASS_JOB=\"$2\"\n".to_owned();
    if !command.secrets.is_empty() {
        text.push_str("w_nl='\n'\neval \"$w_secrets\"\n");
        for name in &command.secrets {
            let _ = writeln!(text, "w_secret {}", quote(name));
        }
        text.push_str("unset -f w_secret\n");
    }
    if hides_agent && !command.forward_agent {
        text.push_str("unset SSH_AUTH_SOCK\n");
    }
    text.push_str("cd 2>/dev/null || cd /\n");
    text.push_str(&command.prelude());
    text.push_str("\nunset OLDPWD w_secrets w_nl\n");
    text
}
