//! Where a value comes from: a file, line and column; a variable; the command line; or a default.
//!
//! A [`Place`] can always show the text around it, for messages that point. It never holds a value that was not given as
//! a setting.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text that settings were read from.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    kind: Kind,
    name: String,
    text: String,
    line_starts: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Variable,
    Argument,
}

impl Source {
    /// The text of a file; `path` is how people know it.
    pub fn file(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::new(Kind::File, path.into(), text.into())
    }

    /// The value of an environment variable.
    pub(crate) fn variable(name: &str, value: &str) -> Arc<Self> {
        Self::new(Kind::Variable, name.to_owned(), value.to_owned())
    }

    /// A value from the command line; `option` is what was typed before the value.
    pub(crate) fn argument(option: &str, value: &str) -> Arc<Self> {
        Self::new(Kind::Argument, option.to_owned(), value.to_owned())
    }

    fn new(kind: Kind, name: String, text: String) -> Arc<Self> {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Arc::new(Self {
            kind,
            name,
            text,
            line_starts,
        })
    }

    /// The path, the variable's name or the option.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both from 1; columns are characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line.max(1), before.chars().count() + 1)
    }
}

/// A piece of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    source: Arc<Source>,
    start: usize,
    end: usize,
    veiled: bool,
}

impl Place {
    pub(crate) fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self {
            source: Arc::clone(source),
            start: span.start,
            end: span.end,
            veiled: false,
        }
    }

    /// The text it lies in.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Its bytes in the text.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.source.position(self.start).0
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.source.position(self.start).1
    }

    /// The same place, of which nothing but itself may be shown: what stands beside it may be a secret.
    pub(crate) fn veiled(&self) -> Self {
        Self {
            veiled: true,
            ..self.clone()
        }
    }

    /// Whether nothing but the place itself may be shown.
    pub(crate) fn is_veiled(&self) -> bool {
        self.veiled
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.source.name;
        match self.source.kind {
            Kind::File => write!(f, "{name}:{}:{}", self.line(), self.column()),
            Kind::Variable | Kind::Argument => f.write_str(name),
        }
    }
}

/// Where the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was said.
    Default,
    /// It was said here.
    Given(Place),
    /// A recipe that is in use brings it.
    Recipe(&'static str),
}

impl Origin {
    /// The place, where there is one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Default | Self::Recipe(_) => None,
            Self::Given(place) => Some(place),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Given(place) => place.fmt(f),
            Self::Recipe(name) => write!(f, "recipe `{name}`"),
        }
    }
}
