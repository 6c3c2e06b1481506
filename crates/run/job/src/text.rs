//! Text for the host's shell: scripts as one line, values as words.
//!
//! A request is a line, so that a half of one is never carried out; what has lines of its own travels quoted.

use windlass_model::shell::quote;

/// A word of a request. A line end inside becomes the supervisor's variable for it.
pub(crate) fn word(value: &str) -> String {
    quote(value).replace('\n', "'\"$w_nl\"'")
}

/// A script of ours as one line: comments and indentation gone, lines joined.
///
/// It knows as much of the shell as our scripts need: no here-documents, no line end inside quotes.
pub(crate) fn one_line(source: &str) -> String {
    let mut line = String::with_capacity(source.len());
    let mut before = "";
    for part in source.lines().map(str::trim) {
        if part.is_empty() || part.starts_with('#') {
            continue;
        }
        line.push_str(joint(before, part));
        line.push_str(part.strip_suffix('\\').unwrap_or(part));
        before = part;
    }
    line
}

/// What stands between a line and the next one.
fn joint(before: &str, next: &str) -> &'static str {
    const OPEN: [&str; 10] = ["{", "(", "do", "then", "else", "in", ";;", "&&", "||", "|"];
    let last = before.rsplit(' ').next().unwrap_or(before);
    let is_pattern = before.ends_with(')') && !before.contains([' ', '(']);
    if before.is_empty() || before.ends_with('\\') {
        ""
    } else if is_pattern || OPEN.contains(&last) || next == ";;" {
        " "
    } else {
        ";"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_as_the_shell_would_read_them() {
        let source = "# A comment.\n\nfoo() {\n  case $1 in\n    0)\n      a\n      ;;\n    *) b ;;\n  esac\n  c &&\n    d\n}\ne $(f)\ng\n";
        assert_eq!(
            one_line(source),
            "foo() { case $1 in 0) a ;; *) b ;; esac;c && d;};e $(f);g"
        );
    }

    #[test]
    fn words_have_no_line_end() {
        assert_eq!(word("plain"), "plain");
        assert_eq!(word("it's\ntwo"), "'it'\\''s'\"$w_nl\"'two'");
    }
}
