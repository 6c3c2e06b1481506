//! The settings of the recipes for one technology: Ruby, Bundler, Rails.
//!
//! They are there with their defaults whether or not the recipe is in use. Every value has been checked by the config
//! crate, like all [`crate::settings`].

use serde::{Deserialize, Serialize};

/// How `ruby` and its programs are found on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RubySettings {
    /// The version manager.
    pub manager: RubyManager,
    /// The version to use; none = the project's own `.ruby-version`, or the manager's default.
    pub version: Option<String>,
    /// Where the manager is; none = the usual places.
    pub path: Option<String>,
}

/// The version manager in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RubyManager {
    /// The first that the host has with a Ruby in it, where a recipe for Ruby is in use; else none.
    Auto,
    /// None: what PATH finds.
    Off,
    /// This one.
    Is(ManagerKind),
}

/// A version manager for Ruby.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagerKind {
    /// rbenv.
    Rbenv,
    /// RVM.
    Rvm,
    /// asdf.
    Asdf,
    /// mise.
    Mise,
    /// chruby.
    Chruby,
}

impl ManagerKind {
    /// All of them, in the order in which `auto` prefers them.
    pub const ALL: [Self; 5] = [Self::Rbenv, Self::Rvm, Self::Asdf, Self::Mise, Self::Chruby];

    /// Its name in settings and on hosts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rbenv => "rbenv",
            Self::Rvm => "rvm",
            Self::Asdf => "asdf",
            Self::Mise => "mise",
            Self::Chruby => "chruby",
        }
    }

    /// The manager of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How gems are installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundlerSettings {
    /// The Gemfile, below the release; none = the one that Bundler finds.
    pub gemfile: Option<String>,
    /// Where gems go: below the deploy root, or `system` for where Ruby keeps its own.
    pub path: String,
    /// The groups that are left out.
    pub without: Vec<String>,
    /// Whether Gemfile.lock must be there and fit.
    pub deployment: bool,
    /// How many gems are installed at a time.
    pub jobs: u32,
    /// Further options of `bundle install`.
    pub flags: Vec<String>,
    /// Whether `bundle check` may find that there is nothing to do.
    pub check_first: bool,
    /// The directory of the release that gets binstubs; none = no binstubs.
    pub binstubs: Option<String>,
    /// Hosts of these roles; empty = all.
    pub roles: Vec<String>,
}

/// What is done for a Rails application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RailsSettings {
    /// `RAILS_ENV`.
    pub env: String,
    /// Whether assets are compiled.
    pub assets: bool,
    /// The directory of compiled assets below `public`.
    pub assets_prefix: String,
    /// Hosts of these roles compile assets.
    pub assets_roles: Vec<String>,
    /// `RAILS_GROUPS` while assets are compiled; empty = not set.
    pub assets_groups: Vec<String>,
    /// How many old versions of an asset are kept; none = all.
    pub keep_assets: Option<u32>,
    /// Patterns of the names that manifests of assets have.
    pub manifests: Vec<String>,
    /// Directories of the release whose files get one time on all hosts.
    pub normalize_assets: Vec<String>,
    /// When migrations run.
    pub migrate: Migrate,
    /// The role whose primary runs them.
    pub migration_role: String,
    /// The rake task that runs them.
    pub migration_command: String,
}

/// When migrations run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Migrate {
    /// In every deploy.
    Always,
    /// Where `db` differs from that of the live release.
    IfChanged,
    /// Never.
    Never,
}
