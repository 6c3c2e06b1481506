//! The last lines that a command wrote, and how many there were: all that is kept of its output.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// So many lines are kept.
pub(crate) const LINES: usize = 12;

/// So many bytes of a line are kept.
const BYTES: usize = 600;

/// The end of a command's output, both streams as they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    lines: VecDeque<Box<[u8]>>,
    count: usize,
    /// Whether the newest line goes on.
    open: bool,
    digest: DefaultHasher,
}

impl Tail {
    /// Takes a piece of a line.
    pub(crate) fn push(&mut self, bytes: &[u8], ends: bool) {
        bytes.hash(&mut self.digest);
        if !self.open {
            self.count += 1;
            if self.lines.len() == LINES {
                self.lines.pop_front();
            }
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            self.lines.push_back(shortened(bytes).into());
        }
        self.open = !ends;
    }

    /// The lines, oldest first.
    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.lines.iter().map(AsRef::as_ref)
    }

    /// The newest line.
    pub(crate) fn last(&self) -> Option<&[u8]> {
        self.lines.back().map(AsRef::as_ref)
    }

    /// How many lines there were.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether two commands wrote the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.count == other.count
            && self.lines == other.lines
            && self.digest.finish() == other.digest.finish()
    }
}

/// The beginning of a line that is kept, cut between characters.
fn shortened(line: &[u8]) -> Vec<u8> {
    let Some((mut kept, rest)) = line
        .split_at_checked(BYTES)
        .filter(|(_, rest)| !rest.is_empty())
    else {
        return line.to_vec();
    };
    if rest.first().is_some_and(|byte| byte & 0xc0 == 0x80) {
        while let Some((last, before)) = kept.split_last() {
            kept = before;
            if last & 0xc0 != 0x80 {
                break;
            }
        }
    }
    [kept, "…".as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept_and_all_is_counted() {
        let mut tail = Tail::default();
        for number in 0..340 {
            tail.push(format!("line {number}\r").as_bytes(), true);
        }
        assert_eq!(tail.count(), 340);
        assert_eq!(tail.lines().count(), LINES);
        assert_eq!(tail.lines().next(), Some(b"line 328".as_slice()));
        assert_eq!(tail.last(), Some(b"line 339".as_slice()));
    }

    #[test]
    fn a_line_in_pieces_counts_once_and_is_shortened() {
        let mut tail = Tail::default();
        tail.push("ü".repeat(4_000).as_bytes(), false);
        tail.push(b"rest", true);
        tail.push(b"next", true);
        assert_eq!(tail.count(), 2);
        let first = tail.lines().next().unwrap();
        assert_eq!(std::str::from_utf8(first).unwrap(), "ü".repeat(300) + "…");
    }

    #[test]
    fn the_same_output_is_known_as_the_same() {
        let write = |first: &str| {
            let mut tail = Tail::default();
            tail.push(first.as_bytes(), true);
            for _ in 0..20 {
                tail.push(b"x", true);
            }
            tail
        };
        assert!(write("a").is_same(&write("a")));
        assert!(!write("a").is_same(&write("b")));
    }
}
