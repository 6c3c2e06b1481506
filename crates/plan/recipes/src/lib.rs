//! The standard recipes: how code comes to a host, becomes a release, is published and taken back.
//!
//! One file per concern, each with its tasks beside their undos. The shell lies in `sh/` as fixed text; values come in
//! as quoted variables before it. Every undo may be repeated and may find that nothing, or only half, was done. Recipes
//! are pure and decide nothing about order: that is the planner's.

mod cleanup;
mod git_mirror;
mod linked_paths;
mod lock;
mod log;
mod publish;
mod push;
mod releases;
mod restart;
mod script;
mod setup;

pub use lock::{fence_script, unlock_script};
pub use setup::setup_script;

use windlass_planner::Recipe;

/// The recipes that every deploy uses, in the order in which their tasks stand in a phase.
pub fn standard() -> Vec<Box<dyn Recipe>> {
    vec![
        Box::new(lock::DeployLock),
        Box::new(push::Push),
        Box::new(git_mirror::GitMirror),
        Box::new(releases::Releases),
        Box::new(publish::Publish),
        Box::new(restart::Restart),
        Box::new(cleanup::Cleanup),
        Box::new(log::RevisionLog),
        Box::new(lock::Unlock),
    ]
}
