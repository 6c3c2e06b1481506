//! `config`, `schema` and `tasks`: what the file says, without asking any host.

use crate::args::{ConfigArgs, Global, StageArgs};
use crate::context::{Context, Project, filter};
use crate::error::{Failure, diagnostic, mistakes};
use crate::screen::{data, show};
use crate::world::World;
use windlass_config::{Effective, HostEntry, Stage};
use windlass_model::ExitCode;
use windlass_model::settings::{Hook, Task};
use windlass_reporter::view::{Config, ConfigRow, TaskRow, Tasks};

/// `config`.
pub(crate) fn config(
    world: &World,
    global: &Global,
    args: &ConfigArgs,
) -> Result<ExitCode, Failure> {
    let project = Project::load(world, global, &[])?;
    let names_stage = args
        .stage
        .as_deref()
        .is_some_and(|stage| project.config.stages().contains(&stage));
    // With one stage its name may be left out, and the only word is the setting's.
    let (stage, key) = match (&args.stage, &args.key) {
        (Some(only), None) if !names_stage && project.config.stages().len() == 1 => {
            (None, Some(only))
        }
        (stage, key) => (stage.as_ref(), key.as_ref()),
    };
    let stage = project.stage(world, stage.map(String::as_str))?;
    let host = one_host(world, global, &stage)?;
    let mut settings = stage
        .effective(host)
        .map_err(|wrong| mistakes(world, &wrong))?;
    if let Some(key) = key {
        settings.retain(|setting| setting.is(key));
    }
    if let (Some(key), true) = (key, settings.is_empty()) {
        let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
        let text = windlass_foreign::setting(table, name).map_or_else(
            || format!("there is no setting `{key}` in force"),
            |word| word.answer(key),
        );
        let failure = Failure::new(ExitCode::Config, text);
        return Err(failure.hint("windlass config lists all that are in force"));
    }
    let rows = settings.iter().map(row).collect();
    show(world, global, &Config { rows })?;
    Ok(ExitCode::Done)
}

/// The host that the filters leave; none where there is no filter, and then the stage's own settings are meant.
fn one_host<'s>(
    world: &World,
    global: &Global,
    stage: &'s Stage,
) -> Result<Option<&'s HostEntry>, Failure> {
    let filter = filter(global);
    if filter.is_empty() {
        return Ok(None);
    }
    let inventory = windlass_inventory::build(stage, &filter)
        .map_err(|error| diagnostic(world, error.exit_code(), &error))?;
    let [host] = inventory.hosts.as_slice() else {
        let names: Vec<&str> = inventory
            .hosts
            .iter()
            .map(|host| host.target.name.as_str())
            .collect();
        return Err(Failure::usage(format!(
            "the settings of one host are shown at a time; the filters leave {}",
            names.join(", ")
        )));
    };
    stage
        .entry(&host.target)
        .map_err(|wrong| mistakes(world, &wrong))
}

fn row(setting: &Effective) -> ConfigRow {
    ConfigRow {
        key: setting.key.clone(),
        shown: setting.value.clone(),
        value: setting.json.clone(),
        origins: setting.origins.iter().map(ToString::to_string).collect(),
    }
}

/// `schema`.
pub(crate) fn schema() -> Result<ExitCode, Failure> {
    let schema = windlass_config::schema();
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Failure::from_error(ExitCode::Internal, &error))?;
    data(&format!("{text}\n"))?;
    Ok(ExitCode::Done)
}

/// `tasks`.
pub(crate) fn tasks(world: &World, global: &Global, args: &StageArgs) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let rows = context.inventory.settings.tasks.iter().map(task_row);
    let rows = rows.collect();
    show(world, global, &Tasks { rows })?;
    Ok(ExitCode::Done)
}

fn task_row(task: &Task) -> TaskRow {
    let when = match &task.hook {
        Some(Hook::Before(target)) => format!("before {target}"),
        Some(Hook::After(target)) => format!("after {target}"),
        None => "by hand".to_owned(),
    };
    let mut place = match (task.local, task.roles.is_empty()) {
        (true, _) => "here".to_owned(),
        (false, true) => "all".to_owned(),
        (false, false) => task.roles.join(" "),
    };
    if task.once {
        place.push_str(", once");
    }
    let command = task.run.trim().lines().next().unwrap_or_default();
    TaskRow {
        name: task.name.to_string(),
        when,
        hosts: place,
        command: command.to_owned(),
    }
}
