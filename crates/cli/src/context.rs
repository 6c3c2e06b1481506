//! From the command line to a stage with its hosts: the configuration loaded, the stage chosen, the filters applied.

use crate::args::Global;
use crate::error::{Failure, diagnostic, mistakes};
use crate::fleet::{Fleet, Wanted};
use crate::world::World;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windlass_config::{Argument, Config, FILE_NAME, Given, Stage};
use windlass_inventory::Filter;
use windlass_model::settings::{SshAgent, SshSettings};
use windlass_model::{ExitCode, HostTarget, Inventory};

/// A project: where its file lies and what it says.
pub(crate) struct Project {
    /// The directory of the file: local tasks run here, and the repository is looked for from here.
    pub directory: PathBuf,
    /// All layers.
    pub config: Config,
}

/// A stage with its hosts.
#[derive(Clone)]
pub(crate) struct Context {
    /// The project.
    pub directory: PathBuf,
    /// The hosts.
    pub inventory: Inventory,
}

impl Project {
    /// Finds and loads windlass.toml.
    pub(crate) fn load(
        world: &World,
        global: &Global,
        extra: &[Argument],
    ) -> Result<Self, Failure> {
        let path = locate(world, global)?;
        let shown = path.strip_prefix(&world.directory).unwrap_or(&path);
        let source = windlass_config::read(&path, &shown.to_string_lossy())
            .map_err(|wrong| mistakes(world, &wrong))?;
        let mut arguments = set_arguments(global)?;
        arguments.extend_from_slice(extra);
        let environment = pairs(world);
        let given = Given {
            environment: &environment,
            arguments: &arguments,
            recipes: &windlass_recipes::NAMES,
        };
        let config = Config::load(&source, given).map_err(|wrong| mistakes(world, &wrong))?;
        let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self { directory, config })
    }

    /// The stage of this name; the only one where none is named.
    pub(crate) fn stage(&self, world: &World, name: Option<&str>) -> Result<Stage, Failure> {
        let stages = self.config.stages();
        let name = match (name, stages.as_slice()) {
            (Some(name), _) => name,
            (None, [only]) => only,
            (None, []) => {
                return Err(
                    Failure::new(ExitCode::Config, "windlass.toml has no stage yet")
                        .hint("add [stages.production] with hosts = [\"deploy@www.example.com\"]"),
                );
            }
            (None, several) => {
                let text = format!("which stage? There are {}", several.join(", "));
                return Err(Failure::usage(text));
            }
        };
        self.config
            .stage(name)
            .map_err(|wrong| mistakes(world, &wrong))
    }

    /// The stage with its hosts.
    pub(crate) fn context(
        self,
        world: &World,
        global: &Global,
        name: Option<&str>,
    ) -> Result<Context, Failure> {
        let stage = self.stage(world, name)?;
        let mut inventory = windlass_inventory::build(&stage, &filter(global))
            .map_err(|error| diagnostic(world, error.exit_code(), &error))?;
        let hosts = inventory.hosts.iter_mut().map(|host| &mut host.settings);
        for settings in hosts.chain([&mut inventory.settings]) {
            anchor(&mut Arc::make_mut(settings).ssh, &self.directory);
        }
        if inventory.hosts.is_empty() {
            let text = format!("stage `{}` has no hosts", stage.name());
            return Err(Failure::new(ExitCode::NoHost, text));
        }
        Ok(Context {
            directory: self.directory,
            inventory,
        })
    }
}

impl Context {
    /// Loads the project and chooses the stage, in one go.
    pub(crate) fn load(
        world: &World,
        global: &Global,
        name: Option<&str>,
        extra: &[Argument],
    ) -> Result<Self, Failure> {
        Project::load(world, global, extra)?.context(world, global, name)
    }

    /// The hosts to reach.
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        let hosts = self.inventory.hosts.iter();
        hosts
            .map(|host| (host.target.clone(), Arc::clone(&host.settings)))
            .collect()
    }

    /// Leaves out the hosts that were not reached.
    pub(crate) fn keep(&mut self, fleet: &Fleet) {
        self.inventory
            .hosts
            .retain(|host| fleet.host(&host.target.name).is_some());
    }

    /// Hosts that were chosen earlier, with the settings of today; the stage's for one that has left the file since.
    pub(crate) fn wanted_for<'a>(
        &self,
        targets: impl Iterator<Item = &'a HostTarget>,
    ) -> Vec<Wanted> {
        targets
            .map(|target| {
                let today = self.inventory.host(&target.name);
                let settings = today.map_or(&self.inventory.settings, |host| &host.settings);
                (target.clone(), Arc::clone(settings))
            })
            .collect()
    }
}

/// A file that `[ssh]` names is looked for where windlass.toml lies, whatever directory the command is typed in.
fn anchor(ssh: &mut SshSettings, directory: &Path) {
    let lists = [
        &mut ssh.identities,
        &mut ssh.certificates,
        &mut ssh.known_hosts,
    ];
    let mut files: Vec<&mut String> = lists.into_iter().flatten().collect();
    files.extend(ssh.config.as_mut().filter(|file| *file != "none"));
    if let SshAgent::Socket(socket) = &mut ssh.agent {
        files.push(socket);
    }
    for file in files.into_iter().filter(|file| !file.starts_with("~/")) {
        *file = directory.join(&*file).to_string_lossy().into_owned();
    }
}

fn locate(world: &World, global: &Global) -> Result<PathBuf, Failure> {
    if let Some(path) = &global.config {
        return Ok(world.directory.join(path));
    }
    windlass_config::find(&world.directory).ok_or_else(|| {
        let text = format!(
            "there is no {FILE_NAME} in {} or above it",
            world.directory.display()
        );
        Failure::new(ExitCode::Config, text).hint("windlass init writes one")
    })
}

/// `--host`, `--role` and `--exclude`.
pub(crate) fn filter(global: &Global) -> Filter {
    Filter {
        hosts: global.host.clone(),
        roles: global.role.clone(),
        exclude: global.exclude.clone(),
    }
}

/// The arguments of `--set`.
pub(crate) fn set_arguments(global: &Global) -> Result<Vec<Argument>, Failure> {
    let argument = |text: &String| {
        Argument::set(text)
            .ok_or_else(|| Failure::usage(format!("`--set {text}` is not of the form KEY=VALUE")))
    };
    global.set.iter().map(argument).collect()
}

/// The environment as pairs.
pub(crate) fn pairs(world: &World) -> Vec<(String, String)> {
    world
        .env
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
