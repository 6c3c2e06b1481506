//! Plans of several hosts, as people see them, from facts written by hand.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use crate::support::{NOW, host, settings, user_task};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use windlass_facts::{
    Current, Entry, HostFacts, Linked, LinkedFile, Lock, Logout, ReleaseFacts, ReleaseRecord, Root,
    Tool,
};
use windlass_model::clock::Timestamp;
use windlass_model::inventory::Inventory;
use windlass_model::release::ReleaseState;
use windlass_model::settings::{Hook, Settings};
use windlass_model::{Action, DeployId, DeployKind, HostName, Plan, ReleaseName, Revision, Undo};
use windlass_planner::{Error, Planned, Preview, Request, Run, Wanted};

const REVISION: &str = "3f2c9ab000000000000000000000000000000000";

struct Case {
    settings: Settings,
    inventory: Inventory,
    facts: BTreeMap<HostName, HostFacts>,
}

fn facts(root_id: &str, releases: &[(&str, ReleaseState)]) -> HostFacts {
    let releases: Vec<ReleaseFacts> = releases
        .iter()
        .map(|(name, state)| ReleaseFacts {
            name: ReleaseName::new(*name),
            revision: Some(Revision::new(format!("{name:0<40}"))),
            revision_time: None,
            record: Some(ReleaseRecord {
                state: *state,
                deploy: DeployId::new("d-old"),
                since: Timestamp(0),
            }),
        })
        .collect();
    let live = releases.iter().rev().find(|release| {
        release
            .record
            .as_ref()
            .is_some_and(|record| record.state == ReleaseState::Good)
    });
    let tool = |name: &str| Tool {
        name: name.to_owned(),
        path: format!("/usr/bin/{name}"),
        version: None,
    };
    HostFacts {
        system: "Linux".to_owned(),
        has_proc: true,
        boot_id: "boot".to_owned(),
        user: "deploy".to_owned(),
        home: "/home/deploy".to_owned(),
        tools: ["git", "tar", "sha256sum"].map(tool).to_vec(),
        root: Root {
            path: "/var/www/shop".to_owned(),
            entry: Entry::Directory,
            nearest: "/var/www/shop".to_owned(),
            nearest_owner: "root".to_owned(),
            ..Root::default()
        },
        root_id: Some(root_id.to_owned()),
        current: live.map_or(Current::Absent, |live| Current::Link {
            target: format!("/var/www/shop/releases/{}", live.name),
        }),
        live: live.map(|live| live.name.clone()),
        live_revision: live.and_then(|live| live.revision.clone()),
        releases,
        ..HostFacts::default()
    }
}

