//! What values may be: the grammars of the model, and the names of stages, which depend on our commands.

pub(crate) use windlass_model::grammar::*;
use windlass_model::health::HOST;
use windlass_model::shell::is_variable_name;

/// Words that a stage may not bear: the commands of Windlass, so that `windlass status` is never two things.
pub const COMMANDS: &[&str] = &[
    "attach",
    "cancel",
    "check",
    "completions",
    "config",
    "demo",
    "deploy",
    "doctor",
    "engine",
    "exec",
    "explain",
    "help",
    "history",
    "init",
    "install",
    "lock",
    "plan",
    "releases",
    "replay",
    "resume",
    "rollback",
    "run",
    "schema",
    "setup",
    "show",
    "status",
    "tasks",
    "unlock",
    "version",
];

/// The name of an environment variable of the controller.
pub(crate) fn variable_name(text: &str) -> Result<(), String> {
    if is_variable_name(text) {
        return Ok(());
    }
    Err("is no name of a variable".to_owned())
}

/// A URL that is asked. `{host}` is filled in when it is known which one that is.
pub(crate) fn url(text: &str) -> Result<(), String> {
    windlass_model::grammar::url(&text.replace(HOST, "host"))
}

pub(crate) fn stage(text: &str) -> Result<(), String> {
    if COMMANDS.contains(&text) {
        return Err("is the name of a command, so no stage may bear it".to_owned());
    }
    no_option(text)?;
    if text.chars().all(|c| c == '.') {
        return Err("has no letter or digit".to_owned());
    }
    plain(text, ".-_", "letters, digits, `.`, `-` and `_`")
}
