//! Methods of numbers, lists and hashes.

use crate::value::Value;

pub(super) fn number_method(number: i64, name: &str, args: &[Value]) -> Option<Value> {
    match (name, args) {
        ("to_i", []) => Some(Value::Int(number)),
        ("to_s", []) => Some(Value::text(number.to_string())),
        ("+", [Value::Int(other)]) => number.checked_add(*other).map(Value::Int),
        ("-", [Value::Int(other)]) => number.checked_sub(*other).map(Value::Int),
        ("*", [Value::Int(other)]) => number.checked_mul(*other).map(Value::Int),
        ("/", [Value::Int(other)]) if number >= 0 && *other > 0 => {
            number.checked_div(*other).map(Value::Int)
        }
        (">", [Value::Int(other)]) => Some(Value::Bool(number > *other)),
        ("<", [Value::Int(other)]) => Some(Value::Bool(number < *other)),
        (">=", [Value::Int(other)]) => Some(Value::Bool(number >= *other)),
        ("<=", [Value::Int(other)]) => Some(Value::Bool(number <= *other)),
        ("zero?", []) => Some(Value::Bool(number == 0)),
        _ => None,
    }
}

pub(super) fn list_method(items: &[Value], name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("to_a" | "dup" | "freeze", []) => Value::List(items.to_vec()),
        ("first", []) => items.first().cloned().unwrap_or(Value::Nil),
        ("first", [Value::Int(many)]) => Value::List(
            items
                .iter()
                .take(usize::try_from(*many).ok()?)
                .cloned()
                .collect(),
        ),
        ("last", []) => items.last().cloned().unwrap_or(Value::Nil),
        ("[]", [Value::Int(at)]) => {
            let length = i64::try_from(items.len()).ok()?;
            let at = if *at < 0 {
                at.saturating_add(length)
            } else {
                *at
            };
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            items.get(at).cloned().unwrap_or(Value::Nil)
        }
        ("size" | "length" | "count", []) => Value::Int(i64::try_from(items.len()).ok()?),
        ("join", by) => {
            let by = by.first().and_then(Value::word).unwrap_or_default();
            let texts: Result<Vec<_>, _> = items.iter().map(Value::to_text).collect();
            match texts {
                Ok(texts) => Value::text(texts.join(by)),
                Err(unknown) => Value::unknown(unknown.why),
            }
        }
        _ => return made_list(items, name, args),
    })
}

/// Methods of lists that give a list.
fn made_list(items: &[Value], name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("reverse", []) => Value::List(items.iter().rev().cloned().collect()),
        ("captures", []) => Value::List(items.iter().skip(1).cloned().collect()),
        ("unshift" | "prepend", more) => Value::List(more.iter().chain(items).cloned().collect()),
        ("uniq", []) => once(items.iter()),
        ("|", [Value::List(more)]) => once(items.iter().chain(more)),
        ("flatten", []) => Value::List(items.iter().flat_map(Value::items).collect()),
        ("compact", []) => {
            let there = items.iter().filter(|item| !matches!(item, Value::Nil));
            Value::List(there.cloned().collect())
        }
        ("push" | "<<", more) => Value::List(items.iter().chain(more).cloned().collect()),
        ("+" | "concat", [Value::List(more)]) if items.len() < 10_000 => {
            Value::List(items.iter().chain(more).cloned().collect())
        }
        ("-", [Value::List(less)]) => {
            let stays = |item: &&Value| !less.iter().any(|other| item.same(other) == Ok(true));
            Value::List(items.iter().filter(stays).cloned().collect())
        }
        _ => return None,
    })
}

/// Each of them once.
fn once<'v>(items: impl Iterator<Item = &'v Value>) -> Value {
    let mut once: Vec<Value> = Vec::new();
    for item in items {
        if !once.iter().any(|other| other.same(item) == Ok(true)) {
            once.push(item.clone());
        }
    }
    Value::List(once)
}

pub(super) fn hash_method(hash: &Value, name: &str, args: &[Value]) -> Option<Value> {
    let Value::Hash(pairs) = hash else {
        return None;
    };
    Some(match (name, args) {
        ("[]" | "fetch", [key]) => hash.entry(key.word()?).cloned().unwrap_or(Value::Nil),
        ("fetch", [key, default]) => hash.entry(key.word()?).unwrap_or(default).clone(),
        ("key?" | "has_key?" | "include?", [key]) => Value::Bool(hash.entry(key.word()?).is_some()),
        ("keys", []) => Value::List(pairs.iter().map(|(key, _)| key.clone()).collect()),
        ("values", []) => Value::List(pairs.iter().map(|(_, value)| value.clone()).collect()),
        ("merge", [Value::Hash(more)]) => merged(pairs, more),
        ("dup" | "freeze" | "to_h", []) => hash.clone(),
        _ => return None,
    })
}

/// One hash over another.
pub(in crate::evaluate) fn merged(below: &[(Value, Value)], above: &[(Value, Value)]) -> Value {
    let mut pairs = below.to_vec();
    for (key, value) in above {
        match pairs
            .iter_mut()
            .find(|(name, _)| name.same(key) == Ok(true))
        {
            Some(place) => place.1 = value.clone(),
            None => pairs.push((key.clone(), value.clone())),
        }
    }
    Value::Hash(pairs)
}

pub(super) fn nil_method(name: &str) -> Option<Value> {
    match name {
        "to_s" => Some(Value::text("")),
        "to_a" => Some(Value::List(Vec::new())),
        "to_i" => Some(Value::Int(0)),
        _ => None,
    }
}
