//! Methods of text and of regular expressions.

use super::joined;
use crate::pattern::{Found, Pattern, TooLong};
use crate::value::{LONGEST, Value};

pub(super) fn text_method(text: &str, name: &str, args: &[Value]) -> Option<Value> {
    let plain = match (name, args) {
        ("to_s" | "to_str" | "dup" | "freeze", []) => text.to_owned(),
        ("strip", []) => text.trim_matches(is_space).to_owned(),
        ("lstrip", []) => text.trim_start_matches(is_space).to_owned(),
        ("rstrip", []) => text.trim_end_matches(is_space).to_owned(),
        ("chomp" | "delete_suffix", [end]) => {
            text.strip_suffix(end.word()?).unwrap_or(text).to_owned()
        }
        ("delete_prefix", [start]) => text.strip_prefix(start.word()?).unwrap_or(text).to_owned(),
        ("squeeze", [Value::Text(one)]) if one.chars().count() == 1 => squeezed(text, one),
        ("reverse", []) => text.chars().rev().collect(),
        ("*", [Value::Int(times)]) => return repeated(text, *times),
        ("%", [Value::List(values)]) => formatted(text, values)?,
        ("%", [value]) => formatted(text, std::slice::from_ref(value))?,
        ("chomp", []) => text.strip_suffix('\n').unwrap_or(text).to_owned(),
        ("upcase", []) => text.to_uppercase(),
        ("downcase", []) => text.to_lowercase(),
        ("capitalize", []) => {
            let mut letters = text.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.collect::<String>() + &letters.as_str().to_lowercase()
        }
        ("+" | "<<" | "concat", [other]) => match other.to_text() {
            Ok(other) => format!("{text}{other}"),
            Err(unknown) => return Some(Value::unknown(unknown.why)),
        },
        ("sub" | "gsub", [Value::Regex(pattern), with]) => {
            return Some(substituted(text, pattern, with.word()?, name == "gsub"));
        }
        ("sub" | "gsub" | "tr", [from, to]) => replaced(text, name, from.word()?, to.word()?)?,
        _ => return text_question(text, name, args),
    };
    Some(Value::text(plain))
}

fn replaced(text: &str, name: &str, from: &str, to: &str) -> Option<String> {
    let single = from.chars().count() == 1 && to.chars().count() == 1 && from != "^";
    match name {
        "sub" => Some(text.replacen(from, to, 1)),
        "tr" if !single => None,
        // Replacing nothing grows the text at every letter; that is nobody's intention.
        _ if from.is_empty() => None,
        _ => {
            let made = text.matches(from).count().saturating_mul(to.len());
            // Longer text is refused anyway; it need not be made first.
            (made <= LONGEST).then(|| text.replace(from, to))
        }
    }
}

/// Methods of text that answer something else than text.
fn text_question(text: &str, name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("to_sym", []) => Value::Symbol(text.to_owned()),
        ("to_i", []) => Value::Int(leading_number(text)?),
        ("join" | "/", parts) => {
            let mut all = vec![Value::Text(text.to_owned())];
            all.extend_from_slice(parts);
            joined(&all)
        }
        ("split", []) => split(text, " ", 0),
        ("split", [Value::Text(by)]) if !by.is_empty() => split(text, by, 0),
        ("split", [Value::Text(by), Value::Int(most)]) if !by.is_empty() => split(text, by, *most),
        (
            "=~" | "match" | "match?" | "!~" | "[]" | "slice" | "scan" | "split" | "===",
            [Value::Regex(pattern), more @ ..],
        ) => {
            return matched(text, name, pattern, more);
        }
        ("lines", []) => Value::List(text.split_inclusive('\n').map(Value::text).collect()),
        ("length" | "size", []) => Value::Int(i64::try_from(text.chars().count()).ok()?),
        ("start_with?", [other]) => Value::Bool(text.starts_with(other.word()?)),
        ("end_with?", [other]) => Value::Bool(text.ends_with(other.word()?)),
        ("[]" | "slice", _) => return sliced(text, args),
        _ => return None,
    })
}

/// What Ruby takes for space.
fn is_space(letter: char) -> bool {
    matches!(letter, '\0' | '\t'..='\r' | ' ')
}

