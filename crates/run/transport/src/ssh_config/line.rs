//! One line of `ssh_config`: a keyword, and what follows it.
//!
//! Two ways of quoting meet here, as in OpenSSH: the keyword and the criteria of `Match` end at a blank or at one `=`, and
//! all else is words with quotes of both kinds and backslashes. Nothing is said here of what a keyword means.

use super::error::Why;

const BLANKS: &[char] = &[' ', '\t', '\r', '\n'];

/// A line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// In lower case.
    pub(super) keyword: String,
    /// All that follows, as it stands; never empty.
    pub(super) rest: &'a str,
    /// The same as words, without a comment at the end.
    pub(super) words: Vec<String>,
}

impl<'a> Line<'a> {
    /// Takes a line apart; none = it is empty or a comment.
    pub(super) fn parse(text: &'a str) -> Result<Option<Self>, Why> {
        let mut rest = text
            .trim_end_matches(['\u{c}', ' ', '\t', '\r', '\n'])
            .trim_start_matches(BLANKS);
        if rest.is_empty() || rest.starts_with('#') {
            return Ok(None);
        }
        let keyword = piece(&mut rest).filter(|keyword| !keyword.is_empty());
        let keyword = keyword.ok_or_else(|| Why::Wrong("the line has no keyword".to_owned()))?;
        let rest = rest.trim_start_matches(BLANKS);
        if rest.is_empty() {
            return Err(Why::Wrong(format!("`{keyword}` has no value")));
        }
        Ok(Some(Self {
            words: words(rest)
                .ok_or_else(|| Why::Wrong(format!("a quote after `{keyword}` has no end")))?,
            keyword: keyword.to_lowercase(),
            rest,
        }))
    }

    /// The one word that follows.
    pub(super) fn word(&self) -> Result<&str, Why> {
        match self.words.as_slice() {
            [word] if !word.is_empty() => Ok(word),
            [] | [_] => Err(Why::Wrong(format!("`{}` has no value", self.keyword))),
            [..] => Err(Why::Wrong(format!(
                "`{}` takes one value; one with blanks is written in quotes",
                self.keyword
            ))),
        }
    }
}

/// Takes a piece off the front, up to a blank or one `=`, or to the end of a quote in it. None = nothing is left, or a
/// quote has no end.
pub(super) fn piece(rest: &mut &str) -> Option<String> {
    let text = std::mem::take(rest);
    let ends = |c: char| BLANKS.contains(&c) || c == '"' || c == '=';
    let Some((before, after)) = text.split_once(ends) else {
        return (!text.is_empty()).then(|| text.to_owned());
    };
    let from = text.get(before.len()..).unwrap_or_default();
    if from.starts_with('"') {
        let (inside, after) = after.split_once('"')?;
        *rest = after.trim_start_matches(BLANKS);
        return Some(format!("{before}{inside}"));
    }
    let after = after.trim_start_matches(BLANKS);
    *rest = match after.strip_prefix('=') {
        Some(after) if !from.starts_with('=') => after.trim_start_matches(BLANKS),
        _ => after,
    };
    Some(before.to_owned())
}

/// All words up to a comment; none where a quote has no end.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() || rest.starts_with('#') {
            return Some(words);
        }
        let (word, after) = word(rest)?;
        words.push(word);
        rest = after;
    }
}

/// The first word and what follows it.
fn word(text: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, quote) {
            ('\\', _) => {
                let next = characters.peek().map(|(_, next)| *next);
                let escaped = next.filter(|next| {
                    matches!(next, '\'' | '"' | '\\') || (*next == ' ' && quote.is_none())
                });
                word.push(escaped.unwrap_or('\\'));
                if escaped.is_some() {
                    characters.next();
                }
            }
            (' ' | '\t', None) => return Some((word, text.get(at..).unwrap_or_default())),
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ => word.push(character),
        }
    }
    quote.is_none().then_some((word, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Vec<String>) {
        let line = Line::parse(text).expect("a line").expect("not empty");
        (line.keyword, line.words)
    }

    #[test]
    fn keyword_and_words_are_told_apart_as_in_openssh() {
        for (text, keyword, words) in [
            ("Port 22", "port", &["22"] as &[&str]),
            ("\t Port=22 \r", "port", &["22"]),
            ("Port = 22 # a port", "port", &["22"]),
            ("Port\t=\t22", "port", &["22"]),
            ("Port == 22", "port", &["=", "22"]),
            ("Host a \"b c\" 'd e'#f", "host", &["a", "b c", "d e#f"]),
            (
                "Host a\\ b \"c\\\"d\" e\\f",
                "host",
                &["a b", "c\"d", "e\\f"],
            ),
            ("\"User\" me", "user", &["me"]),
            ("User \"\"", "user", &[""]),
        ] {
            let wanted = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(parsed(text), (keyword.to_owned(), wanted), "{text}");
        }
    }

    #[test]
    fn what_says_nothing_is_told_from_what_is_wrong() {
        for text in ["", "  \t", "# Host a", "   # b"] {
            assert_eq!(Line::parse(text), Ok(None), "{text}");
        }
        for text in [
            "Port",
            "Port =",
            "User \"me",
            "Host it's",
            "= 3",
            "\"Port 3",
        ] {
            let wrong = matches!(Line::parse(text), Err(Why::Wrong(_)));
            assert!(wrong, "{text}: {:?}", Line::parse(text));
        }
    }

    #[test]
    fn criteria_end_at_blanks_equals_signs_and_quotes() {
        let mut rest = "host=a,b  user \"some body\" final";
        let mut pieces = Vec::new();
        while let Some(piece) = piece(&mut rest) {
            pieces.push(piece);
        }
        assert_eq!(pieces, ["host", "a,b", "user", "some body", "final"]);
    }
}
