//! Which Ruby a host uses: the version manager among those that its facts show, and what it puts around commands.
//!
//! Shims stand in PATH and variables name the version, so that commands of people find the same Ruby as those of
//! recipes, which go through the manager's own way besides ([`tools`]). Without a recipe for Ruby and without a
//! word in `[ruby]` nothing is put around anything.

mod tools;

pub(crate) use tools::{command, tools};

use windlass_facts::{HostFacts, Rubies, RubyAsk};
use windlass_model::inventory::Host;
use windlass_model::settings::Settings;
use windlass_model::technology::{ManagerKind, RubyManager};
use windlass_model::{Environment, HostName, shell};
use windlass_planner::{Lack, Recipe, Scope, ScopeHost, Surroundings, TaskSpec};

/// The recipes for which Ruby is looked for.
const RECIPES: [&str; 2] = ["bundler", "rails"];

/// Finds Ruby; it has no task of its own.
pub(crate) struct FindRuby;

impl Recipe for FindRuby {
    fn name(&self) -> &'static str {
        "ruby"
    }

    fn tasks(&self, _scope: &Scope<'_>) -> Vec<TaskSpec> {
        Vec::new()
    }

    fn surroundings(&self, host: &ScopeHost<'_>) -> Surroundings {
        let ruby = Ruby::of(host.settings(), host.facts);
        ruby.map_or_else(Surroundings::default, |ruby| Surroundings {
            path: ruby.search_path(),
            env: ruby.variables(host.layout.root()),
        })
    }

    fn lacks(&self, host: &Host, facts: &HostFacts) -> Vec<Lack> {
        let makes_releases = host.target.release;
        let lack = lack(&host.target.name, &host.settings, facts);
        lack.into_iter().filter(|_| makes_releases).collect()
    }
}

/// The Ruby of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruby<'a> {
    /// The version manager.
    pub kind: ManagerKind,
    /// Where it is.
    pub path: &'a str,
    /// The version asked for; none = the project's own, or the manager's default.
    pub version: Option<&'a str>,
}

/// What the host must be asked for these settings; none = nothing.
pub fn ruby_question(settings: &Settings) -> Option<RubyAsk> {
    match settings.ruby.manager {
        RubyManager::Off => None,
        RubyManager::Auto => uses_ruby(settings).then(RubyAsk::default),
        RubyManager::Is(kind) => Some(RubyAsk {
            place: settings.ruby.path.clone().map(|path| (kind, path)),
        }),
    }
}

/// Whether `auto` looks for a manager: for a recipe, or since a version is asked for.
fn uses_ruby(settings: &Settings) -> bool {
    let mut recipes = settings.recipes.iter();
    settings.ruby.version.is_some() || recipes.any(|name| RECIPES.contains(&name.as_str()))
}

impl<'a> Ruby<'a> {
    /// The Ruby that the settings and facts of a host give it; none = what PATH finds.
    pub fn of(settings: &'a Settings, facts: &'a HostFacts) -> Option<Self> {
        let version = settings.ruby.version.as_deref();
        let (with_it, with_any) = candidates(settings, facts);
        let rubies = with_it.or(with_any)?;
        Some(Self {
            kind: rubies.kind,
            path: &rubies.path,
            version,
        })
    }

    /// The directories that it puts before PATH.
    pub fn search_path(&self) -> Vec<String> {
        let below = |dirs: &[&str]| {
            dirs.iter()
                .map(|dir| format!("{}/{dir}", self.path))
                .collect()
        };
        match self.kind {
            ManagerKind::Rbenv | ManagerKind::Asdf => below(&["shims", "bin"]),
            ManagerKind::Mise => below(&["shims"]),
            ManagerKind::Rvm => {
                let version = self.version.unwrap_or("default");
                below(&[&format!("wrappers/{}", rvm_name(version)), "bin"])
            }
            // Its programs lie among all others of the system.
            ManagerKind::Chruby => Vec::new(),
        }
    }

    /// The variables that it puts around commands. `root` is the deploy root.
    fn variables(&self, root: &str) -> Environment {
        let place = match self.kind {
            ManagerKind::Rbenv => Some("RBENV_ROOT"),
            ManagerKind::Asdf => Some("ASDF_DATA_DIR"),
            ManagerKind::Mise => Some("MISE_DATA_DIR"),
            ManagerKind::Rvm | ManagerKind::Chruby => None,
        };
        let version = match self.kind {
            ManagerKind::Rbenv => Some("RBENV_VERSION"),
            ManagerKind::Asdf => Some("ASDF_RUBY_VERSION"),
            ManagerKind::Mise => Some("MISE_RUBY_VERSION"),
            ManagerKind::Rvm | ManagerKind::Chruby => None,
        };
        let mut variables = Environment::new();
        variables.extend(place.map(|name| (name.to_owned(), self.path.to_owned())));
        variables.extend(
            version
                .zip(self.version)
                .map(|(name, version)| (name.to_owned(), version.to_owned())),
        );
        if self.kind == ManagerKind::Mise {
            // A `mise.toml` in a release is the project's own; without this mise would refuse to read it.
            variables.insert("MISE_TRUSTED_CONFIG_PATHS".to_owned(), root.to_owned());
        }
        variables
    }
}

