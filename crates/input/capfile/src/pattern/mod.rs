//! Regular expressions as deploy files use them: literals, classes, groups, alternatives and repetitions.
//!
//! One that asks for more (look-around, back references, named groups) is none to us, and the value that needs it is not
//! known. Matching takes a bounded number of steps whatever the expression and the text are. It is no engine for large
//! texts: what is matched here are branch names and paths.

mod compile;
mod run;

use std::ops::Range;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    program: Vec<Step>,
    groups: usize,
}

/// One step of it.
#[derive(Clone, Debug)]
enum Step {
    /// One letter of this kind.
    Letter(Letters),
    /// Go on at the first; at the second where that leads nowhere.
    Either(usize, usize),
    Jump(usize),
    /// Notes where a group begins or ends.
    Note(usize),
    Here(Place),
    Done,
}

/// A set of letters.
#[derive(Clone, Debug)]
struct Letters {
    ranges: Vec<(char, char)>,
    /// Whether those that are not in it are meant.
    others: bool,
    any_case: bool,
}

/// A place between letters.
#[derive(Clone, Copy, Debug)]
enum Place {
    TextStart,
    TextEnd,
    /// The end, or right before a line break that ends the text.
    LastLineEnd,
    LineStart,
    LineEnd,
    WordEdge(bool),
}

/// Where the whole and each group was found, in bytes of the text.
pub(crate) type Found = Vec<Option<Range<usize>>>;

impl Pattern {
    /// Compiles; none where it asks for more than is known here.
    pub(crate) fn new(source: &str, options: &str) -> Option<Self> {
        compile::compile(source, options)
    }

    /// The first match at or after this byte. An error where the search takes too long.
    pub(crate) fn find(&self, text: &str, from: usize) -> Result<Option<Found>, TooLong> {
        let mut left = STEPS;
        run::find(self, text, from, &mut left)
    }

    /// Every match, one after the other.
    pub(crate) fn find_all(&self, text: &str) -> Result<Vec<Found>, TooLong> {
        let (mut all, mut from) = (Vec::new(), 0);
        let mut left = STEPS;
        while let Some(found) = run::find(self, text, from, &mut left)? {
            let Some(Some(whole)) = found.first().cloned() else {
                break;
            };
            let next = text.get(whole.end..).and_then(|rest| rest.chars().next());
            from = match next {
                _ if !whole.is_empty() => whole.end,
                Some(letter) => whole.end.saturating_add(letter.len_utf8()),
                None => text.len().saturating_add(1),
            };
            all.push(found);
            if all.len() > MOST || from > text.len() {
                break;
            }
        }
        Ok(all)
    }
}

/// How many steps a search may take.
const STEPS: u32 = 500_000;
/// No text of a deploy file holds more matches.
const MOST: usize = 10_000;

/// The search took too many steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(source: &str, options: &str, text: &str) -> Option<String> {
        let found = Pattern::new(source, options)?.find(text, 0).ok()??;
        found[0].clone().map(|range| text[range].to_owned())
    }

    #[test]
    fn matches_as_ruby_does() {
        // What Ruby answers to text[/source/], or no match.
        let cases = [
            ("v(\\d+)", "", "rel-v12", Some("v12")),
            ("^v\\d", "", "a\nv1", Some("v1")),
            ("\\Av\\d", "", "a\nv1", None),
            ("a|bc|d", "", "xbcd", Some("bc")),
            ("a.c", "", "a\nc abc", Some("abc")),
            ("a.c", "m", "a\nc", Some("a\nc")),
            ("FEAT", "i", "my-feat", Some("feat")),
            ("[^/]+$", "", "a/b/c", Some("c")),
            ("[a-c_-]+", "", "zz-b_a", Some("-b_a")),
            ("(ab)*?c", "", "ababc", Some("ababc")),
            ("x{2,3}", "", "xxxx", Some("xxx")),
            ("x{2}", "", "xxxx", Some("xx")),
            ("\\bin\\b", "", "inn in", Some("in")),
            ("(?:a|b)+\\z", "", "cab", Some("ab")),
            ("end\\Z", "", "end\n", Some("end")),
            ("é+", "", "née", Some("é")),
            ("[[:digit:]]+", "", "a17", Some("17")),
            ("\\.rb$", "", "a.rb", Some(".rb")),
            ("", "", "a", Some("")),
            ("a{,2}", "", "aaa", Some("aa")),
            ("x{y", "", "x{y", Some("x{y")),
            ("x{,}", "", "x{,}", Some("x{,}")),
            ("x{}", "", "x{}", Some("x{}")),
            ("ax{2}?", "", "ax", Some("a")),
            ("x{2}?", "", "xxx", Some("xx")),
            ("x{1,3}?", "", "xxx", Some("x")),
            ("x{300}", "", "x", None),
        ];
        for (source, options, text, wanted) in cases {
            let found = whole(source, options, text);
            assert_eq!(found.as_deref(), wanted, "/{source}/{options} on {text:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_pattern() {
        for source in [
            "(?=a)",
            "(a)\\1",
            "(?<n>a)",
            "a**",
            "(",
            ")",
            "[a",
            "\\p{L}",
            "*a",
            "a++",
            "(a*)*b",
            "a{3,2}",
            "a{100001}",
            "a{,100001}",
            "a{99999999999999999999}",
        ] {
            assert!(Pattern::new(source, "").is_none(), "{source}");
        }
        assert!(Pattern::new("a b", "x").is_none());
        assert!(Pattern::new(&"(".repeat(100_000), "").is_none());
        assert!(
            Pattern::new("a{300}", "")
                .unwrap()
                .find(&"a".repeat(300), 0)
                .unwrap()
                .is_some()
        );
        assert!(Pattern::new("((((a{99}){99}){99}){99})", "").is_none());
    }

    #[test]
    fn a_search_that_would_not_end_is_given_up() {
        let slow = Pattern::new("(a|a)*(a|a)*(a|a)*b", "").unwrap();
        assert_eq!(slow.find(&"a".repeat(200), 0), Err(TooLong));
        let long = Pattern::new("a*", "").unwrap();
        let text = "a".repeat(60_000);
        assert_eq!(long.find(&text, 0).unwrap().unwrap()[0], Some(0..60_000));
    }

    #[test]
    fn all_matches_follow_one_another() {
        let all = Pattern::new("x*", "").unwrap().find_all("axxb").unwrap();
        let ranges: Vec<_> = all.iter().map(|found| found[0].clone().unwrap()).collect();
        assert_eq!(ranges, [0..0, 1..3, 3..3, 4..4]);
    }
}
