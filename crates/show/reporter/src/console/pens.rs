//! The two streams of the terminal, and the live area that lies below what is written.

use crate::Error;
use crate::console::screen::Screen;
use crate::style::Line;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};

/// What is written where.
pub(crate) struct Pens {
    /// Left out after its first error.
    stdout: Option<Box<dyn Write + Send>>,
    stderr: Stderr,
    color: bool,
    /// Whether both streams are taken to be the same terminal.
    shared: bool,
    /// Whether a command's bytes left a line open where the console writes.
    open: bool,
}

enum Stderr {
    Plain(Box<dyn Write + Send>),
    Live(Live),
    /// Its first error was told.
    Closed,
}

struct Live {
    screen: Screen,
    area: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Pens {
    pub(crate) fn new(
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
        color: bool,
    ) -> Self {
        Self {
            stdout: Some(stdout),
            stderr: Stderr::Plain(stderr),
            color,
            shared: false,
            open: false,
        }
    }

    /// What goes to standard output appears between the lines of the console.
    pub(crate) fn on_one_terminal(mut self) -> Self {
        self.shared = true;
        self
    }

    /// From here on there is a live area below the lines.
    pub(crate) fn with_live_area(mut self, width: u16) -> Self {
        self.stderr = match self.stderr {
            Stderr::Plain(to) => {
                let screen = Screen::new(to, width);
                let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
                Stderr::Live(Live {
                    screen,
                    area: MultiProgress::with_draw_target(target),
                    bars: Vec::new(),
                })
            }
            other => other,
        };
        self
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.stderr, Stderr::Live(_))
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        if let Stderr::Live(live) = &self.stderr {
            live.screen.resize(width, height);
        }
    }

    /// A line of the console.
    pub(crate) fn console(&mut self, line: &Line) -> Result<(), Error> {
        let text = line.render(self.color);
        self.end_line(false)?;
        let done = match &mut self.stderr {
            Stderr::Plain(to) => writeln!(to, "{text}").and_then(|()| to.flush()),
            Stderr::Live(area) => area.print(&text),
            Stderr::Closed => Ok(()),
        };
        done.map_err(|error| self.stderr_failed(error))
    }

    /// Bytes of a command for standard error.
    pub(crate) fn error_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.open = is_open(bytes).unwrap_or(self.open);
        let done = match &mut self.stderr {
            Stderr::Plain(to) => to.write_all(bytes).and_then(|()| to.flush()),
            Stderr::Live(live) => live.beside(|screen| screen.write_bytes(bytes)),
            Stderr::Closed => Ok(()),
        };
        done.map_err(|error| self.stderr_failed(error))
    }

    /// Bytes for standard output.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.shared {
            self.open = is_open(bytes).unwrap_or(self.open);
        }
        let Some(stdout) = &mut self.stdout else {
            return Ok(());
        };
        let mut write = || stdout.write_all(bytes).and_then(|()| stdout.flush());
        let done = match &self.stderr {
            Stderr::Live(live) => live.beside(|_| write()),
            _ => write(),
        };
        done.map_err(|error| {
            self.stdout = None;
            Error::stdout(error)
        })
    }

    /// Draws the live area anew.
    pub(crate) fn draw(&mut self, lines: &[Line]) {
        let color = self.color;
        if let Stderr::Live(live) = &mut self.stderr {
            live.draw(lines, color);
        }
    }

    /// Ends a line that was left open, unless the reader's Enter has done so.
    pub(crate) fn end_line(&mut self, entered: bool) -> Result<(), Error> {
        let open = std::mem::take(&mut self.open);
        if open && !entered {
            self.error_bytes(b"\n")?;
        }
        Ok(())
    }

    fn stderr_failed(&mut self, error: io::Error) -> Error {
        self.stderr = Stderr::Closed;
        Error::stderr(error)
    }
}

impl Live {
    fn print(&self, text: &str) -> io::Result<()> {
        // An empty line would be dropped.
        self.area.println(if text.is_empty() { " " } else { text })
    }

    fn beside(&self, write: impl FnOnce(&Screen) -> io::Result<()>) -> io::Result<()> {
        self.area.suspend(|| write(&self.screen))
    }

    fn draw(&mut self, lines: &[Line], color: bool) {
        while self.bars.len() > lines.len() {
            if let Some(bar) = self.bars.pop() {
                bar.finish_and_clear();
                self.area.remove(&bar);
            }
        }
        while self.bars.len() < lines.len() {
            let bar = self.area.add(ProgressBar::new_spinner());
            bar.set_style(message_only());
            self.bars.push(bar);
        }
        for (bar, line) in self.bars.iter().zip(lines) {
            let text = line.render(color);
            if bar.message() != text {
                bar.set_message(text);
            }
        }
    }
}

/// Whether these bytes leave a line open; nothing where there are none.
fn is_open(bytes: &[u8]) -> Option<bool> {
    bytes.last().map(|last| *last != b'\n')
}

fn message_only() -> ProgressStyle {
    ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl std::fmt::Debug for Pens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pens")
            .field("live", &self.is_live())
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}
