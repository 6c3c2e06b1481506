//! The one table of Capistrano's settings: what each is called here, or why it needs no counterpart.

/// What becomes of a setting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// A key of a table, of this shape.
    Key(&'static str, &'static str, Shape),
    /// More than a key: [`super::settings`] has it by this word.
    Special(Special),
    /// Nothing is needed, for this reason.
    Neutral(&'static str),
    /// A person is needed, for this reason.
    Todo(&'static str),
    /// Nothing is needed, for the reason that the table of foreign words has.
    Told,
    /// A person is needed, for that reason.
    Asks,
}

/// The shape of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Line,
    Application,
    Repository,
    Branch,
    Root,
    /// A path below the release.
    Inner,
    Inners,
    Linked,
    /// A directory of the host.
    Directory,
    RubyVersion,
    RakeTask,
    Manifests,
    Count,
    Flag,
    Roles,
    Role,
    Login,
    /// Words in a list, or in one text.
    Groups,
}

/// Settings that are more than a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    DefaultEnv,
    SshOptions,
    Pty,
    ShallowClone,
    Ruby(&'static str),
    RubyPath(&'static str),
    BundlePath,
    BundleFlags,
    Conditionally,
    Scm,
    Timeout,
    /// Of Capistrano 2: [`super::second`].
    Gateway,
    SharedChildren,
    UseSudo,
}

use Meaning::{Asks, Key, Neutral, Special as More, Todo, Told};

/// What is known of the setting of this name.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let (_, meaning) = TABLE.iter().find(|(known, _)| *known == name)?;
    Some(match meaning {
        Told => Neutral(reason(name)?),
        Asks => Todo(reason(name)?),
        meaning => *meaning,
    })
}

/// Why a setting is none here.
fn reason(name: &str) -> Option<&'static str> {
    match windlass_foreign::setting("", name)?.meaning {
        windlass_foreign::Meaning::Reason(reason) => Some(reason),
        _ => None,
    }
}