fn good(names: &[&'static str]) -> Vec<(&'static str, ReleaseState)> {
    names
        .iter()
        .map(|name| (*name, ReleaseState::Good))
        .collect()
}

fn case(change: impl FnOnce(&mut Settings)) -> Case {
    let mut settings = settings("/var/www/shop");
    change(&mut settings);
    let shared = Arc::new(settings.clone());
    let mut db = host("db1", &["db"], &shared);
    db.target.release = false;
    let releases = good(&["20261101000000", "20261102000000"]);
    Case {
        inventory: Inventory {
            stage: "production".to_owned(),
            hosts: vec![
                host("web1", &["app", "web"], &shared),
                host("web2", &["app", "web"], &shared),
                db,
            ],
            settings: shared,
            filtered_out: Vec::new(),
            primaries: [("app", "web1"), ("web", "web1"), ("db", "db1")]
                .map(|(role, host)| (role.to_owned(), HostName::new(host)))
                .into_iter()
                .collect(),
        },
        facts: [
            ("web1", &releases),
            ("web2", &releases),
            ("db1", &Vec::new()),
        ]
        .map(|(name, releases)| (HostName::new(name), facts(name, releases)))
        .into_iter()
        .collect(),
        settings,
    }
}

impl Case {
    fn with<T>(&self, run: Run, make: impl FnOnce(&Request<'_>) -> T) -> T {
        let recipes = windlass_recipes::standard();
        make(&Request {
            deploy: DeployId::new("d-7k3fq2"),
            now: Timestamp(NOW * 1000),
            run,
            inventory: &self.inventory,
            facts: &self.facts,
            recipes: &recipes,
            operator: "alice".to_owned(),
            reason: None,
        })
    }

    fn plan(&self, run: Run) -> Result<Planned, Error> {
        self.with(run, windlass_planner::plan)
    }

    fn preview(&self, run: Run) -> Preview {
        self.with(run, windlass_planner::preview).unwrap()
    }

    fn facts_of(&mut self, name: &str) -> &mut HostFacts {
        self.facts.get_mut(&HostName::new(name)).unwrap()
    }
}

fn deploy() -> Run {
    Run::Deploy {
        name: "main".to_owned(),
        wanted: Some(Wanted {
            revision: Revision::new(REVISION),
            subject: None,
        }),
    }
}

/// The view, without the digits that change with every script.
fn shown(preview: &Preview) -> String {
    let text = windlass_planner::view(preview).to_string();
    let (body, end) = text.rsplit_once("\nplan ").unwrap();
    let (digits, rest) = end.split_at(6);
    assert!(
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "{digits}"
    );
    format!("{body}\nplan 000000{rest}")
}

/// `! release@web1`: the order of the steps, with a mark where hosts wait for each other.
fn order(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let mark = if step.barrier { '!' } else { ' ' };
        writeln!(text, "{mark} {:<10} {}", step.phase.as_str(), step.id).unwrap();
    }
    text
}

fn busy(settings: &mut Settings) {
    settings.linked_files = vec!["config/master.key".to_owned()];
    settings.linked_dirs = vec!["log".to_owned(), "tmp/pids".to_owned()];
    settings.keep_releases = 2;
    settings
        .restart
        .insert("app".to_owned(), "systemctl --user restart shop".to_owned());
    settings
        .restart
        .insert("db".to_owned(), "pg_ctl reload".to_owned());
    let mut assets = user_task("assets", "bin/assets\n", Hook::After("updated".to_owned()));
    assets.roles = vec!["app".to_owned()];
    let mut migrate = user_task("migrate", "bin/migrate", Hook::After("assets".to_owned()));
    migrate.roles = vec!["app".to_owned()];
    migrate.once = true;
    migrate.undo = Some("bin/migrate --down".to_owned());
    let mut tell = user_task("tell", "curl -s chat", Hook::After("published".to_owned()));
    tell.local = true;
    tell.on.push(DeployKind::Rollback);
    settings.tasks = vec![assets, migrate, tell];
}

#[test]
fn a_plan_shows_what_each_task_does_where_and_what_undoes_it() {
    let mut case = case(busy);
    for (host, state) in [("web1", Linked::Present), ("web2", Linked::Missing)] {
        let path = "config/master.key".to_owned();
        case.facts_of(host).linked_files = vec![LinkedFile { path, state }];
    }
    insta::assert_snapshot!(shown(&case.preview(deploy())));
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
fn the_same_request_gives_the_same_plan_and_another_deploy_one_of_its_likeness() {
    let case = case(busy);
    let plan = case.plan(deploy()).unwrap().plan;
    let again = case.plan(deploy()).unwrap().plan;
    assert_eq!(
        windlass_planner::digest(&plan),
        windlass_planner::digest(&again)
    );
    let recipes = windlass_recipes::standard();
    let later = windlass_planner::plan(&Request {
        deploy: DeployId::new("d-other1"),
        now: Timestamp((NOW + 60) * 1000),
        run: deploy(),
        inventory: &case.inventory,
        facts: &case.facts,
        recipes: &recipes,
        operator: "alice".to_owned(),
        reason: None,
    });
    let later = later.unwrap().plan;
    assert_ne!(
        windlass_planner::digest(&plan),
        windlass_planner::digest(&later)
    );
    assert_eq!(
        windlass_planner::likeness(&plan),
        windlass_planner::likeness(&later)
    );
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
