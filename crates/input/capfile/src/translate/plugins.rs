//! What the Capfile requires, by the table of plugins: recipes of ours, things that need nothing, and TODOs.

use super::{Sheet, neutral, note, todo};
use crate::evaluate::Evaluator;
use crate::ledger::Fate;
use crate::toml::Item;
use crate::value::Value;
use windlass_foreign::{Becomes, Meaning, plugin, plugin_setting};
use windlass_model::shell;

/// Why a plugin's setting is not carried over; none where the name is no plugin's.
pub(super) fn setting(name: &str) -> Option<&'static str> {
    match plugin_setting(name)?.meaning {
        Meaning::Reason(reason) => Some(reason),
        _ => None,
    }
}

pub(super) fn translate(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    for (name, statement) in evaluator.project.plugins.clone() {
        let fate = match plugin(&name) {
            Some(plugin) => became(evaluator, sheet, plugin.becomes),
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
        Becomes::Passenger => return passenger(evaluator, sheet),
        Becomes::Puma => return puma(evaluator, sheet),
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

fn passenger(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    match evaluator.root() {
        Ok(root) => {
            let root = shell::quote(&root);
            let command = format!("passenger-config restart-app {root} --ignore-app-not-running");
            sheet.put("restart", "app", Item::text(command));
            todo(
                "it restarted passenger host by host; [restart] does it on all at once, see that its command is right",
            )
        }
        Err(unknown) => todo(unknown.why),
    }
}

fn puma(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    let unit = evaluator.setting("puma_service_unit_name");
    let name = evaluator.setting("application").unwrap_or(Value::Nil);
    let unit = match (unit, name.to_text()) {
        (Some(unit), _) => unit.to_text(),
        (None, Ok(name)) => Ok(format!("{name}_puma_{}", evaluator.stage)),
        (None, Err(unknown)) => Err(unknown),
    };
    match unit {
        Ok(unit) => {
            let command = format!("systemctl --user restart {}", shell::quote(&unit));
            sheet.put("restart", "app", Item::text(command));
            todo("it restarted puma's unit; see that the one in [restart] is yours")
        }
        Err(unknown) => todo(unknown.why),
    }
}
