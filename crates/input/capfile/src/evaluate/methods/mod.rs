//! Methods of values.

mod constant;
mod list;
mod text;

use super::Evaluator;
use super::flow;
use super::script::HOST;
use crate::syntax::{Block, Call, Kind, Node, Span};
use crate::value::{LONGEST, Unknown, Value, Variable};
pub(super) use list::merged;
use list::{hash_method, list_method, nil_method, number_method};
use std::sync::Arc;
use text::{matched, text_method};

/// How many steps a search with a regular expression is worth.
pub(super) const SEARCH: usize = 500;

/// A call of a method, worked out.
#[derive(Clone, Copy)]
struct Asked<'a> {
    name: &'a str,
    args: &'a [Value],
    block: Option<&'a Arc<Block>>,
    span: Span,
}

impl Evaluator<'_> {
    /// `left op right` for an operator that is a method.
    pub(super) fn operate(&mut self, left: &Value, name: &str, right: Value, at: &Node) -> Value {
        let args = [right];
        let asked = Asked {
            name,
            args: &args,
            block: None,
            span: at.span,
        };
        self.answer(left, asked)
    }

    /// A call on a value.
    pub(super) fn method(&mut self, value: &Value, node: &Node, call: &Call) -> Value {
        let args = self.values(&call.args);
        let asked = Asked {
            name: &call.name,
            args: &args,
            block: call.block.as_ref(),
            span: node.span,
        };
        self.answer(value, asked)
    }

    fn answer(&mut self, value: &Value, asked: Asked<'_>) -> Value {
        let Asked { name, args, .. } = asked;
        if let Value::Unknown(unknown) = value {
            return self.passed_on(unknown, asked);
        }
        if let Some(answer) = compared(value, name, args) {
            return match answer {
                Ok(truth) => Value::Bool(truth),
                Err(unknown) => Value::unknown(unknown.why),
            };
        }
        let is_regex = |value: &Value| matches!(value, Value::Regex(_));
        if is_regex(value) || args.iter().any(is_regex) {
            self.charge(SEARCH);
        }
        let done = match asked.block {
            Some(block) => self.answer_with_block(value, name, block),
            None => self.answer_plainly(value, name, args),
        };
        let unknown = || args.iter().chain([value]).find_map(Value::first_unknown);
        match (done, unknown()) {
            (Some(done), _) => done,
            (None, Some(unknown)) => Value::unknown(&unknown.why),
            (None, None) => {
                let spot = self.spot(asked.span);
                Value::unknown(format!("{spot} calls `{name}` of {}", value.kind()))
            }
        }
    }

    fn answer_plainly(&mut self, value: &Value, name: &str, args: &[Value]) -> Option<Value> {
        match value {
            Value::Captured(_) if ["strip", "chomp", "to_s"].contains(&name) => Some(value.clone()),
            Value::Text(host) if host == HOST && ["hostname", "host"].contains(&name) => {
                Some(value.clone())
            }
            Value::Lambda(closure) if name == "call" => Some(self.invoke(closure, args.to_vec())),
            Value::Text(text) | Value::Symbol(text) => text_method(text, name, args),
            Value::Int(number) => number_method(*number, name, args),
            Value::Regex(pattern) => match args {
                [Value::Text(text) | Value::Symbol(text)] => matched(text, name, pattern, &[]),
                [Value::Nil] => Some(Value::Nil),
                _ => None,
            },
            Value::List(items) => list_method(items, name, args),
            Value::Range(..) => self.of_range(value, name, None),
            Value::Hash(_) => hash_method(value, name, args),
            Value::Nil => nil_method(name),
            other => {
                let text = other.to_text().ok().map(Value::text);
                text.filter(|_| name == "to_s")
            }
        }
    }

    fn answer_with_block(
        &mut self,
        value: &Value,
        name: &str,
        block: &Arc<Block>,
    ) -> Option<Value> {
        match value {
            Value::List(items) => self.mapped(items, name, block),
            Value::Range(..) => self.of_range(value, name, Some(block)),
            Value::Hash(_) => {
                let rounds = flow::rounds("each", value)?;
                let pairs: Vec<Value> = rounds.into_iter().map(Value::List).collect();
                self.mapped(&pairs, name, block)
            }
            _ => None,
        }
    }

    /// What becomes of a value that is not known. A variable of the environment stays one through what does not change its
    /// sense, and what would be without it is worked out besides.
    fn passed_on(&mut self, unknown: &Unknown, asked: Asked<'_>) -> Value {
        let Some(variable) = &unknown.variable else {
            return Value::Unknown(unknown.clone());
        };
        let stays = ["to_s", "strip", "chomp", "dup", "freeze"].contains(&asked.name);
        let unset = variable.unset.clone();
        let unset = unset.map(|unset| self.answer(&unset, asked));
        Value::Unknown(Unknown {
            why: unknown.why.clone(),
            variable: Some(Box::new(Variable {
                name: variable.name.clone(),
                itself: variable.itself && stays,
                unset: unset.filter(|unset| !matches!(unset, Value::Unknown(_))),
            })),
        })
    }

    fn of_range(&mut self, range: &Value, name: &str, block: Option<&Arc<Block>>) -> Option<Value> {
        let items = flow::rounds("each", range)?;
        let items: Vec<Value> = items.into_iter().flatten().collect();
        match (name, block) {
            ("to_a", None) => Some(Value::List(items)),
            (_, Some(block)) => self.mapped(&items, name, block),
            _ => None,
        }
    }

    fn mapped(&mut self, items: &[Value], name: &str, block: &Arc<Block>) -> Option<Value> {
        let known = [
            "map", "collect", "flat_map", "select", "filter", "reject", "find", "detect", "any?",
            "all?",
        ];
        if !known.contains(&name) {
            return None;
        }
        let mut made = Vec::new();
        for item in items {
            let returned = self.returned.take();
            let answer = self.with_params(block, vec![item.clone()], |this| this.last(&block.body));
            if self.ends_block() {
                return Some(answer);
            }
            self.returned = returned;
            match name {
                "map" | "collect" => made.push(answer),
                "flat_map" => made.extend(answer.items()),
                _ if answer.truth().ok()? == ["reject", "all?"].contains(&name) => {}
                _ => made.push(item.clone()),
            }
        }
        Some(match name {
            "find" | "detect" => made.into_iter().next().unwrap_or(Value::Nil),
            "any?" => Value::Bool(!made.is_empty()),
            "all?" => Value::Bool(made.is_empty()),
            _ => Value::List(made),
        })
    }
}

fn joined(args: &[Value]) -> Value {
    let mut path = String::new();
    for arg in args.iter().flat_map(Value::items) {
        let part = match arg.to_text() {
            Ok(part) => part,
            Err(unknown) => return Value::unknown(unknown.why),
        };
        if path.len() > LONGEST {
            return Value::text(path);
        }
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
        Value::Captured(_) => Err(Unknown::new("it asks what a command said")),
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

/// Whether this is `fetch(:name)`, and of which name.
pub(super) fn fetched_name(node: &Node) -> Option<&str> {
    let call = node.bare_call().filter(|call| call.name == "fetch")?;
    match &call.args.first()?.kind {
        Kind::Symbol(name) | Kind::Text(name) => Some(name),
        _ => None,
    }
}
