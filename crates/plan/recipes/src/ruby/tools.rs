//! How the recipes for Ruby call `bundle` and `rake`: through the manager's own way where it has one, else by the shims
//! that stand in PATH.
//!
//! The function `tool` of a script calls the program given as its arguments in the release, with its arguments whatever
//! they hold.

use super::Ruby;
use windlass_model::technology::ManagerKind;
use windlass_model::{Command, Script};
use windlass_planner::{Scope, ScopeHost};

const PLAIN: &str = "tool() { \"$@\"; }\n";
const RBENV: &str = "tool() { rbenv exec \"$@\"; }\n";
const RVM: &str = include_str!("../sh/rvm.sh");
const CHRUBY: &str = include_str!("../sh/chruby.sh");
/// `rake` of the Gemfile, and where there is no Bundler the host's own.
const BUNDLED_RAKE: &str = "rake() { tool bundle exec rake \"$@\"; }\n";
const PLAIN_RAKE: &str = "rake() { tool rake \"$@\"; }\n";

/// The functions `tool` and `rake` for the host.
pub(crate) fn tools(scope: &Scope<'_>, host: &ScopeHost<'_>) -> String {
    let ruby = Ruby::of(host.settings(), host.facts);
    let text = match ruby.map(|ruby| ruby.kind) {
        Some(ManagerKind::Rbenv) => RBENV,
        Some(ManagerKind::Rvm) => RVM,
        Some(ManagerKind::Chruby) => CHRUBY,
        // Their shims are their own way.
        Some(ManagerKind::Asdf | ManagerKind::Mise) | None => PLAIN,
    };
    let values = match ruby.filter(|_| [RVM, CHRUBY].contains(&text)) {
        Some(ruby) => Script::new()
            .var("ruby_path", ruby.path)
            .var("ruby_version", ruby.version.unwrap_or_default()),
        None => Script::new(),
    };
    let recipes = &scope.request.inventory.settings.recipes;
    let bundled = recipes.iter().any(|name| name == "bundler");
    let rake = if bundled { BUNDLED_RAKE } else { PLAIN_RAKE };
    values.with(&crate::script::body(&[text, rake]))
}

/// A command of a recipe for Ruby: in the release, in the same surroundings as a task of people, but for `sh -e`.
pub(crate) fn command(scope: &Scope<'_>, host: &ScopeHost<'_>, script: String) -> Command {
    Command {
        shell: Vec::new(),
        ..scope.users(host, script)
    }
}
