//! Bytes of a host as text that cannot move the reader's cursor.
//!
//! Colour (SGR sequences) may pass; a window title and other operating system commands are taken out; every other
//! control character, also of the C1 set and the ones that turn the direction of writing, is shown as a sign.

use windlass_model::text::moves;

/// The text with every control character shown as a sign, colour included.
pub fn plain(text: &str) -> String {
    if text.chars().any(is_control) {
        render(text, Color::Shown)
    } else {
        text.to_owned()
    }
}

/// A line of a host's output for the screen. With `color` its colours stay and are reset at the end, otherwise they are
/// taken out.
pub fn screen(bytes: &[u8], color: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let keep = if color { Color::Kept } else { Color::Dropped };
    render(&text, keep)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Color {
    Kept,
    Dropped,
    Shown,
}

fn render(text: &str, color: Color) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut colored = false;
    while let Some(first) = rest.chars().next() {
        if let Some(length) = sgr(rest).filter(|_| color != Color::Shown) {
            let (sequence, after) = rest.split_at(length);
            if color == Color::Kept {
                shown.push_str(sequence);
                colored = true;
            }
            rest = after;
        } else if let Some(length) = operating_system_command(rest) {
            rest = rest.split_at(length).1;
        } else {
            push_visible(&mut shown, first);
            rest = rest.split_at(first.len_utf8()).1;
        }
    }
    if colored {
        shown.push_str("\u{1b}[0m");
    }
    shown
}

/// The length of the colour sequence that `text` begins with: `ESC [`, digits, `;` and `:`, then `m`.
fn sgr(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let length = parameters.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
    parameters[length..].starts_with('m').then_some(length + 3)
}

/// The length of the operating system command that `text` begins with: `ESC ]` up to BEL or `ESC \`. One that does not
/// end on this line is none, so that it cannot swallow what follows.
fn operating_system_command(text: &str) -> Option<usize> {
    let body = text
        .strip_prefix("\u{1b}]")
        .or_else(|| text.strip_prefix('\u{9d}'))?;
    let start = text.len() - body.len();
    let end = body.find(['\u{7}', '\u{1b}', '\u{9c}'])?;
    let terminator = &body[end..];
    if terminator.starts_with("\u{1b}\\") {
        Some(start + end + 2)
    } else if terminator.starts_with('\u{1b}') {
        None
    } else {
        Some(start + end + terminator.chars().next().map_or(0, char::len_utf8))
    }
}

/// Whether the character must not reach a terminal. A tab may.
fn is_control(c: char) -> bool {
    c != '\t' && (c.is_control() || moves(c))
}

fn push_visible(shown: &mut String, c: char) {
    match c {
        // The control pictures of Unicode lie in the order of the characters they stand for.
        '\0'..='\u{1f}' if c != '\t' => {
            shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'));
        }
        '\u{7f}' => shown.push('\u{2421}'),
        '\t' => shown.push_str("    "),
        _ if is_control(c) => shown.extend(c.escape_unicode()),
        _ => shown.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colour_passes() {
        assert_eq!(
            screen(b"\x1b[1;31mred\x1b[0m", true),
            "\x1b[1;31mred\x1b[0m\x1b[0m"
        );
        assert_eq!(screen(b"\x1b[1;31mred\x1b[0m", false), "red");
        assert_eq!(
            screen(b"a\x1b[2Jb\x1b[Hc", true),
            "a\u{241b}[2Jb\u{241b}[Hc"
        );
        assert_eq!(plain("\x1b[31mred"), "\u{241b}[31mred");
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(screen(b"a\rb\x08c\x07\x00\x7f\x1b", true), "a␍b␈c␇␀␡␛");
        assert_eq!(
            screen("\u{85}\u{9b}2J".as_bytes(), true),
            "\\u{85}\\u{9b}2J"
        );
        assert_eq!(screen("a\u{202e}b".as_bytes(), true), "a\\u{202e}b");
        assert_eq!(screen(b"a\tb", true), "a    b");
    }

    #[test]
    fn titles_are_taken_out_but_swallow_nothing() {
        assert_eq!(screen(b"\x1b]0;title\x07text", true), "text");
        assert_eq!(
            screen(b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", true),
            "link"
        );
        assert_eq!(screen(b"\x1b]0;no end text", true), "␛]0;no end text");
        assert_eq!(screen(b"\x1b]0;a\x1b[31mb\x07", false), "␛]0;ab␇");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(screen(b"a\xff\xc3b", true), "a\u{fffd}\u{fffd}b");
        // A lone C1 byte is no UTF-8; it cannot reach an 8-bit terminal as a control either.
        assert_eq!(screen(b"\x9b2J", true), "\u{fffd}2J");
    }

    proptest::proptest! {
        #[test]
        fn no_escape_but_colour_ever_passes(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let shown = screen(&bytes, true);
            let mut rest = shown.as_str();
            while let Some(at) = rest.find(|c: char| c.is_control()) {
                let length = sgr(&rest[at..]);
                proptest::prop_assert!(length.is_some(), "{:?}", shown);
                rest = &rest[at + length.unwrap_or(1)..];
            }
            proptest::prop_assert!(!screen(&bytes, false).chars().any(char::is_control));
        }
    }
}
