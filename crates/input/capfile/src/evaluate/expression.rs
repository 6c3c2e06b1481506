//! Expressions: what a piece of Ruby is worth, as far as that is known.

use super::{CALLS, Evaluator, TOO_MUCH};
use crate::outside::Locals;
use crate::pattern::Pattern;
use crate::secrets::looks_secret;
use crate::syntax::{Call, Kind, Node};
use crate::value::{Closure, LONGEST, Unknown, Value};
use std::sync::Arc;

/// The reason that stands for the list of task files.
pub(super) const TASK_FILES: &str = "the task files are looked up";
/// The directory of the release, as a script on a host finds it.
pub(crate) const RELEASE: &str = "${DEPLOY_RELEASE_PATH}";
/// What outlives releases.
const SHARED: &str = "${DEPLOY_SHARED_PATH}";
/// The live release.
const CURRENT: &str = "${DEPLOY_CURRENT_PATH}";
/// The home of whoever deploys, where a path of this machine is meant.
pub(crate) const HERE_HOME: &str = "${HERE_HOME}";
/// How each of them begins.
pub(crate) const VARIABLE: &str = "${DEPLOY_";

impl Evaluator<'_> {
    /// What an expression is worth.
    pub(crate) fn value(&mut self, node: &Node) -> Value {
        let value = if self.enter() {
            self.worth(node)
        } else {
            Value::unknown(TOO_MUCH)
        };
        self.leave();
        self.bounded(value)
    }

    fn worth(&mut self, node: &Node) -> Value {
        match &node.kind {
            Kind::Nil => Value::Nil,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::Text(text) => Value::text(text),
            Kind::Symbol(name) | Kind::Method(name, _) => Value::Symbol(name.clone()),
            Kind::Joined(parts, symbol) => self.joined(parts, *symbol),
            Kind::List(items) => Value::List(self.values(items)),
            Kind::Splat(_) => Value::unknown(format!("{} has a splat", self.spot(node.span))),
            Kind::Hash(pairs) => self.hash(pairs),
            Kind::Local(name) => self.local(name),
            Kind::Lambda(block) => self.closure(block),
            Kind::Assign(name, value) => {
                let (value, outside) = self.watched(|this| this.value(value));
                self.keep(name, value.clone(), &outside);
                value
            }
            Kind::Sequence(body) | Kind::Rescued(body, _) => self.last(body),
            Kind::And(..) | Kind::Or(..) | Kind::If(_) | Kind::Case(_) => self.choice(&node.kind),
            Kind::Regex(parts, options) => self.regex(parts, options, node),
            Kind::Range(from, to, closed) => self.range(from, to, *closed, node),
            Kind::Backticks(parts) => self.backticks(parts, node),
            Kind::Return(value) | Kind::Next(value) => {
                let value = value
                    .as_deref()
                    .map_or(Value::Nil, |value| self.value(value));
                self.returns(value.clone(), matches!(node.kind, Kind::Next(_)));
                value
            }
            Kind::Change(change) => self.change_of(change),
            Kind::AssignMany(names, list) => self.assign_many(names, list),
            Kind::Call(call) => self.call(node, call),
            Kind::Constant(name) => Value::unknown(format!("{} uses {name}", self.spot(node.span))),
            Kind::Other(what) => Value::unknown(format!("{} has {what}", self.spot(node.span))),
        }
    }

    /// The values of several, `*list` spread out.
    pub(crate) fn values(&mut self, nodes: &[Node]) -> Vec<Value> {
        let mut values = Vec::new();
        for node in nodes {
            match &node.kind {
                Kind::Splat(list) => match self.value(list) {
                    Value::List(items) => values.extend(items),
                    other => values.push(other),
                },
                _ => values.push(self.value(node)),
            }
        }
        values
    }

    fn regex(&mut self, parts: &[Node], options: &str, node: &Node) -> Value {
        let source = match self.joined(parts, false) {
            Value::Text(source) => source,
            other => return other,
        };
        match Pattern::new(&source, options) {
            Some(pattern) => Value::Regex(Arc::new(pattern)),
            None => Value::unknown(format!(
                "{} has a regular expression of an unusual kind",
                self.spot(node.span)
            )),
        }
    }

    fn range(&mut self, from: &Node, to: &Node, closed: bool, node: &Node) -> Value {
        match (self.value(from), self.value(to)) {
            (Value::Int(from), Value::Int(to)) => {
                Value::Range(from, to.saturating_add(i64::from(closed)))
            }
            _ => Value::unknown(format!(
                "{} has a range that is not of numbers",
                self.spot(node.span)
            )),
        }
    }

    /// A command of this machine, which is never run.
    fn backticks(&mut self, parts: &[Node], node: &Node) -> Value {
        let spot = self.spot(node.span);
        let command = self.joined(parts, false).to_text().ok();
        let command = command.filter(|command| !looks_secret(command));
        Value::unknown(match command {
            Some(command) => format!(
                "{spot} asks `{}` on this machine, which is not run",
                command.trim()
            ),
            None => format!("{spot} asks a command on this machine, which is not run"),
        })
    }

    fn assign_many(&mut self, names: &[String], list: &Node) -> Value {
        let (list, outside) = self.watched(|this| this.value(list));
        let items = match &list {
            Value::List(items) => items.clone(),
            other => vec![other.clone()],
        };
        let all_unknown = matches!(list, Value::Unknown(_));
        for (at, name) in names.iter().enumerate() {
            let at = if all_unknown { 0 } else { at };
            let value = items.get(at).cloned().unwrap_or(Value::Nil);
            self.keep(name, value, &outside);
        }
        list
    }

    /// The value of the last of several.
    pub(super) fn last(&mut self, body: &[Node]) -> Value {
        let mut last = Value::Nil;
        let mut left = body.iter();
        while let Some(node) = left.next() {
            last = self.value(node);
            if let Some(returned) = self.returned.clone() {
                self.left_out_part(left.as_slice(), &returned.outside);
                return returned.value;
            }
        }
        last
    }

    fn joined(&mut self, parts: &[Node], symbol: bool) -> Value {
        let mut text = String::new();
        for part in parts {
            match self.value(part).to_text() {
                Ok(part) => {
                    text.push_str(&part);
                    if text.len() > LONGEST {
                        return Value::text(text);
                    }
                }
                // Text that holds a variable is no longer that variable.
                Err(unknown) if parts.len() > 1 => return Value::unknown(unknown.why),
                Err(unknown) => return Value::Unknown(unknown),
            }
        }
        match Value::text(text) {
            Value::Text(text) if symbol => Value::Symbol(text),
            other => other,
        }
    }

    fn hash(&mut self, pairs: &[(Option<Node>, Node)]) -> Value {
        let mut values = Vec::new();
        for (key, value) in pairs {
            match key {
                Some(key) => values.push((self.value(key), self.value(value))),
                None => match self.value(value) {
                    Value::Hash(inner) => values.extend(inner),
                    other => {
                        return Value::unknown(format!("{} is spread into a hash", other.kind()));
                    }
                },
            }
        }
        Value::Hash(values)
    }

    fn call(&mut self, node: &Node, call: &Call) -> Value {
        match &call.receiver {
            None => self.bare_value(node, call),
            Some(receiver) => {
                if let Kind::Constant(name) = &receiver.kind {
                    return self.constant(name, node, call);
                }
                match self.value(receiver) {
                    Value::Nil if call.safe => Value::Nil,
                    value => self.method(&value, node, call),
                }
            }
        }
    }

    fn bare_value(&mut self, node: &Node, call: &Call) -> Value {
        if let Some(method) = self.methods.get(&call.name).cloned() {
            let args = self.values(&call.args);
            let closure = Closure {
                block: method.block,
                locals: Arc::default(),
                file: method.file,
            };
            return self.invoke(&closure, args);
        }
        if let Some(value) = self.path(&call.name).filter(|_| call.args.is_empty()) {
            return value;
        }
        if call.args.is_empty()
            && let Some(value) = self.by_bare_name(&call.name)
        {
            return value;
        }
        match (call.name.as_str(), call.args.as_slice()) {
            ("exists?", [name]) => self.is_set(name),
            ("respond_to?", [_]) => Value::Bool(true),
            ("defer" | "lambda" | "proc", []) => match &call.block {
                Some(block) => self.closure(block),
                None => Value::Nil,
            },
            ("fetch", [name]) => self.fetched(name, None),
            ("fetch", [name, default]) => self.fetched(name, Some(default)),
            ("ask", [name, default, ..]) => self.asked_for(name, default),
            ("Array", [list]) => Value::List(self.value(list).items()),
            ("Integer", [number]) => {
                let number = self.value(number);
                self.method(&number, node, &plain("to_i"))
            }
            ("String", [text]) => match self.value(text).to_text() {
                Ok(text) => Value::text(text),
                Err(unknown) => Value::Unknown(unknown),
            },
            ("stage", []) => Value::Symbol(self.stage.clone()),
            (name, _) => Value::unknown(format!("{} calls `{name}`", self.spot(node.span))),
        }
    }

    /// The directories of a deploy.
    pub(super) fn path(&mut self, name: &str) -> Option<Value> {
        let below = match name {
            "release_path" => return Some(Value::text(RELEASE)),
            "deploy_path" => "",
            "current_path" if self.on_hosts => return Some(Value::text(CURRENT)),
            "shared_path" if self.on_hosts => return Some(Value::text(SHARED)),
            "current_path" => "/current",
            "shared_path" => "/shared",
            "releases_path" => "/releases",
            "repo_path" => "/repo",
            _ => return None,
        };
        Some(match self.root() {
            Ok(root) => Value::text(format!("{root}{below}")),
            Err(unknown) => Value::Unknown(unknown),
        })
    }

    /// The deploy root: as set, or Capistrano's default.
    pub(crate) fn root(&mut self) -> Result<String, Unknown> {
        if self.project.settings.contains_key("deploy_to") {
            let root = self.setting("deploy_to").unwrap_or(Value::Nil);
            return root.to_text();
        }
        let name = self.setting("application").unwrap_or(Value::Nil);
        let apps = if self.second { "/u/apps" } else { "/var/www" };
        Ok(format!("{apps}/{}", name.to_text()?))
    }

    fn fetched(&mut self, name: &Node, default: Option<&Node>) -> Value {
        let name = match self.value(name).to_text() {
            Ok(name) => name,
            Err(unknown) => return Value::Unknown(unknown),
        };
        match self.setting(&name) {
            Some(value) => value,
            None => default.map_or(Value::Nil, |default| self.value(default)),
        }
    }

    /// The value of a setting; lambdas are worked out.
    pub(crate) fn setting(&mut self, name: &str) -> Option<Value> {
        if name == "stage" {
            return Some(Value::Symbol(self.stage.clone()));
        }
        if let Some(owed) = self.owed.get(name) {
            self.outside.add(owed);
        }
        let Some(setting) = self.project.settings.get_mut(name) else {
            return self.default(name);
        };
        setting.used = true;
        let value = setting.value.clone();
        Some(self.resolve(value))
    }

    /// A value with its lambdas worked out.
    pub(crate) fn resolve(&mut self, value: Value) -> Value {
        match value {
            Value::Lambda(closure) => self.invoke(&closure, Vec::new()),
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.resolve(item)).collect())
            }
            other => other,
        }
    }

    /// Calls a lambda with the variables it was made with.
    pub(super) fn invoke(&mut self, closure: &Closure, args: Vec<Value>) -> Value {
        if self.calls >= CALLS {
            return Value::unknown("its lambdas call each other without end");
        }
        self.calls = self.calls.saturating_add(1);
        let block = &closure.block;
        let outer = std::mem::replace(&mut self.locals, Locals::clone(&closure.locals));
        let file = std::mem::replace(&mut self.file, closure.file);
        let returned = self.returned.take();
        let value = self.with_params(block, args, |this| this.last(&block.body));
        self.returned = returned;
        self.file = file;
        self.locals = outer;
        self.calls = self.calls.saturating_sub(1);
        value
    }
}

/// A call of this name without anything.
pub(super) fn plain(name: &str) -> Call {
    Call {
        receiver: None,
        name: name.to_owned(),
        args: Vec::new(),
        block: None,
        safe: false,
    }
}
