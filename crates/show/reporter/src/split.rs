//! A stream cut into lines, with a bound on how much of an unfinished one is kept.

use std::mem;

/// An unfinished line longer than this is handed on in pieces.
const LONGEST: usize = 8 * 1024;

/// A line, or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// Without the line break.
    pub(crate) bytes: &'a [u8],
    /// Whether the line ends here; otherwise it goes on in the next piece.
    pub(crate) ends: bool,
}

/// The unfinished line of one stream.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    partial: Vec<u8>,
}

impl Splitter {
    /// Takes the next bytes and hands on what they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], take: &mut dyn FnMut(Piece<'_>)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = part.strip_suffix(b"\n");
            self.partial.extend_from_slice(line.unwrap_or(part));
            self.hand_on_long(take);
            if line.is_some() {
                take(Piece {
                    bytes: &mem::take(&mut self.partial),
                    ends: true,
                });
            }
        }
    }

    /// The stream is over: what is left is a line.
    pub(crate) fn finish(&mut self, take: &mut dyn FnMut(Piece<'_>)) {
        let rest = mem::take(&mut self.partial);
        if !rest.is_empty() {
            take(Piece {
                bytes: &rest,
                ends: true,
            });
        }
    }

    fn hand_on_long(&mut self, take: &mut dyn FnMut(Piece<'_>)) {
        let mut from = 0;
        while let Some(rest) = self.partial.get(from..).filter(|rest| rest.len() > LONGEST) {
            let (piece, _) = rest.split_at(boundary(rest));
            take(Piece {
                bytes: piece,
                ends: false,
            });
            from += piece.len();
        }
        self.partial.drain(..from);
        self.partial.shrink_to(LONGEST);
    }
}

/// The last place up to [`LONGEST`] that does not lie within a character of UTF-8.
fn boundary(bytes: &[u8]) -> usize {
    let continues = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (LONGEST - 3..=LONGEST)
        .rev()
        .find(|at| !continues(at))
        .unwrap_or(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(chunks: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        let mut take = |piece: Piece<'_>| lines.push((piece.bytes.to_vec(), piece.ends));
        for chunk in chunks {
            splitter.feed(chunk, &mut take);
        }
        splitter.finish(&mut take);
        lines
    }

    #[test]
    fn lines_are_put_together_from_chunks() {
        let expected: Vec<(Vec<u8>, bool)> = vec![
            (b"one".into(), true),
            (b"".into(), true),
            (b"two".into(), true),
        ];
        assert_eq!(lines(&[b"on", b"e\n\nt", b"wo"]), expected);
    }

    #[test]
    fn a_long_line_comes_in_pieces_that_cut_no_character() {
        let text = "ü".repeat(10_000) + "\nx";
        let pieces = lines(&[b"a", text.as_bytes()]);
        assert!(pieces.len() > 3);
        assert!(
            pieces
                .iter()
                .all(|(bytes, _)| std::str::from_utf8(bytes).is_ok())
        );
        assert_eq!(pieces.iter().filter(|(_, ends)| *ends).count(), 2);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 0..8)) {
            let whole: Vec<u8> = chunks.concat();
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let mut again = Vec::new();
            for (bytes, ends) in lines(&chunks) {
                again.extend(bytes);
                if ends {
                    again.push(b'\n');
                }
            }
            if whole.last().is_some_and(|last| *last != b'\n') {
                again.pop();
            }
            prop_assert_eq!(again, whole);
        }
    }
}
