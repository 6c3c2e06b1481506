//! Version managers: which one is taken, how it is called for recipes and for people's tasks, and what is refused.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use crate::case::{Case, case, deploy};
use crate::support::{SHELLS, World, text, wanted};
use windlass_facts::Rubies;
use windlass_model::settings::Settings;
use windlass_model::technology::{ManagerKind, RubyManager};
use windlass_planner::Error;

/// A program that notes its call and its variables.
fn noting(name: &str) -> String {
    format!(
        "#!/bin/sh\n{{ printf '{name}'; env | sed -n 's/^\\(RBENV\\|ASDF\\|MISE\\)_/ \\1_/p' | sort | tr -d '\\n'; \
         printf ': %s\\n' \"$*\"; }} >>\"$HOME/calls\"\n"
    )
}

/// A manager that goes on with its words after the first few.
fn going_on(name: &str, drop: u32) -> String {
    format!("{}shift {drop}\nexec \"$@\"\n", noting(name))
}

/// chruby-exec does not go on with its words, but has a login's shell read them again.
const CHRUBY: &str = "#!/bin/sh\nprintf 'chruby %s\\n' \"$1\" >>\"$HOME/calls\"\nshift 2\nexec \"$SHELL\" -c \"$*\"\n";

/// The calls of a deploy with this manager, with the home written as `~`.
fn calls(world: &mut World, setting: RubyManager, version: Option<&str>) -> Vec<String> {
    world.settings.ruby.manager = setting;
    world.settings.ruby.version = version.map(str::to_owned);
    world.bundled_task();
    let one = world.commit(&[("app.txt", "one"), (".ruby-version", "3.1.0")]);
    world.deploy(&one);
    let home = world.dir.path().join("home");
    let (home, root) = (home.to_str().unwrap().to_owned(), world.root.clone());
    let calls = world.calls().into_iter();
    calls
        .map(|call| call.replace(&home, "~").replace(&root, "ROOT"))
        .collect()
}

fn world(shell: &[&str]) -> World {
    let mut world = World::at(shell, "it's $HOME");
    world.rails();
    world.settings.bundler.without = Vec::new();
    world.settings.rails.assets = false;
    world
}

fn directory(world: &World, path: &str) {
    std::fs::create_dir_all(world.dir.path().join(path)).unwrap();
}

#[test]
fn rbenv_is_asked_by_recipes_and_its_shims_serve_people() {
    for shell in SHELLS {
        let mut world = world(shell);
        directory(&world, "home/.rbenv/versions/3.3.1");
        world.program("home/.rbenv/bin/rbenv", &going_on("rbenv", 1));
        let calls = calls(&mut world, RubyManager::Auto, Some("3.3.1"));
        let through = "rbenv RBENV_ROOT=~/.rbenv RBENV_VERSION=3.3.1: exec";
        assert_eq!(calls[0], format!("{through} bundle --version"));
        assert_eq!(
            calls[2],
            format!("{through} bundle config set --local path ROOT/shared/bundle")
        );
        assert_eq!(calls.last().unwrap(), "bundle exec seed");
    }
}

#[test]
fn rvm_runs_recipes_in_the_version_of_the_settings_or_of_the_project() {
    for shell in SHELLS {
        for (version, wanted) in [(Some("3.3.1"), "3.3.1"), (None, "3.1.0")] {
            let mut world = world(shell);
            directory(&world, "home/.rvm/rubies/ruby-3.3.1");
            world.program("home/.rvm/bin/rvm", &going_on("rvm", 2));
            let calls = calls(&mut world, RubyManager::Is(ManagerKind::Rvm), version);
            assert_eq!(calls[0], format!("rvm: {wanted} do bundle --version"));
            assert_eq!(calls.last().unwrap(), "bundle exec seed");
        }
    }
}

#[test]
fn asdf_and_mise_serve_everybody_by_their_shims() {
    for shell in SHELLS {
        for (kind, place, around) in [
            (
                ManagerKind::Asdf,
                ".asdf",
                "shim ASDF_DATA_DIR=~/.asdf ASDF_RUBY_VERSION=3.3.1",
            ),
            (
                ManagerKind::Mise,
                ".local/share/mise",
                "shim MISE_DATA_DIR=~/.local/share/mise MISE_RUBY_VERSION=3.3.1 MISE_TRUSTED_CONFIG_PATHS=ROOT",
            ),
        ] {
            let mut world = world(shell);
            directory(&world, &format!("home/{place}/installs/ruby/3.3.1"));
            world.program(&format!("home/{place}/shims/bundle"), &noting("shim"));
            world.settings.path.clear();
            let calls = calls(&mut world, RubyManager::Is(kind), Some("3.3.1"));
            assert_eq!(calls.first().unwrap(), &format!("{around}: --version"));
            assert_eq!(calls.last().unwrap(), &format!("{around}: exec seed"));
        }
    }
}

#[test]
fn chruby_gets_the_words_of_a_command_whatever_they_hold() {
    for shell in SHELLS {
        let mut world = world(shell);
        directory(&world, "home/.rubies/ruby-3.3.1");
        world.program("tools/bin/chruby-exec", CHRUBY);
        let place = world.dir.path().join("tools").to_str().unwrap().to_owned();
        world.settings.ruby.path = Some(place);
        let calls = calls(&mut world, RubyManager::Is(ManagerKind::Chruby), None);
        let path = "bundle config set --local path ROOT/shared/bundle";
        assert_eq!(calls[..2], ["chruby 3.1.0", "bundle --version"]);
        assert_eq!(calls[3], path);
    }
}

