//! A line as far as it is typed.

use crate::vocabulary::Ours;

/// The words before the one that is completed.
pub(super) struct Line<'a> {
    /// The command, where there is one yet.
    pub(super) command: Option<&'a clap::Command>,
    /// Words that are no options, without the command.
    pub(super) places: Vec<&'a str>,
    /// The option whose value comes next.
    pub(super) waiting: Option<&'a clap::Arg>,
    /// Whether `--` has ended it: what follows is a command for hosts.
    pub(super) over: bool,
}

impl<'a> Line<'a> {
    pub(super) fn read(ours: &'a Ours, words: &'a [String]) -> Self {
        let mut line = Self {
            command: None,
            places: Vec::new(),
            waiting: None,
            over: false,
        };
        for word in words {
            if line.waiting.take().is_some() {
                continue;
            }
            if word == "--" {
                line.over = true;
            } else if let Some(option) = ours.with_value(word) {
                line.waiting = Some(option);
            } else if word.starts_with('-') {
                // A switch, or an option with its value.
            } else if line.command.is_none() && line.places.len() < 2 && ours.is_command(word) {
                line.command = ours.cli().find_subcommand(word);
            } else {
                line.places.push(word);
            }
        }
        line
    }
}

/// The words of a line as a shell would part them, the last of which may be empty. Quotes and backslashes are taken as
/// they are meant; an assignment before the program is none of its words.
pub(crate) fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut begun = false;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '"' | '\'') => (quote, begun) = (Some(letter), true),
            (Some(open), letter) if open == letter => quote = None,
            (None | Some('"'), '\\') => extend(&mut words, letters.next()),
            (None, letter) if letter.is_whitespace() => {
                if begun || words.last().is_some_and(|word| !word.is_empty()) {
                    words.push(String::new());
                }
                begun = false;
            }
            (_, letter) => extend(&mut words, Some(letter)),
        }
    }
    let is_assignment = |word: &&String| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty())
    };
    let assignments = words.iter().take_while(is_assignment).count();
    words.split_off(assignments)
}

fn extend(words: &mut [String], letter: Option<char>) {
    if let Some(word) = words.last_mut() {
        word.extend(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn a_line_is_parted_as_a_shell_does() {
        assert_eq!(
            words_of("windlass run  p cache:wa"),
            ["windlass", "run", "p", "cache:wa"]
        );
        assert_eq!(words_of("windlass run "), ["windlass", "run", ""]);
        assert_eq!(
            words_of("w -m 'two words' \"a\\\"b\" c\\ d"),
            ["w", "-m", "two words", "a\"b", "c d"]
        );
        assert_eq!(words_of("A=1 B= w x"), ["w", "x"]);
        assert_eq!(words_of("w '' "), ["w", "", ""]);
        assert_eq!(words_of(""), [""]);
        assert_eq!(words_of("w \\"), ["w", ""]);
    }
}
