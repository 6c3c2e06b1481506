//! What the Capfile requires: recipes of ours, things that need nothing, and plugins whose recipe is not there yet.

use super::known::{Becomes, PLUGINS, SETTINGS};
use super::steps;
use super::{Sheet, neutral, note, todo};
use crate::evaluate::Evaluator;
use crate::ledger::Fate;
use crate::toml::Item;

/// Why a plugin's setting is not carried over; none where the name is no plugin's.
pub(super) fn setting(name: &str) -> Option<String> {
    let (_, plugin) = SETTINGS.iter().find(|(start, _)| name.starts_with(start))?;
    Some(format!(
        "it is a setting of {plugin}, whose recipe is not there yet"
    ))
}

pub(super) fn translate(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    for (name, statement) in evaluator.project.plugins.clone() {
        let known = PLUGINS.iter().find(|(known, _)| *known == name);
        let fate = match known {
            Some((_, becomes)) => became(evaluator, sheet, *becomes),
            None if name.contains("deploy/") || name.contains("tasks/") => todo(format!(
                "the file {name} is read only where it lies in lib/capistrano/tasks"
            )),
            None => todo(format!(
                "what `{name}` did is not known here; write what is needed as [[tasks]]"
            )),
        };
        note(evaluator, &[statement], &fate);
    }
    // The order of phases is that of Capistrano: gems before what is made with them.
    sheet.recipes.sort_unstable();
}

fn became(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet, becomes: Becomes) -> Fate {
    match becomes {
        Becomes::Nothing(reason) => return neutral(reason),
        Becomes::Asks(what) => return todo(what),
        Becomes::Missing(what) => return todo(format!("it {what}; its recipe is not there yet")),
        Becomes::Recipe(recipe) => sheet.recipe(recipe),
        Becomes::Assets => halved(
            sheet,
            "migrate",
            Item::text("never"),
            "capistrano/rails/migrations",
            evaluator,
        ),
        Becomes::Migrations => halved(
            sheet,
            "assets",
            Item::Bool(false),
            "capistrano/rails/assets",
            evaluator,
        ),
        Becomes::Ruby(manager) => sheet.put("ruby", "manager", Item::text(manager)),
        Becomes::Step(step) => return step(evaluator, sheet),
        Becomes::Install(what) => return steps::install(evaluator, sheet, *what),
    }
    Fate::Carried
}

/// The recipe `rails` with one half only, unless the other one is required too.
fn halved(sheet: &mut Sheet, key: &'static str, off: Item, other: &str, evaluator: &Evaluator<'_>) {
    sheet.recipe("rails");
    let both = |name: &str| name == other || name == "capistrano/rails";
    if !evaluator.project.plugins.iter().any(|(name, _)| both(name)) {
        sheet.put("rails", key, off);
    }
}
