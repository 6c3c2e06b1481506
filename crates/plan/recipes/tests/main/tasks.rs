//! Tasks of people: where in the order they stand, on which hosts they run, and in which directory.

use crate::case::{busy, case, deploy};
use crate::support::user_task;
use windlass_model::settings::Hook;
use windlass_model::{Action, DeployKind, Undo};
use windlass_planner::Run;

#[test]
fn a_hook_on_nothing_is_a_mistake_in_the_settings() {
    let case = case(|settings| {
        settings.tasks = vec![user_task("a", "true", Hook::Before("restrat".to_owned()))];
    });
    let error = case.plan(deploy()).unwrap_err();
    assert_eq!(error.exit_code().number(), 20);
    assert_eq!(error.hint().as_deref(), Some("did you mean `restart`?"));
    insta::assert_snapshot!(error.to_string(), @"task `a` stands before `restrat`, and there is no phase or task of that name");
}

#[test]
fn a_filter_never_moves_a_once_only_task_and_says_that_it_runs_nowhere() {
    let mut case = case(busy);
    let gone = case.inventory.hosts.remove(0);
    case.inventory.filtered_out.push(gone.target.name);
    let planned = case.plan(deploy()).unwrap();
    assert!(
        planned
            .plan
            .steps
            .iter()
            .all(|step| step.task.as_str() != "migrate")
    );
    let notes: Vec<&str> = planned
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    assert_eq!(
        notes,
        ["task `migrate` runs nowhere: none of its hosts is part of this run"]
    );
}

#[test]
fn a_task_before_the_release_is_made_runs_in_the_deploy_root() {
    let case = case(|settings| {
        let task = |name: &str, hook: Hook, dir: Option<&str>| windlass_model::settings::Task {
            undo: Some("true".to_owned()),
            dir: dir.map(str::to_owned),
            on: vec![DeployKind::Deploy, DeployKind::Rollback],
            ..user_task(name, "true", hook)
        };
        settings.tasks = vec![
            task("down", Hook::After("started".to_owned()), None),
            task("ready", Hook::Before("release".to_owned()), Some("shared")),
            task("far", Hook::Before("release".to_owned()), Some("/srv")),
            task("build", Hook::After("release".to_owned()), None),
            task("front", Hook::After("release".to_owned()), Some("front")),
        ];
    });
    let dirs = |run: Run| -> Vec<String> {
        let plan = case.plan(run).unwrap().plan;
        let of_web1 = plan
            .steps
            .iter()
            .filter(|step| step.host.as_str() == "web1");
        let users = of_web1.filter_map(|step| match (&step.action, &step.undo) {
            (Action::Command { command }, Undo::Commands { commands, show, .. })
                if show == "true" =>
            {
                assert_eq!(commands[0].dir, command.dir);
                Some(format!("{} {}", step.task, command.dir.clone().unwrap()))
            }
            _ => None,
        });
        users.collect()
    };
    let root = "/var/www/shop";
    assert_eq!(
        dirs(deploy()),
        [
            format!("down {root}"),
            format!("ready {root}/shared"),
            "far /srv".to_owned(),
            format!("build {root}/releases/20261124080000"),
            format!("front {root}/releases/20261124080000/front"),
        ]
    );
    // A rollback finds its release made.
    let back = dirs(Run::Rollback { to: None });
    assert_eq!(back, [format!("down {root}/releases/20261101000000")]);
}

#[test]
fn a_task_on_demand_runs_in_what_is_live() {
    let case = case(|settings| {
        let mut task = user_task("console", "bin/console", Hook::After("updated".to_owned()));
        task.hook = None;
        task.roles = vec!["web".to_owned()];
        settings.tasks = vec![task];
    });
    let steps = case
        .with(deploy(), |request| {
            windlass_planner::task(request, "console")
        })
        .unwrap();
    assert_eq!(steps.len(), 2);
    let Action::Command { command } = &steps[0].action else {
        panic!("{:?}", steps[0].action)
    };
    assert_eq!(command.dir.as_deref(), Some("/var/www/shop/current"));
    let error = case.with(deploy(), |request| {
        windlass_planner::task(request, "consle")
    });
    assert_eq!(
        error.unwrap_err().hint().as_deref(),
        Some("did you mean `console`?")
    );
}
