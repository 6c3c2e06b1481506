//! Gems: Bundler is told where they go and which are left out, and installs what `bundle check` misses.
//!
//! Right before the phase `updated`, and before `reverted` in a rollback: what an older release needs may be gone since.
//! Nothing is ever taken out of `shared/bundle`, since other releases use it too.

use crate::ruby::{command, tools};
use windlass_model::changes::Watch;
use windlass_model::technology::BundlerSettings;
use windlass_model::{DeployKind, Phase, Script, Settings, Undo, shell};
use windlass_planner::{Draft, Place, Recipe, Scope, ScopeHost, TaskSpec};

const CONFIG: &str = include_str!("sh/bundler_config.sh");
const INSTALL: &str = include_str!("sh/bundler_install.sh");

/// Where gems go when they go where Ruby keeps its own.
const SYSTEM: &str = "system";

/// Installs gems.
pub(crate) struct Bundler;

impl Recipe for Bundler {
    fn watches(&self, settings: &Settings) -> Vec<Watch> {
        let gemfile = settings.bundler.gemfile.as_deref();
        let lock = format!("{}.lock", gemfile.unwrap_or("Gemfile"));
        vec![Watch::changed(lock)]
    }

    fn name(&self) -> &'static str {
        "bundler"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let settings = &scope.request.inventory.settings.bundler;
        let hosts = || {
            let hosts = scope.file_hosts();
            hosts.filter(|host| host.has_role(&settings.roles))
        };
        vec![
            task(scope, "bundler:config").with(hosts().map(|host| config(scope, host))),
            task(scope, "bundler:install").with(hosts().map(|host| install(scope, host))),
        ]
    }
}

/// A prerequisite of `updated`, as with Capistrano, so that tasks after `updating` still come first.
fn task(scope: &Scope<'_>, name: &str) -> TaskSpec {
    let (phase, before) = match scope.kind() {
        DeployKind::Deploy => (Phase::Updated, "updated"),
        DeployKind::Rollback => (Phase::Reverted, "reverted"),
    };
    TaskSpec {
        place: Place::Before(before.to_owned()),
        ..TaskSpec::new(name, phase)
    }
}

fn config(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let settings = &host.settings().bundler;
    let gems = match settings.path.as_str() {
        SYSTEM => String::new(),
        path => host.layout.join(path),
    };
    let script = Script::new()
        .var("gemfile", settings.gemfile.as_deref().unwrap_or_default())
        .var("gems", &gems)
        .var("without", &settings.without.join(":"))
        .var("deployment", flag(settings.deployment))
        .with(&(tools(scope, host) + &crate::script::body(&[CONFIG])));
    let undo = Undo::None {
        reason: match scope.kind() {
            DeployKind::Deploy => "with the release".to_owned(),
            DeployKind::Rollback => "every run writes it anew".to_owned(),
        },
    };
    let command = command(scope, host, script);
    Draft::command(host.name(), command, undo, show_config(settings)).repeatable()
}

/// `bundle config path shared/bundle, without development test`.
fn show_config(settings: &BundlerSettings) -> String {
    let mut parts = vec![format!("path {}", settings.path)];
    if let Some(gemfile) = &settings.gemfile {
        parts.insert(0, format!("gemfile {gemfile}"));
    }
    if !settings.without.is_empty() {
        parts.push(format!("without {}", settings.without.join(" ")));
    }
    if settings.deployment {
        parts.push("deployment".to_owned());
    }
    format!("bundle config {}", parts.join(", "))
}

fn install(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Draft {
    let settings = &host.settings().bundler;
    let jobs = settings.jobs.to_string();
    let mut options = vec!["--jobs", &jobs];
    options.extend(settings.flags.iter().map(String::as_str));
    let script = Script::new()
        .var("check_first", flag(settings.check_first))
        .var("binstubs", settings.binstubs.as_deref().unwrap_or_default())
        .words("with_options", &options)
        .with(&(tools(scope, host) + &crate::script::body(&[INSTALL])));
    let undo = Undo::None {
        reason: match settings.path.as_str() {
            SYSTEM => "installed gems stay".to_owned(),
            path => format!("{path} only grows"),
        },
    };
    let show = format!("bundle install {}", shell::join(&options));
    let command = command(scope, host, script);
    Draft::command(host.name(), command, undo, show).repeatable()
}

fn flag(wanted: bool) -> &'static str {
    if wanted { "1" } else { "" }
}
