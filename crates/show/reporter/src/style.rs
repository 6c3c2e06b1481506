//! Lines of the screen: text with roles, measured before it is coloured, so that width and colour never meet.

use crate::visible;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What a piece of text is; decides its colour and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Task,
    Good,
    Bad,
    Warn,
    Dim,
    Strong,
    /// A host's output: its own colours, already made safe.
    Host,
}

impl Role {
    fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Host => None,
            Self::Task => Some("34"),
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Warn => Some("33"),
            Self::Dim => Some("2"),
            Self::Strong => Some("1"),
        }
    }
}

/// One line of the screen. Whatever is put into it, it stays one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    spans: Vec<(Role, String)>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::new().and(Role::Plain, text)
    }

    pub(crate) fn of(role: Role, text: impl AsRef<str>) -> Self {
        Self::new().and(role, text)
    }

    /// Adds text; control characters in it become visible.
    pub(crate) fn and(mut self, role: Role, text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        if !text.is_empty() {
            self.spans.push((role, visible::plain(text)));
        }
        self
    }

    /// Adds plain text.
    pub(crate) fn text(self, text: impl AsRef<str>) -> Self {
        self.and(Role::Plain, text)
    }

    /// Adds a line of a host's output that [`visible::screen`] has made safe.
    pub(crate) fn host(mut self, text: impl Into<String>) -> Self {
        self.spans.push((Role::Host, text.into()));
        self
    }

    /// Adds all of another line.
    pub(crate) fn append(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// Adds spaces up to this column.
    pub(crate) fn pad_to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width());
        self.text(" ".repeat(missing))
    }

    /// Columns, colours not counted.
    pub(crate) fn width(&self) -> usize {
        self.spans
            .iter()
            .map(|(role, text)| match role {
                Role::Host => visible::screen(text.as_bytes(), false).width(),
                _ => text.width(),
            })
            .sum()
    }

    /// At most `width` columns, the last one `…` where something was left out.
    pub(crate) fn cut(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut cut = Self::new();
        let mut left = width.saturating_sub(1);
        for (role, text) in self.spans {
            let text = match role {
                Role::Host => visible::screen(text.as_bytes(), false),
                _ => text,
            };
            let kept = prefix(&text, left);
            left -= kept.width();
            let whole = kept.len() == text.len();
            cut.spans.push((role, kept.to_owned()));
            if !whole {
                break;
            }
        }
        cut.and(Role::Plain, "…")
    }

    /// The line as it is written, without its line break.
    pub(crate) fn render(&self, color: bool) -> String {
        let mut text = String::new();
        for (role, span) in &self.spans {
            match role.sgr().filter(|_| color) {
                Some(code) => {
                    text.push_str("\u{1b}[");
                    text.push_str(code);
                    text.push('m');
                    text.push_str(span);
                    text.push_str("\u{1b}[0m");
                }
                None => text.push_str(span),
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text
    }
}

/// The longest beginning of `text` that takes at most `width` columns.
fn prefix(text: &str, width: usize) -> &str {
    let mut left = width;
    let end = text.char_indices().find(|(_, c)| {
        let columns = c.width().unwrap_or(0);
        let fits = columns <= left;
        left = left.saturating_sub(columns);
        !fits
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Pieces one after another with `separator` between, on as many lines as they need. The first line begins with `first`,
/// the others with as many spaces as `indent`.
pub(crate) fn flow(first: Line, pieces: Vec<Line>, separator: &str, place: Place) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = first;
    let mut fresh = true;
    for piece in pieces {
        let gap = if fresh { "" } else { separator };
        if !fresh && line.width() + gap.width() + piece.width() > place.width {
            lines.push(std::mem::take(&mut line));
            line = Line::plain(" ".repeat(place.indent)).append(piece);
        } else {
            line = line.text(gap).append(piece);
        }
        fresh = false;
    }
    lines.push(line);
    lines
}

/// Where [`flow`] puts its pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) indent: usize,
    pub(crate) width: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_surrounds_text_and_changes_no_width() {
        let line = Line::of(Role::Good, "✔")
            .text(" web1")
            .and(Role::Dim, " 0.4s");
        assert_eq!(line.width(), 11);
        assert_eq!(line.render(false), "✔ web1 0.4s");
        assert_eq!(
            line.render(true),
            "\x1b[32m✔\x1b[0m web1\x1b[2m 0.4s\x1b[0m"
        );
    }

    #[test]
    fn a_cut_line_says_so() {
        assert_eq!(Line::plain("abcdef").cut(6).render(false), "abcdef");
        assert_eq!(Line::plain("abcdef").cut(4).render(false), "abc…");
        assert_eq!(Line::plain("漢字漢字").cut(6).render(false), "漢字…");
        let colored = Line::new().host("\x1b[31mabcdef\x1b[0m").cut(3);
        assert_eq!(colored.render(true), "ab…");
        assert_eq!(Line::plain("ab").cut(0).render(false), "…");
    }

    #[test]
    fn text_cannot_break_a_line() {
        assert_eq!(Line::plain("a\nb\x1b[2J").render(true), "a␊b␛[2J");
    }

    #[test]
    fn pieces_flow_into_lines() {
        let pieces = ["aaa", "bbb", "ccc"].map(Line::plain).to_vec();
        let lines = flow(
            Line::plain(">"),
            pieces,
            "  ",
            Place {
                indent: 2,
                width: 9,
            },
        );
        let text: Vec<String> = lines.iter().map(|line| line.render(false)).collect();
        assert_eq!(text, [">aaa  bbb", "  ccc"]);
    }
}
