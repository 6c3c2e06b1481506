//! Keys that are not known where they stand: foreign words, keys of ours in the wrong place, slips.

use super::{At, Typing};
use crate::error::{Error, Mistake};
use crate::keys::{self, Key};
use crate::origin::Place;
use crate::suggest::nearest;
use windlass_foreign::setting;

/// After so many mistakes no more effort is made: only the first are shown.
const ENOUGH: usize = 64;

impl Typing<'_> {
    /// Keeps a mistake about a key that means nothing in this table.
    pub(super) fn stranger(&mut self, at: At<'_>, keys: &'static [Key], name: &str, place: &Place) {
        let mistake = if self.mistakes.len() > ENOUGH {
            unknown(name)
        } else if let Some(word) = setting(at.path, name) {
            let written = shown(name);
            Mistake::new(Error::Foreign { written, word })
        } else if let Some(mistake) = misplaced(at, name) {
            mistake
        } else {
            misspelt(at, keys, name)
        };
        self.mistakes.push(mistake.at(place));
    }
}

fn unknown(name: &str) -> Mistake {
    Mistake::new(Error::UnknownKey { key: shown(name) })
}

/// A name as a message can hold it: on one line, and not endless.
fn shown(name: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = name
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// A key of ours that belongs elsewhere.
fn misplaced(at: At<'_>, name: &str) -> Option<Mistake> {
    let mut places = keys::places(name);
    // A table that may stand right here is the likeliest, a task the least likely.
    places.sort_by_key(|(table, scope)| match *table {
        "tasks" | "health" => 2,
        "" => 1,
        _ if scope.meets(at.scope) => 0,
        _ => 3,
    });
    let (table, scope) = *places.first()?;
    let key = name.to_owned();
    let label = match table {
        "" => format!("it may stand {}", scope.words()),
        "tasks" | "health" => format!("it belongs in a `[[{table}]]`"),
        table => format!("it belongs in `[{table}]`"),
    };
    Some(Mistake::new(Error::WrongPlace { key }).label(label))
}

fn misspelt(at: At<'_>, keys: &'static [Key], name: &str) -> Mistake {
    let possible = keys.iter().filter(|key| key.scope.meets(at.scope));
    let possible = possible.map(|key| key.name);
    match nearest(name, possible) {
        Some(meant) => unknown(name).label(format!("did you mean `{meant}`?")),
        None => unknown(name),
    }
}

#[cfg(test)]
mod tests {
    use crate::keys::{ROOT, Scope, find};
    use windlass_foreign::{Meaning, settings};

    #[test]
    fn no_word_of_ours_is_foreign() {
        for word in settings() {
            let ours = find(ROOT, Scope::ANY, word.name).is_some();
            let same = matches!(word.meaning, Meaning::Same(_));
            assert_eq!(ours, same, "{}", word.name);
        }
    }
}
