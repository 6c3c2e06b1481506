//! Programs that stand in for Bundler and for version managers: each notes how it was called, then does a little of what
//! the real one does.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use super::World;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use windlass_model::settings::Hook;

/// `bundle`: says its version, keeps gems in `~/gems`, and compiles assets named after `app.txt`.
const BUNDLE: &str = r#"#!/bin/sh
printf 'bundle %s\n' "$*" >>"$HOME/calls"
case "$*" in
  --version) cat "$HOME/version" 2>/dev/null || echo 'Bundler version 2.5.0';;
  check) [ -e "$HOME/gems" ];;
  install*) : >"$HOME/gems";;
  'exec rake assets:precompile')
    mkdir -p public/assets
    printf '%s %s %s\n' "$(cat app.txt)" "$RAILS_ENV" "${RAILS_GROUPS-}" >public/assets/.sprockets-manifest-1.json
    : >"public/assets/app-$(cat app.txt).css";;
esac
"#;

const MANIFEST: &str = "shared/public/assets/.sprockets-manifest-1.json";

impl World {
    /// A program on PATH of the host's commands.
    pub(crate) fn program(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A project with both recipes, and a `bundle` on PATH.
    pub(crate) fn rails(&mut self) {
        self.program("bin/bundle", BUNDLE);
        self.settings.recipes = vec!["bundler".to_owned(), "rails".to_owned()];
        self.settings.path = vec![self.dir.path().join("bin").to_str().unwrap().to_owned()];
        self.settings.linked_dirs = vec!["public/assets".to_owned()];
        self.settings.rails.assets_roles = Vec::new();
        "app".clone_into(&mut self.settings.rails.migration_role);
    }

    /// A task of people's that calls `bundle` as they do.
    pub(crate) fn bundled_task(&mut self) {
        let after = Hook::After("updated".to_owned());
        self.settings.tasks = vec![super::user_task("seed", "bundle exec seed", after)];
    }

    /// How programs were called since the last time.
    pub(crate) fn calls(&self) -> Vec<String> {
        let file = self.dir.path().join("home/calls");
        let calls = fs::read_to_string(&file).unwrap_or_default();
        fs::write(file, "").unwrap();
        calls.lines().map(str::to_owned).collect()
    }

    /// What the shared manifest of assets says.
    pub(crate) fn manifest(&self) -> String {
        fs::read_to_string(self.path(MANIFEST)).unwrap_or_default()
    }
}
