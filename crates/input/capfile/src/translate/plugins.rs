//! What the Capfile requires, by the table of plugins: recipes of ours, things that need nothing, and TODOs.

use super::steps;
use super::{Sheet, neutral, note, todo};
use crate::evaluate::Evaluator;
use crate::ledger::Fate;
use crate::toml::Item;
use windlass_foreign::{Becomes, Meaning, Steps, plugin, plugin_setting};

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
        Becomes::Steps(what) => return written(evaluator, sheet, what),
    }
    Fate::Carried
}

/// Writes down what a plugin did that is a command or two.
fn written(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet, what: Steps) -> Fate {
    match what {
        Steps::Passenger => steps::passenger(evaluator, sheet),
        Steps::Puma => steps::puma(evaluator, sheet),
        Steps::Sidekiq => steps::sidekiq(evaluator, sheet),
        Steps::Whenever => steps::whenever(evaluator, sheet),
        Steps::Nvm => steps::nvm(evaluator, sheet),
        Steps::Npm | Steps::Yarn | Steps::Bower | Steps::Composer => match what.install() {
            Some(command) => steps::install(evaluator, sheet, command),
            None => todo("what it installed is not known here; write it as [[tasks]]"),
        },
    }
}

/// The recipe `rails` with one half only, unless the other one is required too.
fn halved(sheet: &mut Sheet, key: &'static str, off: Item, other: &str, evaluator: &Evaluator<'_>) {
    sheet.recipe("rails");
    let both = |name: &str| name == other || name == "capistrano/rails";
    if !evaluator.project.plugins.iter().any(|(name, _)| both(name)) {
        sheet.put("rails", key, off);
    }
}
