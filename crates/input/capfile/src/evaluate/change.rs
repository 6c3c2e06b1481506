//! What changes something in place: `||=` and its kin, `x[:a] = b`, the settings of `SSHKit`.

use super::Evaluator;
use super::legacy::HASHES;
use super::methods::{fetched_name, merged};
use crate::ledger::{Fate, Statement};
use crate::syntax::{Call, Change, Kind, Node};
use crate::value::Value;

const USED: &str = "its value stands where it is used";

impl Evaluator<'_> {
    /// `target op= value` as a statement.
    pub(super) fn changed(&mut self, change: &Change, statement: Statement) -> Fate {
        let (value, outside) = self.watched(|this| this.combined(change));
        match &change.target.kind {
            Kind::Local(name) => {
                self.keep(name, value.clone(), &outside);
                match value.first_unknown() {
                    Some(unknown) if unknown.variable.is_none() => Fate::Todo(unknown.why.clone()),
                    _ => Fate::Neutral(USED.to_owned()),
                }
            }
            Kind::Call(call) => self
                .store(call, value, statement)
                .unwrap_or_else(|| Fate::Todo("what it changes is not known here".to_owned())),
            _ => Fate::Todo("what it changes is not known here".to_owned()),
        }
    }

    /// The same as an expression.
    pub(super) fn change_of(&mut self, change: &Change) -> Value {
        let (value, outside) = self.watched(|this| this.combined(change));
        match &change.target.kind {
            Kind::Local(name) => {
                self.keep(name, value.clone(), &outside);
                value
            }
            _ => Value::unknown(format!(
                "{} changes something",
                self.spot(change.target.span)
            )),
        }
    }

    fn combined(&mut self, change: &Change) -> Value {
        let old = self.value(&change.target);
        match change.operator.as_str() {
            "||" => self.or(old, &change.value),
            "&&" if old.decided() == Ok(true) => self.value(&change.value),
            "&&" => old,
            operator => {
                let new = self.value(&change.value);
                self.operate(&old, operator, new, &change.target)
            }
        }
    }

    /// `target[key] = value` as a statement; none where it is something else.
    pub(super) fn stored(&mut self, call: &Call, statement: Statement) -> Option<Fate> {
        if call.name == "push" && self.prefixed(call) {
            return Some(Fate::Neutral(USED.to_owned()));
        }
        let value = call.args.last().filter(|_| call.name == "[]=")?;
        let value = self.value(value);
        self.store(call, value, statement)
    }

    fn store(&mut self, call: &Call, value: Value, statement: Statement) -> Option<Fate> {
        let target = call.receiver.as_deref()?;
        let key = self.value(call.args.first()?);
        let unknown = |value: &Value| value.first_unknown().map(|it| it.why.clone());
        if let Some(why) = unknown(&key) {
            return Some(Fate::Todo(why));
        }
        if let Some(name) = fetched_name(target) {
            let name = name.to_owned();
            return Some(self.put_into(&name, key, value, statement));
        }
        let used = Fate::Neutral(USED.to_owned());
        let fate = unknown(&value).map_or(used, Fate::Todo);
        match &target.kind {
            Kind::Constant(name) if name == "ENV" => {
                let kept = self.kept(value, &self.outside);
                self.environment.insert(key.word()?.to_owned(), kept);
            }
            Kind::Local(name) => {
                let Value::Hash(pairs) = self.local(name) else {
                    return None;
                };
                let pairs = merged(&pairs, &[(key, value)]);
                let outside = self.outside.clone();
                self.keep(name, pairs, &outside);
            }
            _ if is_command_map(target) => {
                let text = value.to_text().ok()?;
                let mapped = &mut self.project.command_map;
                mapped.insert(key.word()?.to_owned(), text);
            }
            Kind::Call(of) if of.receiver.is_none() && of.args.is_empty() => {
                let name = of.name.clone();
                if !HASHES.contains(&name.as_str()) {
                    return None;
                }
                return Some(self.put_into(&name, key, value, statement));
            }
            _ => return None,
        }
        Some(fate)
    }

    /// One entry of a setting that is a hash.
    fn put_into(&mut self, name: &str, key: Value, value: Value, statement: Statement) -> Fate {
        let below = match self.present(name) {
            Value::Hash(pairs) => pairs,
            Value::Nil => Vec::new(),
            other => return Fate::Todo(format!("`{name}` is {} here", other.kind())),
        };
        self.change(name, merged(&below, &[(key, value)]), statement)
    }

    /// `SSHKit.config.command_map.prefix[:rake].push("bundle exec")`.
    fn prefixed(&mut self, call: &Call) -> bool {
        let Some(Kind::Call(index)) = call.receiver.as_deref().map(|node| &node.kind) else {
            return false;
        };
        let is_prefix = match index.receiver.as_deref().map(|node| &node.kind) {
            Some(Kind::Call(prefix)) => {
                prefix.name == "prefix" && prefix.receiver.as_deref().is_some_and(is_command_map)
            }
            _ => false,
        };
        if !is_prefix || index.name != "[]" {
            return false;
        }
        let key = index.args.first().map(|key| self.value(key));
        let word = call.args.first().map(|word| self.value(word));
        match (
            key.as_ref().and_then(Value::word),
            word.map(|it| it.to_text()),
        ) {
            (Some(key), Some(Ok(word))) => {
                let mapped = self.project.command_map.entry(key.to_owned());
                let mapped = mapped.or_insert_with(|| key.to_owned());
                *mapped = format!("{word} {mapped}");
                true
            }
            _ => false,
        }
    }
}

/// `SSHKit.config.command_map`.
fn is_command_map(node: &Node) -> bool {
    let Kind::Call(map) = &node.kind else {
        return false;
    };
    let config = map.receiver.as_deref().map(|node| &node.kind);
    match config {
        Some(Kind::Call(config)) if map.name == "command_map" && config.name == "config" => {
            let of = config.receiver.as_deref().map(|node| &node.kind);
            matches!(of, Some(Kind::Constant(name)) if name == "SSHKit")
        }
        _ => false,
    }
}
