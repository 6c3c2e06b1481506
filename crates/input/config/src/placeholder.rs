//! `{application}` and `{stage}` in the strings of settings.
//!
//! Nothing else is filled in. A word in braces that is nearly one of the two is a mistake; every other brace is literal.

use crate::suggest::nearest;

const WORDS: [&str; 2] = ["application", "stage"];

/// A word in braces that is longer is not one of the two with a slip.
const LONGEST: usize = 16;

/// The text with both placeholders filled.
pub(crate) fn fill(text: &str, application: &str, stage: &str) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (value, length) = if after.starts_with("application}") {
            (application, "application}".len())
        } else if after.starts_with("stage}") {
            (stage, "stage}".len())
        } else {
            ("{", 0)
        };
        filled.push_str(value);
        rest = after.get(length..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

/// The reason why the braces in a text are refused, if they are.
pub(crate) fn check(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('{') {
        let after = text.get(at + 1..).unwrap_or_default();
        // Only as far as a word of ours could reach: a megabyte of braces must not take quadratic time.
        let Some(end) = after.bytes().take(LONGEST).position(|b| b == b'}') else {
            continue;
        };
        let word = after.get(..end).unwrap_or_default();
        if WORDS.contains(&word) && text.get(..at).is_some_and(|before| before.ends_with('$')) {
            return Err(format!(
                "has `${{{word}}}`; write `{{{word}}}`, without the `$`"
            ));
        }
        if WORDS.contains(&word) || !is_word(word) {
            continue;
        }
        if let Some(meant) = nearest(word, WORDS) {
            return Err(format!("has `{{{word}}}`; did you mean `{{{meant}}}`?"));
        }
    }
    Ok(())
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_words_are_filled_and_only_once() {
        assert_eq!(
            fill("/var/{application}-{stage}/{x}", "shop", "prod"),
            "/var/shop-prod/{x}"
        );
        assert_eq!(fill("{application}", "{stage}", "prod"), "{stage}");
        assert_eq!(fill("{{stage}", "shop", "prod"), "{prod");
        assert_eq!(fill("a{", "shop", "prod"), "a{");
    }

    #[test]
    fn a_near_miss_is_a_mistake_and_other_braces_are_literal() {
        assert!(check("/var/{aplication}").is_err());
        assert!(check("/var/{Stage}").is_err());
        assert!(check("/var/${stage}").is_err());
        for literal in [
            "{a,b}",
            "{branch}",
            "${HOME}",
            "{",
            "{}",
            "{application}{stage}",
        ] {
            assert_eq!(check(literal), Ok(()), "{literal}");
        }
    }
}
