//! Separates what the supervisor says from what the command wrote.
//!
//! Both travel in one stream: raw bytes, and between them lines that begin with the request's nonce, which no command
//! can know. The parser is pure; however the stream is split, the same bytes and lines come out.

/// A piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Bytes of the command.
    Bytes(Vec<u8>),
    /// A line of the supervisor, without nonce and line end.
    Line(String),
}

/// The parser of one stream of one request.
#[derive(Debug)]
pub(crate) struct Frames {
    nonce: Vec<u8>,
    held: Vec<u8>,
}

/// A line of ours is short; one that does not end is damage and is given up as bytes.
const LONGEST_LINE: usize = 4096;

impl Frames {
    /// A parser for the frames that begin with this nonce.
    pub(crate) fn new(nonce: &str) -> Self {
        Self {
            nonce: nonce.as_bytes().to_vec(),
            held: Vec::new(),
        }
    }

    /// Takes what came and gives what is complete. The possible beginning of a nonce is held back.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.held.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = self.next_piece() {
            pieces.push(piece);
        }
        pieces
    }

    fn next_piece(&mut self) -> Option<Piece> {
        match find(&self.held, &self.nonce) {
            Some(0) => self.line(),
            Some(at) => Some(self.take(at)),
            None => {
                let keep = held_back(&self.held, &self.nonce);
                let ready = self.held.len().saturating_sub(keep);
                (ready > 0).then(|| self.take(ready))
            }
        }
    }

    fn line(&mut self) -> Option<Piece> {
        let rest = self.held.get(self.nonce.len()..)?;
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return (rest.len() > LONGEST_LINE).then(|| self.take(self.held.len()));
        };
        let line = String::from_utf8_lossy(rest.get(..end)?).into_owned();
        let whole = self.nonce.len().saturating_add(end).saturating_add(1);
        self.held.drain(..whole.min(self.held.len()));
        Some(Piece::Line(line))
    }

    fn take(&mut self, count: usize) -> Piece {
        Piece::Bytes(self.held.drain(..count.min(self.held.len())).collect())
    }
}

/// Where `needle` begins in `bytes`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len().max(1))
        .position(|window| window == needle)
}

/// How many bytes at the end could be the beginning of `needle`.
fn held_back(bytes: &[u8], needle: &[u8]) -> usize {
    let longest = bytes.len().min(needle.len().saturating_sub(1));
    (1..=longest)
        .rev()
        .find(|count| bytes.ends_with(needle.get(..*count).unwrap_or_default()))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(pieces: Vec<Piece>) -> (Vec<u8>, Vec<String>) {
        let (mut bytes, mut lines) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Bytes(more) => bytes.extend(more),
                Piece::Line(line) => lines.push(line),
            }
        }
        (bytes, lines)
    }

    proptest! {
        #[test]
        fn splits_change_nothing(
            chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), "[a-z ]{0,8}"), 0..8),
            cuts in prop::collection::vec(1usize..9, 1..50),
        ) {
            let nonce = "\u{1}0123abc";
            let (mut stream, mut want, mut lines) = (Vec::new(), Vec::new(), Vec::new());
            for (bytes, line) in chunks {
                prop_assume!(find(&bytes, nonce.as_bytes()).is_none());
                stream.extend_from_slice(&bytes);
                stream.extend_from_slice(format!("{nonce}{line}\n").as_bytes());
                want.extend(bytes);
                lines.push(line);
            }
            let mut frames = Frames::new(nonce);
            let (mut rest, mut pieces, mut cut) = (stream.as_slice(), Vec::new(), cuts.iter().cycle());
            while !rest.is_empty() {
                let count = cut.next().copied().unwrap_or(1).min(rest.len());
                pieces.extend(frames.push(&rest[..count]));
                rest = &rest[count..];
            }
            prop_assert_eq!(joined(pieces), (want, lines));
        }
    }
}
