//! The standard recipes: how code comes to a host, becomes a release, is published and taken back.
//!
//! One file per concern, each with its tasks beside their undos; `bundler` and `rails` only where settings name them. The
//! shell lies in `sh/` as fixed text; values come in as quoted variables before it. Every undo may be repeated and may
//! find that nothing, or only half, was done. Recipes are pure and decide nothing about order: that is the planner's.

mod bundler;
mod cleanup;
mod git_mirror;
mod health;
mod linked_paths;
mod lock;
mod log;
mod publish;
mod push;
mod rails;
mod releases;
mod restart;
mod ruby;
mod script;
mod setup;

pub use lock::unlock_script;
pub use ruby::{Ruby, ruby_question};
pub use setup::{Placing, kept, setup_script};

use std::collections::BTreeSet;
use windlass_model::Settings;
use windlass_model::technology::Migrate;
use windlass_planner::Recipe;

/// The recipes that settings may name.
pub const NAMES: [&str; 2] = ["bundler", "rails"];

/// The recipes of a run, in the order in which their tasks stand in a phase: those that every deploy uses, then those that
/// the settings name, in their order there.
pub fn in_use(settings: &Settings) -> Vec<Box<dyn Recipe>> {
    let mut recipes = standard();
    let mut seen: Vec<&str> = Vec::new();
    for name in &settings.recipes {
        if !seen.contains(&name.as_str()) {
            seen.push(name);
            recipes.extend(named(name));
        }
    }
    recipes
}

/// The roles on whose primary host something runs once for all in a deploy.
pub fn once_roles(settings: &Settings) -> BTreeSet<&str> {
    let tasks = settings.tasks.iter();
    let once = tasks.filter(|task| task.once && task.hook.is_some());
    let mut roles: BTreeSet<&str> = once
        .flat_map(|task| task.roles.iter().map(String::as_str))
        .collect();
    let rails = settings.recipes.iter().any(|name| name == "rails");
    if rails && settings.rails.migrate != Migrate::Never {
        roles.insert(&settings.rails.migration_role);
    }
    roles
}

fn named(name: &str) -> Option<Box<dyn Recipe>> {
    match name {
        "bundler" => Some(Box::new(bundler::Bundler)),
        "rails" => Some(Box::new(rails::Rails)),
        // The config crate lets no other name pass.
        _ => None,
    }
}

fn standard() -> Vec<Box<dyn Recipe>> {
    vec![
        Box::new(ruby::FindRuby),
        Box::new(lock::DeployLock),
        Box::new(push::Push),
        Box::new(git_mirror::GitMirror),
        Box::new(releases::Releases),
        Box::new(publish::Publish),
        Box::new(restart::Restart),
        Box::new(health::Health),
        Box::new(cleanup::Cleanup),
        Box::new(log::RevisionLog),
        Box::new(lock::Unlock),
    ]
}
