//! The typed settings of `[ruby]`, `[bundler]` and `[rails]`.

use super::View;
use windlass_model::technology::{
    BundlerSettings, ManagerKind, Migrate, RailsSettings, RubyManager, RubySettings,
};

pub(super) fn ruby(view: View<'_>) -> RubySettings {
    RubySettings {
        manager: match view.word("manager") {
            "none" => RubyManager::Off,
            word => ManagerKind::parse(word).map_or(RubyManager::Auto, RubyManager::Is),
        },
        version: view.text("version"),
        path: view.path("path"),
    }
}

pub(super) fn bundler(view: View<'_>) -> BundlerSettings {
    BundlerSettings {
        gemfile: view.text("gemfile"),
        path: view.path("path").unwrap_or_default(),
        without: view.texts("without"),
        deployment: view.truth("deployment"),
        jobs: view.number("jobs").unwrap_or_default(),
        flags: view.texts("flags"),
        check_first: view.truth("check_first"),
        binstubs: view.path("binstubs"),
        roles: view.texts("roles"),
    }
}

pub(super) fn rails(view: View<'_>) -> RailsSettings {
    RailsSettings {
        env: view.text("env").unwrap_or_default(),
        assets: view.truth("assets"),
        assets_prefix: view.path("assets_prefix").unwrap_or_default(),
        assets_roles: view.texts("assets_roles"),
        assets_groups: view.texts("assets_groups"),
        keep_assets: view.number("keep_assets"),
        manifests: view.texts("manifests"),
        normalize_assets: view.paths("normalize_assets"),
        migrate: match view.word("migrate") {
            "if_changed" => Migrate::IfChanged,
            "never" => Migrate::Never,
            _ => Migrate::Always,
        },
        migration_role: view.text("migration_role").unwrap_or_default(),
        migration_command: view.text("migration_command").unwrap_or_default(),
    }
}
