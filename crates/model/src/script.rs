//! A script made of values and a fixed text.
//!
//! The values come first, as assignments that [`crate::shell`] quotes; the text after them is a constant and names them
//! as variables. So a value is never part of the text that a shell parses.

use crate::command::home_path;
use crate::shell;

/// The values of a script, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    values: String,
}

impl Script {
    /// No values yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A variable.
    #[must_use]
    pub fn var(self, name: &str, value: &str) -> Self {
        self.line(&format!("{name}={}", shell::quote(value)))
    }

    /// A variable that is a path; a leading `~/` is the login's home.
    #[must_use]
    pub fn path(self, name: &str, value: &str) -> Self {
        self.line(&format!("{name}={}", home_path(value)))
    }

    /// A function that calls the command given as its arguments once for each item, with the item as last argument.
    #[must_use]
    pub fn each<S: AsRef<str>>(self, name: &str, items: &[S]) -> Self {
        if items.is_empty() {
            return self.line(&format!("{name}() {{ :; }}"));
        }
        let words = shell::join(items);
        self.line(&format!(
            "{name}() {{ for each in {words}; do \"$@\" \"$each\"; done; }}"
        ))
    }

    /// A function that calls the command given as its arguments with these words after them.
    #[must_use]
    pub fn words<S: AsRef<str>>(self, name: &str, words: &[S]) -> Self {
        let words = shell::join(words);
        self.line(&format!("{name}() {{ \"$@\" {words}; }}"))
    }

    /// The whole script: the values, then `text`.
    pub fn with(&self, text: &str) -> String {
        format!("{}{text}", self.values)
    }

    fn line(mut self, line: &str) -> Self {
        self.values.push_str(line);
        self.values.push('\n');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_before_the_text_and_are_quoted() {
        let script = Script::new()
            .var("name", "it's $HOME")
            .path("root", "~/my app")
            .each("each_file", &["a b", "c"])
            .each("each_dir", &[] as &[&str])
            .words("with_options", &["--jobs", "a b"]);
        assert_eq!(
            script.with("true\n"),
            "name='it'\\''s $HOME'\nroot=\"$HOME\"/'my app'\n\
             each_file() { for each in 'a b' c; do \"$@\" \"$each\"; done; }\neach_dir() { :; }\n\
             with_options() { \"$@\" --jobs 'a b'; }\ntrue\n"
        );
    }
}
