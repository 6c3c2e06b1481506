//! Settings by the table.

use super::grammar;
use super::links::without_inner_links;
use super::shapes::item;
use super::table::{Meaning, Shape, Special, meaning};
use super::{Sheet, neutral, note, plugins, second, ssh, todo};
use crate::evaluate::Evaluator;
use crate::evaluate::project::Setting;
use crate::ledger::Fate;
use crate::secrets::names_secret;
use crate::toml::Item;
use crate::value::Value;

/// Translates every setting. What no table knows is carried where something used it: its value stands there.
pub(super) fn translate(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    let mut fates = Vec::new();
    let settings: Vec<_> = evaluator.project.settings.clone().into_iter().collect();
    for (name, setting) in &settings {
        let value = evaluator.resolve(setting.value.clone());
        let own = evaluator.second.then(|| second::meaning(name)).flatten();
        let fate = match own.or_else(|| meaning(name)) {
            // A table of a recipe that is not in use is a mistake in our file, and nothing to Capistrano.
            Some(meaning) if !in_use(sheet, &meaning) => Fate::Opened,
            // Where the project itself uses it, that is what it is for.
            Some(Meaning::Todo(_)) if setting.used || evaluator.fetched.contains(name) => {
                Fate::Opened
            }
            Some(meaning) => hinted(translated(sheet, meaning, &value), name, &value),
            None => Fate::Opened,
        };
        fates.push((setting.clone(), fate, value));
    }
    let after: Vec<_> = evaluator.project.settings.clone().into_iter().collect();
    for ((name, now), (setting, fate, value)) in after.into_iter().zip(fates) {
        let fate = match fate {
            Fate::Opened => unknown_setting(evaluator, &name, &now, &value),
            known => Some(known),
        };
        match fate {
            Some(fate) => note(evaluator, &setting.made_by, &fate),
            None => {
                for statement in &setting.made_by {
                    evaluator.ledger.unused(*statement, unused(&name));
                }
            }
        }
    }
    for (name, reason) in without_inner_links(sheet) {
        let made_by = evaluator
            .project
            .settings
            .get(name)
            .map(|setting| setting.made_by.clone());
        note(evaluator, &made_by.unwrap_or_default(), &todo(reason));
    }
    defaults(evaluator, sheet);
}

/// Whether the recipe that a setting is about, if any, is in use.
fn in_use(sheet: &Sheet, meaning: &Meaning) -> bool {
    let table = match meaning {
        Meaning::Key(table, ..) => table,
        Meaning::Special(Special::BundlePath | Special::BundleFlags) => "bundler",
        Meaning::Special(Special::Conditionally) => "rails",
        _ => return true,
    };
    !["bundler", "rails"].contains(&table) || sheet.recipes.contains(&table)
}

/// The fate of a setting that no table knows; none where nothing uses it in this stage.
fn unknown_setting(
    evaluator: &Evaluator<'_>,
    name: &str,
    setting: &Setting,
    value: &Value,
) -> Option<Fate> {
    match value.first_unknown() {
        Some(unknown) if !setting.used => Some(todo(unknown.why.clone())),
        _ if setting.used || evaluator.fetched.contains(name) => {
            Some(neutral("its value stands where it is used"))
        }
        _ => plugins::setting(name).map(todo),
    }
}

/// A value that is not known, with what the command line has for it.
fn hinted(fate: Fate, name: &str, value: &Value) -> Fate {
    match fate {
        Fate::Todo(why) if name == "branch" && value.first_unknown().is_some() => todo(format!(
            "{why}; --here deploys what is checked out, --branch another one"
        )),
        fate => fate,
    }
}

fn unused(name: &str) -> String {
    format!("`{name}` has no counterpart that is known here, and nothing uses it")
}

/// What Capistrano does where a project says nothing.
fn defaults(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    if evaluator.second {
        second::defaults(evaluator, sheet);
        return;
    }
    if !evaluator.project.settings.contains_key("branch") {
        sheet.put("", "branch", Item::text("master"));
        sheet.remark("", "branch", "Capistrano's default");
    }
}

fn translated(sheet: &mut Sheet, meaning: Meaning, value: &Value) -> Fate {
    let done = match meaning {
        Meaning::Neutral(reason) => return neutral(reason),
        Meaning::Todo(reason) => return todo(reason),
        // They are looked up with their reasons.
        Meaning::Told | Meaning::Asks => return Fate::Opened,
        Meaning::Special(special) => more(sheet, special, value),
        Meaning::Key(_, _, shape) if off(shape, value) => {
            return neutral("nil is what it is without");
        }
        Meaning::Key(table, key, shape) => item(shape, value).map(|item| {
            sheet.put(table, key, item);
            Fate::Carried
        }),
    };
    done.unwrap_or_else(todo)
}

/// Whether a setting is turned off, which is how it is where nothing is said.
fn off(shape: Shape, value: &Value) -> bool {
    matches!(value, Value::Nil) || (shape != Shape::Flag && matches!(value, Value::Bool(false)))
}

