//! What a recipe that is in use brings to other settings: visible in `config`, with the recipe as its origin.
//!
//! What a person said wins: nothing is brought where the setting has it already.

use crate::origin::Origin;
use crate::value::{Data, Entry, Table, Value};

/// Brings what the recipes in use bring. The table is merged and filled.
pub(crate) fn bring(table: &mut Table) {
    if uses(table, "rails") {
        rails(table);
    }
}

fn uses(table: &Table, recipe: &str) -> bool {
    list(table, "recipes").any(|name| name == recipe)
}

/// `RAILS_ENV` for every command, and compiled assets that outlive releases: pages that were sent before a deploy ask for
/// the old ones.
fn rails(table: &mut Table) {
    const RAILS: Origin = Origin::Recipe("rails");
    let text = |text: &str| Value::new(Data::Text(text.to_owned()), RAILS);
    let env = word(table, "rails", "env").unwrap_or_default().to_owned();
    let secret = crate::config::table(table, "secrets");
    if !secret.is_some_and(|secrets| secrets.contains_key("RAILS_ENV")) {
        bring_variable(table, "RAILS_ENV", text(&env));
    }
    let assets = crate::config::table(table, "rails").and_then(|rails| rails.get("assets"));
    let compiled = assets.is_some_and(|entry| entry.value.data == Data::Boolean(true));
    let prefix = word(table, "rails", "assets_prefix").unwrap_or_default();
    let dir = format!("public/{}", prefix.trim_end_matches('/'));
    let linked = list(table, "linked_dirs").any(|linked| holds(linked, &dir));
    let below = list(table, "linked_dirs").any(|linked| holds(&dir, linked));
    if !compiled || linked || below {
        return;
    }
    if let Some(entry) = table.get_mut("linked_dirs")
        && let Data::List(dirs) = &mut entry.value.data
    {
        dirs.push(text(&dir));
        entry.value.origins.push(RAILS);
    }
}

fn bring_variable(table: &mut Table, name: &str, value: Value) {
    let key = value.origin();
    let env = table.entry("env".to_owned()).or_insert_with(|| Entry {
        key: key.clone(),
        value: Value::new(Data::Table(Table::new()), key.clone()),
    });
    if let Data::Table(variables) = &mut env.value.data {
        let entry = Entry { key, value };
        variables.entry(name.to_owned()).or_insert(entry);
    }
}

/// Whether `path` is `dir` or lies below it.
fn holds(dir: &str, path: &str) -> bool {
    let rest = path
        .trim_end_matches('/')
        .strip_prefix(dir.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn word<'t>(settings: &'t Table, table: &str, name: &str) -> Option<&'t str> {
    let entry = crate::config::table(settings, table)?.get(name)?;
    text_of(&entry.value)
}

fn list<'t>(table: &'t Table, name: &str) -> impl Iterator<Item = &'t str> {
    let values = match table.get(name).map(|entry| &entry.value.data) {
        Some(Data::List(values)) => values.as_slice(),
        _ => &[],
    };
    values.iter().filter_map(text_of)
}

fn text_of(value: &Value) -> Option<&str> {
    match &value.data {
        Data::Text(text) | Data::Verbatim(text) => Some(text),
        _ => None,
    }
}
