//! The table as a page for people: docs/from-capistrano.md.

use crate::hooks::{HOOKS, Runs};
use crate::meaning::{Tool, Word};
use crate::plugins::{Becomes, PLUGINS, Plugin, SETTINGS};
use crate::{screen, settings, ssh, technology, typed};

const START: &str = "# From Capistrano

Every task, switch, variable, setting, hook, plugin and line of Capistrano, and what it is here; or that it is nothing here, and why. This
page is made from the table from which Windlass answers when such a word stands on its command line or in windlass.toml.

A Capistrano project is carried over by `windlass init` beside its Capfile. What it writes is read, changed and committed like any file;
nothing is read from the Capfile afterwards. Capistrano's order of words is understood: `windlass production deploy` does what
`windlass deploy production` does, and says so in one line. `HOSTS=`, `ROLES=`, `BRANCH=` and their like are understood behind the
command, and with Capistrano's order of words before it as well. A word that has no counterpart ends the run with exit code 2 on the
command line, with 20 in windlass.toml, before any host is asked.
";

/// The page.
pub fn page() -> String {
    [
        START.to_owned(),
        words("Tasks", "`cap STAGE …`", typed::TASKS),
        "\nAny other task is one of your own: `windlass run STAGE TASK`.\n".to_owned(),
        words("Switches", "switch", typed::SWITCHES),
        words(
            "Variables on the command line",
            "variable",
            typed::VARIABLES,
        ),
        words("Settings", "setting", settings::CORE),
        words("Settings of plugins", "setting", technology::RUBY),
        rows(shared(SETTINGS).into_iter()),
        words("In `ssh_options`", "option", ssh::SSH),
        words("In a task", "word", settings::IN_TASKS),
        hooks(),
        plugins(),
        lines(),
    ]
    .concat()
}

/// A table of Capistrano's words; neighbours that mean the same share a line.
fn words(title: &str, left: &str, words: &'static [Word]) -> String {
    head(title, left) + &rows(shared(words).into_iter())
}

fn shared(words: &'static [Word]) -> Vec<(String, String)> {
    let capistranos: Vec<&Word> = words
        .iter()
        .filter(|word| matches!(word.tool, Tool::Capistrano | Tool::Several))
        .collect();
    let alike = capistranos.chunk_by(|one, other| one.meaning == other.meaning);
    let row = |group: &[&Word]| {
        let names: Vec<String> = group.iter().map(|word| code(word.name)).collect();
        let cell = group.first().map(|word| word.cell());
        (names.join(", "), cell.unwrap_or_default())
    };
    alike.map(row).collect()
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

fn head(title: &str, left: &str) -> String {
    format!("\n## {title}\n\n| {left} | here |\n|---|---|\n")
}

fn rows(rows: impl Iterator<Item = (String, String)>) -> String {
    let row = |(left, right): (String, String)| {
        let cell = |text: &str| text.replace('|', "\\|");
        format!("| {} | {} |\n", cell(&left), cell(&right))
    };
    rows.map(row).collect()
}

fn hooks() -> String {
    let text = "\nIn `after = \"…\"` and `before = \"…\"` of a `[[tasks]]`. An `undo` beside it takes the place of Capistrano 2's `on_rollback`.\n";
    let row = |hook: &crate::Hook| {
        let runs = match hook.runs {
            Runs::Deploy => "deploys",
            Runs::Rollback => "rollbacks",
            Runs::Both => "deploys and rollbacks",
        };
        (code(hook.name), format!("`{}`, in {runs}", hook.ours))
    };
    let table = head("Hooks", "place") + &rows(HOOKS.iter().map(row));
    table + text
}

fn plugins() -> String {
    let alike = PLUGINS.chunk_by(|one, other| one.becomes == other.becomes);
    let row = |group: &[Plugin]| {
        let names: Vec<String> = group.iter().map(|plugin| code(plugin.name)).collect();
        let becomes = group.first().map(|plugin| became(plugin.becomes));
        (names.join(", "), becomes.unwrap_or_default())
    };
    head("Plugins", "`require`") + &rows(alike.map(row))
}

fn became(becomes: Becomes) -> String {
    match becomes {
        Becomes::Recipe(recipe) => format!("the recipe `{recipe}`"),
        Becomes::Assets => {
            "the recipe `rails`; `migrate = \"never\"` in `[rails]` leaves it at that".to_owned()
        }
        Becomes::Migrations => {
            "the recipe `rails`; `assets = false` in `[rails]` leaves it at that".to_owned()
        }
        Becomes::Ruby(manager) => {
            format!(
                "nothing: {manager} is found by itself; or `manager = \"{manager}\"` in `[ruby]`"
            )
        }
        Becomes::Steps(steps) => steps.here(),
        Becomes::Nothing(reason) => format!("nothing is needed: {reason}"),
        Becomes::Asks(what) => format!("nothing: {what}"),
        Becomes::Missing(what) => format!("not there yet: it {what}"),
    }
}

fn lines() -> String {
    let row = |(line, here): &(&str, &str)| (format!("`` {line} ``"), (*here).to_owned());
    head("On the screen and in the log", "line") + &rows(screen::LINES.iter().map(row))
}
