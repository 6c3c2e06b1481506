//! The recipes for Bundler and Rails: their plans, and deploys with programs that note how they were called.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use crate::case::{Case, case, deploy, order, shown};
use crate::support::{SHELLS, World, names, text, wanted};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use windlass_model::settings::Settings;
use windlass_model::technology::Migrate;
use windlass_model::{Action, HostName, Step};
use windlass_planner::Run;

fn rails(settings: &mut Settings) {
    settings.recipes = vec!["bundler".to_owned(), "rails".to_owned()];
    settings.rails.keep_assets = Some(3);
    settings.rails.normalize_assets = vec!["public/images".to_owned()];
    "app".clone_into(&mut settings.rails.migration_role);
}

#[test]
fn a_plan_shows_what_is_done_for_gems_assets_and_the_database() {
    insta::assert_snapshot!(shown(&case(rails).preview(deploy())));
}

#[test]
fn a_rollback_of_an_application_of_rails() {
    insta::assert_snapshot!(shown(&case(rails).preview(Run::Rollback { to: None })));
}

#[test]
fn migrations_wait_for_every_host_and_assets_for_none() {
    let plan = case(rails).plan(deploy()).unwrap().plan;
    let lines = order(&plan);
    let of_rails: Vec<&str> = lines
        .lines()
        .filter(|line| line.contains("bundler:") || line.contains("rails:"))
        .filter(|line| line.starts_with('!'))
        .collect();
    let wanted = [
        "! updated    rails:migrate@web1",
        "! finishing  rails:cleanup_assets@web1",
        "! finishing  rails:cleanup_assets@web2",
    ];
    assert_eq!(of_rails, wanted, "{lines}");
}

#[test]
fn without_the_recipes_nothing_of_theirs_is_planned() {
    let plan = case(|_| ()).plan(deploy()).unwrap().plan;
    let theirs = |step: &&Step| step.task.as_str().contains(':');
    assert_eq!(plan.steps.iter().find(theirs), None);
}

fn notes(case: &Case) -> Vec<String> {
    let planned = case.plan(deploy()).unwrap();
    let task = |name: &str| {
        let mut steps = planned.plan.steps.iter();
        steps.any(|step| step.task.as_str() == name)
    };
    assert!(!task("rails:migrate"));
    planned.notes.into_iter().map(|note| note.message).collect()
}

#[test]
fn where_nothing_is_migrated_or_compiled_the_plan_says_so() {
    let mut elsewhere = case(|settings| {
        rails(settings);
        "db".clone_into(&mut settings.rails.migration_role);
        settings.rails.assets_roles = vec!["cdn".to_owned()];
    });
    assert_eq!(
        notes(&elsewhere),
        [
            "`rails:assets` runs nowhere: no host of this run makes releases and has the role cdn",
            "`rails:migrate` runs nowhere: db1 makes no releases",
        ]
    );
    elsewhere.inventory.hosts.pop();
    elsewhere.inventory.filtered_out.push(HostName::new("db1"));
    assert_eq!(
        notes(&elsewhere)[1],
        "`rails:migrate` runs nowhere: db1 is not part of this run"
    );
    elsewhere.inventory.primaries.remove("db");
    assert_eq!(
        notes(&elsewhere)[1],
        "`rails:migrate` runs nowhere: no host has the role `db`"
    );
    let never = case(|settings| {
        rails(settings);
        settings.rails.migrate = Migrate::Never;
        settings.rails.assets = false;
    });
    assert_eq!(notes(&never), [] as [&str; 0]);
}

#[test]
fn a_deploy_calls_bundler_and_rake_as_capistrano_did() {
    for shell in SHELLS {
        let mut world = World::at(shell, "a 'b' $HOME");
        world.rails();
        world.settings.bundler.binstubs = Some("bin".to_owned());
        world.settings.bundler.gemfile = Some("Gemfile.next".to_owned());
        world.settings.rails.keep_assets = Some(2);
        world.settings.rails.assets_groups = vec!["assets".to_owned(), "more".to_owned()];
        let one = world.commit(&[("app.txt", "one")]);
        let first = world.deploy(&one);
        let release = world.path(&format!("releases/{}", first.release));
        let wanted = [
            "bundle --version".to_owned(),
            format!(
                "bundle config set --local gemfile {}/Gemfile.next",
                release.display()
            ),
            format!(
                "bundle config set --local path {}/shared/bundle",
                world.root
            ),
            "bundle config set --local without development:test".to_owned(),
            "bundle config set --local deployment true".to_owned(),
            "bundle check".to_owned(),
            "bundle install --jobs 4 --quiet".to_owned(),
            "bundle binstubs --all --path bin".to_owned(),
            "bundle exec rake assets:precompile".to_owned(),
            "bundle exec rake db:migrate".to_owned(),
            "bundle exec rake assets:clean[2]".to_owned(),
        ];
        assert_eq!(world.calls(), wanted, "{shell:?}");
        assert_eq!(world.manifest(), "one production assets,more\n");
        let kept = release.join("assets_manifest_backup/.sprockets-manifest-1.json");
        assert_eq!(fs::read_to_string(kept).unwrap(), world.manifest());
        // What is there is not installed again.
        let two = world.commit(&[("app.txt", "two")]);
        world.deploy(&two);
        let calls = world.calls();
        assert!(
            !calls.iter().any(|call| call.contains("install")),
            "{calls:?}"
        );
    }
}

