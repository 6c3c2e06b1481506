//! Expressions: what a piece of Ruby is worth, as far as that is known.

use super::{CALLS, Evaluator};
use crate::syntax::{Block, Call, Kind, Node};
use crate::value::{Locals, Unknown, Value};
use std::sync::Arc;

/// The reason that stands for the list of task files.
pub(super) const TASK_FILES: &str = "the task files are looked up";
/// The directory of the release, as a script on a host finds it.
pub(crate) const RELEASE: &str = "${DEPLOY_RELEASE_PATH}";
/// What outlives releases.
const SHARED: &str = "${DEPLOY_SHARED_PATH}";
/// The live release.
const CURRENT: &str = "${DEPLOY_CURRENT_PATH}";
/// How each of them begins.
pub(crate) const VARIABLE: &str = "${DEPLOY_";

impl Evaluator<'_> {
    /// What an expression is worth.
    pub(crate) fn value(&mut self, node: &Node) -> Value {
        if !self.step() {
            return Value::unknown("the files ask for more work than an import does");
        }
        match &node.kind {
            Kind::Nil => Value::Nil,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::Text(text) => Value::text(text),
            Kind::Symbol(name) => Value::Symbol(name.clone()),
            Kind::Joined(parts, symbol) => self.joined(parts, *symbol),
            Kind::List(items) => Value::List(self.values(items)),
            Kind::Splat(_) => Value::unknown(format!("{} has a splat", self.spot(node.span))),
            Kind::Hash(pairs) => self.hash(pairs),
            Kind::Local(name) => self.locals.get(name).cloned().unwrap_or(Value::Nil),
            Kind::Lambda(block) => Value::Lambda(block.clone(), self.locals.clone()),
            Kind::Assign(name, value) => {
                let value = self.value(value);
                self.locals.insert(name.clone(), value.clone());
                value
            }
            Kind::Sequence(body) => self.last(body),
            Kind::And(..) | Kind::Or(..) | Kind::If(_) => self.choice(&node.kind),
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

    fn choice(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::And(left, right) => match self.value(left) {
                left if left.truth() == Ok(true) => self.value(right),
                left => left,
            },
            Kind::Or(left, right) => match self.value(left) {
                // The environment of whoever runs the import is not asked: the default in the source counts.
                Value::Unknown(Unknown {
                    variable: Some(_), ..
                }) => self.value(right),
                left if left.truth() == Ok(false) => self.value(right),
                left => left,
            },
            Kind::If(found) => match self.value(&found.condition).truth() {
                Ok(true) => self.last(&found.yes),
                Ok(false)
                | Err(Unknown {
                    variable: Some(_), ..
                }) => self.last(&found.no),
                Err(unknown) => Value::Unknown(Unknown {
                    variable: None,
                    ..unknown
                }),
            },
            _ => Value::Nil,
        }
    }

    /// The value of the last of several.
    pub(super) fn last(&mut self, body: &[Node]) -> Value {
        let mut last = Value::Nil;
        for node in body {
            last = self.value(node);
        }
        last
    }

    fn joined(&mut self, parts: &[Node], symbol: bool) -> Value {
        let mut text = String::new();
        for part in parts {
            match self.value(part).to_text() {
                Ok(part) => text.push_str(&part),
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
                let value = self.value(receiver);
                self.method(&value, node, call)
            }
        }
    }

    fn bare_value(&mut self, node: &Node, call: &Call) -> Value {
        if let Some(value) = self.path(&call.name).filter(|_| call.args.is_empty()) {
            return value;
        }
        match (call.name.as_str(), call.args.as_slice()) {
            ("fetch", [name]) => self.fetched(name, None),
            ("fetch", [name, default]) => self.fetched(name, Some(default)),
            ("ask", [_, default, ..]) => self.value(default),
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
    fn path(&mut self, name: &str) -> Option<Value> {
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
        Ok(format!("/var/www/{}", name.to_text()?))
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
        let Some(setting) = self.project.settings.get_mut(name) else {
            return self.default(name);
        };
        setting.used = true;
        let value = setting.value.clone();
        Some(self.resolve(value))
    }

    /// What Capistrano and its plugins set before the project's own files are read.
    fn default(&mut self, name: &str) -> Option<Value> {
        let rails = |(plugin, _): &(String, _)| plugin.starts_with("capistrano/rails");
        Some(match name {
            "rails_env" if self.project.plugins.iter().any(rails) => Value::text(&self.stage),
            "branch" => Value::text("master"),
            "keep_releases" => Value::Int(5),
            "tmp_dir" => Value::text("/tmp"),
            "linked_dirs" | "linked_files" => Value::List(Vec::new()),
            "default_env" => Value::Hash(Vec::new()),
            "pty" => Value::Bool(false),
            "deploy_to" => match self.root() {
                Ok(root) => Value::text(root),
                Err(unknown) => Value::Unknown(unknown),
            },
            _ => return None,
        })
    }

    /// A value with its lambdas worked out.
    pub(crate) fn resolve(&mut self, value: Value) -> Value {
        match value {
            Value::Lambda(block, locals) => self.invoke(&block, locals, Vec::new()),
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.resolve(item)).collect())
            }
            other => other,
        }
    }

    /// Calls a lambda with the variables it was made with.
    pub(super) fn invoke(&mut self, block: &Arc<Block>, locals: Locals, args: Vec<Value>) -> Value {
        if self.calls >= CALLS {
            return Value::unknown("its lambdas call each other without end");
        }
        self.calls = self.calls.saturating_add(1);
        let outer = std::mem::replace(&mut self.locals, locals);
        let value = self.with_params(block, args, |this| this.last(&block.body));
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
    }
}
