//! Letters that do more than stand there, wherever text of somebody else's is shown or written down.

/// Whether a letter turns the direction of writing, or ends a line for some and for others not.
pub fn moves(letter: char) -> bool {
    matches!(
        letter,
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}
