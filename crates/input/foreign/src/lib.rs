//! The words of other deployment tools: what each is called here, or why it needs no counterpart.
//!
//! One table, of which everything is made that knows such words: the messages for a foreign word in windlass.toml and on
//! the command line, the forms of Capistrano's command line that are understood, the import's account of plugins and
//! hooks, and docs/from-capistrano.md. It is data and looks things up by exact name; it changes nothing, and what a
//! value of another tool becomes is not known here.

mod hooks;
mod meaning;
mod page;
mod peers;
mod plugins;
mod screen;
mod settings;
mod ssh;
mod technology;
mod typed;

pub use hooks::{Hook, Runs, hook};
pub use meaning::{Meaning, Tool, Word};
pub use page::page;
pub use plugins::{Becomes, Install, Plugin, Steps, plugin, plugin_setting};
pub use typed::{switch, task, typed, variable};

/// The setting of this name in a table of windlass.toml, which is empty at its top.
pub fn setting(table: &str, name: &str) -> Option<&'static Word> {
    let special = match table.rsplit('.').next() {
        Some("ssh") => meaning::find(ssh::SSH, name),
        _ => None,
    };
    // What is the same here is no foreign word: it only stands in the wrong place.
    let foreign = |word: &&Word| !matches!(word.meaning, Meaning::Same(_));
    special
        .into_iter()
        .chain(settings().find(|word| word.name == name))
        .find(foreign)
        .or_else(|| plugin_setting(name))
}

/// Every setting of another tool whose whole name is known, for tests that compare tables.
pub fn settings() -> impl Iterator<Item = &'static Word> {
    [settings::CORE, technology::RUBY, peers::PEERS]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_word_stands_twice() {
        let mut seen = BTreeSet::new();
        for word in settings().chain(plugins::SETTINGS) {
            assert!(seen.insert(word.name), "{}", word.name);
        }
        for table in [typed::TASKS, typed::SWITCHES, typed::VARIABLES, ssh::SSH] {
            let mut seen = BTreeSet::new();
            assert!(table.iter().all(|word| seen.insert(word.name)));
        }
        let mut seen = BTreeSet::new();
        assert!(
            plugins::PLUGINS
                .iter()
                .all(|plugin| seen.insert(plugin.name))
        );
    }

    #[test]
    fn a_word_means_what_its_table_says() {
        let ours = |table: &str, name: &str| match setting(table, name).map(|word| word.meaning) {
            Some(Meaning::Ours(ours)) => Some(ours),
            _ => None,
        };
        assert_eq!(
            ours("stages.production.ssh", "timeout"),
            Some("`connect_for`")
        );
        assert_eq!(ours("", "timeout"), None);
        assert!(
            setting("ssh", "branch").is_none(),
            "it only stands in the wrong place"
        );
    }

    #[test]
    fn a_beginning_stands_for_what_has_no_line_of_its_own() {
        let name = |task: Option<&Word>| task.map(|word| word.name);
        assert_eq!(name(task("puma:phased-restart")), Some("puma:*"));
        assert_eq!(name(task("bundler:clean")), Some("bundler:clean"));
        assert_eq!(name(task("deploy:check")), Some("deploy:check"));
        assert_eq!(name(task("cache:warm")), None);
        assert_eq!(name(setting("", "puma_workers")), Some("puma_*"));
    }

    #[test]
    fn a_word_is_answered_as_it_was_written() {
        let word = setting("", "puma_workers").expect("known");
        let answer = word.answer("puma_workers");
        assert!(
            answer.starts_with("`puma_workers` is Capistrano's word; it is"),
            "{answer}"
        );
    }

    #[test]
    fn the_page_stands_among_the_documents() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
        let stands = std::fs::read_to_string(format!("{root}/docs/from-capistrano.md"));
        assert!(
            stands.unwrap_or_default() == page(),
            "docs/from-capistrano.md does not say what the tables say; `cargo xtask docs` writes it anew"
        );
    }
}