static TABLE: &[(&str, Meaning)] = &[
    ("application", Key("", "application", Shape::Application)),
    ("repo_url", Key("", "repository", Shape::Repository)),
    ("branch", Key("", "branch", Shape::Branch)),
    ("deploy_to", Key("", "deploy_to", Shape::Root)),
    ("repo_tree", Key("", "subtree", Shape::Inner)),
    ("keep_releases", Key("", "keep_releases", Shape::Count)),
    ("linked_files", Key("", "linked_files", Shape::Linked)),
    ("linked_dirs", Key("", "linked_dirs", Shape::Linked)),
    ("git_enable_submodules", Key("", "submodules", Shape::Flag)),
    ("default_env", More(Special::DefaultEnv)),
    ("ssh_options", More(Special::SshOptions)),
    ("pty", More(Special::Pty)),
    ("git_shallow_clone", More(Special::ShallowClone)),
    ("connection_timeout", More(Special::Timeout)),
    ("scm", More(Special::Scm)),
    // Ruby and its version managers.
    ("rbenv_ruby", More(Special::Ruby("rbenv"))),
    ("rbenv_custom_path", More(Special::RubyPath("rbenv"))),
    ("rbenv_path", More(Special::RubyPath("rbenv"))),
    ("rvm_ruby_version", More(Special::Ruby("rvm"))),
    ("rvm_custom_path", More(Special::RubyPath("rvm"))),
    ("chruby_ruby", More(Special::Ruby("chruby"))),
    (
        "rbenv_type",
        Neutral("where rbenv is, is found out on the host; [ruby] path says it otherwise"),
    ),
    (
        "rvm_type",
        Neutral("where rvm is, is found out on the host; [ruby] path says it otherwise"),
    ),
    ("rbenv_prefix", Told),
    ("rbenv_map_bins", Told),
    ("rbenv_roles", Told),
    ("rvm_map_bins", Told),
    ("rvm_roles", Told),
    ("chruby_map_bins", Told),
    ("asdf_map_ruby_bins", Told),
    ("chruby_exec", Told),
    // Bundler.
    ("bundle_gemfile", Key("bundler", "gemfile", Shape::Inner)),
    ("bundle_path", More(Special::BundlePath)),
    ("bundle_without", Key("bundler", "without", Shape::Groups)),
    ("bundle_jobs", Key("bundler", "jobs", Shape::Count)),
    ("bundle_binstubs", Key("bundler", "binstubs", Shape::Inner)),
    ("bundle_roles", Key("bundler", "roles", Shape::Roles)),
    (
        "bundle_check_before_install",
        Key("bundler", "check_first", Shape::Flag),
    ),
    ("bundle_flags", More(Special::BundleFlags)),
    ("bundle_bins", Told),
    ("bundle_env_variables", Todo("put the variables into [env]")),
    ("bundle_servers", Todo("say it by roles in [bundler]")),
    // Rails.
    ("rails_env", Key("rails", "env", Shape::Line)),
    ("assets_prefix", Key("rails", "assets_prefix", Shape::Inner)),
    ("assets_roles", Key("rails", "assets_roles", Shape::Roles)),
    (
        "rails_assets_groups",
        Key("rails", "assets_groups", Shape::Groups),
    ),
    ("keep_assets", Key("rails", "keep_assets", Shape::Count)),
    (
        "assets_manifests",
        Key("rails", "manifests", Shape::Manifests),
    ),
    (
        "normalize_asset_timestamps",
        Key("rails", "normalize_assets", Shape::Inners),
    ),
    (
        "migration_role",
        Key("rails", "migration_role", Shape::Role),
    ),
    (
        "migration_command",
        Key("rails", "migration_command", Shape::RakeTask),
    ),
    ("conditionally_migrate", More(Special::Conditionally)),
    (
        "migration_servers",
        Todo("say it by migration_role in [rails]"),
    ),
    // What needs nothing here.
    ("format", Told),
    ("format_options", Told),
    ("log_level", Told),
    ("stage", Neutral("the stage is a table here")),
    ("stages", Neutral("the stages are tables here")),
    (
        "default_stage",
        Neutral("with one stage it may be left out on the command line"),
    ),
    (
        "user",
        Todo("Capistrano 3 reads no such setting; [ssh] user is meant"),
    ),
    (
        "use_sudo",
        Neutral("Capistrano 3 reads no such setting; [[tasks]] have `sudo`"),
    ),
    ("deploy_via", Told),
    ("local_user", Told),
    ("locale", Told),
    ("tmp_dir", Told),
    ("repo_path", Told),
    ("releases_directory", Told),
    ("shared_directory", Told),
    ("current_directory", Told),
    ("print_config_variables", Told),
    ("git_wrapper_path", Told),
    ("git_environmental_variables", Told),
    ("git_strategy", Told),
    ("git_max_concurrent_connections", Told),
    ("git_wait_interval", Told),
    ("git_http_username", Asks),
    ("git_http_password", Asks),
    ("git_verify_commit", Asks),
    (
        "filter",
        Todo("--host and --role on the command line choose hosts"),
    ),
    ("revision_log_message", Told),
    ("app_command", Todo("put the command into [restart]")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_foreign::{Meaning as Foreign, setting, settings};

    /// What is carried over is called the same where a person is told its name here.
    #[test]
    fn the_table_of_foreign_words_says_the_same() {
        for (name, meaning) in TABLE {
            let Key(table, key, _) = meaning else {
                continue;
            };
            let told = match settings().find(|word| word.name == *name) {
                Some(word) => word.meaning,
                None => panic!("{name} is not among the foreign words"),
            };
            match told {
                Foreign::Same(_) => assert_eq!(name, key),
                Foreign::Ours(ours) => {
                    assert!(ours.contains(&format!("`{key}`")), "{name}: {ours}");
                    let place = ours.contains(&format!("`[{table}]`"));
                    assert_eq!(place, !table.is_empty(), "{name}: {ours}");
                }
                other => panic!("{name} is carried over, but {other:?} is told"),
            }
        }
    }

    #[test]
    fn the_reasons_of_foreign_words_are_there() {
        for (name, told) in TABLE {
            let looked_up = matches!(told, Told | Asks);
            assert!(!looked_up || meaning(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_needs_nothing_or_a_person_is_no_stranger_in_the_file() {
        for (name, meaning) in TABLE {
            // A Capistrano project may say what here is a key of another table, or a word of its plugins.
            let known = setting("", name).is_some() || settings().any(|word| word.name == *name);
            assert!(
                known || ["user", "app_command"].contains(name),
                "{name}: {meaning:?}"
            );
        }
    }
}
