//! Rails: assets are compiled on each host that serves them, migrations run once before anybody publishes.
//!
//! Compiled assets are shared by all releases (the config crate links `public/<assets_prefix>`), so that pages sent before
//! a deploy find theirs after it. What says which of them are in force, the manifest, is kept with each release: a
//! deploy that is undone and a rollback put the right one back. A migration is never taken back.

mod assets;
mod migrate;

use crate::ruby::{command, tools};
use crate::script::body;
use windlass_model::changes::Watch;
use windlass_model::technology::Migrate;
use windlass_model::{Command, DeployKind, Script, Settings};
use windlass_planner::{Note, Recipe, Scope, ScopeHost, TaskSpec};

/// Compiles, migrates, and puts manifests back.
pub(crate) struct Rails;

impl Recipe for Rails {
    fn name(&self) -> &'static str {
        "rails"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        match scope.kind() {
            DeployKind::Deploy => {
                let mut tasks = assets::tasks(scope);
                tasks.push(migrate::task(scope));
                tasks
            }
            DeployKind::Rollback => vec![assets::restore(scope)],
        }
    }

    fn watches(&self, settings: &Settings) -> Vec<Watch> {
        let rails = &settings.rails;
        let assets = rails.assets.then(|| Watch::changed("app/assets"));
        let migrates = rails.migrate != Migrate::Never;
        let migrations = migrates.then(|| Watch::new_files("db/migrate"));
        assets.into_iter().chain(migrations).collect()
    }

    fn notes(&self, scope: &Scope<'_>) -> Vec<Note> {
        let notes = assets::note(scope).into_iter();
        notes.chain(migrate::note(scope)).collect()
    }
}

/// A command of this recipe with its own variables before the text.
fn rails(scope: &Scope<'_>, host: &ScopeHost<'_>, values: &Script, parts: &[&str]) -> Command {
    let settings = host.settings();
    let script = values.with(&(tools(scope, host) + &body(parts)));
    let mut command = command(scope, host, script);
    if !settings.secrets.contains_key("RAILS_ENV") {
        let env = command.env.entry("RAILS_ENV".to_owned());
        env.or_insert_with(|| settings.rails.env.clone());
    }
    command
}

/// What a person should know where a task of the recipe has no host.
fn nowhere(task: &str, reason: &str, hint: &str) -> Note {
    Note {
        host: None,
        message: format!("`{task}` runs nowhere: {reason}"),
        hint: Some(hint.to_owned()),
    }
}
