//! From the command line to a stage with its hosts: the configuration loaded, the stage chosen, the filters applied.

use crate::args::Global;
use crate::error::{Failure, diagnostic, mistakes};
use crate::fleet::{Fleet, Wanted};
use crate::world::World;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windlass_config::{Argument, Config, FILE_NAME, Given, Stage};
use windlass_inventory::Filter;
use windlass_model::settings::{Settings, SshAgent, SshSettings};
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
    /// What the file says of the stage.
    stage: Stage,
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
        let context = self.begun(world, global, name)?;
        if context.inventory.hosts.is_empty() {
            let text = format!("stage `{}` has no hosts", context.stage.name());
            return Err(Failure::new(ExitCode::NoHost, text));
        }
        Ok(context)
    }

    /// The same for what was begun earlier: whatever hosts the file has today, its own are named in its plan.
    pub(crate) fn begun(
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
        Ok(Context {
            directory: self.directory,
            inventory,
            stage,
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

    /// The stage of what was begun earlier, whatever filters say today.
    pub(crate) fn of_begun(world: &World, global: &Global, name: &str) -> Result<Self, Failure> {
        let global = global.everywhere();
        Project::load(world, &global, &[])?.begun(world, &global, Some(name))
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

    /// Hosts that were chosen earlier, with the settings of today; for one that has left the file since they are those of
    /// the stage and its roles.
    pub(crate) fn wanted_for<'a>(
        &self,
        world: &World,
        targets: impl Iterator<Item = &'a HostTarget>,
    ) -> Result<Vec<Wanted>, Failure> {
        let wanted = targets.map(|target| {
            let settings = match self.inventory.host(&target.name) {
                Some(host) => Arc::clone(&host.settings),
                None => self.without_entry(world, target)?,
            };
            Ok((target.clone(), settings))
        });
        wanted.collect()
    }

    fn without_entry(&self, world: &World, target: &HostTarget) -> Result<Arc<Settings>, Failure> {
        let settings = self.stage.settings_with(&target.roles);
        let mut settings = settings.map_err(|wrong| mistakes(world, &wrong))?;
        anchor(&mut Arc::make_mut(&mut settings).ssh, &self.directory);
        Ok(settings)
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
