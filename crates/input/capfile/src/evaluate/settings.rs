//! `set` and its kin. Their statements are opened: what becomes of a setting is known when all of it was read.

use super::Evaluator;
use super::methods::{fetched_name, merged};
use super::project::Setting;
use crate::ledger::{Fate, Statement};
use crate::syntax::{Call, Kind, Node};
use crate::value::Value;

impl Evaluator<'_> {
    fn named(&mut self, call: &Call) -> Result<String, Fate> {
        let Some(name) = call.args.first() else {
            return Err(Fate::Todo("it names no setting".to_owned()));
        };
        self.value(name)
            .to_text()
            .map_err(|unknown| Fate::Todo(unknown.why))
    }

    /// Replaces a setting. The statements that made the old value did nothing in the end.
    fn put(&mut self, name: String, value: Value, statement: Statement) -> Fate {
        let new = Setting {
            value,
            made_by: vec![statement],
            used: false,
        };
        self.setting_owes(&name, true);
        if let Some(old) = self.project.settings.insert(name, new) {
            for statement in old.made_by {
                let reason = "a later line sets it again".to_owned();
                self.ledger.note(statement, Fate::Neutral(reason));
            }
        }
        Fate::Opened
    }

    /// Changes a setting in place.
    pub(super) fn change(&mut self, name: &str, value: Value, statement: Statement) -> Fate {
        let value = self.bounded(value);
        self.setting_owes(name, false);
        let setting = self.project.settings.entry(name.to_owned());
        let setting = setting.or_insert_with(|| Setting {
            value: Value::Nil,
            made_by: Vec::new(),
            used: false,
        });
        setting.value = value;
        if setting.made_by.last() != Some(&statement) {
            setting.made_by.push(statement);
        }
        Fate::Opened
    }

    pub(super) fn present(&mut self, name: &str) -> Value {
        let used = self.project.settings.get(name).is_some_and(|it| it.used);
        let value = self.setting(name).unwrap_or(Value::Nil);
        if let Some(setting) = self.project.settings.get_mut(name) {
            setting.used = used;
        }
        self.bounded(value)
    }

    /// `fetch(:linked_dirs) << "log"` and the like, which change what was set.
    pub(super) fn pushed_onto_setting(
        &mut self,
        call: &Call,
        statement: Statement,
    ) -> Option<Fate> {
        let name = fetched_name(call.receiver.as_deref()?)?.to_owned();
        let args = self.values(&call.args);
        let present = self.present(&name);
        let value = match (call.name.as_str(), present, args.as_slice()) {
            ("push" | "<<" | "append", present, more) => {
                Value::List(present.items().into_iter().chain(more.to_vec()).collect())
            }
            ("concat", present, more) => {
                let more = more.iter().flat_map(Value::items);
                Value::List(present.items().into_iter().chain(more).collect())
            }
            ("merge!" | "update", Value::Hash(below), [Value::Hash(above)]) => {
                merged(&below, above)
            }
            _ => return None,
        };
        Some(self.change(&name, value, statement))
    }
}

pub(super) fn set(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let name = match this.named(call) {
        Ok(name) => name,
        Err(fate) => return fate,
    };
    let value = match (call.args.get(1), &call.block) {
        (Some(value), _) => this.value(value),
        (None, Some(block)) => this.closure(block),
        (None, None) => Value::Nil,
    };
    // `set :linked_dirs, fetch(:linked_dirs, []).push("log")` builds on the lines before.
    if call.args.get(1).is_some_and(|value| mentions(value, &name)) {
        return this.change(&name, value, statement);
    }
    this.put(name, value, statement)
}

/// Whether an expression begins with `fetch` of this setting.
fn mentions(node: &Node, name: &str) -> bool {
    if fetched_name(node) == Some(name) {
        return true;
    }
    match &node.kind {
        Kind::Call(call) => call
            .receiver
            .as_deref()
            .is_some_and(|receiver| mentions(receiver, name)),
        _ => false,
    }
}

pub(super) fn set_if_empty(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    match this.named(call) {
        Ok(name) if this.project.settings.contains_key(&name) => {
            Fate::Neutral(format!("{name} is set already"))
        }
        Ok(name) if this.is_set_before(&name) => Fate::Neutral(format!(
            "Capistrano has set {name} already, and its default counts"
        )),
        Ok(_) => set(this, call, statement),
        Err(fate) => fate,
    }
}

pub(super) fn append(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let name = match this.named(call) {
        Ok(name) => name,
        Err(fate) => return fate,
    };
    let more = this.values(call.args.get(1..).unwrap_or_default());
    let mut items = this.present(&name).items();
    items.extend(Value::List(more).items());
    this.change(&name, Value::List(items), statement)
}

pub(super) fn remove(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let name = match this.named(call) {
        Ok(name) => name,
        Err(fate) => return fate,
    };
    let less = this.values(call.args.get(1..).unwrap_or_default());
    let less = Value::List(less).items();
    let mut items = this.present(&name).items();
    items.retain(|item| !less.iter().any(|other| item.same(other) == Ok(true)));
    this.change(&name, Value::List(items), statement)
}

pub(super) fn delete(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    match this.named(call) {
        Ok(name) => {
            this.put(name.clone(), Value::Nil, statement);
            this.project.settings.remove(&name);
            Fate::Neutral(format!("{name} is not set from here on"))
        }
        Err(fate) => fate,
    }
}

/// A question: its default is taken, as Capistrano takes it where nobody can answer.
pub(super) fn ask(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let name = match this.named(call) {
        Ok(name) => name,
        Err(fate) => return fate,
    };
    let default = call
        .args
        .get(1)
        .map_or(Value::Nil, |value| this.value(value));
    let default = this.resolve(default);
    this.touch_answer(&name);
    if matches!(default, Value::Nil | Value::Hash(_)) {
        let spot = format!("it is asked for at every deploy, without a default (`{name}`)");
        this.put(name, Value::unknown(spot), statement);
        return Fate::Opened;
    }
    this.put(name, default, statement)
}
