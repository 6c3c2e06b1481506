//! From the text of a regular expression to its steps.

use super::{Letters, Pattern, Place, Step};
use std::iter::Peekable;
use std::str::Chars;

/// How many steps one may have.
const LONGEST: usize = 4096;
/// How deep its groups may be nested.
const DEEPEST: u32 = 32;
/// How often something may be said to repeat, as in Ruby.
const MOST: usize = 100_000;

/// The state of a compilation.
struct Compile<'t> {
    text: Peekable<Chars<'t>>,
    any_case: bool,
    over_lines: bool,
    groups: usize,
    depth: u32,
}

pub(super) fn compile(source: &str, options: &str) -> Option<Pattern> {
    // The option `o` says when it is compiled; `x` changes what spaces mean.
    if options.contains(|option| !"imou".contains(option)) {
        return None;
    }
    let mut compile = Compile {
        text: source.chars().peekable(),
        any_case: options.contains('i'),
        over_lines: options.contains('m'),
        groups: 1,
        depth: 0,
    };
    let body = compile.alternatives()?;
    if compile.text.next().is_some() {
        return None;
    }
    let mut program = vec![Step::Note(0)];
    program.extend(moved(&body, 1));
    program.extend([Step::Note(1), Step::Done]);
    Some(Pattern {
        program,
        groups: compile.groups,
    })
}

/// Steps count their targets from their own beginning; here from that of the whole.
fn moved(steps: &[Step], by: usize) -> Vec<Step> {
    let at = |target: &usize| target.saturating_add(by);
    let moved = steps.iter().map(|step| match step {
        Step::Either(one, two) => Step::Either(at(one), at(two)),
        Step::Jump(target) => Step::Jump(at(target)),
        other => other.clone(),
    });
    moved.collect()
}

fn joined(mut first: Vec<Step>, second: &[Step]) -> Option<Vec<Step>> {
    let by = first.len();
    first.extend(moved(second, by));
    (first.len() <= LONGEST).then_some(first)
}

impl Compile<'_> {
    fn alternatives(&mut self) -> Option<Vec<Step>> {
        let mut all = self.sequence()?;
        while self.text.next_if_eq(&'|').is_some() {
            let other = self.sequence()?;
            let behind = all.len().checked_add(2)?;
            let end = behind.checked_add(other.len())?;
            let mut steps = vec![Step::Either(1, behind)];
            steps.extend(moved(&all, 1));
            steps.push(Step::Jump(end));
            all = joined(steps, &other)?;
        }
        Some(all)
    }

    fn sequence(&mut self) -> Option<Vec<Step>> {
        let mut all = Vec::new();
        while let Some(letter) = self.text.peek().copied() {
            if letter == '|' || letter == ')' {
                break;
            }
            let one = self.one()?;
            let one = self.repeated(one)?;
            all = joined(all, &one)?;
        }
        Some(all)
    }

    fn one(&mut self) -> Option<Vec<Step>> {
        let step = match self.text.next()? {
            '(' => return self.group(),
            '[' => Step::Letter(self.class()?),
            '.' if self.over_lines => self.letters(Vec::new(), true),
            '.' => self.letters(vec![('\n', '\n')], true),
            '^' => Step::Here(Place::LineStart),
            '$' => Step::Here(Place::LineEnd),
            '\\' => self.escaped()?,
            '*' | '+' | '?' => return None,
            letter => self.letters(vec![(letter, letter)], false),
        };
        Some(vec![step])
    }

    fn letters(&self, ranges: Vec<(char, char)>, others: bool) -> Step {
        Step::Letter(Letters {
            ranges,
            others,
            any_case: self.any_case,
        })
    }

    fn group(&mut self) -> Option<Vec<Step>> {
        self.depth = self
            .depth
            .checked_add(1)
            .filter(|depth| *depth <= DEEPEST)?;
        let number = if self.text.next_if_eq(&'?').is_some() {
            self.text.next_if_eq(&':')?;
            None
        } else {
            let number = self.groups;
            self.groups = number.checked_add(1)?;
            Some(number.checked_mul(2)?)
        };
        let body = self.alternatives()?;
        self.text.next_if_eq(&')')?;
        self.depth = self.depth.saturating_sub(1);
        let Some(number) = number else {
            return Some(body);
        };
        let mut steps = joined(vec![Step::Note(number)], &body)?;
        steps.push(Step::Note(number.checked_add(1)?));
        Some(steps)
    }

    fn escaped(&mut self) -> Option<Step> {
        let letter = self.text.next()?;
        Some(match letter {
            'A' => Step::Here(Place::TextStart),
            'z' => Step::Here(Place::TextEnd),
            'Z' => Step::Here(Place::LastLineEnd),
            'b' => Step::Here(Place::WordEdge(true)),
            'B' => Step::Here(Place::WordEdge(false)),
            letter => {
                let (ranges, others) = kind(letter)?;
                self.letters(ranges, others)
            }
        })
    }

    /// What follows `[`.
    fn class(&mut self) -> Option<Letters> {
        let others = self.text.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let first = match self.text.next()? {
                ']' if ranges.is_empty() => return None,
                ']' => break,
                '[' => {
                    ranges.extend(self.named()?);
                    continue;
                }
                '&' if self.text.peek() == Some(&'&') => return None,
                '\\' => match kind(self.text.next()?)? {
                    (one, false) if matches!(one.as_slice(), [(a, b)] if a == b) => one.first()?.0,
                    (several, false) => {
                        ranges.extend(several);
                        continue;
                    }
                    (_, true) => return None,
                },
                letter => letter,
            };
            let mut ahead = self.text.clone();
            let last = match (ahead.next(), ahead.next()) {
                (Some('-'), Some(last)) if !"]\\[".contains(last) => {
                    self.text = ahead;
                    last
                }
                _ => first,
            };
            if last < first {
                return None;
            }
            ranges.push((first, last));
        }
        Some(Letters {
            ranges,
            others,
            any_case: self.any_case,
        })
    }

    /// `[:digit:]` and the like.
    fn named(&mut self) -> Option<Vec<(char, char)>> {
        let mut name = String::new();
        loop {
            match self.text.next()? {
                ']' => break,
                letter if name.len() < 10 => name.push(letter),
                _ => return None,
            }
        }
        Some(match name.as_str() {
            ":digit:" => vec![('0', '9')],
            ":alpha:" => vec![('a', 'z'), ('A', 'Z')],
            ":alnum:" => vec![('a', 'z'), ('A', 'Z'), ('0', '9')],
            ":space:" => kind('s')?.0,
            ":upper:" => vec![('A', 'Z')],
            ":lower:" => vec![('a', 'z')],
            _ => return None,
        })
    }

    /// What stands behind something and says how often.
    fn repeated(&mut self, one: Vec<Step>) -> Option<Vec<Step>> {
        let (least, most) = match self.text.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counted() {
                Count::Of(least, most) => (least, most),
                Count::Letters => return Some(one),
                Count::Refused => return None,
            },
            _ => return Some(one),
        };
        self.text.next();
        let lazy = self.text.next_if_eq(&'?').is_some();
        if matches!(self.text.peek(), Some('*' | '+' | '?')) {
            return None;
        }
        if one.is_empty() {
            return Some(one);
        }
        // So often and no other is never lazy: what follows says that it may be left out.
        if lazy && most == Some(least) {
            let all = times(&one, least)?;
            return optional(&all, false, false);
        }
        let mut steps = times(&one, least)?;
        let Some(most) = most else {
            // Nothing repeated without end is an expression of an unusual kind.
            let again = optional(&one, lazy, true)?;
            return (!may_be_empty(&one)).then(|| joined(steps, &again))?;
        };
        for _ in least..most {
            steps = joined(steps, &optional(&one, lazy, false)?)?;
        }
        Some(steps)
    }

    /// `{2,3}` up to its brace, which stays.
    fn counted(&mut self) -> Count {
        let mut ahead = self.text.clone();
        ahead.next();
        let mut inside = String::new();
        while ahead.peek() != Some(&'}') {
            match ahead.next() {
                Some(letter) if letter.is_ascii_digit() || letter == ',' => inside.push(letter),
                _ => return Count::Letters,
            }
        }
        let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
        if (least.is_empty() && most.is_empty()) || most.contains(',') {
            return Count::Letters;
        }
        self.text = ahead;
        let number = |text: &str| text.parse().ok().filter(|number| *number <= MOST);
        match (least, most) {
            ("", most) => number(most).map_or(Count::Refused, |most| Count::Of(0, Some(most))),
            (least, "") => number(least).map_or(Count::Refused, |least| Count::Of(least, None)),
            (least, most) => match (number(least), number(most)) {
                (Some(least), Some(most)) if least <= most => Count::Of(least, Some(most)),
                _ => Count::Refused,
            },
        }
    }
}

