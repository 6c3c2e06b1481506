//! Methods of values, and what constants such as `ENV` and `File` answer without looking at anything.

use super::Evaluator;
use super::expression::TASK_FILES;
use crate::syntax::{Block, Call, Kind, Node};
use crate::value::{Unknown, Value};
use std::sync::Arc;

impl Evaluator<'_> {
    /// A call on a constant.
    pub(super) fn constant(&mut self, constant: &str, node: &Node, call: &Call) -> Value {
        let args = self.values(&call.args);
        let words: Vec<Option<&str>> = args.iter().map(Value::word).collect();
        match (constant, call.name.as_str(), words.as_slice()) {
            ("ENV", "[]", [Some(name)]) => self.variable(name, node),
            ("ENV", "fetch", [Some(name)]) if call.block.is_none() => self.variable(name, node),
            ("ENV", "fetch", [Some(_)]) => {
                let block = call.block.clone();
                block.map_or(Value::Nil, |block| self.last(&block.body))
            }
            ("ENV", "fetch", [Some(_), _]) => args.get(1).cloned().unwrap_or(Value::Nil),
            ("File", "join", _) => joined(&args),
            ("File", "basename", [Some(path)]) => {
                Value::text(path.rsplit('/').next().unwrap_or_default())
            }
            ("File" | "Pathname", "expand_path" | "new", [Some(path)])
                if path.starts_with('/') || path.starts_with('$') =>
            {
                Value::text(*path)
            }
            ("Dir", "glob" | "[]", [Some(pattern), ..]) if pattern.contains("tasks/") => {
                Value::unknown(TASK_FILES)
            }
            ("Net::SSH::Proxy::Command", "new", [Some(command)]) => {
                Value::Proxy((*command).to_owned())
            }
            ("Proc", "new", []) => match &call.block {
                Some(block) => Value::Lambda(block.clone(), self.locals.clone()),
                None => Value::Nil,
            },
            ("File" | "IO", "read", [Some(path)]) => Value::unknown(format!(
                "{} reads the file {path} of this machine",
                self.spot(node.span)
            )),
            (constant, name, _) => {
                Value::unknown(format!("{} asks {constant}.{name}", self.spot(node.span)))
            }
        }
    }

    fn variable(&mut self, name: &str, node: &Node) -> Value {
        Value::Unknown(Unknown {
            why: format!(
                "{} takes it from the variable {name} of whoever deploys, without a default",
                self.spot(node.span)
            ),
            variable: Some(name.to_owned()),
        })
    }

    /// A call on a value.
    pub(super) fn method(&mut self, value: &Value, node: &Node, call: &Call) -> Value {
        let args = self.values(&call.args);
        let name = call.name.as_str();
        if let Some(answer) = compared(value, name, &args) {
            return match answer {
                Ok(truth) => Value::Bool(truth),
                Err(unknown) => Value::unknown(unknown.why),
            };
        }
        let unknown = value.first_unknown().cloned();
        let done = match value {
            Value::Unknown(unknown) => Some(passed_on(unknown.clone(), name)),
            Value::Lambda(block, locals) if name == "call" => {
                let (block, locals) = (block.clone(), locals.clone());
                Some(self.invoke(&block, locals, args.clone()))
            }
            Value::Text(text) | Value::Symbol(text) => text_method(text, name, &args),
            Value::Int(number) => number_method(*number, name, &args),
            Value::List(items) => match &call.block {
                Some(block) => self.mapped(items, name, block),
                None => list_method(items, name, &args),
            },
            Value::Hash(_) => hash_method(value, name, &args),
            Value::Nil => nil_method(name),
            Value::Bool(_) | Value::Lambda(..) | Value::Proxy(_) => (name == "to_s")
                .then(|| value.to_text().ok().map(Value::text))
                .flatten(),
        };
        let spot = self.spot(node.span);
        done.unwrap_or_else(|| match unknown {
            Some(unknown) => Value::unknown(unknown.why),
            None => Value::unknown(format!("{spot} calls `{name}` of {}", value.kind())),
        })
    }

    fn mapped(&mut self, items: &[Value], name: &str, block: &Arc<Block>) -> Option<Value> {
        if !["map", "collect", "flat_map", "select", "reject"].contains(&name) {
            return None;
        }
        let mut made = Vec::new();
        for item in items {
            let answer = self.with_params(block, vec![item.clone()], |this| this.last(&block.body));
            match name {
                "map" | "collect" => made.push(answer),
                "flat_map" => made.extend(answer.items()),
                _ if answer.truth().ok()? == (name == "select") => made.push(item.clone()),
                _ => {}
            }
        }
        Some(Value::List(made))
    }
}