/// The number that text begins with, 0 where it begins with none; none where it is too large to be known here.
fn leading_number(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(is_space);
    let (sign, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) if text.starts_with('-') => ("-", rest),
        Some(rest) => ("", rest),
        None => ("", text),
    };
    let mut digits = sign.to_owned();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next_if(char::is_ascii_digit) {
        digits.push(letter);
        // One underscore may stand between two digits.
        let mut ahead = letters.clone();
        if ahead.next() == Some('_') && ahead.peek().is_some_and(char::is_ascii_digit) {
            letters = ahead;
        }
    }
    if digits == sign {
        return Some(0);
    }
    digits.parse().ok()
}

/// Text in pieces. A space stands for any amount of it, and a limit of 0 drops what is empty at the end.
fn split(text: &str, by: &str, limit: i64) -> Value {
    let most = usize::try_from(limit).ok().filter(|most| *most > 0);
    let most = most.unwrap_or(usize::MAX);
    let mut pieces = match by {
        _ if text.is_empty() => Vec::new(),
        " " => words(text, most),
        by => text.splitn(most, by).collect(),
    };
    while limit == 0 && pieces.last().is_some_and(|last| last.is_empty()) {
        pieces.pop();
    }
    Value::List(pieces.into_iter().map(Value::text).collect())
}

fn words(text: &str, most: usize) -> Vec<&str> {
    let (mut words, mut rest) = (Vec::new(), text.trim_start_matches(is_space));
    while words.len().saturating_add(1) < most {
        let Some((word, after)) = rest.split_once(is_space) else {
            break;
        };
        words.push(word);
        rest = after.trim_start_matches(is_space);
    }
    words.push(rest);
    words
}

/// A part of text.
fn sliced(text: &str, args: &[Value]) -> Option<Value> {
    Some(match args {
        [Value::Int(at)] => letters(text, *at, 1)?,
        [Value::Int(at), Value::Int(many)] => letters(text, *at, *many)?,
        [Value::Range(from, to)] => {
            let length = i64::try_from(text.chars().count()).ok()?;
            // A range that ends at -1 goes up to the last letter.
            let end = if *to <= 0 {
                to.saturating_add(length)
            } else {
                *to
            };
            let start = if *from < 0 {
                from.saturating_add(length)
            } else {
                *from
            };
            letters(text, *from, end.saturating_sub(start))?
        }
        [part] => match part.word()? {
            part if text.contains(part) => Value::text(part),
            _ => Value::Nil,
        },
        _ => return None,
    })
}

fn repeated(text: &str, times: i64) -> Option<Value> {
    let times = usize::try_from(times).ok()?;
    match text.len().checked_mul(times) {
        Some(length) if length <= LONGEST => Some(Value::text(text.repeat(times))),
        _ => Some(Value::unknown(
            "the text grows too long to be worked out here",
        )),
    }
}

fn squeezed(text: &str, one: &str) -> String {
    let mut squeezed = String::new();
    for letter in text.chars() {
        let again = one.starts_with(letter) && squeezed.ends_with(letter);
        if !again {
            squeezed.push(letter);
        }
    }
    squeezed
}

/// `"%s-%d" % [a, b]`, with those two alone.
fn formatted(text: &str, values: &[Value]) -> Option<String> {
    let mut parts = text.split('%');
    let mut made = parts.next()?.to_owned();
    let mut values = values.iter();
    for part in parts {
        let rest = part.strip_prefix(['s', 'd'])?;
        made.push_str(&values.next()?.to_text().ok()?);
        made.push_str(rest);
    }
    Some(made)
}

/// So many letters from here; a place before zero counts from the end.
fn letters(text: &str, at: i64, many: i64) -> Option<Value> {
    let length = i64::try_from(text.chars().count()).ok()?;
    let at = if at < 0 {
        at.saturating_add(length)
    } else {
        at
    };
    if at < 0 || at > length || many < 0 || (at == length && many == 1) {
        return Some(Value::Nil);
    }
    let letters = text.chars().skip(usize::try_from(at).ok()?);
    Some(Value::text(
        letters
            .take(usize::try_from(many).ok()?)
            .collect::<String>(),
    ))
}