/// What a brace behind something says.
enum Count {
    /// At least so often, and at most.
    Of(usize, Option<usize>),
    /// Nothing: it is a letter like others.
    Letters,
    /// What Ruby refuses: too often, or at most less often than at least.
    Refused,
}

/// Steps so often one after the other.
fn times(one: &[Step], many: usize) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for _ in 0..many {
        steps = joined(steps, one)?;
    }
    Some(steps)
}

/// Steps that may be left out, or are done until they are.
fn optional(one: &[Step], lazy: bool, again: bool) -> Option<Vec<Step>> {
    let behind = one.len().checked_add(if again { 2 } else { 1 })?;
    let mut steps = vec![if lazy {
        Step::Either(behind, 1)
    } else {
        Step::Either(1, behind)
    }];
    steps.extend(moved(one, 1));
    steps.extend(again.then_some(Step::Jump(0)));
    Some(steps)
}

/// Whether there is a way through that takes no letter.
fn may_be_empty(steps: &[Step]) -> bool {
    let mut seen = vec![false; steps.len()];
    let mut ways = vec![0];
    while let Some(at) = ways.pop() {
        let Some(step) = steps.get(at) else {
            return true;
        };
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        match step {
            Step::Letter(_) => {}
            Step::Either(one, two) => ways.extend([*one, *two]),
            Step::Jump(target) => ways.push(*target),
            Step::Note(_) | Step::Here(_) | Step::Done => ways.push(at.saturating_add(1)),
        }
    }
    false
}

/// The letters that an escape stands for, and whether all others are meant.
fn kind(letter: char) -> Option<(Vec<(char, char)>, bool)> {
    let digits = vec![('0', '9')];
    let word = vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
    let space = vec![(' ', ' '), ('\t', '\r')];
    Some(match letter {
        'd' => (digits, false),
        'D' => (digits, true),
        'w' => (word, false),
        'W' => (word, true),
        's' => (space, false),
        'S' => (space, true),
        'n' => (vec![('\n', '\n')], false),
        't' => (vec![('\t', '\t')], false),
        'r' => (vec![('\r', '\r')], false),
        letter if letter.is_ascii_alphanumeric() => return None,
        letter => (vec![(letter, letter)], false),
    })
}