#[test]
fn chruby_without_a_version_says_where_one_can_be_named() {
    let mut world = world(SHELLS[0]);
    directory(&world, "home/.rubies/ruby-3.3.1");
    world.program("system/usr/local/bin/chruby-exec", CHRUBY);
    let one = world.commit(&[("app.txt", "one")]);
    let plan = world.plan(wanted(&one)).unwrap().plan;
    let (index, output) = world.carry_out(&plan).unwrap_err();
    assert_eq!(plan.steps[index].task.as_str(), "bundler:config");
    let said = text(&output.stderr);
    assert!(said.contains("set version in [ruby]"), "{said}");
}

#[test]
fn none_and_no_recipe_for_ruby_put_nothing_around_commands() {
    let plain = |change: fn(&mut Settings)| {
        let mut world = world(SHELLS[0]);
        directory(&world, "home/.rbenv/versions/3.3.1");
        world.program("home/.rbenv/shims/bundle", &noting("shim"));
        change(&mut world.settings);
        let manager = world.settings.ruby.manager;
        calls(&mut world, manager, None)
    };
    let off = plain(|settings| settings.ruby.manager = RubyManager::Off);
    assert_eq!(off.first().unwrap(), "bundle --version");
    let no_recipe = plain(|settings| settings.recipes.clear());
    assert_eq!(no_recipe, ["bundle exec seed"]);
}

fn on(kind: ManagerKind, path: &str, versions: &[&str]) -> Rubies {
    Rubies {
        kind,
        path: path.to_owned(),
        versions: versions
            .iter()
            .map(|version| (*version).to_owned())
            .collect(),
    }
}

/// A case of one host with these managers.
fn host_with(rubies: &[Rubies], change: impl FnOnce(&mut Settings)) -> Case {
    let mut case = case(|settings| {
        settings.recipes = vec!["bundler".to_owned()];
        change(settings);
    });
    case.inventory.hosts.truncate(1);
    case.facts_of("web1").rubies = rubies.to_vec();
    case
}

fn refused(case: &Case) -> String {
    let Error::Refused(refusals) = case.plan(deploy()).unwrap_err() else {
        panic!("not refused")
    };
    let line = |refusal: &windlass_planner::Refusal| {
        format!("{refusal} → {}", refusal.hint.as_deref().unwrap_or("-"))
    };
    refusals.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_version_or_a_manager_that_is_not_there_is_found_before_anything_is_changed() {
    let rbenv = on(
        ManagerKind::Rbenv,
        "/home/deploy/.rbenv",
        &["3.2.0", "3.3.0"],
    );
    let wants = |settings: &mut Settings| settings.ruby.version = Some("3.3.1".to_owned());
    insta::assert_snapshot!(refused(&host_with(&[rbenv], wants)), @"web1: rbenv in /home/deploy/.rbenv lacks Ruby 3.3.1; it has 3.2.0, 3.3.0 → on the host: rbenv install 3.3.1");
    insta::assert_snapshot!(refused(&host_with(&[], wants)), @"web1: no version manager has Ruby 3.3.1 → install it, name its place as `path` in [ruby], or set `ruby.manager = \"none\"` for web1");
    let rvm = |settings: &mut Settings| settings.ruby.manager = RubyManager::Is(ManagerKind::Rvm);
    insta::assert_snapshot!(refused(&host_with(&[], rvm)), @"web1: rvm is not where it is looked for → install it, name its place as `path` in [ruby], or set `ruby.manager = \"none\"` for web1");
    // Without a wish PATH decides, and without a recipe for Ruby a version alone is a wish.
    assert!(host_with(&[], |_| ()).plan(deploy()).is_ok());
    let version_alone = |settings: &mut Settings| {
        settings.recipes.clear();
        wants(settings);
    };
    let alone = refused(&host_with(&[], version_alone));
    assert!(
        alone.contains("no version manager has Ruby 3.3.1"),
        "{alone}"
    );
}

#[test]
fn auto_takes_the_manager_that_has_the_version_or_the_first_with_any() {
    let rubies = [
        on(ManagerKind::Rbenv, "/home/deploy/.rbenv", &[]),
        on(ManagerKind::Rvm, "/usr/local/rvm", &["ruby-3.2.0"]),
        on(
            ManagerKind::Mise,
            "/home/deploy/.local/share/mise",
            &["3.3.1"],
        ),
    ];
    let taken = |version: Option<&str>| {
        let version = version.map(str::to_owned);
        let case = host_with(&rubies, |settings| settings.ruby.version = version);
        let host = &case.inventory.hosts[0];
        let facts = &case.facts[&host.target.name];
        windlass_recipes::Ruby::of(&host.settings, facts).map(|ruby| ruby.kind)
    };
    assert_eq!(taken(None), Some(ManagerKind::Rvm));
    assert_eq!(taken(Some("3.2.0")), Some(ManagerKind::Rvm));
    assert_eq!(taken(Some("3.3")), Some(ManagerKind::Mise));
}
