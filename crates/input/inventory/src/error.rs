//! What can be wrong with the hosts of a stage.

use miette::{Diagnostic, LabeledSpan, SourceCode};
use std::fmt;
use windlass_config::{Mistakes, Place};
use windlass_model::ExitCode;

/// Why there is no inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The same host stands in the file twice.
    #[error("host `{name}` stands in the stage twice, at {first} and at {second}")]
    Duplicate {
        /// The host.
        name: String,
        /// Where first.
        first: String,
        /// Where again.
        second: String,
        /// The place of the second, to point at.
        place: Option<Place>,
    },
    /// Two hosts claim to be the primary of a role.
    #[error("role `{role}` has two primary hosts, `{first}` and `{second}`")]
    TwoPrimaries {
        /// The role.
        role: String,
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// The place of the other, to point at.
        place: Option<Place>,
    },
    /// A filter matches no host.
    #[error("`{option} {pattern}` matches no {what} of {among}")]
    NoMatch {
        /// The option: `--host`.
        option: &'static str,
        /// What it was given.
        pattern: String,
        /// `host` or `role`.
        what: &'static str,
        /// What the hosts belong to: ``stage `production` ``.
        among: String,
        /// The names that it could have matched, in a sentence.
        known: String,
    },
    /// Each filter matches something, but no host is left.
    #[error("the filters leave no host of {among}")]
    NothingLeft {
        /// What the hosts belong to: ``stage `production` ``.
        among: String,
        /// Its hosts, in a sentence.
        known: String,
    },
    /// The settings of a host contradict each other.
    #[error(transparent)]
    Settings(Mistakes),
}

impl Error {
    /// The exit code that it means.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoMatch { .. } | Self::NothingLeft { .. } => ExitCode::NoHost,
            Self::Duplicate { .. } | Self::TwoPrimaries { .. } | Self::Settings(_) => {
                ExitCode::Config
            }
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Duplicate { place, .. } | Self::TwoPrimaries { place, .. } => place.as_ref(),
            _ => None,
        }
    }
}

impl Diagnostic for Error {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self {
            Self::NoMatch { known, .. } if known.is_empty() => None,
            Self::NoMatch { what, known, .. } => Some(Box::new(format!("{what}s: {known}"))),
            Self::NothingLeft { known, .. } => Some(Box::new(format!("hosts: {known}"))),
            Self::Settings(mistakes) => mistakes.help(),
            Self::Duplicate { .. } | Self::TwoPrimaries { .. } => None,
        }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        if let Self::Settings(mistakes) = self {
            return mistakes.source_code();
        }
        let place = self.place()?;
        Some(place)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if let Self::Settings(mistakes) = self {
            return mistakes.labels();
        }
        let span = self.place()?.shown_span();
        let label = LabeledSpan::new_primary_with_span(Some("again".to_owned()), span);
        Some(Box::new(std::iter::once(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self {
            Self::Settings(mistakes) => mistakes.related(),
            _ => None,
        }
    }
}
