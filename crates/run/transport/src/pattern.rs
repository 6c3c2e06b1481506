//! OpenSSH's patterns: `*` is any run of characters, `?` any single one.

/// Whether a pattern is the whole of a text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0_usize, 0_usize);
    // Where to go on after the last `*`, should what follows not fit.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(in_text) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at.saturating_add(1), in_text));
                at = at.saturating_add(1);
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                at = at.saturating_add(1);
                in_text = in_text.saturating_add(1);
            }
            _ => {
                let Some((after, from)) = star else {
                    return false;
                };
                let from = from.saturating_add(1);
                star = Some((after, from));
                (at, in_text) = (after, from);
            }
        }
    }
    pattern.iter().skip(at).all(|character| *character == '*')
}

/// Whether one pattern of a list fits and none that begins with `!`.
pub(crate) fn list_matches<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, text) => return false,
            Some(_) => {}
            None => found |= matches(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_openssh() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("web*", "web1.example.com", true),
            ("*.example.com", "example.com", false),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("", "", true),
            ("", "a", false),
            ("**a", "ba", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} and {text}");
        }
    }

    #[test]
    fn a_negated_pattern_wins_wherever_it_stands() {
        assert!(list_matches(["*.com", "!bad.com"], "good.com"));
        assert!(!list_matches(["*.com", "!bad.com"], "bad.com"));
        assert!(!list_matches(["!bad.com", "*.com"], "bad.com"));
        assert!(!list_matches(["!bad.com"], "good.com"));
    }
}
