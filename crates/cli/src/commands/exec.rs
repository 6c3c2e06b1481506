//! `exec` and `run`: from the command line to a command outside of any deploy.

use crate::adhoc::{AdHocRun, Ends, begin};
use crate::args::{ExecArgs, Global, RunArgs};
use crate::context::{Context, Project, filter, pairs, set_arguments};
use crate::error::{Failure, diagnostic, mistakes};
use crate::fleet::{Fleet, Wanted};
use crate::habits::foreign_task;
use crate::prepare::{Look, deploy_id, look};
use crate::revision::{Intention, resolve};
use crate::world::World;
use std::sync::Arc;
use tokio::sync::mpsc;
use windlass_config::{Config, Given};
use windlass_journal::{AdHoc, AdHocHost};
use windlass_model::address::Address;
use windlass_model::settings::Settings;
use windlass_model::{Action, Command, ExitCode, HostName, HostTarget, Secrets, Step, TaskName};

/// `exec`.
pub(crate) async fn exec(
    world: &World,
    global: &Global,
    args: &ExecArgs,
) -> Result<ExitCode, Failure> {
    let script = script(&args.command);
    let targets = targets(world, global, &args.target).await?;
    let hosts = targets.wanted.iter().map(|(target, settings)| AdHocHost {
        target: target.clone(),
        command: command(&script, settings),
    });
    let limits = targets.wanted.first();
    let run = AdHoc {
        id: deploy_id()?,
        application: String::new(),
        stage: targets.stage,
        task: TaskName::new("exec"),
        show: args.command.join(" "),
        hosts: hosts.collect(),
        limits: limits
            .map(|(_, settings)| settings.limits.clone())
            .unwrap_or_default(),
        ways: ways(global),
    };
    let run = AdHocRun {
        run,
        wanted: targets.wanted,
        secrets: targets.secrets,
        over: Ends::new(),
    };
    begin(world, global, run, args.detach).await
}

fn command(script: &str, settings: &Settings) -> Command {
    Command {
        script: script.to_owned(),
        env: settings.env.clone(),
        path: settings.path.clone(),
        umask: settings.umask.clone(),
        secrets: settings.secrets.keys().cloned().collect(),
        ..Command::default()
    }
}

/// What the command line set about SSH. Nothing else of it is written down: other settings may hold what is nobody's
/// business.
fn ways(global: &Global) -> Vec<String> {
    let is_way = |text: &&String| text.trim_start().starts_with("ssh.");
    global.set.iter().filter(is_way).cloned().collect()
}

/// One word is a script of its own; several are a command line, each word arriving as it is.
fn script(words: &[String]) -> String {
    match words {
        [script] => script.clone(),
        words => windlass_model::shell::join(words),
    }
}

/// What a word of the command line means.
struct Targets {
    wanted: Vec<Wanted>,
    /// Empty for a bare address.
    stage: String,
    secrets: Secrets,
}

/// The hosts of a stage, or the one at a bare address, which needs no file.
async fn targets(world: &World, global: &Global, target: &str) -> Result<Targets, Failure> {
    let has_file = global.config.is_some() || windlass_config::find(&world.directory).is_some();
    if has_file && !target.contains('@') {
        let project = Project::load(world, global, &[])?;
        if project.config.stages().contains(&target) {
            let context = project.context(world, global, Some(target))?;
            return Ok(Targets {
                secrets: context.secrets(world).await?,
                wanted: context.wanted(),
                stage: target.to_owned(),
            });
        }
    }
    Ok(Targets {
        wanted: chosen(world, global, target)?,
        stage: String::new(),
        secrets: Secrets::default(),
    })
}

/// The hosts at a bare address that the filters leave.
fn chosen(world: &World, global: &Global, target: &str) -> Result<Vec<Wanted>, Failure> {
    if !global.role.is_empty() {
        return Err(Failure::usage(format!(
            "`--role` needs a stage: the hosts at `{target}` have no roles"
        )));
    }
    let mut wanted = at_address(world, global, target)?;
    let targets: Vec<&HostTarget> = wanted.iter().map(|(target, _)| target).collect();
    let keep = filter(global)
        .keep(&format!("`{target}`"), &targets)
        .map_err(|error| diagnostic(world, error.exit_code(), &error))?;
    let mut keep = keep.into_iter();
    wanted.retain(|_| keep.next().unwrap_or(false));
    Ok(wanted)
}

