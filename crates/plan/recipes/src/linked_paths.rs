//! Linked files and directories: paths of a release that point into `shared`.

use crate::script::count;
use windlass_model::Script;
use windlass_planner::ScopeHost;

/// Makes the links; part of the script that makes a release.
pub(crate) const LINK: &str = include_str!("sh/link.sh");

/// The paths to link, as functions that go through them.
pub(crate) fn values(script: Script, host: &ScopeHost<'_>) -> Script {
    let settings = host.settings();
    script
        .each("each_linked_file", &settings.linked_files)
        .each("each_linked_dir", &settings.linked_dirs)
}

/// `; link 2 files, 3 dirs`, or nothing.
pub(crate) fn show(host: &ScopeHost<'_>) -> String {
    let settings = host.settings();
    let parts: Vec<String> = [
        (settings.linked_files.len(), "file"),
        (settings.linked_dirs.len(), "dir"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| count(number, word))
    .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("; link {}", parts.join(", "))
    }
}
