//! What the scripts of all standard recipes share: the paths of the deploy, and the record of a release's state.

use windlass_model::Script;
use windlass_planner::{Scope, ScopeHost};

/// Paths and functions that every script may use.
pub(crate) const COMMON: &str = include_str!("sh/common.sh");
/// Whether there is hardly any room left.
pub(crate) const DISK: &str = include_str!("sh/disk.sh");
/// The surroundings of git: no prompt, no unknown key.
pub(crate) const GIT: &str = concat!(include_str!("sh/disk.sh"), include_str!("sh/git.sh"));

/// Parts of a script in one, without comments and indentation: all of it crosses the network with every deploy. What is
/// quoted over several lines in our scripts is itself a script.
pub(crate) fn body(parts: &[&str]) -> String {
    let lines = parts
        .iter()
        .flat_map(|part| part.lines())
        .map(str::trim_start);
    let mut text = String::new();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The values that every script is given.
pub(crate) fn values(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Script {
    let revision = scope
        .revision
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    Script::new()
        .var("root", host.layout.root())
        .var("deploy", scope.request.deploy.as_str())
        .var("release", scope.release.as_str())
        .var("revision", &revision)
}

/// The values that git needs to speak to the repository.
pub(crate) fn git_values(script: Script, host: &ScopeHost<'_>) -> Script {
    let settings = host.settings();
    let depth = settings
        .depth
        .map(|depth| depth.to_string())
        .unwrap_or_default();
    script
        .var(
            "repository",
            settings.repository.as_deref().unwrap_or_default(),
        )
        .var("host_keys", &settings.repository_host_keys.join("\n"))
        .var("depth", &depth)
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 {
        format!("1 {word}")
    } else {
        format!("{number} {word}s")
    }
}
