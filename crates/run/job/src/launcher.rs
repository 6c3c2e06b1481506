//! How a command of a job is launched on the host.
//!
//! For each command the wrapper is given a function, which it calls in a process of its own: it hands over the secrets,
//! sets up the surroundings, and becomes the user's shell with the user's script, in a session of its own. Nothing of the
//! supervisor's or the wrapper's own reaches the command: what they know is not exported, the names of their variables and
//! functions begin with `w_`, since one that the login exports stays exported whoever assigns to it, and the function's own
//! values are parameters.

use crate::spec::JobCommand;
use crate::text::word;
use std::fmt::Write as _;
use windlass_model::Command;
use windlass_model::shell::{join, quote};

/// Which of a command's two scripts is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Run,
    When,
}

/// The calls that write the files of one command, each ending with `&&`.
pub(crate) fn files(index: usize, command: &JobCommand) -> String {
    let mut calls = String::new();
    let mut put = |kind: &str, text: &str| {
        let lines: Vec<String> = text.split('\n').map(quote).collect();
        // Writing to a String cannot fail.
        let _ = write!(calls, "w_put {index}.{kind} {} && ", lines.join(" "));
    };
    let given = &command.command;
    if given.sudo.is_none() {
        put("script", &given.script);
        if let Some(when) = &given.when {
            put("test", when);
        }
    }
    let _ = write!(calls, "w_room {index} && ");
    calls
}

/// The functions that launch a command: `w_run0`, and `w_when0` where there is something to ask before; for another user
/// `w_run0_input` and `w_when0_input` give what goes to its standard input.
pub(crate) fn functions(index: usize, command: &JobCommand, hides_agent: bool) -> String {
    let given = &command.command;
    let mut text = String::new();
    for part in [Part::Run, Part::When] {
        let (script, name, file) = match (part, &given.when) {
            (Part::Run, _) => (&given.script, "w_run", "script"),
            (Part::When, Some(when)) => (when, "w_when", "test"),
            (Part::When, None) => continue,
        };
        let quiet = part == Part::When;
        let body = match &given.sudo {
            Some(user) => through_sudo(user, quiet),
            None => straight(given, file, quiet, hides_agent),
        };
        let _ = writeln!(text, "{name}{index}() {{\n{body}}}");
        if given.sudo.is_some() {
            let inner = inner(given, script, hides_agent);
            let _ = writeln!(
                text,
                "{name}{index}_input() {{ printf '%s\\n' \"$w_secrets\" {}; }}",
                quote(&inner)
            );
        }
    }
    text
}

/// What the wrapper is told of a command, as words: hundredths of a second it may run and be silent, whether its failure
/// stops the rest, whether there is a condition, the user it becomes.
pub(crate) fn options(command: &JobCommand) -> String {
    let given = &command.command;
    let hundredths =
        |time: Option<std::time::Duration>| time.map_or(0, |time| time.as_millis() / 10);
    let (longest, silent) = (hundredths(given.timeout), hundredths(given.idle_timeout));
    let user = given.sudo.as_deref().unwrap_or_default();
    let asks = u8::from(given.when.is_some());
    format!(
        "{longest} {silent} {} {asks} {user}",
        u8::from(command.advisory)
    )
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

/// The end of a function: what the process becomes, by the words that make a session.
const BECOME: &str = "exec \"$@\"";

/// The body for a command that runs as the login itself. Its parameters: the login's umask, the marker, what the names
/// of the files begin with, the words that make a session.
fn straight(command: &Command, file: &str, quiet: bool, hides_agent: bool) -> String {
    let mut text = surroundings(command, hides_agent);
    let _ = writeln!(text, "w_file=$3.{file}\nshift 3");
    let words = join(command.shell_words());
    if command.pty {
        let script = format!("w_x=$w_file; unset w_file; exec {words} \"$w_x\"");
        let _ = writeln!(
            text,
            "export w_file\n{PTY}\n{BECOME} {}",
            in_terminal(&script)
        );
    } else {
        let _ = writeln!(text, "{BECOME} {words} \"$w_file\" </dev/null");
    }
    hushed(text, quiet)
}

/// The body for a command of another user: surroundings, secrets and script go through sudo's standard input, since that
/// user cannot read our files and sudo writes its arguments into logs.
fn through_sudo(user: &str, quiet: bool) -> String {
    let text = format!(
        "w_mask=$1 w_mark=$2\nshift 3\ncd /\n{BECOME} sudo -n -u {} -- sh -c 'IFS= read -r w_secrets; eval \"$(cat)\"' \
         windlass-command \"$w_mask\" \"$w_mark\"\n",
        quote(user)
    );
    hushed(text, quiet)
}

/// What the other user's shell carries out.
fn inner(command: &Command, script: &str, hides_agent: bool) -> String {
    let mut text = surroundings(command, hides_agent);
    let mut words = command.shell_words();
    words.extend(["-c".to_owned(), script.to_owned()]);
    let words = join(words);
    if command.pty {
        let _ = writeln!(
            text,
            "{PTY}\nexec {}",
            in_terminal(&format!("exec {words}"))
        );
    } else {
        let _ = writeln!(text, "exec {words} </dev/null");
    }
    text
}

/// Nobody asked what a condition prints.
fn hushed(text: String, quiet: bool) -> String {
    if quiet {
        format!("exec >/dev/null 2>&1\n{text}")
    } else {
        text
    }
}

const PTY: &str = "command -v script >/dev/null || { echo 'windlass: pty = true needs the program script on the host' >&2; exit 127; }\n\
                   export TERM=\"${TERM:-xterm}\"";

/// The words that run a script of sh in a terminal of its own.
fn in_terminal(script: &str) -> String {
    let line = format!("exec sh -c {}", quote(script));
    format!("script -qec {} /dev/null </dev/null", quote(&line))
}

/// umask, marker, secrets, directory, variables. The first parameters are the login's umask and the marker.
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
