//! What values may be: the grammars of the model, and the names of stages, which depend on our commands.

pub(crate) use windlass_model::grammar::*;

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
