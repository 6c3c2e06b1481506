//! The search: steps with the ways not taken kept aside, so that neither the text nor the expression makes it deep.

use super::{Found, Letters, Pattern, Place, Step, TooLong};

/// How many ways may be kept aside.
const ASIDE: usize = 200_000;

/// A way that was not taken: where it goes on, or what a note said before it was overwritten.
enum Aside {
    Way(usize, usize),
    Note(usize, Option<usize>),
}

/// The first match at or after a byte, within the steps that are left.
pub(super) fn find(
    pattern: &Pattern,
    text: &str,
    from: usize,
    left: &mut u32,
) -> Result<Option<Found>, TooLong> {
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    for start in starts.skip_while(|at| *at < from) {
        if let Some(notes) = at(pattern, text, start, left)? {
            let pairs = notes.chunks(2).map(|pair| match pair {
                [Some(start), Some(end)] => Some(*start..*end),
                _ => None,
            });
            return Ok(Some(pairs.collect()));
        }
    }
    Ok(None)
}

/// Matches where it stands.
fn at(
    pattern: &Pattern,
    text: &str,
    start: usize,
    left: &mut u32,
) -> Result<Option<Vec<Option<usize>>>, TooLong> {
    let mut notes = vec![None; pattern.groups.saturating_mul(2)];
    let mut aside = vec![Aside::Way(0, start)];
    while let Some(next) = aside.pop() {
        let (step, place) = match next {
            Aside::Way(step, place) => (step, place),
            Aside::Note(number, before) => {
                if let Some(note) = notes.get_mut(number) {
                    *note = before;
                }
                continue;
            }
        };
        let way = Way { step, place };
        if way.follow(pattern, text, (&mut notes, &mut aside), left)? {
            return Ok(Some(notes));
        }
    }
    Ok(None)
}

/// One way through the steps.
struct Way {
    step: usize,
    place: usize,
}

/// The notes so far, and the ways kept aside.
type Kept<'k> = (&'k mut Vec<Option<usize>>, &'k mut Vec<Aside>);

impl Way {
    /// Goes on until it is done or leads nowhere.
    fn follow(
        mut self,
        pattern: &Pattern,
        text: &str,
        (notes, aside): Kept<'_>,
        left: &mut u32,
    ) -> Result<bool, TooLong> {
        loop {
            *left = left.checked_sub(1).ok_or(TooLong)?;
            let next = self.step.saturating_add(1);
            match pattern.program.get(self.step) {
                Some(Step::Done) => return Ok(true),
                Some(Step::Letter(letters)) => {
                    let rest = text.get(self.place..).unwrap_or_default();
                    match rest.chars().next() {
                        Some(letter) if letters.have(letter) => {
                            self.place = self.place.saturating_add(letter.len_utf8());
                        }
                        _ => return Ok(false),
                    }
                    self.step = next;
                }
                Some(Step::Either(one, two)) => {
                    if aside.len() >= ASIDE {
                        return Err(TooLong);
                    }
                    aside.push(Aside::Way(*two, self.place));
                    self.step = *one;
                }
                Some(Step::Jump(target)) => self.step = *target,
                Some(Step::Note(number)) => {
                    if let Some(note) = notes.get_mut(*number) {
                        aside.push(Aside::Note(*number, note.replace(self.place)));
                    }
                    self.step = next;
                }
                Some(Step::Here(which)) if which.is_at(text, self.place) => self.step = next,
                Some(Step::Here(_)) | None => return Ok(false),
            }
        }
    }
}

impl Letters {
    fn have(&self, letter: char) -> bool {
        let there = |letter: char| {
            let mut ranges = self.ranges.iter();
            ranges.any(|(first, last)| (*first..=*last).contains(&letter))
        };
        let found = there(letter)
            || self.any_case
                && (letter.to_lowercase().any(there) || letter.to_uppercase().any(there));
        found != self.others
    }
}

impl Place {
    fn is_at(self, text: &str, place: usize) -> bool {
        let before = text.get(..place).and_then(|text| text.chars().next_back());
        let rest = text.get(place..).unwrap_or_default();
        let after = rest.chars().next();
        let word = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        };
        match self {
            Self::TextStart => place == 0,
            Self::TextEnd => rest.is_empty(),
            Self::LastLineEnd => rest.is_empty() || rest == "\n",
            Self::LineStart => before.is_none_or(|letter| letter == '\n'),
            Self::LineEnd => after.is_none_or(|letter| letter == '\n'),
            Self::WordEdge(wanted) => (word(before) != word(after)) == wanted,
        }
    }
}
