//! From Capistrano's words to ours, for one stage: what is known of a project becomes a sheet of settings and tasks.
//!
//! Every statement that made something has its fate when this is done. A value that our settings would refuse becomes a
//! TODO and never a line of the file.

mod grammar;
mod hooks;
mod hosts;
mod links;
mod plugins;
mod second;
mod settings;
mod shapes;
mod ssh;
mod steps;
mod table;
mod tasks;

use crate::evaluate::Evaluator;
use crate::ledger::{Fate, Statement};
use crate::toml::Item;
use std::collections::BTreeMap;

pub(crate) use tasks::TaskEntry;

/// A key with its table, which is empty at the top of the file.
pub(crate) type Key = (&'static str, String);

/// What a stage becomes.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) keys: BTreeMap<Key, Item>,
    /// Words beside a line, for people.
    pub(crate) remarks: BTreeMap<Key, String>,
    pub(crate) hosts: Vec<Item>,
    pub(crate) tasks: Vec<TaskEntry>,
    pub(crate) recipes: Vec<&'static str>,
}

impl Sheet {
    pub(crate) fn put(&mut self, table: &'static str, key: &str, item: Item) {
        self.keys.insert((table, key.to_owned()), item);
    }

    pub(crate) fn remark(&mut self, table: &'static str, key: &str, words: &str) {
        self.remarks
            .insert((table, key.to_owned()), words.to_owned());
    }

    fn recipe(&mut self, name: &'static str) {
        if !self.recipes.contains(&name) {
            self.recipes.push(name);
        }
    }
}

/// Translates what the evaluator has read.
pub(crate) fn translate(evaluator: &mut Evaluator<'_>) -> Sheet {
    let mut sheet = Sheet::default();
    plugins::translate(evaluator, &mut sheet);
    tasks::translate(evaluator, &mut sheet);
    hosts::translate(evaluator, &mut sheet);
    // Last, since tasks and servers use settings.
    settings::translate(evaluator, &mut sheet);
    if !sheet.recipes.is_empty() {
        let recipes = Item::texts(sheet.recipes.iter().copied());
        sheet.put("", "recipes", recipes);
    }
    sheet
}

/// Notes one fate for several statements.
fn note(evaluator: &mut Evaluator<'_>, statements: &[Statement], fate: &Fate) {
    for statement in statements {
        evaluator.ledger.note(*statement, fate.clone());
    }
}

fn todo(reason: impl Into<String>) -> Fate {
    Fate::Todo(reason.into())
}

fn neutral(reason: impl Into<String>) -> Fate {
    Fate::Neutral(reason.into())
}
