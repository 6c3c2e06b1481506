//! The layout of a deploy root, made ahead of the first deploy.

use windlass_model::Script;

const SETUP: &str = include_str!("sh/setup.sh");

/// The script that makes the layout: releases, shared, linked directories and the directories of linked files. It may be
/// repeated, and touches nothing that is there.
pub fn setup_script(root: &str, linked_files: &[String], linked_dirs: &[String]) -> String {
    Script::new()
        .path("root", root)
        .each("each_linked_file", linked_files)
        .each("each_linked_dir", linked_dirs)
        .with(SETUP)
}
