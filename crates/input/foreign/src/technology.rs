//! Settings of Capistrano's plugins that have ours: Ruby and its managers, Bundler, Rails, and the Node of nvm.

use crate::meaning::Meaning::{Ours, Reason};
use crate::meaning::{Word, words};

const MAPPED: &str = "every command sees the Ruby that was chosen; nothing has to be wrapped";
const BY_ROLES: &str = "which hosts is said by their roles";

pub(crate) static RUBY: &[Word] = words! {
    @ Capistrano
    "rbenv_ruby" => Ours("`version` in `[ruby]`");
    "rbenv_type" => Ours("`manager = \"rbenv\"` and `path` in `[ruby]`");
    "rbenv_custom_path" => Ours("`path` in `[ruby]`");
    "rbenv_path" => Ours("`path` in `[ruby]`");
    "rbenv_prefix" => Reason(MAPPED);
    "rbenv_map_bins" => Reason(MAPPED);
    "rbenv_roles" => Reason(MAPPED);
    "rvm_ruby_version" => Ours("`version` in `[ruby]`");
    "rvm_type" => Ours("`manager = \"rvm\"` and `path` in `[ruby]`");
    "rvm_custom_path" => Ours("`path` in `[ruby]`");
    "rvm_map_bins" => Reason(MAPPED);
    "rvm_roles" => Reason(MAPPED);
    "chruby_ruby" => Ours("`version` in `[ruby]`");
    "chruby_exec" => Reason("where chruby is, is found out on the host");
    "chruby_map_bins" => Reason(MAPPED);
    "asdf_map_ruby_bins" => Reason(MAPPED);
    "bundle_gemfile" => Ours("`gemfile` in `[bundler]`");
    "bundle_path" => Ours("`path` in `[bundler]`");
    "bundle_without" => Ours("`without` in `[bundler]`");
    "bundle_flags" => Ours("`flags` in `[bundler]`");
    "bundle_jobs" => Ours("`jobs` in `[bundler]`");
    "bundle_binstubs" => Ours("`binstubs` in `[bundler]`");
    "bundle_roles" => Ours("`roles` in `[bundler]`");
    "bundle_check_before_install" => Ours("`check_first` in `[bundler]`");
    "bundle_bins" => Reason("write `bundle exec` where a task needs it");
    "bundle_env_variables" => Ours("the table `[env]`");
    "bundle_servers" => Reason(BY_ROLES);
    "rails_env" => Ours("`env` in `[rails]`");
    "assets_prefix" => Ours("`assets_prefix` in `[rails]`");
    "assets_roles" => Ours("`assets_roles` in `[rails]`");
    "rails_assets_groups" => Ours("`assets_groups` in `[rails]`");
    "keep_assets" => Ours("`keep_assets` in `[rails]`");
    "assets_manifests" => Ours("`manifests` in `[rails]`");
    "normalize_asset_timestamps" => Ours("`normalize_assets` in `[rails]`");
    "migration_role" => Ours("`migration_role` in `[rails]`");
    "migration_servers" => Reason(BY_ROLES);
    "migration_command" => Ours("`migration_command` in `[rails]`");
    "nvm_node" => Ours("`path`, with the directory of that Node");
    "conditionally_migrate" => Ours("`migrate = \"if_changed\"` in `[rails]`");
};
