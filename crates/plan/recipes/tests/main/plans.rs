//! Plans of several hosts, as people see them, from facts written by hand.

use crate::case::{Case, busy, case, deploy, facts, good, order, shown, shown_with};
use crate::support::NOW;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use windlass_facts::{Begun, Current, Entry, Linked, LinkedFile, Lock, Logout};
use windlass_model::changes::{Changes, FileChange, Files, InTree};
use windlass_model::clock::Timestamp;
use windlass_model::overview::Brings;
use windlass_model::rollout::{OnFailure, Reach, RolloutSettings};
use windlass_model::{Action, DeployId, HostName, Plan, Revision, TaskName, Undo};
use windlass_planner::{Error, Request, Run, Told};

#[test]
fn a_plan_shows_what_each_task_does_where_and_what_undoes_it() {
    let mut case = case(busy);
    for (host, state) in [("web1", Linked::Present), ("web2", Linked::Missing)] {
        let path = "config/master.key".to_owned();
        case.facts_of(host).linked_files = vec![LinkedFile {
            path,
            state,
            content: None,
        }];
    }
    insta::assert_snapshot!(shown(&case.preview(deploy())));
}

#[test]
fn what_git_says_stands_before_the_steps_with_what_recipes_watch() {
    let mut case = case(|settings| {
        settings.recipes = vec!["bundler".to_owned(), "rails".to_owned()];
        settings.linked_files = vec!["config/a".to_owned(), "config/b".to_owned()];
        settings.linked_dirs = vec!["log".to_owned(), "public".to_owned()];
    });
    *case.facts_of("web2") = facts("web2", &[]);
    let preview = case.preview(deploy());
    let added = |path: &str| FileChange {
        path: path.to_owned(),
        added: true,
        ..FileChange::default()
    };
    let files = [added("app/assets/x.css"), added("db/migrate/2_b.rb")];
    let watched = preview.watches.iter().map(|watch| watch.look(&files));
    let changes = Changes {
        files: Files::of(&files),
        watched: watched.collect(),
        ..Changes::default()
    };
    let live = Revision::new(format!("{:0<40}", "20261102000000"));
    let told = Told {
        brings: vec![(live, Brings::Changes(changes))],
        tree: Some(vec![
            InTree::File,
            InTree::Directory,
            InTree::Bare,
            InTree::Directory,
        ]),
    };
    insta::assert_snapshot!(shown_with(&preview, &told));
}

#[test]
fn a_rollback_shows_what_it_does() {
    let preview = case(busy).preview(Run::Rollback { to: None });
    insta::assert_snapshot!(shown(&preview));
}

#[test]
fn hosts_wait_for_each_other_where_a_task_may_count_on_other_hosts() {
    insta::assert_snapshot!(order(&case(busy).plan(deploy()).unwrap().plan));
}

#[test]
fn one_host_waits_for_nobody() {
    let mut case = case(busy);
    case.inventory.hosts.truncate(1);
    let plan = case.plan(deploy()).unwrap().plan;
    assert!(plan.steps.iter().all(|step| !step.barrier));
}

#[test]
fn the_script_of_a_release_is_values_and_a_fixed_text() {
    let mut case = case(|settings| {
        settings.linked_dirs = vec!["it's `a` $(dir)".to_owned()];
        settings.subtree = Some("a b".to_owned());
    });
    case.inventory.hosts.truncate(1);
    let plan = case.plan(deploy()).unwrap().plan;
    let step = plan
        .steps
        .iter()
        .find(|step| step.task.as_str() == "release")
        .unwrap();
    let Action::Command { command } = &step.action else {
        panic!("{:?}", step.action)
    };
    let fixed = command.script.find("ours=$root").unwrap();
    insta::assert_snapshot!(&command.script[..fixed]);
}

#[test]
fn every_step_has_an_undo_or_says_why_not() {
    for run in [deploy(), Run::Rollback { to: None }] {
        for step in case(busy).plan(run).unwrap().plan.steps {
            match step.undo {
                Undo::None { reason } => assert!(!reason.is_empty(), "{}", step.id),
                Undo::Commands { commands, show, .. } | Undo::Local { commands, show } => {
                    assert!(!commands.is_empty() && !show.is_empty(), "{}", step.id);
                }
            }
        }
    }
}

