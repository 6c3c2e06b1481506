//! The names of the project and of what this machine did: from windlass.toml and the journal, and from nowhere else.
//!
//! What cannot be read is not there: whoever presses Tab is in the middle of a line, and the command itself will say what
//! is wrong once the line is sent.

use crate::args::Global;
use crate::context::Project;
use crate::world::World;
use std::collections::BTreeSet;
use windlass_config::Stage;
use windlass_journal::{Filter, Journal, Standing, Summary};

/// So many of the newest deploys are looked at.
const NEWEST: u32 = 20;

/// What is known around the line.
pub(crate) struct Known {
    stages: Vec<Stage>,
    world: World,
}

impl Known {
    /// Looks at the file that the line is about.
    pub(crate) fn around(world: &World, words: &[String]) -> Self {
        let mut world = world.clone();
        let global = Global {
            config: said(words, "--config").map(|file| world.typed_path(file)),
            ..Global::default()
        };
        if let Some(directory) = said(words, "-C") {
            world.directory = world.typed_path(directory);
        }
        let project = Project::load(&world, &global, &[]).ok();
        let stages = project.iter().flat_map(|project| {
            let names = project.config.stages().into_iter();
            names.filter_map(|name| project.config.stage(name).ok())
        });
        Self {
            stages: stages.collect(),
            world,
        }
    }

    pub(super) fn stages(&self) -> Vec<String> {
        let name = |stage: &Stage| stage.name().to_owned();
        self.stages.iter().map(name).collect()
    }

    /// The tasks of a stage, or of all.
    pub(super) fn tasks(&self, stage: Option<&str>) -> Vec<String> {
        let meant = self
            .stages
            .iter()
            .filter(|one| stage.is_none_or(|name| one.name() == name));
        let names = meant.flat_map(|stage| {
            let tasks = stage.settings().tasks.iter();
            tasks.map(|task| task.name.to_string()).collect::<Vec<_>>()
        });
        sorted(names)
    }

    pub(super) fn hosts(&self) -> Vec<String> {
        let none = windlass_inventory::Filter::default();
        let built = self
            .stages
            .iter()
            .filter_map(|stage| windlass_inventory::build(stage, &none).ok());
        sorted(built.flat_map(|inventory| {
            let hosts = inventory.hosts.into_iter();
            hosts
                .map(|host| host.target.name.to_string())
                .collect::<Vec<_>>()
        }))
    }

    pub(super) fn roles(&self) -> Vec<String> {
        let hosts = self.stages.iter().flat_map(Stage::hosts);
        sorted(hosts.flat_map(|host| host.roles.clone()))
    }

    /// The releases that this machine has deployed, the newest first.
    pub(super) fn releases(&self, stage: Option<&str>) -> Vec<String> {
        let mut names = Vec::new();
        for entry in self.entries(stage) {
            let plan = entry.subject.plan();
            let release = plan.filter(|_| entry.standing == Standing::Deployed);
            names.extend(release.map(|plan| plan.release.to_string()));
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// The ids of what was begun here, the newest first.
    pub(super) fn begun(&self) -> Vec<String> {
        let entries = self.entries(None).into_iter();
        entries
            .map(|entry| entry.subject.id().to_string())
            .collect()
    }

    fn entries(&self, stage: Option<&str>) -> Vec<Summary> {
        let filter = Filter {
            stage: stage.map(str::to_owned),
            limit: Some(NEWEST),
            ..Filter::default()
        };
        let journal = Journal::glance(&self.world.journal()).ok().flatten();
        let listed = journal.and_then(|journal| journal.list(&filter).ok());
        listed.unwrap_or_default()
    }
}

/// The value of an option of the line.
fn said<'w>(words: &'w [String], option: &str) -> Option<&'w str> {
    let at = words.iter().position(|word| word == option)?;
    words.get(at + 1).map(String::as_str)
}

fn sorted(words: impl Iterator<Item = String>) -> Vec<String> {
    words.collect::<BTreeSet<_>>().into_iter().collect()
}
