//! The layout of a deploy root, made ahead of the first deploy, and the linked files that a person brings into it.

use windlass_model::Script;

const SETUP: &str = include_str!("sh/setup.sh");
const PLACE: &str = include_str!("sh/place.sh");

/// The script that makes the layout: releases, shared, linked directories and the directories of linked files. It may be
/// repeated, and touches nothing that is there.
pub fn setup_script(root: &str, linked_files: &[String], linked_dirs: &[String]) -> String {
    Script::new()
        .path("root", root)
        .each("each_linked_file", linked_files)
        .each("each_linked_dir", linked_dirs)
        .with(SETUP)
}

/// A linked file that was sent to the host and is to take its place.
#[derive(Clone, Debug)]
pub struct Placing<'a> {
    /// Its place, an absolute path.
    pub target: &'a str,
    /// Where what was sent lies, in the same directory.
    pub sent: &'a str,
    /// Its SHA-256.
    pub sha256: &'a str,
    /// The SHA-256 of the file that it may replace; none = there must be nothing.
    pub replaces: Option<&'a str>,
}

impl Placing<'_> {
    /// The script that puts it in its place: whole or not at all, and only where there is still what was seen. A file
    /// that is replaced is kept under the name that [`kept`] gives. It may be repeated.
    pub fn script(&self) -> String {
        let seen = self.replaces.unwrap_or_default();
        Script::new()
            .var("target", self.target)
            .var("sent", self.sent)
            .var("want", self.sha256)
            .var("seen", seen)
            .var("kept", &ending(seen))
            .with(PLACE)
    }
}

/// Where a linked file with this SHA-256 is kept when it is replaced.
pub fn kept(target: &str, sha256: &str) -> String {
    format!("{target}.{}", ending(sha256))
}

fn ending(sha256: &str) -> String {
    format!("before-{}", sha256.get(..12).unwrap_or(sha256))
}