/// Methods that ask a regular expression.
pub(super) fn matched(text: &str, name: &str, pattern: &Pattern, more: &[Value]) -> Option<Value> {
    let answer = match (name, more) {
        ("scan", []) => pattern.find_all(text).map(|all| scanned(text, &all)),
        ("split", []) => pattern.find_all(text).map(|all| pieces(text, &all)),
        ("[]" | "slice", [Value::Int(group)]) => {
            let group = usize::try_from(*group).ok()?;
            pattern.find(text, 0).map(|found| {
                let found = found.unwrap_or_default();
                taken(text, &found, group)
            })
        }
        ("[]" | "slice", []) => pattern
            .find(text, 0)
            .map(|found| taken(text, &found.unwrap_or_default(), 0)),
        ("match?" | "===", []) => pattern
            .find(text, 0)
            .map(|found| Value::Bool(found.is_some())),
        ("!~", []) => pattern
            .find(text, 0)
            .map(|found| Value::Bool(found.is_none())),
        ("=~", []) => pattern.find(text, 0).map(|found| place(text, found)),
        ("match", []) => pattern.find(text, 0).map(|found| match found {
            Some(found) => {
                let groups = 0..found.len();
                Value::List(groups.map(|group| taken(text, &found, group)).collect())
            }
            None => Value::Nil,
        }),
        _ => return None,
    };
    Some(answer.unwrap_or_else(|TooLong| Value::unknown("a regular expression takes too long")))
}

fn place(text: &str, found: Option<Found>) -> Value {
    let whole = found.and_then(|found| found.first().cloned().flatten());
    let before = whole.and_then(|whole| text.get(..whole.start));
    let letters = before.map(|before| i64::try_from(before.chars().count()));
    match letters {
        Some(Ok(letters)) => Value::Int(letters),
        _ => Value::Nil,
    }
}

/// What a group was found to be.
fn taken(text: &str, found: &Found, group: usize) -> Value {
    let range = found.get(group).cloned().flatten();
    let part = range.and_then(|range| text.get(range));
    part.map_or(Value::Nil, Value::text)
}

fn scanned(text: &str, all: &[Found]) -> Value {
    let one = |found: &Found| match found.len() {
        0 | 1 => taken(text, found, 0),
        groups => Value::List((1..groups).map(|group| taken(text, found, group)).collect()),
    };
    Value::List(all.iter().map(one).collect())
}

fn pieces(text: &str, all: &[Found]) -> Value {
    let (mut pieces, mut from) = (Vec::new(), 0);
    for found in all {
        let Some(range) = found.first().cloned().flatten() else {
            continue;
        };
        if range.is_empty() {
            return Value::unknown("text is split where nothing stands");
        }
        pieces.push(Value::text(text.get(from..range.start).unwrap_or_default()));
        let groups = (1..found.len()).map(|group| taken(text, found, group));
        pieces.extend(groups.filter(|group| !matches!(group, Value::Nil)));
        from = range.end;
    }
    pieces.push(Value::text(text.get(from..).unwrap_or_default()));
    while matches!(pieces.last(), Some(Value::Text(last)) if last.is_empty()) {
        pieces.pop();
    }
    Value::List(pieces)
}

fn substituted(text: &str, pattern: &Pattern, with: &str, everywhere: bool) -> Value {
    let Ok(mut all) = pattern.find_all(text) else {
        return Value::unknown("a regular expression takes too long");
    };
    if !everywhere {
        all.truncate(1);
    }
    let (mut made, mut from) = (String::new(), 0);
    for found in &all {
        let Some(range) = found.first().cloned().flatten() else {
            continue;
        };
        made.push_str(text.get(from..range.start).unwrap_or_default());
        made.push_str(&filled_in(text, found, with));
        from = range.end;
        if made.len() > LONGEST {
            break;
        }
    }
    made.push_str(text.get(from..).unwrap_or_default());
    Value::text(made)
}

/// `\1` in a replacement.
fn filled_in(text: &str, found: &Found, with: &str) -> String {
    let mut made = String::new();
    let mut letters = with.chars();
    while let Some(letter) = letters.next() {
        if made.len() > LONGEST {
            break;
        }
        if letter != '\\' {
            made.push(letter);
            continue;
        }
        match letters.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let group = digit
                    .to_digit(10)
                    .and_then(|digit| usize::try_from(digit).ok());
                if let Value::Text(part) = taken(text, found, group.unwrap_or_default()) {
                    made.push_str(&part);
                }
            }
            Some('\\') => made.push('\\'),
            other => {
                made.push('\\');
                made.extend(other);
            }
        }
    }
    made
}
