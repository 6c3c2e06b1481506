//! What became of every statement of the source. Nothing is dropped without a word.
//!
//! A statement that only holds others (`namespace`, an `if` whose condition is known) is opened: those inside are accounted
//! for one by one. Any other fate speaks for what is inside too.

use crate::syntax::Span;
use std::collections::BTreeMap;

/// A statement: its file by number, and where it begins and ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    pub(crate) file: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) line: u32,
    /// Whether it is only a part of one, whose own fate differs.
    pub(crate) part: bool,
}

impl Statement {
    pub(crate) fn new(file: usize, span: Span) -> Self {
        Self {
            file,
            start: span.start,
            end: span.end,
            line: span.line,
            part: false,
        }
    }

    /// A part of a statement.
    pub(crate) fn part(file: usize, span: Span) -> Self {
        Self {
            part: true,
            ..Self::new(file, span)
        }
    }
}

/// What became of a statement, in the order in which one outweighs another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It holds others, which have fates of their own.
    Opened,
    /// Nothing needs to be carried over, for this reason.
    Neutral(String),
    /// It is in windlass.toml.
    Carried,
    /// A person has to look at it, for this reason.
    Todo(String),
}

/// The fates of all statements that were met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    fates: BTreeMap<Statement, Fate>,
    /// Why statements do nothing in one stage, which counts where they do nothing in any.
    unused: BTreeMap<Statement, String>,
}

impl Ledger {
    /// Notes a fate. Of two for one statement, as in a loop or in two stages, the one that asks for more counts.
    pub(crate) fn note(&mut self, statement: Statement, fate: Fate) {
        match self.fates.get_mut(&statement) {
            // The first reason stays: the ones after it often follow from it.
            Some(Fate::Todo(_)) => {}
            Some(present) if *present < fate => *present = fate,
            Some(_) => {}
            None => {
                self.fates.insert(statement, fate);
            }
        }
    }

    /// Notes that a statement does nothing in this stage.
    pub(crate) fn unused(&mut self, statement: Statement, why: String) {
        self.unused.entry(statement).or_insert(why);
    }

    /// What does nothing in any stage is a person's to look at.
    pub(crate) fn settle(&mut self) {
        for (statement, why) in std::mem::take(&mut self.unused) {
            if matches!(self.fates.get(&statement), None | Some(Fate::Opened)) {
                self.note(statement, Fate::Todo(why));
            }
        }
    }

    /// Takes over what another one holds.
    pub(crate) fn absorb(&mut self, other: Ledger) {
        for (statement, why) in other.unused {
            self.unused(statement, why);
        }
        for (statement, fate) in other.fates {
            self.note(statement, fate);
        }
    }

    /// All of it, in the order of files and lines.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Statement, &Fate)> {
        self.fates.iter()
    }

    #[cfg(test)]
    pub(crate) fn fate(&self, statement: Statement) -> Option<&Fate> {
        self.fates.get(&statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_more_counts() {
        let statement = Statement::new(0, Span::default());
        let mut ledger = Ledger::default();
        ledger.note(statement, Fate::Opened);
        ledger.note(statement, Fate::Neutral("a".to_owned()));
        ledger.note(statement, Fate::Carried);
        ledger.note(statement, Fate::Neutral("b".to_owned()));
        assert_eq!(ledger.fate(statement), Some(&Fate::Carried));
        ledger.note(statement, Fate::Todo("c".to_owned()));
        ledger.note(statement, Fate::Todo("d".to_owned()));
        ledger.note(statement, Fate::Carried);
        assert_eq!(ledger.fate(statement), Some(&Fate::Todo("c".to_owned())));
    }
}