/// The settings that are in force without a file.
pub(crate) fn without_file(world: &World, global: &Global) -> Result<Arc<Settings>, Failure> {
    let environment = pairs(world);
    let arguments = set_arguments(global)?;
    let given = Given {
        environment: &environment,
        arguments: &arguments,
        recipes: &windlass_recipes::NAMES,
    };
    let stage = Config::without_file(given)
        .and_then(|config| config.no_stage())
        .map_err(|wrong| mistakes(world, &wrong))?;
    Ok(Arc::clone(stage.settings()))
}

/// The hosts at a bare address, with the settings that are in force without a file.
fn at_address(world: &World, global: &Global, text: &str) -> Result<Vec<Wanted>, Failure> {
    let address = Address::parse(text).map_err(|reason| {
        Failure::usage(format!(
            "`{text}` is neither a stage nor an address: {reason}"
        ))
    })?;
    let settings = without_file(world, global)?;
    let wanted = address.names.iter().map(|name| {
        let target = HostTarget {
            name: HostName::new(name.clone()),
            address: name.clone(),
            port: address.port,
            user: address.user.clone(),
            roles: Vec::new(),
            primary: Vec::new(),
            release: false,
            deploy_to: String::new(),
        };
        (target, Arc::clone(&settings))
    });
    Ok(wanted.collect())
}

/// `run`.
pub(crate) async fn run(
    world: &World,
    global: &Global,
    args: &RunArgs,
) -> Result<ExitCode, Failure> {
    let (stage, task) = match args.words.as_slice() {
        [stage, task] => (Some(stage.as_str()), task.as_str()),
        [task] => (None, task.as_str()),
        _ => return Err(Failure::usage("which task? windlass tasks lists them")),
    };
    let context = Context::load(world, global, stage, &[])?;
    no_stranger(&context, task)?;
    let secrets = context.secrets_of(world, task).await?;
    let steps = planned(world, &context, task).await?;
    let (hosts, wanted) = on_hosts(&context, task, steps)?;
    let run = AdHoc {
        id: deploy_id()?,
        application: context.inventory.settings.application.clone(),
        stage: context.inventory.stage.clone(),
        task: TaskName::new(task),
        show: task.to_owned(),
        hosts,
        limits: context.inventory.settings.limits.clone(),
        ways: ways(global),
    };
    let run = AdHocRun {
        run,
        wanted,
        secrets,
        over: Ends::new(),
    };
    begin(world, global, run, args.detach).await
}

/// Another tool's task that the project does not have itself is answered before any host is asked.
fn no_stranger(context: &Context, task: &str) -> Result<(), Failure> {
    let tasks = &context.inventory.settings.tasks;
    let own = tasks.iter().any(|known| known.name.as_str() == task);
    foreign_task(task).filter(|_| !own).map_or(Ok(()), Err)
}

/// The steps of one task, as they would be in a deploy of what is live.
async fn planned(world: &World, context: &Context, task: &str) -> Result<Vec<Step>, Failure> {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::open(world, context, &sender).await?;
    let resolved = resolve(world, context, &Intention::Rollback { to: None }).await?;
    let prepared = look(world, context, &fleet, resolved, Look::default()).await?;
    fleet.close().await;
    let recipes = windlass_recipes::in_use(&context.inventory.settings);
    windlass_planner::task(&prepared.request(context, &recipes), task)
        .map_err(|error| crate::prepare::plan_failure(&error))
}

/// The commands of a task with the hosts they are for.
fn on_hosts(
    context: &Context,
    task: &str,
    steps: Vec<Step>,
) -> Result<(Vec<AdHocHost>, Vec<Wanted>), Failure> {
    let (mut hosts, mut wanted) = (Vec::new(), Vec::new());
    for step in steps {
        let Some(host) = context.inventory.host(&step.host) else {
            continue;
        };
        let Action::Command { command } = step.action else {
            return Err(Failure::new(
                ExitCode::Failed,
                format!("task `{task}` runs on this machine, as part of a deploy only"),
            ));
        };
        hosts.push(AdHocHost {
            target: host.target.clone(),
            command,
        });
        wanted.push((host.target.clone(), Arc::clone(&host.settings)));
    }
    if hosts.is_empty() {
        let text = format!("task `{task}` has no host here");
        return Err(Failure::new(ExitCode::NoHost, text));
    }
    Ok((hosts, wanted))
}
