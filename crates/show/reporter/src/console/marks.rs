//! Marks: `✔ web1 0.4s  ✘ web2 1m48s exit status 1`.

use crate::style::{Line, Place, Role, flow};
use crate::words::{duration, plural};
use std::time::Duration;
use windlass_model::HostName;

/// So many good hosts are counted instead of named.
const NAMED_GOOD: usize = 12;

/// So many hosts that are not good are named.
const NAMED_OTHER: usize = 30;

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkKind {
    /// Succeeded.
    Good,
    /// Had nothing to do.
    Skipped,
    /// Failed, and only a warning.
    Warned,
    /// Failed.
    Bad,
}

impl MarkKind {
    pub(crate) fn sign(self) -> Line {
        match self {
            Self::Good => Line::of(Role::Good, "✔"),
            Self::Skipped => Line::of(Role::Dim, "–"),
            Self::Warned => Line::of(Role::Warn, "▲"),
            Self::Bad => Line::of(Role::Bad, "✘"),
        }
    }
}

/// How a task ended on one host.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) host: HostName,
    pub(crate) kind: MarkKind,
    pub(crate) took: Duration,
    /// How it failed.
    pub(crate) how: Option<String>,
    /// A few words worth knowing.
    pub(crate) note: Option<String>,
}

impl Mark {
    fn line(&self) -> Line {
        let mut line = self.kind.sign().text(" ").text(self.host.as_str());
        if self.kind != MarkKind::Skipped {
            line = line.and(Role::Dim, format!(" {}", duration::short(self.took)));
        }
        for words in [&self.how, &self.note].into_iter().flatten() {
            line = line.text(format!(" {words}"));
        }
        line
    }
}

/// The note that all these marks share, taken from them.
pub(crate) fn take_common_note(marks: &mut [Mark]) -> Option<String> {
    let note = marks.first()?.note.clone()?;
    if marks.iter().any(|mark| mark.note.as_ref() != Some(&note)) {
        return None;
    }
    for mark in marks {
        mark.note = None;
    }
    Some(note)
}

/// The marks behind `first`, on as many lines as they need; many good ones are counted.
pub(crate) fn lines(first: Line, indent: usize, marks: &[Mark], width: usize) -> Vec<Line> {
    if marks.is_empty() {
        return Vec::new();
    }
    let (good, other): (Vec<&Mark>, Vec<&Mark>) = marks
        .iter()
        .partition(|mark| mark.kind == MarkKind::Good && mark.note.is_none());
    let mut pieces = Vec::new();
    if good.len() > NAMED_GOOD {
        pieces.extend(counted(&good));
        pieces.extend(other.iter().take(NAMED_OTHER).map(|mark| mark.line()));
        let left = other.len().saturating_sub(NAMED_OTHER);
        if left > 0 {
            pieces.push(Line::plain(format!("and {} more", plural::grouped(left))));
        }
    } else {
        pieces.extend(marks.iter().map(Mark::line));
    }
    flow(first, pieces, "  ", Place { indent, width })
}

/// `✔ 37 hosts 0.3s to 0.9s (slowest web17)`.
fn counted(good: &[&Mark]) -> Option<Line> {
    let slowest = good.iter().max_by_key(|mark| mark.took)?;
    let fastest = good.iter().min_by_key(|mark| mark.took)?;
    let (least, most) = (duration::short(fastest.took), duration::short(slowest.took));
    let range = if least == most {
        format!(" {most}")
    } else {
        format!(" {least} to {most} (slowest {})", slowest.host)
    };
    let hosts = plural::count(good.len(), "host");
    Some(
        MarkKind::Good
            .sign()
            .text(format!(" {hosts}"))
            .and(Role::Dim, range),
    )
}
