//! A task as lines of shell.

use super::expression::VARIABLE;

/// Where the commands of a task go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The roles; none = every host.
    pub(crate) roles: Vec<String>,
    /// Only on the primary of the roles.
    pub(crate) once: bool,
    /// On this machine.
    pub(crate) local: bool,
    /// Whether hosts were to follow one another.
    pub(crate) in_turn: bool,
}

/// One command with what is around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// The directory; none = the home of the login, or here for a local one.
    pub(crate) dir: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) user: Option<String>,
}

/// A task as a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) target: Option<Target>,
    pub(crate) lines: Vec<Line>,
}

impl Line {
    /// The command by itself, whatever directory the script is in.
    pub(crate) fn alone(&self) -> String {
        let mut before = String::new();
        if let Some(dir) = &self.dir {
            before = format!("cd {} && ", raw(dir));
        }
        for (name, value) in &self.env {
            before += "export ";
            before += name;
            before += "=";
            before += &raw(value);
            before += " && ";
        }
        let command = match &self.user {
            Some(user) => format!(
                "sudo -n -u {} -- {}",
                windlass_model::shell::quote(user),
                self.text
            ),
            None => self.text.clone(),
        };
        if before.is_empty() {
            return command;
        }
        format!("({before}{command})")
    }
}

/// A word for the shell in which the variables of a deploy are still filled in.
fn raw(text: &str) -> String {
    let parts = text.split_once(VARIABLE);
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let quoted = |part: &str| match part {
        "" => String::new(),
        part => windlass_model::shell::quote(part),
    };
    match parts {
        Some((before, (name, after))) => {
            format!("{}\"{VARIABLE}{name}}}\"{}", quoted(before), quoted(after))
        }
        None => windlass_model::shell::quote(text),
    }
}