/// The manager that has the version asked for, and the one to take otherwise: for `auto` one with a Ruby, for a named one
/// any of its kind.
fn candidates<'a>(
    settings: &Settings,
    facts: &'a HostFacts,
) -> (Option<&'a Rubies>, Option<&'a Rubies>) {
    let kind = match settings.ruby.manager {
        RubyManager::Off => return (None, None),
        RubyManager::Auto if !uses_ruby(settings) => return (None, None),
        RubyManager::Auto => None,
        RubyManager::Is(kind) => Some(kind),
    };
    let of_kind = || {
        let rubies = facts.rubies.iter();
        rubies.filter(move |rubies| kind.is_none_or(|kind| rubies.kind == kind))
    };
    let version = settings.ruby.version.as_deref();
    let with_it = version.and_then(|version| of_kind().find(|rubies| has(rubies, version)));
    let with_any = of_kind().find(|rubies| !rubies.versions.is_empty());
    let named = kind.and_then(|_| of_kind().next());
    (with_it, with_any.or(named))
}

/// What the host lacks of what the settings ask for. A version that the project's own `.ruby-version` names is not known
/// here; the manager speaks of it when it is used.
fn lack(host: &HostName, settings: &Settings, facts: &HostFacts) -> Option<Lack> {
    let kind = match settings.ruby.manager {
        RubyManager::Off => return None,
        RubyManager::Auto if !uses_ruby(settings) => return None,
        RubyManager::Auto => None,
        RubyManager::Is(kind) => Some(kind),
    };
    let version = settings.ruby.version.as_deref();
    match (candidates(settings, facts), version) {
        ((Some(_), _), _) | ((_, Some(_)), None) => None,
        ((None, Some(rubies)), Some(version)) => Some(no_version(rubies, version)),
        // Without a manager and without a wish PATH decides.
        ((None, None), None) if kind.is_none() => None,
        ((None, None), _) => Some(no_manager(host, kind, version)),
    }
}

fn no_manager(host: &HostName, kind: Option<ManagerKind>, version: Option<&str>) -> Lack {
    Lack {
        what: match (kind, version) {
            (Some(kind), _) => format!("{} is not where it is looked for", kind.as_str()),
            (None, Some(version)) => format!("no version manager has Ruby {version}"),
            (None, None) => "there is no version manager for Ruby".to_owned(),
        },
        hint: format!(
            "install it, name its place as `path` in [ruby], or set `ruby.manager = \"none\"` for {host}"
        ),
    }
}

fn no_version(rubies: &Rubies, version: &str) -> Lack {
    let there = match rubies.versions.as_slice() {
        [] => "none".to_owned(),
        versions => versions.join(", "),
    };
    Lack {
        what: format!(
            "{} in {} lacks Ruby {version}; it has {there}",
            rubies.kind.as_str(),
            rubies.path
        ),
        hint: format!("on the host: {}", install(rubies.kind, version)),
    }
}

/// Whether the manager has a Ruby that it would take for this version.
fn has(rubies: &Rubies, version: &str) -> bool {
    let is = |wanted: &str| rubies.versions.iter().any(|there| there == wanted);
    let begins = |wanted: &str| {
        let wanted = format!("{wanted}.");
        rubies
            .versions
            .iter()
            .any(|there| there.starts_with(&wanted))
    };
    let is_number = version.starts_with(|c: char| c.is_ascii_digit());
    match rubies.kind {
        ManagerKind::Rbenv | ManagerKind::Asdf => is(version) || version == "system",
        // Names such as `latest` stand for something that only mise knows.
        ManagerKind::Mise => is(version) || begins(version) || !is_number,
        ManagerKind::Rvm => {
            let name = rvm_name(version);
            let name = name.split('@').next().unwrap_or_default();
            // So do aliases such as `default` for RVM.
            is(name) || begins(name) || !name.contains(|c: char| c.is_ascii_digit())
        }
        ManagerKind::Chruby => rubies.versions.iter().any(|there| there.contains(version)),
    }
}

/// A version by the name that RVM gives its directories.
fn rvm_name(version: &str) -> String {
    if version.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("ruby-{version}");
    }
    version.to_owned()
}

/// The command that installs a version.
fn install(kind: ManagerKind, version: &str) -> String {
    let version = shell::quote(version);
    match kind {
        ManagerKind::Rbenv => format!("rbenv install {version}"),
        ManagerKind::Rvm => format!("rvm install {version}"),
        ManagerKind::Asdf => format!("asdf install ruby {version}"),
        ManagerKind::Mise => format!("mise install ruby@{version}"),
        ManagerKind::Chruby => format!("ruby-install ruby {version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rubies(kind: ManagerKind, versions: &[&str]) -> Rubies {
        Rubies {
            kind,
            path: "/m".to_owned(),
            versions: versions
                .iter()
                .map(|version| (*version).to_owned())
                .collect(),
        }
    }

    #[test]
    fn a_version_is_there_where_its_manager_would_take_one_for_it() {
        use ManagerKind::{Asdf, Chruby, Mise, Rbenv, Rvm};
        let plain = ["3.2.0", "3.3.1"];
        let named = ["ruby-3.2.0", "ruby-3.3.1", "jruby-9.4"];
        let cases = [
            (Rbenv, &plain[..], "3.3.1", true),
            (Rbenv, &plain, "3.3", false),
            (Rbenv, &[], "system", true),
            (Asdf, &plain, "3.3.10", false),
            (Mise, &plain, "3.3", true),
            (Mise, &plain, "3", true),
            (Mise, &plain, "3.4", false),
            (Mise, &plain, "latest", true),
            (Rvm, &named, "3.3.1", true),
            (Rvm, &named, "3.3@shop", true),
            (Rvm, &named, "ruby-3.2.0", true),
            (Rvm, &named, "default", true),
            (Rvm, &named, "3.1.0", false),
            (Rvm, &named, "jruby-9.3", false),
            (Chruby, &named, "3.3", true),
            (Chruby, &named, "jruby", true),
            (Chruby, &named, "3.4", false),
        ];
        for (kind, versions, wanted, there) in cases {
            assert_eq!(
                has(&rubies(kind, versions), wanted),
                there,
                "{kind:?} {wanted}"
            );
        }
    }
}