#[test]
fn a_plan_that_was_looked_at_and_the_one_that_is_begun_later_have_one_digest() {
    let mut case = case(|settings| {
        busy(settings);
        settings.recipes = vec!["bundler".to_owned(), "rails".to_owned()];
        settings.rails.normalize_assets = vec!["public/images".to_owned()];
    });
    let digest = |case: &Case, deploy: &str, seconds: u64, run: Run| {
        let recipes = windlass_recipes::in_use(&case.settings);
        let planned = windlass_planner::plan(&Request {
            deploy: DeployId::new(deploy),
            now: Timestamp((NOW + seconds) * 1000),
            run,
            inventory: &case.inventory,
            facts: &case.facts,
            recipes: &recipes,
            operator: "alice".to_owned(),
            reason: (seconds > 0).then(|| "hotfix".to_owned()),
        });
        windlass_planner::digest(&planned.unwrap().plan)
    };
    let back = || Run::Rollback { to: None };
    let looked_at = digest(&case, "d-7k3fq2", 0, deploy());
    let looked_back = digest(&case, "d-7k3fq2", 0, back());
    for host in ["web1", "web2", "db1"] {
        let facts = case.facts_of(host);
        facts.begun = Begun::Begun { fence: 7 };
        facts.root_id = Some(format!("made for {host}"));
        facts.boot_id = "another".to_owned();
    }
    assert_eq!(digest(&case, "d-other1", 60, deploy()), looked_at);
    assert_eq!(digest(&case, "d-other1", 60, back()), looked_back);
    assert_ne!(looked_at, looked_back);
    // What else is live, or is to go, is another plan.
    case.facts_of("web2").live = None;
    case.facts_of("web2").current = Current::Absent;
    assert_ne!(digest(&case, "d-other1", 60, deploy()), looked_at);
}

#[test]
fn a_rollback_passes_over_what_a_host_lacks_and_says_so() {
    let mut case = case(|_| ());
    let names = ["20261101000000", "20261102000000", "20261103000000"];
    *case.facts_of("web1") = facts("web1", &good(&names));
    *case.facts_of("web2") = facts("web2", &good(&["20261101000000", "20261103000000"]));
    let planned = case.plan(Run::Rollback { to: None }).unwrap();
    assert_eq!(planned.plan.release.as_str(), "20261101000000");
    assert_eq!(
        planned.notes[0].message,
        "release 20261102000000 is newer, but web2 lacks it"
    );
    *case.facts_of("web2") = facts("web2", &good(&["20261103000000"]));
    let error = case.plan(Run::Rollback { to: None }).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @"there is no good release older than `20261103000000` on every host; `20261102000000` is not on web2; `20261101000000` is not on web2");
}

