//! What of a source is shown around a place: its lines, and of endless ones only the neighbourhood.
//!
//! A whole file is never handed to the renderer: its lines could be a megabyte long, and the one beside a secret's name
//! must not be shown at all.

use crate::origin::Place;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Bytes shown before and after a place in its line.
const BESIDE: usize = 80;

/// Bytes of a place that are shown at most.
const WITHIN: usize = 240;

impl SourceCode for Place {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.source().text();
        let (start, end) = excerpt(self);
        let shown = text.get(start..end).ok_or(MietteError::OutOfBounds)?;
        let (line, column) = self.source().position(start);
        Ok(Box::new(MietteSpanContents::new_named(
            self.source().name().to_owned(),
            shown.as_bytes(),
            (start, end - start).into(),
            line - 1,
            column - 1,
            self.source().text().len(),
        )))
    }
}

impl Place {
    /// The part of the place that is shown: at most its first line, and of that not more than a screen takes.
    pub fn shown_span(&self) -> std::ops::Range<usize> {
        let text = self.source().text();
        let span = pointed(text, self.span());
        let within = text.get(span.clone()).unwrap_or_default();
        let line = within.find('\n').unwrap_or(within.len()).min(WITHIN);
        span.start..floor(text, span.start + line)
    }
}

/// Something to point at: where nothing is (a quotation mark that is missing), the character before it in its line.
fn pointed(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let nothing = text
        .get(span.clone())
        .is_none_or(|within| within.starts_with('\n') || within.is_empty());
    let before = floor(text, span.start.saturating_sub(1));
    let in_line = text
        .get(before..span.start)
        .is_some_and(|before| before != "\n" && !before.is_empty());
    if nothing && in_line {
        return before..span.start;
    }
    span
}

fn excerpt(place: &Place) -> (usize, usize) {
    let text = place.source().text();
    let span = place.shown_span();
    if place.is_veiled() {
        return (span.start, span.end);
    }
    let line_start = text.get(..span.start).and_then(|before| before.rfind('\n'));
    let line_start = line_start.map_or(0, |at| at + 1);
    let rest = text.get(span.end..).unwrap_or_default();
    let line_end = span.end + rest.find('\n').unwrap_or(rest.len());
    let start = line_start.max(floor(text, span.start.saturating_sub(BESIDE)));
    let end = line_end.min(floor(text, span.end + BESIDE));
    (start, end)
}

/// The greatest character boundary not after `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
