//! What a host's repository mirror knows of the way between two commits, for a plan where this machine knows nothing.

use crate::error::Error;
use crate::records::records;
use crate::script::{HISTORY, TOOLS};
use windlass_model::changes::{
    CHANGES_LISTED, COMMIT_FORM, Changes, FileChange, Files, Side, Watch, read_counts,
};
use windlass_model::{Revision, Script};

/// A question to a host's mirror.
#[derive(Clone, Copy, Debug)]
pub struct HistoryAsk<'a> {
    /// The deploy root. May begin with `~/`, the login's home.
    pub root: &'a str,
    /// What is live.
    pub from: &'a Revision,
    /// What is to be deployed.
    pub to: &'a Revision,
    /// The directory of the repository that becomes the release.
    pub subtree: Option<&'a str>,
}

/// The script that asks; its standard output is for [`read_history`]. It leaves no trace.
pub fn history(ask: &HistoryAsk<'_>) -> String {
    let subtree = ask.subtree.unwrap_or_default().trim_matches('/');
    Script::new()
        .path("root", ask.root)
        .var("from", ask.from.as_str())
        .var("to", ask.to.as_str())
        .var("subtree", subtree)
        .var("form", COMMIT_FORM)
        .var("most", &CHANGES_LISTED.to_string())
        .with(&[TOOLS, "say facts 1\n", HISTORY, "say end 1\n"].concat())
}

/// Reads the answer; none = the mirror lacks one of the commits, or cannot be read.
pub fn read_history(stdout: &[u8], watch: &[Watch]) -> Result<Option<Changes>, Error> {
    let mut changes = Changes::default();
    let mut counts = None;
    for (name, value) in records(stdout)? {
        match name.as_str() {
            "counts" => counts = read_counts(&value),
            "comes" => changes.comes = Side::read(0, value.lines()),
            "leaves" => changes.leaves = Side::read(0, value.lines()),
            "files" => {
                let files = FileChange::read(value.split('\n'));
                changes.files = Files::of(&files);
                changes.watched = watch.iter().map(|watch| watch.look(&files)).collect();
            }
            "cut" => changes.cut = true,
            // The frame of the answer.
            _ => {}
        }
    }
    Ok(counts.map(|(leaves, comes)| {
        (changes.comes.count, changes.leaves.count) = (comes, leaves);
        changes
    }))
}
