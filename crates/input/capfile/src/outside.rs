//! What the files do not say themselves: variables of whoever deploys, and answers to questions.
//!
//! The import takes such a variable for not set and such a question for answered with its default. What a value owes to that
//! is kept beside it, so that whatever is left out because of it can be told of.

use crate::value::Value;
use std::collections::BTreeMap;
use std::fmt;

/// How many of them are named where much depends on many.
const NAMED: usize = 3;

/// Something that only whoever deploys knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A variable of the environment.
    Variable(String),
    /// The answer to a question, by the setting that it makes.
    Answer(String),
}

/// What from outside of the files something depends on: the first few, which are enough to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outside(Vec<Source>);

/// A value that has a name, and what it depends on.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) value: Value,
    pub(crate) outside: Outside,
}

/// Local variables.
pub(crate) type Locals = BTreeMap<String, Kept>;

impl Outside {
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, other: &Outside) {
        for source in &other.0 {
            self.touch(source.clone());
        }
    }

    pub(crate) fn touch(&mut self, source: Source) {
        if self.0.len() < NAMED && !self.0.contains(&source) {
            self.0.push(source);
        }
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, source) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" and on ")?;
            }
            match source {
                Source::Variable(name) => write!(
                    f,
                    "the variable {name} of whoever deploys, taken for not set here"
                )?,
                Source::Answer(name) => write!(
                    f,
                    "the answer to the question for `{name}`, whose default counts here"
                )?,
            }
        }
        Ok(())
    }
}