fn more(sheet: &mut Sheet, special: Special, value: &Value) -> Result<Fate, String> {
    match special {
        Special::DefaultEnv => variables(sheet, value),
        Special::SshOptions => ssh::options(sheet, value),
        Special::Pty => Ok(pty(value)),
        Special::Scm => Ok(scm(value)),
        Special::ShallowClone => Ok(neutral(
            "with source \"push\" hosts get only the objects they lack; with \"git\" it is `depth`",
        )),
        Special::Timeout => Ok(neutral(
            "Capistrano itself reads it nowhere; [ssh] connect_for is the time to connect",
        )),
        Special::Ruby(manager) => Ok(ruby(sheet, manager, value)),
        Special::RubyPath(manager) => {
            sheet.put("ruby", "manager", Item::text(manager));
            sheet.put("ruby", "path", item(Shape::Directory, value)?);
            Ok(Fate::Carried)
        }
        Special::BundlePath => bundle_path(sheet, value),
        Special::BundleFlags => bundle_flags(sheet, value),
        Special::Gateway | Special::SharedChildren | Special::UseSudo => {
            second::special(sheet, special, value)
        }
        Special::Conditionally => {
            let only = value.truth().map_err(|unknown| unknown.why)?;
            let when = if only { "if_changed" } else { "always" };
            sheet.put("rails", "migrate", Item::text(when));
            Ok(Fate::Carried)
        }
    }
}

fn bundle_flags(sheet: &mut Sheet, value: &Value) -> Result<Fate, String> {
    let Item::Text(text) = item(Shape::Line, value)? else {
        return Err("its flags are no plain text".to_owned());
    };
    // That one is a setting of its own, and on unless it is turned off.
    let flags = text
        .split_whitespace()
        .filter(|flag| *flag != "--deployment");
    sheet.put("bundler", "flags", Item::texts(flags));
    Ok(Fate::Carried)
}

fn variables(sheet: &mut Sheet, value: &Value) -> Result<Fate, String> {
    let Value::Hash(pairs) = value else {
        return Err(format!("{} stands where variables are meant", value.kind()));
    };
    let mut reasons = Vec::new();
    for (name, value) in pairs {
        if let Err(reason) = variable(sheet, name, value) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        return Ok(Fate::Carried);
    }
    Err(reasons.join("; "))
}

fn variable(sheet: &mut Sheet, name: &Value, value: &Value) -> Result<(), String> {
    let name = match name {
        Value::Symbol(name) => name.to_uppercase(),
        name => name.to_text().map_err(|unknown| unknown.why)?,
    };
    grammar::check(grammar::variable, &name)?;
    if let Value::Unknown(unknown) = value
        && let Some(from) = unknown.variable.as_ref().filter(|it| it.itself)
    {
        grammar::check(grammar::variable, &from.name)?;
        let from = Item::Table(vec![("from_env".to_owned(), Item::text(&from.name))]);
        sheet.put("secrets", &name, from);
        return Ok(());
    }
    let text = value
        .to_text()
        .map_err(|unknown| format!("{name}: {}", unknown.why))?;
    if name == "PATH" {
        return search_path(sheet, &text);
    }
    if text.contains(['$', '\0']) {
        return Err(format!("{name} holds `$`, and variables are literal here"));
    }
    let literal = names_secret(&name) && !text.is_empty();
    sheet.put("env", &name, Item::text(text));
    if literal {
        return Err(format!(
            "by its name {name} is a secret, and its value stands in [env] as it stood here: `{name} = {{ from_env = \"{name}\" }}` in [secrets] keeps it out of the file"
        ));
    }
    Ok(())
}

/// `PATH = "/opt/bin:$PATH"`: directories put before.
fn search_path(sheet: &mut Sheet, text: &str) -> Result<(), String> {
    let mut dirs = Vec::new();
    for part in text.split(':').filter(|part| !part.is_empty()) {
        if part == "$PATH" || part == "${PATH}" {
            continue;
        }
        let dir = match part
            .strip_prefix("$HOME/")
            .or_else(|| part.strip_prefix("~/"))
        {
            Some(rest) => format!("~/{rest}"),
            None => part.to_owned(),
        };
        if dir.contains('$') || !dir.starts_with(['/', '~']) {
            return Err(format!(
                "PATH holds `{part}`; put absolute directories into `path`"
            ));
        }
        dirs.push(dir);
    }
    sheet.add_path(dirs);
    Ok(())
}

fn pty(value: &Value) -> Fate {
    match value.truth() {
        Ok(false) => neutral("no terminal is what tasks have here"),
        _ => neutral(
            "a task that needs a terminal says `pty = true` in [[tasks]]; others work without",
        ),
    }
}

fn scm(value: &Value) -> Fate {
    match value.word() {
        Some("git") => neutral("git is the only source"),
        _ => todo("git is the only source"),
    }
}

fn ruby(sheet: &mut Sheet, manager: &'static str, value: &Value) -> Fate {
    sheet.put("ruby", "manager", Item::text(manager));
    match value {
        Value::Unknown(unknown) if unknown.why.contains(".ruby-version") => {
            neutral("the project's own .ruby-version counts, as it did")
        }
        value => match item(Shape::RubyVersion, value) {
            Ok(Item::Text(version)) if version == "default" => neutral("the manager's own default"),
            Ok(version) => {
                sheet.put("ruby", "version", version);
                Fate::Carried
            }
            Err(reason) => todo(reason),
        },
    }
}

fn bundle_path(sheet: &mut Sheet, value: &Value) -> Result<Fate, String> {
    if matches!(value, Value::Nil) {
        sheet.put("bundler", "path", Item::text("system"));
        return Ok(Fate::Carried);
    }
    let text = value.to_text().map_err(|unknown| unknown.why)?;
    let below = text
        .split_once("/shared/")
        .map(|(_, rest)| format!("shared/{rest}"));
    match below {
        Some(path) => {
            grammar::check(grammar::inner_path, &path)?;
            sheet.put("bundler", "path", Item::text(path));
            Ok(Fate::Carried)
        }
        None => Err("[bundler] path is below deploy_to; say there where the gems go".to_owned()),
    }
}
