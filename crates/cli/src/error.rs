//! What goes wrong, as the person sees it: one line, its causes, the next thing to do, and an exit code.
//!
//! Every library error is given its user meaning here and nowhere else.

use crate::world::World;
use std::fmt::Write as _;
use std::io::Write as _;
use windlass_model::{ExitCode, HostName};

/// What a person wants to know first where nothing was begun.
pub(crate) const NOTHING_CHANGED: &str = "nothing was changed on any host";

/// An error on its way to the screen.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code of the run.
    pub code: ExitCode,
    /// The lines, ready to be printed.
    pub text: String,
    /// The next things to do.
    pub hints: Vec<String>,
    /// Whether it is known, and worth saying, that no host was changed.
    pub unchanged: bool,
    /// Whether the text has its own marks and frames already.
    pub drawn: bool,
}

impl Failure {
    /// A failure that needs no more than a sentence.
    pub(crate) fn new(code: ExitCode, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            hints: Vec::new(),
            unchanged: false,
            drawn: false,
        }
    }

    /// A mistake on the command line.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, text)
    }

    /// An error of a library with all its causes, one a line.
    pub(crate) fn from_error(code: ExitCode, error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = write!(text, "\n  because {error}");
            cause = error.source();
        }
        Self::new(code, text)
    }

    /// Prints it to standard error; where that is closed, the exit code has to do.
    pub(crate) fn print(&self) {
        let mark = if self.drawn { "" } else { "✘ " };
        let mut text = format!("{mark}{}\n", self.text);
        if self.unchanged {
            let _ = writeln!(text, "  {NOTHING_CHANGED}");
        }
        for hint in &self.hints {
            let _ = writeln!(text, "  next: {hint}");
        }
        drop(std::io::stderr().write_all(text.as_bytes()));
    }

    /// The text on one line, without the name of the host that it is about, for a row that has it already.
    pub(crate) fn line(&self, host: Option<&HostName>) -> String {
        let named = host.map(|host| format!("{host}: ")).unwrap_or_default();
        let text = self.text.strip_prefix(&named).unwrap_or(&self.text);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.join(", ")
    }

    /// Both at once: the lines of the one, then those of the other, with the exit code of the one.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        let mark = if self.drawn { "\n" } else { "✘ " };
        let _ = write!(self.text, "\n{mark}{}", other.text);
        self.unchanged &= other.unchanged;
        for hint in other.hints {
            if !self.hints.contains(&hint) {
                self.hints.push(hint);
            }
        }
        self
    }

    /// Adds the next thing to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds that no host was changed.
    #[must_use]
    pub(crate) fn unchanged(mut self) -> Self {
        self.unchanged = true;
        self
    }
}

/// Gives a library error its exit code.
pub(crate) trait OrFail<T> {
    /// Turns an error into a failure with this exit code.
    fn or_fail(self, code: ExitCode) -> Result<T, Failure>;
}

impl<T, E: std::error::Error> OrFail<T> for Result<T, E> {
    fn or_fail(self, code: ExitCode) -> Result<T, Failure> {
        self.map_err(|error| Failure::from_error(code, &error))
    }
}

/// More mistakes than these are counted, not drawn.
const DRAWN: usize = 20;

/// All mistakes of the configuration, each drawn by itself.
pub(crate) fn mistakes(world: &World, mistakes: &windlass_config::Mistakes) -> Failure {
    let code = mistakes.exit_code();
    let drawn = mistakes
        .iter()
        .take(DRAWN)
        .map(|mistake| diagnostic(world, code, mistake));
    let failure = drawn
        .reduce(Failure::and)
        .unwrap_or_else(|| Failure::new(code, mistakes.to_string()));
    match mistakes.iter().count().saturating_sub(DRAWN) {
        0 => failure,
        more => failure.hint(format!("{more} more mistakes show once these are mended")),
    }
}

/// Draws a diagnostic with its source lines and carets.
pub(crate) fn diagnostic(
    world: &World,
    code: ExitCode,
    diagnostic: &dyn miette::Diagnostic,
) -> Failure {
    let mut theme = if world.color {
        miette::GraphicalTheme::unicode()
    } else {
        miette::GraphicalTheme::unicode_nocolor()
    };
    "✘".clone_into(&mut theme.characters.error);
    let handler = miette::GraphicalReportHandler::new_themed(theme)
        .with_width(usize::from(world.width))
        .with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, diagnostic) {
        Ok(()) => Failure {
            code,
            text: text.trim_end().to_owned(),
            hints: Vec::new(),
            unchanged: false,
            drawn: true,
        },
        Err(_) => Failure::new(code, diagnostic.to_string()),
    }
}