#[test]
fn a_rollback_puts_the_manifest_of_its_release_back_and_migrates_nothing() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world.rails();
        let one = world.commit(&[("app.txt", "one")]);
        let first = world.deploy(&one);
        let two = world.commit(&[("app.txt", "two")]);
        world.deploy(&two);
        assert!(world.manifest().starts_with("two "));
        world.calls();
        let planned = world.plan(Run::Rollback { to: None }).unwrap();
        world.carry_out(&planned.plan).unwrap();
        assert!(world.manifest().starts_with("one "), "{}", world.manifest());
        let calls = world.calls();
        assert!(calls.contains(&"bundle check".to_owned()), "{calls:?}");
        assert!(!calls.iter().any(|call| call.contains("rake")), "{calls:?}");
        // Pages that were sent before still find theirs.
        let compiled = names(&world.path("shared/public/assets"));
        assert!(compiled.contains(&"app-two.css".to_owned()), "{compiled:?}");
        // Undone, the rollback leaves the manifest of what stays live.
        let three = world.commit(&[("app.txt", "three")]);
        world.deploy(&three);
        let planned = world.plan(Run::Rollback {
            to: Some(first.release.clone()),
        });
        let plan = planned.unwrap().plan;
        let restored = plan
            .steps
            .iter()
            .position(|step| step.task.as_str() == "rails:restore_manifest")
            .unwrap();
        for step in &plan.steps[..=restored] {
            assert!(world.step(step).status.success());
        }
        assert!(world.manifest().starts_with("one "));
        world.unwind(&plan, restored, 2);
        assert!(
            world.manifest().starts_with("three "),
            "{}",
            world.manifest()
        );
    }
}

#[test]
fn a_release_that_kept_no_manifest_is_gone_back_to_with_a_warning() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        let one = world.commit(&[("app.txt", "one")]);
        world.deploy(&one);
        world.rails();
        let two = world.commit(&[("app.txt", "two")]);
        world.deploy(&two);
        let planned = world.plan(Run::Rollback { to: None }).unwrap();
        let steps = planned.plan.steps.iter();
        let said: String = steps.map(|step| text(&world.step(step).stderr)).collect();
        assert!(
            said.contains("has kept no manifest of its assets"),
            "{said}"
        );
        assert!(world.manifest().starts_with("two "));
    }
}

#[test]
fn whatever_step_fails_the_manifest_of_what_is_live_is_put_back() {
    for shell in SHELLS {
        for fails_at in 0.. {
            let mut world = World::new(shell);
            world.rails();
            world.settings.rails.normalize_assets = vec!["public".to_owned()];
            let one = world.commit(&[("app.txt", "one"), ("public/x", "")]);
            let first = world.deploy(&one);
            let two = world.commit(&[("app.txt", "two")]);
            let planned = world.plan(wanted(&two)).unwrap();
            if planned.plan.steps[fails_at].task.as_str() == "unlock" {
                break;
            }
            for step in &planned.plan.steps[..=fails_at] {
                for _ in 0..=u32::from(step.repeatable) {
                    let output = world.step(step);
                    assert!(
                        output.status.success(),
                        "{}: {}",
                        step.id,
                        text(&output.stderr)
                    );
                }
            }
            world.unwind(&planned.plan, fails_at, 2);
            let facts = world.look();
            assert_eq!(facts.live, Some(first.release.clone()));
            assert_eq!(facts.releases.len(), 1, "step {fails_at}");
            assert!(world.manifest().starts_with("one "), "step {fails_at}");
            let left = names(&world.path(".windlass"));
            assert!(!left.iter().any(|name| name.starts_with("tmp")), "{left:?}");
        }
    }
}

