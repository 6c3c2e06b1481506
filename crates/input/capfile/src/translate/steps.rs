//! Plugins whose work is a command or two: the tasks, restarts and paths that do it here.
//!
//! They run what the plugin ran, with the flags and on the roles that the project sets. Where that differs from the plugin it
//! is safer: the crontab is written when the release is live, so that a deploy that fails leaves it alone.

use super::hooks::{BOTH, DEPLOY};
use super::tasks::TaskEntry;
use super::{Sheet, grammar, todo};
use crate::evaluate::Evaluator;
use crate::evaluate::expression::RELEASE;
use crate::evaluate::line::Target;
use crate::ledger::Fate;
use crate::toml::Item;
use crate::value::Value;
use windlass_foreign::Install;
use windlass_model::shell;

/// The task that installs packages.
pub(super) fn install(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet, what: Install) -> Fate {
    let done = installed(evaluator, what);
    put(sheet, done)
}

fn put(sheet: &mut Sheet, entry: Result<TaskEntry, String>) -> Fate {
    match entry {
        Ok(entry) => {
            sheet.tasks.push(entry);
            Fate::Carried
        }
        Err(why) => todo(format!("{why}; write it as [[tasks]]")),
    }
}

fn installed(evaluator: &mut Evaluator<'_>, what: Install) -> Result<TaskEntry, String> {
    let name = |end: &str| format!("{}_{end}", what.program);
    let flags = match text(evaluator, &name("install_flags"))? {
        Some(flags) => flags,
        None => text(evaluator, &name("flags"))?.unwrap_or_else(|| what.flags.to_owned()),
    };
    let method = text(evaluator, &name("method"))?.unwrap_or_else(|| what.method.to_owned());
    let dir = match text(evaluator, &name("working_dir"))? {
        Some(dir) => Some(dir),
        None => text(evaluator, &name("target_path"))?,
    };
    let dir = dir.filter(|dir| dir != RELEASE);
    let dir = dir.map(|dir| match dir.strip_prefix(RELEASE) {
        Some(below) => below.trim_start_matches('/').to_owned(),
        None => dir,
    });
    if let Some(dir) = &dir {
        grammar::check(grammar::line, dir)?;
    }
    let program = evaluator.mapped_name(what.program);
    let run = format!("{program} {method} {flags}");
    Ok(TaskEntry {
        name: format!("{}:{}", what.program, what.method),
        run: one_line(run.trim())?,
        target: Target {
            roles: roles(evaluator, &name("roles"), None)?,
            ..Target::default()
        },
        dir,
        place: Some((true, "updated".to_owned())),
        on: DEPLOY.to_vec(),
        ..TaskEntry::default()
    })
}

/// The task that writes the crontab.
pub(super) fn whenever(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    let done = crontab(evaluator);
    put(sheet, done)
}

fn crontab(evaluator: &mut Evaluator<'_>) -> Result<TaskEntry, String> {
    let identifier = match text(evaluator, "whenever_identifier")? {
        Some(identifier) => identifier,
        None => text(evaluator, "application")?.unwrap_or_default(),
    };
    let environment = match text(evaluator, "whenever_environment")? {
        Some(environment) => Some(environment),
        None => text(evaluator, "rails_env")?,
    };
    let environment = environment.unwrap_or_else(|| evaluator.stage.clone());
    let variables = text(evaluator, "whenever_variables")?;
    let variables = variables.unwrap_or_else(|| format!("environment={environment}"));
    let command = words(evaluator, "whenever_command")?;
    let command = command.unwrap_or_else(|| "bundle exec whenever".to_owned());
    let file = text(evaluator, "whenever_load_file")?;
    let file = file.map(|file| format!(" -f {}", shell::quote(&file)));
    let run = format!(
        "{command} --update-crontab {} --set {} --roles=\"${{DEPLOY_ROLES}}\"{}",
        shell::quote(&identifier),
        shell::quote(&variables),
        file.unwrap_or_default(),
    );
    Ok(TaskEntry {
        name: "whenever:update_crontab".to_owned(),
        run: one_line(&run)?,
        target: Target {
            roles: roles(evaluator, "whenever_roles", Some("db"))?,
            ..Target::default()
        },
        place: Some((false, "published".to_owned())),
        on: BOTH.to_vec(),
        ..TaskEntry::default()
    })
}

