//! `config`, `schema` and `tasks`: what the file says, without any host.

use crate::args::{ConfigArgs, Global, StageArgs};
use crate::context::{Context, Project};
use crate::error::{Failure, mistakes};
use crate::screen::{data, table};
use crate::world::World;
use windlass_config::Effective;
use windlass_model::ExitCode;
use windlass_model::settings::{Hook, Task};

/// `config`.
pub(crate) fn config(
    world: &World,
    global: &Global,
    args: &ConfigArgs,
) -> Result<ExitCode, Failure> {
    let project = Project::load(world, global, &[])?;
    let is_stage = args
        .stage
        .as_deref()
        .is_some_and(|stage| project.config.stages().contains(&stage));
    // With one stage its name may be left out, and the only word is the setting's.
    let (stage, key) = match (&args.stage, &args.key) {
        (Some(word), None) if !is_stage && project.config.stages().len() == 1 => (None, Some(word)),
        (stage, key) => (stage.as_ref(), key.as_ref()),
    };
    let stage = project.stage(world, stage.map(String::as_str))?;
    let settings = match key {
        Some(key) => stage.setting(key),
        None => stage
            .effective(None)
            .map_err(|wrong| mistakes(world, &wrong))?,
    };
    if let (Some(key), true) = (key, settings.is_empty()) {
        return Err(Failure::new(
            ExitCode::Config,
            format!("there is no setting `{key}` in force"),
        )
        .hint("windlass config lists all that are"));
    }
    let rows: Vec<Vec<String>> = settings.iter().map(row).collect();
    if global.json {
        for setting in &settings {
            let (value, origin) = (&setting.value, origins(setting));
            data(&format!(
                "{}\n",
                serde_json::json!({ "key": setting.key, "value": value, "origin": origin })
            ))?;
        }
    } else {
        data(&table(&rows))?;
    }
    Ok(ExitCode::Done)
}

fn row(setting: &Effective) -> Vec<String> {
    vec![setting.key.clone(), setting.value.clone(), origins(setting)]
}

fn origins(setting: &Effective) -> String {
    setting
        .origins
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
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
    let mut rows = vec![
        ["task", "when", "where", "command"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(context.inventory.settings.tasks.iter().map(task_row));
    data(&table(&rows))?;
    Ok(ExitCode::Done)
}

fn task_row(task: &Task) -> Vec<String> {
    let when = match &task.hook {
        Some(Hook::Before(target)) => format!("before {target}"),
        Some(Hook::After(target)) => format!("after {target}"),
        None => "on demand".to_owned(),
    };
    let mut place = match (task.local, task.roles.is_empty()) {
        (true, _) => "here".to_owned(),
        (false, true) => "all".to_owned(),
        (false, false) => task.roles.join(" "),
    };
    if task.once {
        place.push_str(", once");
    }
    let first = task
        .run
        .trim()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    vec![task.name.to_string(), when, place, first]
}
