//! The words of Capistrano's plugins for Ruby, Bundler and Rails.

use super::{CAP, Foreign, ours};

pub(super) static RUBY: &[Foreign] = &[
    ours(
        "normalize_asset_timestamps",
        CAP,
        "`normalize_assets` in `[rails]`",
    ),
    ours("keep_assets", CAP, "`keep_assets` in `[rails]`"),
    ours("assets_roles", CAP, "`assets_roles` in `[rails]`"),
    ours("migration_role", CAP, "`migration_role` in `[rails]`"),
    ours(
        "conditionally_migrate",
        CAP,
        "`migrate = \"if_changed\"` in `[rails]`",
    ),
    ours("bundle_flags", CAP, "`flags` in `[bundler]`"),
    ours("bundle_without", CAP, "`without` in `[bundler]`"),
    ours("bundle_path", CAP, "`path` in `[bundler]`"),
    ours("bundle_jobs", CAP, "`jobs` in `[bundler]`"),
    ours("rails_env", CAP, "`env` in `[rails]`"),
    ours("assets_prefix", CAP, "`assets_prefix` in `[rails]`"),
    ours("rails_assets_groups", CAP, "`assets_groups` in `[rails]`"),
    ours("assets_manifests", CAP, "`manifests` in `[rails]`"),
    ours("migration_command", CAP, "`migration_command` in `[rails]`"),
    ours("bundle_roles", CAP, "`roles` in `[bundler]`"),
    ours("bundle_gemfile", CAP, "`gemfile` in `[bundler]`"),
    ours("bundle_binstubs", CAP, "`binstubs` in `[bundler]`"),
    ours(
        "bundle_check_before_install",
        CAP,
        "`check_first` in `[bundler]`",
    ),
    ours(
        "rbenv_type",
        CAP,
        "`manager = \"rbenv\"` and `path` in `[ruby]`",
    ),
    ours("rbenv_custom_path", CAP, "`path` in `[ruby]`"),
    ours("rvm_custom_path", CAP, "`path` in `[ruby]`"),
    ours(
        "rvm_type",
        CAP,
        "`manager = \"rvm\"` and `path` in `[ruby]`",
    ),
    ours("chruby_ruby", CAP, "`version` in `[ruby]`"),
    ours("rbenv_ruby", CAP, "`version` in `[ruby]`"),
    ours("rvm_ruby_version", CAP, "`version` in `[ruby]`"),
];
