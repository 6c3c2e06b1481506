//! The plans of the Capistrano projects that the import is tested with, as somebody sees them who has just called `init`
//! and looks at a host that has its linked files and nothing else. Nothing is run, and no host is asked.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use windlass_capfile::{SourceFile, Surroundings, import};
use windlass_config::{COMMANDS, Config, Given, Source};
use windlass_facts::{Disk, Entry, HostFacts, Linked, LinkedFile, Root, Rubies, Tool};
use windlass_inventory::Filter;
use windlass_model::clock::Timestamp;
use windlass_model::inventory::{Host, Inventory};
use windlass_model::technology::ManagerKind;
use windlass_model::{DeployId, PlanDigest, Revision};
use windlass_planner::{Request, Run, Told, Wanted};

use windlass_reporter::view::Sheet;
use windlass_reporter::words::moment::Zone;

/// 2026-11-24 08:00:00.
const NOW: Timestamp = Timestamp(1_795_507_200_000);

fn projects() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../input/capfile/tests/cases")
}

/// The files of a project by their names below its directory.
fn files(folder: &Path, root: &Path, found: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, root, found);
            continue;
        }
        let name = path.strip_prefix(root).expect("below").display();
        let text = fs::read_to_string(&path).expect("text");
        found.push(SourceFile::new(name.to_string(), text));
    }
}

/// A host on which `setup` has just been and nothing else.
fn fresh(host: &Host) -> HostFacts {
    let settings = &host.settings;
    let tool = |name: &str| Tool {
        name: name.to_owned(),
        path: format!("/usr/bin/{name}"),
        version: None,
    };
    let linked = settings.linked_files.iter().map(|path| LinkedFile {
        path: path.clone(),
        state: Linked::Present,
        content: None,
    });
    let rubies = [ManagerKind::Rbenv, ManagerKind::Rvm].map(|kind| Rubies {
        kind,
        path: format!("/home/deploy/.{}", kind.as_str()),
        versions: settings
            .ruby
            .version
            .iter()
            .map(|version| installed(kind, version))
            .collect(),
    });
    HostFacts {
        system: "Linux".to_owned(),
        has_proc: true,
        boot_id: "boot".to_owned(),
        user: "deploy".to_owned(),
        home: "/home/deploy".to_owned(),
        tools: ["git", "tar", "sha256sum"].map(tool).to_vec(),
        rubies: rubies.to_vec(),
        root: root(&settings.deploy_to),
        linked_files: linked.collect(),
        disk: Disk {
            free: Some(1 << 34),
            inodes: Some(1 << 20),
        },
        ..HostFacts::default()
    }
}

fn root(path: &str) -> Root {
    Root {
        path: path.to_owned(),
        entry: Entry::Directory,
        nearest: path.to_owned(),
        nearest_owner: "deploy".to_owned(),
        ..Root::default()
    }
}

/// What a version manager calls a version that it has.
fn installed(kind: ManagerKind, version: &str) -> String {
    let bare = version.starts_with(|digit: char| digit.is_ascii_digit());
    match kind {
        ManagerKind::Rvm if bare => format!("ruby-{version}"),
        _ => version.to_owned(),
    }
}

/// The plan of a deploy to a stage.
fn plan(inventory: &Inventory) -> String {
    let hosts = inventory.hosts.iter();
    let facts = hosts.map(|host| (host.target.name.clone(), fresh(host)));
    let recipes = windlass_recipes::in_use(&inventory.settings);
    let preview = windlass_planner::preview(&Request {
        deploy: DeployId::new("d-7k3fq2"),
        now: NOW,
        run: Run::Deploy {
            name: inventory.settings.branch.clone(),
            wanted: Some(Wanted {
                revision: Revision::new("3f2c9ab000000000000000000000000000000000"),
                subject: None,
            }),
        },
        inventory,
        facts: &facts.collect(),
        recipes: &recipes,
        operator: "alice".to_owned(),
        reason: None,
    });
    let mut overview = windlass_planner::overview(&preview.expect("a plan"), &Told::default());
    // The digest changes with every script.
    overview.digest = PlanDigest::new("000000");
    let view = windlass_reporter::view::Plan {
        command: format!("windlass deploy {}", overview.stage),
        overview,
        whole: false,
    };
    let sheet = Sheet {
        width: 120,
        color: false,
        now: NOW,
        zone: Zone::utc(),
    };
    let mut text = Vec::new();
    windlass_reporter::view::print(&view, &sheet, &mut text).expect("drawn");
    String::from_utf8(text).expect("text")
}

/// The plans of all stages of a project.
fn plans(name: &str) -> String {
    let root = projects().join(name);
    let mut sources = Vec::new();
    files(&root, &root, &mut sources);
    let around = Surroundings {
        reserved: COMMANDS,
        application: "folder",
    };
    let imported = import(&sources, around).expect("a project");
    let source = Source::file("windlass.toml", &imported.text);
    let given = Given {
        recipes: &windlass_recipes::NAMES,
        ..Given::default()
    };
    let config = Config::load(&source, given).expect("accepted");
    let mut text = String::new();
    for stage in config.stages() {
        let stage = config.stage(stage).expect("a stage");
        let inventory = windlass_inventory::build(&stage, &Filter::default()).expect("hosts");
        writeln!(text, "{}\n", plan(&inventory)).unwrap();
    }
    text
}

#[test]
fn every_project_has_a_plan_as_soon_as_it_is_carried_over() {
    let mut names: Vec<String> = fs::read_dir(projects())
        .expect("the projects")
        .map(|entry| entry.expect("an entry").file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let plans = plans(&name);
        assert!(!plans.contains("refused"), "{plans}");
        insta::assert_snapshot!(name.as_str(), plans);
    }
}