/// A variable of the environment stays one through what does not change its sense.
fn passed_on(unknown: Unknown, name: &str) -> Value {
    let stays = ["to_s", "strip", "chomp", "dup", "freeze"].contains(&name);
    Value::Unknown(Unknown {
        variable: unknown.variable.filter(|_| stays),
        ..unknown
    })
}

fn joined(args: &[Value]) -> Value {
    let mut path = String::new();
    for arg in args.iter().flat_map(Value::items) {
        let part = match arg.to_text() {
            Ok(part) => part,
            Err(unknown) => return Value::unknown(unknown.why),
        };
        if path.is_empty() {
            path = part;
        } else {
            path = format!(
                "{}/{}",
                path.trim_end_matches('/'),
                part.trim_start_matches('/')
            );
        }
    }
    Value::text(path)
}

/// What compares or asks for nothing; works on everything.
fn compared(value: &Value, name: &str, args: &[Value]) -> Option<Result<bool, Unknown>> {
    Some(match (name, args) {
        ("==" | "eql?", [other]) => value.same(other),
        ("!=", [other]) => value.same(other).map(|same| !same),
        ("!", []) => value.truth().map(|truth| !truth),
        ("nil?", []) => value.same(&Value::Nil),
        ("empty?" | "blank?", []) => emptiness(value),
        ("present?" | "any?", []) => emptiness(value).map(|empty| !empty),
        ("include?", [other]) => contains(value, other)?,
        _ => return None,
    })
}

fn emptiness(value: &Value) -> Result<bool, Unknown> {
    match value {
        Value::Text(text) => Ok(text.trim().is_empty()),
        Value::List(items) => Ok(items.is_empty()),
        Value::Hash(pairs) => Ok(pairs.is_empty()),
        other => other.truth().map(|truth| !truth),
    }
}

fn contains(value: &Value, other: &Value) -> Option<Result<bool, Unknown>> {
    match (value, other) {
        (Value::Text(text), Value::Text(part)) => Some(Ok(text.contains(part.as_str()))),
        (Value::List(items), other) => {
            let mut found = Ok(false);
            for item in items {
                match item.same(other) {
                    Ok(true) => return Some(Ok(true)),
                    Ok(false) => {}
                    Err(unknown) => found = Err(unknown),
                }
            }
            Some(found)
        }
        _ => None,
    }
}

fn text_method(text: &str, name: &str, args: &[Value]) -> Option<Value> {
    let plain = match (name, args) {
        ("to_s" | "to_str" | "dup" | "freeze", []) => text.to_owned(),
        ("strip", []) => text.trim().to_owned(),
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
        _ => Some(text.replace(from, to)),
    }
}

/// Methods of text that answer something else than text.
fn text_question(text: &str, name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("to_sym", []) => Value::Symbol(text.to_owned()),
        ("to_i", []) => {
            let digits = text.trim().chars().take_while(char::is_ascii_digit);
            Value::Int(digits.collect::<String>().parse().unwrap_or(0))
        }
        ("join" | "/", parts) => {
            let mut all = vec![Value::Text(text.to_owned())];
            all.extend_from_slice(parts);
            joined(&all)
        }
        ("split", [by]) if !by.word()?.is_empty() => {
            Value::List(text.split(by.word()?).map(Value::text).collect())
        }
        ("split", []) => Value::List(text.split_whitespace().map(Value::text).collect()),
        ("start_with?", [other]) => Value::Bool(text.starts_with(other.word()?)),
        ("end_with?", [other]) => Value::Bool(text.ends_with(other.word()?)),
        _ => return None,
    })
}

