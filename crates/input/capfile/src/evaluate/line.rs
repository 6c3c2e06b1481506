//! A task as lines of shell.

use super::expression::VARIABLE;

/// How a variable begins in which a script keeps what a command said.
pub(crate) const CAPTURED: &str = "${got_";
/// How what a host fills in begins.
pub(crate) const MARKS: [&str; 2] = [VARIABLE, CAPTURED];

/// The hosts among which those of a task are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Among {
    #[default]
    All,
    /// Where releases are made.
    Releases,
}

/// Where the commands of a task go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The roles; none = every host.
    pub(crate) roles: Vec<String>,
    /// Only on the primary of the roles.
    pub(crate) once: bool,
    /// On this machine.
    pub(crate) local: bool,
    pub(crate) among: Among,
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
    /// What takes it back.
    pub(crate) undo: Vec<Line>,
}

impl Line {
    /// A line that needs nothing around it.
    pub(crate) fn of(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// The command by itself, whatever directory the script is in.
    pub(crate) fn alone(&self) -> String {
        let mut before = String::new();
        if let Some(dir) = &self.dir {
            before = format!("cd {} && ", raw(dir));
        }
        let assigned = self.env.iter();
        let assigned = assigned.map(|(name, value)| format!("{name}={}", raw(value)));
        let command = if let Some(user) = &self.user {
            let user = windlass_model::shell::quote(user);
            // sudo keeps no variable of ours.
            let env: String = assigned.map(|assignment| assignment + " ").collect();
            let env = if env.is_empty() {
                env
            } else {
                format!("env {env}")
            };
            format!("sudo -n -u {user} -- {env}{}", self.text)
        } else {
            for assignment in assigned {
                before.extend(["export ", &assignment, " && "]);
            }
            self.text.clone()
        };
        if before.is_empty() {
            return command;
        }
        format!("({before}{command})")
    }
}

/// A word for the shell in which what a host fills in is still filled in.
pub(crate) fn raw(text: &str) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, mark, after)) = next_mark(rest) {
        if !before.is_empty() {
            made += &windlass_model::shell::quote(before);
        }
        made.extend(["\"", mark, "\""]);
        rest = after;
    }
    if made.is_empty() || !rest.is_empty() {
        made += &windlass_model::shell::quote(rest);
    }
    made
}

/// What stands before the next mark, the mark, and what stands after it.
fn next_mark(text: &str) -> Option<(&str, &str, &str)> {
    let at = MARKS.iter().filter_map(|mark| text.find(mark)).min()?;
    let (before, mark) = text.split_at_checked(at)?;
    let end = mark.find('}')?.checked_add(1)?;
    let (mark, after) = mark.split_at_checked(end)?;
    Some((before, mark, after))
}
