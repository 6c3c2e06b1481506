//! What Capistrano and its plugins have set before the project's own files are read.

use super::Evaluator;
use crate::value::Value;

/// A default that is plain.
#[derive(Clone, Copy)]
enum Plain {
    Text(&'static str),
    Symbol(&'static str),
    Symbols(&'static [&'static str]),
    Number(i64),
    Flag(bool),
    Nothing,
    Empty,
    NoPairs,
}

use Plain::{Empty, Flag, NoPairs, Nothing, Number, Symbol, Symbols, Text};

/// Defaults by the beginning of the plugin that has them; none = Capistrano itself. The last word says whether the default
/// is there before deploy.rb is read, so that `set_if_empty` does nothing.
static DEFAULTS: &[(&str, &str, Plain, bool)] = &[
    ("", "branch", Text("master"), true),
    ("", "tmp_dir", Text("/tmp"), true),
    ("", "keep_releases", Number(5), true),
    ("", "default_env", NoPairs, true),
    ("", "format", Symbol("airbrussh"), true),
    ("", "log_level", Symbol("debug"), true),
    ("", "pty", Flag(false), true),
    ("", "releases_directory", Text("releases"), false),
    ("", "shared_directory", Text("shared"), false),
    ("", "current_directory", Text("current"), false),
    ("", "linked_dirs", Empty, false),
    ("", "linked_files", Empty, false),
    ("", "ssh_options", NoPairs, false),
    ("", "locale", Symbol("en"), false),
    ("", "connection_timeout", Nothing, false),
    ("", "repo_tree", Nothing, false),
    ("", "print_config_variables", Flag(false), false),
    ("", "git_shallow_clone", Flag(false), true),
    ("", "git_max_concurrent_connections", Number(10), true),
    ("", "git_wait_interval", Number(0), true),
    ("", "git_verify_commit", Flag(false), false),
    ("capistrano/bundler", "bundle_jobs", Number(4), true),
    ("capistrano/bundler", "bundle_flags", Text("--quiet"), true),
    (
        "capistrano/bundler",
        "bundle_without",
        Text("development:test"),
        true,
    ),
    ("capistrano/bundler", "bundle_roles", Symbol("all"), true),
    ("capistrano/rails", "assets_prefix", Text("assets"), true),
    ("capistrano/rails", "assets_roles", Symbols(&["web"]), true),
    ("capistrano/rails", "migration_role", Symbol("db"), true),
    (
        "capistrano/rails",
        "migration_command",
        Text("db:migrate"),
        true,
    ),
    (
        "capistrano/rails",
        "conditionally_migrate",
        Flag(false),
        true,
    ),
    ("capistrano/rails", "keep_assets", Nothing, true),
    (
        "capistrano/rails",
        "normalize_asset_timestamps",
        Empty,
        false,
    ),
    ("capistrano/rbenv", "rbenv_type", Symbol("user"), true),
    ("capistrano/rbenv", "rbenv_roles", Symbol("all"), true),
    ("capistrano/rbenv", "rbenv_path", Text("$HOME/.rbenv"), true),
    ("capistrano/rvm", "rvm_type", Symbol("auto"), true),
    ("capistrano/rvm", "rvm_ruby_version", Text("default"), true),
    ("capistrano/rvm", "rvm_roles", Symbol("all"), true),
];

impl Evaluator<'_> {
    /// The default of a setting, where it has one.
    pub(super) fn default(&mut self, name: &str) -> Option<Value> {
        match name {
            "deploy_to" => {
                return Some(match self.root() {
                    Ok(root) => Value::text(root),
                    Err(unknown) => Value::Unknown(unknown),
                });
            }
            "repo_path" | "release_path" => return self.path(name),
            "rails_env" if self.requires("capistrano/rails") => {
                return Some(Value::text(&self.stage));
            }
            "local_user" => {
                return Some(Value::unknown("the name of whoever deploys is not asked"));
            }
            "current_revision" if self.on_hosts => {
                return Some(Value::text("${DEPLOY_REVISION}"));
            }
            _ => {}
        }
        let (_, _, plain, _) = self.plain(name)?;
        Some(match *plain {
            Text(text) => Value::text(text),
            Symbol(word) => Value::Symbol(word.to_owned()),
            Symbols(words) => Value::List(
                words
                    .iter()
                    .map(|word| Value::Symbol((*word).to_owned()))
                    .collect(),
            ),
            Number(number) => Value::Int(number),
            Flag(flag) => Value::Bool(flag),
            Nothing => Value::Nil,
            Empty => Value::List(Vec::new()),
            NoPairs => Value::Hash(Vec::new()),
        })
    }

    /// Whether Capistrano has set it before deploy.rb is read.
    pub(super) fn is_set_before(&self, name: &str) -> bool {
        name == "deploy_to" || self.plain(name).is_some_and(|(_, _, _, before)| *before)
    }

    fn plain(&self, name: &str) -> Option<&'static (&'static str, &'static str, Plain, bool)> {
        let mut known = DEFAULTS.iter();
        known.find(|(plugin, known, ..)| *known == name && self.requires(plugin))
    }

    /// Whether a plugin is required whose name begins so.
    pub(crate) fn requires(&self, start: &str) -> bool {
        let mut plugins = self.project.plugins.iter();
        start.is_empty() || plugins.any(|(plugin, _)| plugin.starts_with(start))
    }
}
