//! A request to the planner without any host behind it, and what comes of it as text.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use crate::support::{NOW, host, settings, user_task};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use windlass_facts::{Current, Entry, HostFacts, ReleaseFacts, ReleaseRecord, Root, Tool};
use windlass_model::clock::Timestamp;
use windlass_model::inventory::Inventory;
use windlass_model::release::ReleaseState;
use windlass_model::settings::{Hook, Settings};
use windlass_model::{DeployId, DeployKind, HostName, Plan, PlanDigest, ReleaseName, Revision};
use windlass_planner::{Error, Planned, Preview, Request, Run, Told, Wanted};
use windlass_reporter::view::Sheet;
use windlass_reporter::words::moment::Zone;

const REVISION: &str = "3f2c9ab000000000000000000000000000000000";

pub(crate) struct Case {
    pub(crate) settings: Settings,
    pub(crate) inventory: Inventory,
    pub(crate) facts: BTreeMap<HostName, HostFacts>,
}

pub(crate) fn facts(root_id: &str, releases: &[(&str, ReleaseState)]) -> HostFacts {
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
        group: "www-data".to_owned(),
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

pub(crate) fn good(names: &[&'static str]) -> Vec<(&'static str, ReleaseState)> {
    names
        .iter()
        .map(|name| (*name, ReleaseState::Good))
        .collect()
}

pub(crate) fn case(change: impl FnOnce(&mut Settings)) -> Case {
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
            left_out: Vec::new(),
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
    pub(crate) fn with<T>(&self, run: Run, make: impl FnOnce(&Request<'_>) -> T) -> T {
        let recipes = windlass_recipes::in_use(&self.settings);
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

    pub(crate) fn plan(&self, run: Run) -> Result<Planned, Error> {
        self.with(run, windlass_planner::plan)
    }

    pub(crate) fn preview(&self, run: Run) -> Preview {
        self.with(run, windlass_planner::preview).unwrap()
    }

    pub(crate) fn facts_of(&mut self, name: &str) -> &mut HostFacts {
        self.facts.get_mut(&HostName::new(name)).unwrap()
    }
}

pub(crate) fn deploy() -> Run {
    Run::Deploy {
        name: "main".to_owned(),
        wanted: Some(Wanted {
            revision: Revision::new(REVISION),
            subject: None,
        }),
    }
}

/// What people see, without the digits that change with every script, where git was asked nothing.
pub(crate) fn shown(preview: &Preview) -> String {
    shown_with(preview, &Told::default())
}

/// The same with what git says.
pub(crate) fn shown_with(preview: &Preview, told: &Told) -> String {
    let mut overview = windlass_planner::overview(preview, told);
    overview.digest = PlanDigest::new("000000");
    let command = match overview.kind {
        DeployKind::Deploy => "deploy",
        DeployKind::Rollback => "rollback",
    };
    let view = windlass_reporter::view::Plan {
        command: format!("windlass {command} {}", overview.stage),
        overview,
        whole: false,
    };
    let sheet = Sheet {
        width: 120,
        color: false,
        now: Timestamp(0),
        zone: Zone::utc(),
    };
    let mut text = Vec::new();
    windlass_reporter::view::print(&view, &sheet, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// `! release@web1`: the order of the steps, with a mark where hosts wait for each other.
pub(crate) fn order(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let mark = if step.barrier { '!' } else { ' ' };
        writeln!(text, "{mark} {:<10} {}", step.phase.as_str(), step.id).unwrap();
    }
    text
}

pub(crate) fn busy(settings: &mut Settings) {
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