fn number_method(number: i64, name: &str, args: &[Value]) -> Option<Value> {
    match (name, args) {
        ("to_i", []) => Some(Value::Int(number)),
        ("to_s", []) => Some(Value::text(number.to_string())),
        ("+", [Value::Int(other)]) => number.checked_add(*other).map(Value::Int),
        ("-", [Value::Int(other)]) => number.checked_sub(*other).map(Value::Int),
        ("*", [Value::Int(other)]) => number.checked_mul(*other).map(Value::Int),
        _ => None,
    }
}

fn list_method(items: &[Value], name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("to_a" | "dup" | "freeze", []) => Value::List(items.to_vec()),
        ("first", []) => items.first().cloned().unwrap_or(Value::Nil),
        ("last", []) => items.last().cloned().unwrap_or(Value::Nil),
        ("[]", [Value::Int(at)]) => {
            let at = usize::try_from(*at).ok()?;
            items.get(at).cloned().unwrap_or(Value::Nil)
        }
        ("size" | "length" | "count", []) => Value::Int(i64::try_from(items.len()).ok()?),
        ("flatten", []) => Value::List(items.iter().flat_map(Value::items).collect()),
        ("compact", []) => {
            let there = items.iter().filter(|item| !matches!(item, Value::Nil));
            Value::List(there.cloned().collect())
        }
        ("push" | "<<", more) => Value::List(items.iter().chain(more).cloned().collect()),
        ("+" | "concat" | "|", [Value::List(more)]) if items.len() < 10_000 => {
            Value::List(items.iter().chain(more).cloned().collect())
        }
        ("-", [Value::List(less)]) => {
            let stays = |item: &&Value| !less.iter().any(|other| item.same(other) == Ok(true));
            Value::List(items.iter().filter(stays).cloned().collect())
        }
        ("join", by) => {
            let by = by.first().and_then(Value::word).unwrap_or_default();
            let texts: Result<Vec<_>, _> = items.iter().map(Value::to_text).collect();
            match texts {
                Ok(texts) => Value::text(texts.join(by)),
                Err(unknown) => Value::unknown(unknown.why),
            }
        }
        _ => return None,
    })
}

fn hash_method(hash: &Value, name: &str, args: &[Value]) -> Option<Value> {
    let Value::Hash(pairs) = hash else {
        return None;
    };
    Some(match (name, args) {
        ("[]" | "fetch", [key]) => hash.entry(key.word()?).cloned().unwrap_or(Value::Nil),
        ("fetch", [key, default]) => hash.entry(key.word()?).unwrap_or(default).clone(),
        ("keys", []) => Value::List(pairs.iter().map(|(key, _)| key.clone()).collect()),
        ("values", []) => Value::List(pairs.iter().map(|(_, value)| value.clone()).collect()),
        ("merge", [Value::Hash(more)]) => merged(pairs, more),
        ("dup" | "freeze" | "to_h", []) => hash.clone(),
        _ => return None,
    })
}

/// One hash over another.
pub(super) fn merged(below: &[(Value, Value)], above: &[(Value, Value)]) -> Value {
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

fn nil_method(name: &str) -> Option<Value> {
    match name {
        "to_s" => Some(Value::text("")),
        "to_a" => Some(Value::List(Vec::new())),
        "to_i" => Some(Value::Int(0)),
        _ => None,
    }
}

/// Whether this is `fetch(:name)`, and of which name.
pub(super) fn fetched_name(node: &Node) -> Option<&str> {
    let call = node.bare_call().filter(|call| call.name == "fetch")?;
    match &call.args.first()?.kind {
        Kind::Symbol(name) | Kind::Text(name) => Some(name),
        _ => None,
    }
}