#[test]
fn wherever_a_script_about_assets_breaks_off_the_manifest_is_whole_and_put_back() {
    for breaks_at in 1.. {
        let mut world = World::new(SHELLS[0]);
        world.rails();
        let one = world.commit(&[("app.txt", "one")]);
        world.deploy(&one);
        let whole = world.manifest();
        let two = world.commit(&[("app.txt", "two")]);
        let plan = world.plan(wanted(&two)).unwrap().plan;
        let of = |task: &str| {
            let mut steps = plan.steps.iter();
            steps.position(|step| step.task.as_str() == task).unwrap()
        };
        let (first, last) = (of("bundler:config"), of("rails:migrate"));
        for step in &plan.steps[..first] {
            assert!(world.step(step).status.success());
        }
        world.break_at(breaks_at);
        let mut steps = plan.steps[..=last].iter().enumerate().skip(first);
        let failed = steps.find(|(_, step)| !world.step(step).status.success());
        let broken = world.mend();
        // A repeated step does not take its own work for what was there before.
        if let Some((_, step)) = failed {
            let output = world.step(step);
            assert!(
                output.status.success(),
                "{breaks_at}: {}",
                text(&output.stderr)
            );
        }
        world.unwind(&plan, failed.map_or(last, |(at, _)| at), 1);
        assert_eq!(world.manifest(), whole, "call {breaks_at}");
        if !broken {
            assert!(breaks_at > 5, "only {breaks_at} calls were seen");
            break;
        }
    }
}

#[test]
fn migrations_are_left_out_where_nothing_changed() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world.rails();
        world.settings.rails.migrate = Migrate::IfChanged;
        let migrated = |world: &mut World, files: &[(&str, &str)]| {
            let revision = world.commit(files);
            world.deploy(&revision);
            world
                .calls()
                .contains(&"bundle exec rake db:migrate".to_owned())
        };
        assert!(migrated(
            &mut world,
            &[("app.txt", "1"), ("db/schema.rb", "1")]
        ));
        assert!(!migrated(&mut world, &[("app.txt", "2")]));
        assert!(migrated(&mut world, &[("db/migrate/1.rb", "")]));
    }
}

#[test]
fn files_get_the_time_of_the_release_on_every_host() {
    for shell in SHELLS {
        let mut world = World::new(shell);
        world.rails();
        world.settings.rails.normalize_assets =
            vec!["public/im ages".to_owned(), "none".to_owned()];
        let one = world.commit(&[("app.txt", "one"), ("public/im ages/a", ""), ("b", "")]);
        world.deploy(&one);
        let time = |path: &str| fs::metadata(world.path(path)).unwrap().mtime();
        // 2026-11-24 08:00:01, the name of the release.
        assert_eq!(time("current/public/im ages/a"), 1_795_507_201);
        assert_ne!(time("current/b"), 1_795_507_201);
    }
}

#[test]
fn an_old_bundler_is_spoken_to_in_its_own_words() {
    let mut world = World::new(SHELLS[0]);
    world.rails();
    "system".clone_into(&mut world.settings.bundler.path);
    world.settings.bundler.without = Vec::new();
    fs::write(
        world.dir.path().join("home/version"),
        "Bundler version 1.17.3\n",
    )
    .unwrap();
    let one = world.commit(&[("app.txt", "one")]);
    world.deploy(&one);
    let calls = world.calls();
    let config: Vec<&String> = calls
        .iter()
        .filter(|call| call.contains("config"))
        .collect();
    let wanted = [
        "bundle config --local path.system true",
        "bundle config --local deployment true",
    ];
    assert_eq!(config, wanted);
}

#[test]
fn a_secret_or_a_variable_goes_before_the_environment_of_the_recipe() {
    let env = |change: fn(&mut Settings)| {
        let case = case(|settings| {
            rails(settings);
            change(settings);
        });
        let plan = case.plan(deploy()).unwrap().plan;
        let mut steps = plan.steps.into_iter();
        let step = steps
            .find(|step| step.task.as_str() == "rails:assets")
            .unwrap();
        match step.action {
            Action::Command { command } => command.env.get("RAILS_ENV").cloned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(env(|_| ()).as_deref(), Some("production"));
    let own = env(|settings| {
        settings
            .env
            .insert("RAILS_ENV".to_owned(), "own".to_owned());
    });
    assert_eq!(own.as_deref(), Some("own"));
    let secret = env(|settings| {
        let from = windlass_model::settings::SecretReference::FromEnv("E".to_owned());
        settings.secrets.insert("RAILS_ENV".to_owned(), from);
    });
    assert_eq!(secret, None);
}