#[test]
fn two_hosts_that_are_one_directory_are_refused_and_with_the_setting_work_as_one() {
    let mut case = case(busy);
    case.facts_of("web2").root_id = Some("web1".to_owned());
    let error = case.plan(deploy()).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @"web1: `/var/www/shop` is the same directory as on web2");
    case.settings.shared_deploy_to = true;
    case.inventory.settings = Arc::new(case.settings.clone());
    let plan = case.plan(deploy()).unwrap().plan;
    insta::assert_snapshot!(order(&plan));
    let unlocks = |plan: &Plan| -> Vec<bool> {
        plan.hosts
            .iter()
            .map(|host| host.unlock.is_some())
            .collect()
    };
    assert_eq!(unlocks(&plan), [true, false, true]);
    // The host that makes releases stands for the directory, wherever it is in the list.
    case.facts_of("db1").root_id = Some("web1".to_owned());
    case.inventory.hosts.rotate_right(1);
    let plan = case.plan(deploy()).unwrap().plan;
    assert_eq!(unlocks(&plan), [false, true, false]);
    let on = |task: &str| -> Vec<&str> {
        let steps = plan.steps.iter().filter(|step| step.task.as_str() == task);
        steps.map(|step| step.host.as_str()).collect()
    };
    for task in ["release", "publish", "cleanup", "log", "unlock"] {
        assert_eq!(on(task), ["web1"], "{task}");
    }
    assert_eq!(on("restart"), ["db1", "web1", "web2"]);
    // Several put the link back, one says what the release is after that.
    let notes_state = |id: &str| -> Vec<bool> {
        let step = plan.steps.iter().find(|step| step.id.as_str() == id);
        match &step.unwrap().undo {
            Undo::Commands { commands, .. } => {
                let scripts = commands.iter().map(|command| &command.script);
                let back = scripts.filter(|script| script.contains("flipped"));
                back.map(|script| !script.contains("new=''")).collect()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(notes_state("publish@web1"), [true]);
    assert_eq!(notes_state("restart@web2"), [false]);
}

#[test]
fn whoever_holds_the_lock_is_named_with_the_exit_code_for_it() {
    let mut case = case(|_| ());
    case.facts_of("web2").lock = Some(Lock {
        deploy: DeployId::new("d-theirs"),
        owner: "bob".to_owned(),
        machine: "ci-7".to_owned(),
        link: Some("https://ci.example.com/42".to_owned()),
        since: Timestamp(NOW * 1000),
        reason: Some("hotfix".to_owned()),
    });
    let error = case.plan(deploy()).unwrap_err();
    assert_eq!(error.exit_code().number(), 12);
    insta::assert_snapshot!(error.to_string(), @"web2: locked by bob on ci-7 for deploy d-theirs since 2026-11-24 08:00:00 UTC (hotfix), https://ci.example.com/42");
}

#[test]
fn every_precondition_is_named_with_its_cure_at_once() {
    let mut case = case(|_| ());
    let web1 = case.facts_of("web1");
    web1.logout = Logout::Die;
    web1.tools.clear();
    web1.root.entry = Entry::Absent;
    web1.root.nearest = "/var/www".to_owned();
    web1.root.not_writable = vec!["/var/www".to_owned()];
    web1.disk.free = Some(0);
    web1.disk.inodes = Some(1);
    web1.current = Current::Directory;
    let web2 = case.facts_of("web2");
    web2.system = "FreeBSD".to_owned();
    web2.root.read_only = true;
    let Error::Refused(refusals) = case.plan(deploy()).unwrap_err() else {
        panic!("not refused")
    };
    let mut text = String::new();
    for refusal in refusals {
        writeln!(
            text,
            "{refusal}\n  → {}",
            refusal.hint.as_deref().unwrap_or("-")
        )
        .unwrap();
    }
    insta::assert_snapshot!(text);
}

fn in_batches(batches: &[u32]) -> Case {
    case(|settings| {
        busy(settings);
        let batches = batches.iter().map(|count| Reach::Hosts(*count));
        settings.rollout = RolloutSettings {
            batches: batches.collect(),
            pause: Duration::from_secs(90),
            max_failures: 0,
            on_failure: OnFailure::Stop,
        };
    })
}

#[test]
fn batches_are_an_order_with_a_wait_before_each() {
    let case = in_batches(&[1, 2]);
    let plan = case.plan(deploy()).unwrap().plan;
    insta::assert_snapshot!(order(&plan));
    assert_eq!(plan.on_failure, OnFailure::Stop);
    insta::assert_snapshot!(shown(&case.preview(Run::Rollback { to: None })));
}

#[test]
fn without_a_pause_a_batch_still_waits_for_the_one_before_it() {
    let mut case = in_batches(&[1]);
    case.settings.rollout.pause = Duration::ZERO;
    case.inventory.settings = Arc::new(case.settings.clone());
    let plan = case.plan(deploy()).unwrap().plan;
    let first = |batch| {
        plan.steps
            .iter()
            .find(|step| step.batch == Some(batch))
            .unwrap()
    };
    assert_eq!(first(1).id.as_str(), "publish@web2");
    assert!(first(1).barrier && plan.batches() == 2);
    // Whatever comes after the last batch waits for it, also what else would wait for nobody.
    let plan = case.plan(Run::Rollback { to: None }).unwrap().plan;
    let log = plan.steps.iter().find(|step| step.task.as_str() == "log");
    assert!(log.unwrap().barrier);
}

#[test]
fn hosts_of_one_directory_go_out_together() {
    let mut case = in_batches(&[1]);
    case.facts_of("web2").root_id = Some("web1".to_owned());
    case.settings.shared_deploy_to = true;
    case.inventory.settings = Arc::new(case.settings.clone());
    let plan = case.plan(deploy()).unwrap().plan;
    let batches: Vec<u32> = plan.hosts_in_batches().into_values().collect();
    // db1, web1, web2.
    assert_eq!(batches, [1, 0, 0]);
}

#[test]
fn the_name_of_a_wait_is_no_name_for_a_task() {
    let mut case = case(busy);
    case.settings.tasks[0].name = TaskName::new("rollout:batch-2");
    case.inventory.settings = Arc::new(case.settings.clone());
    let error = case.plan(deploy()).unwrap_err();
    assert!(matches!(error, Error::Duplicate { .. }), "{error}");
}

#[test]
fn a_host_that_is_left_out_is_named_with_what_moves_from_it() {
    let mut case = case(busy);
    let web1 = HostName::new("web1");
    case.inventory
        .leave_out(&web1, "connection refused".to_owned());
    let planned = case.plan(deploy()).unwrap();
    assert_eq!(planned.plan.left_out, [web1]);
    let migrate = planned
        .plan
        .steps
        .iter()
        .find(|step| step.task.as_str() == "migrate");
    assert_eq!(migrate.unwrap().host.as_str(), "web2");
    let mut text = String::new();
    for note in &planned.notes {
        let host = note.host.as_ref().map(HostName::as_str);
        writeln!(text, "{}: {}", host.unwrap_or("-"), note.message).unwrap();
    }
    insta::assert_snapshot!(text);
    let once: Vec<&str> = windlass_recipes::once_roles(&case.settings)
        .into_iter()
        .collect();
    assert_eq!(once, ["app"]);
}
