//! What can be wrong with settings, and how it is told: each mistake with its place, a caret and a way out.

use crate::origin::Place;
use miette::{LabeledSpan, SourceCode};
use std::fmt;
use windlass_foreign::Word;
use windlass_model::ExitCode;

/// What is wrong, in its own words; the place is kept beside it by [`Mistake`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The text is not TOML.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// No key of ours, and nobody else's that we know.
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// The key as written.
        key: String,
    },
    /// A key of ours in a place where it means nothing.
    #[error("`{key}` cannot stand here")]
    WrongPlace {
        /// The key.
        key: String,
    },
    /// A word of another tool: what it is here, or why it is nothing.
    #[error("{}", word.answer(written))]
    Foreign {
        /// As it was written.
        written: String,
        /// What is known of it.
        word: &'static Word,
    },
    /// A place of Capistrano's deploy that has another name here.
    #[error("`{written}` is Capistrano's word; here it is `{ours}`")]
    ForeignPlace {
        /// As it was written.
        written: String,
        /// The phase or task here.
        ours: &'static str,
    },
    /// A setting's name among the variables.
    #[error("`{key}` is a setting, but stands in `[{table}]`")]
    SettingAmongVariables {
        /// The key.
        key: String,
        /// The table of variables.
        table: String,
    },
    /// The value has another type.
    #[error("`{key}` is {found}, but should be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: String,
    },
    /// The value has the right type and cannot be used.
    #[error("`{key}` {reason}")]
    Refused {
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
    /// A shape that is fixed but not built.
    #[error("`{key}`: {what} are not there yet")]
    NotYet {
        /// The key.
        key: String,
        /// What it would give.
        what: String,
    },
    /// Something needed is not said.
    #[error("`{key}` is missing")]
    Missing {
        /// The key.
        key: String,
    },
    /// No stage of this name.
    #[error("there is no stage `{stage}`")]
    NoSuchStage {
        /// The name asked for.
        stage: String,
    },
    /// A variable of ours that names no setting.
    #[error("{variable} names no setting")]
    UnknownVariable {
        /// Its name; the value is not shown.
        variable: String,
    },
    /// There were more mistakes than are worth showing.
    #[error("{count} more like these")]
    More {
        /// How many.
        count: usize,
    },
}

/// One mistake and where it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    error: Error,
    place: Option<Place>,
    label: Option<String>,
    help: Option<String>,
}

impl Mistake {
    /// A mistake of which no place is known.
    pub fn new(error: Error) -> Self {
        Self {
            error,
            place: None,
            label: None,
            help: None,
        }
    }

    /// Where it was made.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// What to write at the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Where, if it is known.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Mistake {}

impl miette::Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let place = self.place.as_ref()?;
        Some(place)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let label = LabeledSpan::new_primary_with_span(self.label.clone(), place.shown_span());
        Some(Box::new(std::iter::once(label)))
    }
}

/// All mistakes that were found, in the order of the file. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

/// More than this many are counted, not shown.
const SHOWN: usize = 20;

impl Mistakes {
    /// What to return: the value if nothing is wrong.
    pub(crate) fn unless<T>(mistakes: Vec<Mistake>, value: T) -> Result<T, Self> {
        if mistakes.is_empty() {
            return Ok(value);
        }
        Err(Self::of(mistakes))
    }

    fn of(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.place.as_ref().map(|place| place.span().start));
        let count = mistakes.len().saturating_sub(SHOWN);
        if count > 0 {
            mistakes.truncate(SHOWN);
            mistakes.push(Mistake::new(Error::More { count }));
        }
        Self(mistakes)
    }

    /// One by one, each a diagnostic of its own.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }

    fn only(&self) -> Option<&Mistake> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The exit code that they mean.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::Config
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self::of(vec![mistake])
    }
}

/// One mistake speaks for itself, several are counted; `{:#}` lists them all with their places.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] if !f.alternate() => only.fmt(f),
            several if !f.alternate() => write!(f, "{} mistakes in the settings", count(several)),
            all => {
                let lines: Vec<_> = all.iter().map(line).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

fn count(mistakes: &[Mistake]) -> usize {
    match mistakes {
        [
            shown @ ..,
            Mistake {
                error: Error::More { count },
                ..
            },
        ] => shown.len() + count,
        all => all.len(),
    }
}

fn line(mistake: &Mistake) -> String {
    match &mistake.place {
        Some(place) => format!("{place}: {mistake}"),
        None => mistake.to_string(),
    }
}

impl std::error::Error for Mistakes {}

impl miette::Diagnostic for Mistakes {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only()?.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.only()?.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only()?.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.only().is_some() {
            return None;
        }
        let several = self.0.iter();
        Some(Box::new(
            several.map(|mistake| mistake as &dyn miette::Diagnostic),
        ))
    }
}