/// The Node.js that nvm has, by its place.
pub(super) fn nvm(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    match node(evaluator) {
        Ok(dir) => {
            sheet.add_path(vec![dir]);
            Fate::Carried
        }
        Err(why) => todo(format!(
            "{why}; put the bin directory of Node.js into `path`"
        )),
    }
}

fn node(evaluator: &mut Evaluator<'_>) -> Result<String, String> {
    let at = match text(evaluator, "nvm_custom_path")? {
        Some(path) => path.replacen("$HOME", "~", 1),
        None if text(evaluator, "nvm_type")?.as_deref() == Some("system") => {
            "/usr/local/nvm".to_owned()
        }
        None => "~/.nvm".to_owned(),
    };
    let version = text(evaluator, "nvm_node")?.unwrap_or_default();
    // Which one an alias means, only nvm knows.
    let plain = version.strip_prefix('v').is_some_and(|numbers| {
        numbers.split('.').count() == 3
            && numbers
                .split('.')
                .all(|number| number.parse::<u32>().is_ok())
    });
    if !plain {
        return Err(format!("nvm finds out what `{version}` is"));
    }
    let dir = format!("{at}/versions/node/{version}/bin");
    grammar::check(grammar::search_path, &dir)?;
    Ok(dir)
}

/// Restarting sidekiq; it was quieted and stopped before, and that is no part of a restart.
pub(super) fn sidekiq(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    let unit = match text(evaluator, "sidekiq_service_unit_name") {
        Ok(Some(unit)) => Ok(unit),
        Ok(None) => match text(evaluator, "application") {
            Ok(name) => Ok(format!(
                "{}_sidekiq_{}",
                name.unwrap_or_default(),
                evaluator.stage
            )),
            Err(why) => Err(why),
        },
        Err(why) => Err(why),
    };
    let user = text(evaluator, "sidekiq_service_unit_user");
    let roles = match text(evaluator, "sidekiq_role") {
        Ok(Some(_)) => roles(evaluator, "sidekiq_role", None),
        _ => roles(evaluator, "sidekiq_roles", Some("app")),
    };
    match (unit, user, roles) {
        (Ok(unit), Ok(user), Ok(roles)) => {
            let by = match user.as_deref() {
                Some("system") => "sudo systemctl",
                _ => "systemctl --user",
            };
            let command = format!("{by} restart {}", shell::quote(&unit));
            restart(sheet, &roles, &command);
            todo(
                "it quieted sidekiq at the start, stopped it before publishing and started it afterwards; [restart] restarts its unit, see that the name is yours",
            )
        }
        (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => todo(why),
    }
}

/// Restarting passenger.
pub(super) fn passenger(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    let touch = evaluator.setting("passenger_restart_with_touch");
    let sudo = evaluator.setting("passenger_restart_with_sudo");
    let sudo = sudo.is_some_and(|sudo| sudo.truth() == Ok(true));
    let (roles, root) = match (
        roles(evaluator, "passenger_roles", Some("app")),
        evaluator.root(),
    ) {
        (Ok(roles), Ok(root)) => (roles, root),
        (Err(why), _) => return todo(why),
        (_, Err(unknown)) => return todo(unknown.why),
    };
    if touch.is_some_and(|touch| touch.truth() == Ok(true)) {
        let command = format!("mkdir -p {RELEASE}/tmp\ntouch {RELEASE}/tmp/restart.txt");
        restart(sheet, &roles, &command);
        return Fate::Carried;
    }
    let options = words(evaluator, "passenger_restart_options");
    let command = words(evaluator, "passenger_restart_command");
    let (options, command) = match (options, command) {
        (Ok(options), Ok(command)) => (options, command),
        (Err(why), _) | (_, Err(why)) => return todo(why),
    };
    let command = format!(
        "{}{} {}",
        if sudo { "sudo " } else { "" },
        command.unwrap_or_else(|| "passenger-config restart-app".to_owned()),
        options.unwrap_or_else(|| format!("{} --ignore-app-not-running", shell::quote(&root))),
    );
    restart(sheet, &roles, &command);
    todo(
        "it restarted passenger host by host; [restart] does it on all at once, see that its command is right",
    )
}

/// Restarting puma's unit.
pub(super) fn puma(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    let unit = match text(evaluator, "puma_service_unit_name") {
        Ok(None) => text(evaluator, "application")
            .map(|name| format!("{}_puma_{}", name.unwrap_or_default(), evaluator.stage)),
        Ok(Some(unit)) => Ok(unit),
        Err(why) => Err(why),
    };
    let by = match text(evaluator, "puma_systemctl_user") {
        Ok(Some(user)) if user == "system" => "sudo systemctl",
        _ => "systemctl --user",
    };
    match (unit, roles(evaluator, "puma_role", Some("app"))) {
        (Ok(unit), Ok(roles)) => {
            let command = format!("{by} restart {}", shell::quote(&unit));
            restart(sheet, &roles, &command);
            todo("it restarted puma's unit; see that the one in [restart] is yours")
        }
        (Err(why), _) | (_, Err(why)) => todo(why),
    }
}

/// A restart is by role: where all are meant, it is the one that every host has unless its own are named.
fn restart(sheet: &mut Sheet, roles: &[String], command: &str) {
    if roles.is_empty() {
        sheet.restart("app", command);
    }
    for role in roles {
        sheet.restart(role, command);
    }
}

/// The roles of a setting; `:all` is none.
fn roles(
    evaluator: &mut Evaluator<'_>,
    name: &str,
    usual: Option<&str>,
) -> Result<Vec<String>, String> {
    let mut roles = Vec::new();
    match evaluator.setting(name) {
        Some(value) => {
            for role in value.items() {
                roles.push(role.to_text().map_err(|unknown| unknown.why)?);
            }
        }
        None => roles.extend(usual.map(str::to_owned)),
    }
    if roles.iter().any(|role| role == "all") {
        return Ok(Vec::new());
    }
    roles
        .iter()
        .try_for_each(|role| grammar::check(grammar::role, role))?;
    Ok(roles)
}

/// The text of a setting, where it is set.
fn text(evaluator: &mut Evaluator<'_>, name: &str) -> Result<Option<String>, String> {
    match evaluator.setting(name) {
        None | Some(Value::Nil) => Ok(None),
        Some(value) => value.to_text().map(Some).map_err(|unknown| unknown.why),
    }
}

/// The words of a setting that may be a list of them.
fn words(evaluator: &mut Evaluator<'_>, name: &str) -> Result<Option<String>, String> {
    match evaluator.setting(name) {
        None | Some(Value::Nil) => Ok(None),
        Some(value) => {
            let words: Result<Vec<String>, _> = value.items().iter().map(Value::to_text).collect();
            let words = words.map_err(|unknown| unknown.why)?;
            one_line(&words.join(" ")).map(Some)
        }
    }
}

fn one_line(text: &str) -> Result<String, String> {
    if text.contains(['\n', '\0']) {
        return Err("its command has several lines".to_owned());
    }
    Ok(text.to_owned())
}

impl Sheet {
    /// A command that makes the hosts of a role take up a release, after those that are there.
    pub(super) fn restart(&mut self, role: &str, command: &str) {
        let place = ("restart", role.to_owned());
        let run = match self.keys.get(&place) {
            Some(Item::Text(other)) => format!("{other}\n{command}"),
            _ => command.to_owned(),
        };
        self.keys.insert(place, Item::text(run));
    }

    /// Directories before those that PATH gets already.
    pub(super) fn add_path(&mut self, dirs: Vec<String>) {
        let place = ("", "path".to_owned());
        let mut dirs: Vec<Item> = dirs.into_iter().map(Item::Text).collect();
        if let Some(Item::List(present)) = self.keys.get(&place) {
            dirs.extend(present.iter().cloned());
        }
        self.keys.insert(place, Item::List(dirs));
    }
}
