//! Evaluates the files of a project for one stage: settings, servers, tasks, hooks, and the fate of every statement.
//!
//! It never runs anything and reads neither files nor the environment: what would need that is unknown, and says why. It
//! always comes to an end, since it takes a bounded number of steps. It is no Ruby: a small part of it is known, and the
//! rest is told of.

mod dsl;
pub(crate) mod expression;
pub(crate) mod line;
mod methods;
pub(crate) mod project;
mod script;
mod servers;
mod settings;
mod tasks;

use crate::ledger::{Fate, Ledger, Statement};
use crate::syntax::{Block, Call, If, Kind, Node, Span};
use crate::value::{Locals, Value};
use project::Project;
use std::sync::Arc;

/// How many steps one stage may take.
const STEPS: u32 = 200_000;
/// How deep lambdas may call each other.
const CALLS: u32 = 40;

/// A file with its tree.
pub(crate) struct Parsed {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) body: Vec<Node>,
}

/// Evaluates for one stage.
pub(crate) struct Evaluator<'f> {
    pub(crate) files: &'f [Parsed],
    pub(crate) stage: String,
    pub(crate) project: Project,
    pub(crate) ledger: Ledger,
    /// The file that is being read, by its number.
    pub(crate) file: usize,
    pub(crate) locals: Locals,
    pub(crate) namespace: Vec<String>,
    /// Whether what is read is a script for hosts.
    on_hosts: bool,
    steps: u32,
    calls: u32,
}

impl<'f> Evaluator<'f> {
    pub(crate) fn new(files: &'f [Parsed], stage: &str) -> Self {
        Self {
            files,
            stage: stage.to_owned(),
            project: Project::default(),
            ledger: Ledger::default(),
            file: 0,
            locals: Locals::new(),
            namespace: Vec::new(),
            on_hosts: false,
            steps: 0,
            calls: 0,
        }
    }

    /// Reads one file from its beginning to its end.
    pub(crate) fn file(&mut self, number: usize) {
        self.file = number;
        self.locals = Locals::new();
        self.namespace.clear();
        let files = self.files;
        if let Some(file) = files.get(number) {
            self.statements(&file.body);
        }
    }

    /// `deploy.rb:41`, for reasons.
    pub(crate) fn spot(&self, span: Span) -> String {
        let name = self.files.get(self.file).map_or("", |file| &file.name);
        let name = name.rsplit('/').next().unwrap_or_default();
        format!("{name}:{}", span.line)
    }

    /// Counts a step; false once there were too many.
    fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_add(1);
        self.steps <= STEPS
    }

    pub(crate) fn statements(&mut self, body: &[Node]) {
        for node in body {
            self.statement(node);
        }
    }

    fn statement(&mut self, node: &Node) {
        let statement = Statement::new(self.file, node.span);
        let fate = if self.step() {
            self.fate(node, statement)
        } else {
            Fate::Todo("the files ask for more work than an import does".to_owned())
        };
        self.ledger.note(statement, fate);
    }

    fn fate(&mut self, node: &Node, statement: Statement) -> Fate {
        match &node.kind {
            Kind::If(found) => self.branch(found),
            Kind::Sequence(body) if !body.is_empty() => {
                self.statements(body);
                Fate::Opened
            }
            Kind::Assign(name, value) => self.assign(name, value),
            Kind::Call(call) => match (&call.receiver, &call.block) {
                (None, _) => self.bare(call, statement),
                (Some(list), Some(block)) if call.name == "each" => self.each(list, block),
                _ => self.other_call(node, call),
            },
            Kind::Other(what) => Fate::Todo(format!("{what} is not carried over")),
            _ => match self.value(node).first_unknown() {
                Some(unknown) => Fate::Todo(unknown.why.clone()),
                None => Fate::Neutral("a value that nothing uses".to_owned()),
            },
        }
    }

    fn assign(&mut self, name: &str, value: &Node) -> Fate {
        let value = self.value(value);
        let fate = match value.first_unknown() {
            // A variable of the environment is told of where the value is used.
            Some(unknown) if unknown.variable.is_none() => Fate::Todo(unknown.why.clone()),
            _ => Fate::Neutral("its value stands where it is used".to_owned()),
        };
        self.locals.insert(name.to_owned(), value);
        fate
    }

    fn branch(&mut self, found: &If) -> Fate {
        if found.yes.is_empty() && found.no.is_empty() {
            return Fate::Neutral("nothing depends on it".to_owned());
        }
        match self.value(&found.condition).truth() {
            Ok(truth) => {
                let (taken, left) = if truth {
                    (&found.yes, &found.no)
                } else {
                    (&found.no, &found.yes)
                };
                self.statements(taken);
                for node in left {
                    let statement = Statement::new(self.file, node.span);
                    let reason = format!("not reached in stage {}", self.stage);
                    self.ledger.note(statement, Fate::Neutral(reason));
                }
                Fate::Opened
            }
            Err(unknown) => Fate::Todo(unknown.why),
        }
    }

    fn each(&mut self, list: &Node, block: &Arc<Block>) -> Fate {
        let list = self.value(list);
        if is_import_of_tasks(&list) {
            return Fate::Neutral("the task files are read".to_owned());
        }
        match list {
            Value::List(items) => {
                if items.is_empty() || block.body.is_empty() {
                    return Fate::Neutral("there is nothing to go through".to_owned());
                }
                for item in items {
                    self.with_params(block, vec![item], |this| this.statements(&block.body));
                }
                Fate::Opened
            }
            Value::Unknown(unknown) => Fate::Todo(unknown.why),
            other => Fate::Todo(format!("{} is gone through", other.kind())),
        }
    }

    /// Does something with a block's parameters set; what they hid is there again afterwards.
    pub(crate) fn with_params<T>(
        &mut self,
        block: &Block,
        values: Vec<Value>,
        what: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut values = match values.as_slice() {
            [Value::List(items)] if block.params.len() > 1 => items.clone(),
            _ => values,
        }
        .into_iter();
        let hidden: Vec<_> = block
            .params
            .iter()
            .map(|name| {
                let value = values.next().unwrap_or(Value::Nil);
                (name.clone(), self.locals.insert(name.clone(), value))
            })
            .collect();
        let answer = what(self);
        for (name, value) in hidden {
            match value {
                Some(value) => self.locals.insert(name, value),
                None => self.locals.remove(&name),
            };
        }
        answer
    }

    fn bare(&mut self, call: &Call, statement: Statement) -> Fate {
        match dsl::word_named(&call.name) {
            Some(word) => (word.act)(self, call, statement),
            None => Fate::Todo(format!("`{}` is not known to the import", call.name)),
        }
    }

    /// A statement that calls a method of something.
    fn other_call(&mut self, node: &Node, call: &Call) -> Fate {
        if let Some(fate) = self.pushed_onto_setting(call, Statement::new(self.file, node.span)) {
            return fate;
        }
        match self.value(node).first_unknown() {
            Some(unknown) => Fate::Todo(unknown.why.clone()),
            None => Fate::Neutral("it changes nothing".to_owned()),
        }
    }
}

/// What `Dir.glob` of task files gives: those are handed in.
fn is_import_of_tasks(list: &Value) -> bool {
    matches!(list, Value::Unknown(unknown) if unknown.why == expression::TASK_FILES)
}
