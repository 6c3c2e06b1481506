//! What constants such as `ENV` and `File` answer without looking at anything.

use super::joined;
use crate::evaluate::Evaluator;
use crate::evaluate::expression::{HERE_HOME, TASK_FILES};
use crate::secrets::looks_secret;
use crate::syntax::{Call, Node};
use crate::value::{Unknown, Value, Variable};
use std::sync::Arc;

impl Evaluator<'_> {
    /// A call on a constant.
    pub(in crate::evaluate) fn constant(
        &mut self,
        constant: &str,
        node: &Node,
        call: &Call,
    ) -> Value {
        let args = self.values(&call.args);
        let words: Vec<Option<&str>> = args.iter().map(Value::word).collect();
        match (constant, call.name.as_str(), words.as_slice()) {
            ("ENV", ..) => self.environment(&args, node, call),
            ("File" | "IO" | "Pathname" | "Dir", ..) => {
                self.file_asked(constant, node, call, &args)
            }
            ("Net::SSH::Proxy::Command", "new", [Some(command)]) => {
                Value::Proxy((*command).to_owned())
            }
            ("Net::SSH::Proxy::Jump", "new", [Some(hosts), ..]) => Value::Jump((*hosts).to_owned()),
            ("Shellwords", "escape" | "shellescape", [Some(word)]) => {
                Value::text(windlass_model::shell::quote(word))
            }
            ("Regexp", "new", [Some(source)]) => match crate::pattern::Pattern::new(source, "") {
                Some(pattern) => Value::Regex(Arc::new(pattern)),
                None => Value::unknown(format!(
                    "{} has a regular expression of an unusual kind",
                    self.spot(node.span)
                )),
            },
            ("Proc", "new", []) => match &call.block {
                Some(block) => self.closure(block),
                None => Value::Nil,
            },
            _ => self.asked(constant, &args, node, call),
        }
    }

    /// What would have to run, by what it is asked.
    fn asked(&self, constant: &str, args: &[Value], node: &Node, call: &Call) -> Value {
        let words = args.iter().filter_map(Value::word);
        let about: Vec<&str> = words.filter(|word| !looks_secret(word)).collect();
        let about = match about.as_slice() {
            [] => String::new(),
            words => format!(" ({})", words.join(", ")),
        };
        let spot = self.spot(node.span);
        Value::unknown(format!(
            "{spot} asks {constant}.{}{about}, which would have to run",
            call.name
        ))
    }

    /// Files and directories, which are not looked at: what is only about their names is worked out.
    fn file_asked(&mut self, constant: &str, node: &Node, call: &Call, args: &[Value]) -> Value {
        let words: Vec<Option<&str>> = args.iter().map(Value::word).collect();
        match (constant, call.name.as_str(), words.as_slice()) {
            ("File", "join", _) => joined(args),
            ("File", "basename", [Some(path)]) => {
                Value::text(path.rsplit('/').next().unwrap_or_default())
            }
            ("File" | "Pathname", "expand_path" | "new", [Some(path)])
                if path.starts_with('/') || path.starts_with('$') =>
            {
                Value::text(*path)
            }
            ("File" | "Pathname", "expand_path" | "new", [Some(path)])
                if path.starts_with("~/") =>
            {
                Value::text(path.replacen('~', HERE_HOME, 1))
            }
            ("Dir", "home", []) => Value::text(HERE_HOME),
            ("Dir", "glob" | "[]", [Some(pattern), ..]) if pattern.contains("tasks/") => {
                Value::unknown(TASK_FILES)
            }
            ("File" | "IO", "read", [Some(path)]) => Value::unknown(format!(
                "{} reads the file {path} of this machine",
                self.spot(node.span)
            )),
            _ => self.asked(constant, args, node, call),
        }
    }

    /// `ENV`, which is not asked: what the files put there counts, and defaults do.
    fn environment(&mut self, args: &[Value], node: &Node, call: &Call) -> Value {
        let Some(Ok(name)) = args.first().map(Value::to_text) else {
            return self.asked("ENV", args, node, call);
        };
        if let Some(kept) = self.environment.get(&name) {
            self.outside.add(&kept.outside);
            return kept.value.clone();
        }
        let asks = ["[]", "fetch"].contains(&call.name.as_str());
        if name == "HOME" && asks && args.len() == 1 && call.block.is_none() {
            return Value::text(HERE_HOME);
        }
        self.touch_variable(&name);
        match (call.name.as_str(), args, &call.block) {
            ("[]", [_], _) => self.variable(&name, node, true, Some(Value::Nil)),
            ("fetch", [_, default], _) => default.clone(),
            ("fetch", [_], Some(block)) => {
                let block = block.clone();
                self.last(&block.body)
            }
            ("fetch", [_], None) => self.variable(&name, node, true, None),
            ("key?" | "has_key?" | "include?" | "member?", [_], _) => {
                self.variable(&name, node, false, Some(Value::Bool(false)))
            }
            _ => self.asked("ENV", args, node, call),
        }
    }

    fn variable(&self, name: &str, node: &Node, itself: bool, unset: Option<Value>) -> Value {
        Value::Unknown(Unknown {
            why: format!(
                "{} takes it from the variable {name} of whoever deploys, without a default",
                self.spot(node.span)
            ),
            variable: Some(Box::new(Variable {
                name: name.to_owned(),
                itself,
                unset,
            })),
        })
    }
}
