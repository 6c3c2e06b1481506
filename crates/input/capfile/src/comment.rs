//! Words from a project's files as a comment of ours.
//!
//! Whatever they hold, the comment ends where its line does and reads in the order in which it is written. What looks
//! secret is not its business: [`crate::secrets`].

use windlass_model::text::moves;

/// Words that stay on their line: what would break it or turn it around becomes a space.
pub(crate) fn plain(words: &str) -> String {
    let odd = |c: char| c.is_control() || moves(c);
    words
        .chars()
        .map(|c| if odd(c) { ' ' } else { c })
        .collect()
}

/// A comment.
pub(crate) fn comment(words: &str) -> String {
    format!("# {}", plain(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stays_on_its_line() {
        assert_eq!(comment("a\nb\r\u{202e}c\u{7}\u{2028}d"), "# a b  c  d");
    }
}
