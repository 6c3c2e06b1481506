//! Evaluates the files of a project for one stage: settings, servers, tasks, hooks, and the fate of every statement.
//!
//! It never runs anything and reads neither files nor the environment: what would need that is unknown, and says why. It
//! always comes to an end, since it takes a bounded number of steps. It is no Ruby: a small part of it is known, and the
//! rest is told of.

mod change;
mod choice;
mod defaults;
mod dsl;
pub(crate) mod expression;
mod flow;
pub(crate) mod legacy;
pub(crate) mod line;
mod methods;
mod outside;
pub(crate) mod project;
mod script;
pub(crate) mod servers;
mod settings;
mod tasks;

use crate::ledger::{Fate, Ledger, Statement};
use crate::outside::{Kept, Locals, Outside};
use crate::syntax::{Block, Call, Kind, Node, Span, walk};
use crate::value::{Closure, Value};
use outside::Returned;
use project::Project;
use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::sync::Arc;

/// How many steps one stage may take.
const STEPS: u32 = 200_000;
/// How deep lambdas and methods may call each other.
const CALLS: u32 = 40;
/// How deep all that is being worked out may be nested.
const DEEPEST: u32 = 1000;
/// How often a counted loop may go round.
const ROUNDS: i64 = 10_000;
/// The reason where there is no end to it.
pub(crate) const TOO_MUCH: &str = "the files ask for more work than an import does";

/// A method of the project.
#[derive(Clone)]
pub(crate) struct Method {
    pub(crate) block: Arc<Block>,
    pub(crate) file: usize,
}

/// A file with its tree.
pub(crate) struct Parsed {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) body: Vec<Node>,
}

/// The names of all settings that something in these files fetches, read or not.
pub(crate) fn fetched_names(files: &[Parsed]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        walk(&file.body, |node| {
            names.extend(methods::fetched_name(node).map(str::to_owned));
        });
    }
    names
}

/// Evaluates for one stage.
pub(crate) struct Evaluator<'f> {
    pub(crate) files: &'f [Parsed],
    /// The settings that something fetches.
    pub(crate) fetched: BTreeSet<String>,
    /// Whether it is a project of Capistrano 2.
    pub(crate) second: bool,
    pub(crate) stage: String,
    pub(crate) project: Project,
    pub(crate) ledger: Ledger,
    /// The file that is being read, by its number.
    pub(crate) file: usize,
    pub(crate) locals: Locals,
    pub(crate) namespace: Vec<String>,
    pub(crate) methods: BTreeMap<String, Method>,
    /// Variables of the environment that the files set themselves.
    environment: BTreeMap<String, Kept>,
    /// What `return` gives, until whoever called has it.
    returned: Option<Returned>,
    /// What from outside of the files the statement or condition that is being worked out has met.
    outside: Outside,
    /// What the statements that are being worked out are done because of.
    because: Outside,
    /// What settings depend on from outside.
    owed: BTreeMap<String, Outside>,
    /// The namespaces of the task whose script is being made.
    namespaced: Vec<String>,
    /// Where the task goes that is being read, by its options.
    aimed: Option<line::Target>,
    /// The tasks that the script holds already.
    invoked: Vec<String>,
    /// Whether what is read is a script for hosts.
    on_hosts: bool,
    steps: u32,
    calls: u32,
    depth: u32,
}

impl<'f> Evaluator<'f> {
    pub(crate) fn new(files: &'f [Parsed], fetched: &BTreeSet<String>, stage: &str) -> Self {
        Self {
            files,
            fetched: fetched.clone(),
            second: false,
            stage: stage.to_owned(),
            project: Project::default(),
            ledger: Ledger::default(),
            file: 0,
            locals: Locals::new(),
            namespace: Vec::new(),
            methods: BTreeMap::new(),
            environment: BTreeMap::new(),
            returned: None,
            outside: Outside::default(),
            because: Outside::default(),
            owed: BTreeMap::new(),
            namespaced: Vec::new(),
            aimed: None,
            invoked: Vec::new(),
            on_hosts: false,
            steps: 0,
            calls: 0,
            depth: 0,
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
        self.returned = None;
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

    /// Counts a step, one level deeper; false where there are too many. [`Self::leave`] follows in any case.
    fn enter(&mut self) -> bool {
        self.depth = self.depth.saturating_add(1);
        self.step() && self.depth <= DEEPEST
    }

    /// Counts work that is more than one step.
    fn charge(&mut self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps = self.steps.saturating_add(steps);
    }

    /// Whether there were too many steps.
    fn is_spent(&self) -> bool {
        self.steps > STEPS
    }

    /// A value that is not too large to go on with, its size counted as work.
    fn bounded(&mut self, value: Value) -> Value {
        match value.weight() {
            Some(weight) => {
                self.charge(weight.checked_div(4).unwrap_or_default());
                value
            }
            None => Value::unknown("a list or hash grows too long to be worked out here"),
        }
    }

    /// The variables as they are now, for a block that is worked out later.
    fn captured_locals(&mut self) -> Arc<Locals> {
        let weights = self.locals.values().filter_map(|kept| kept.value.weight());
        let weight: usize = weights.sum();
        self.charge(weight.checked_div(4).unwrap_or_default());
        if self.is_spent() {
            return Arc::default();
        }
        Arc::new(self.locals.clone())
    }

    /// A block with what is around it.
    fn closure(&mut self, block: &Arc<Block>) -> Value {
        Value::Lambda(Closure {
            block: block.clone(),
            locals: self.captured_locals(),
            file: self.file,
        })
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(crate) fn statements(&mut self, body: &[Node]) {
        let mut left = body.iter();
        while let Some(node) = left.next() {
            self.apart(|this| this.statement(node));
            if let Some(returned) = self.returned.clone() {
                self.not_reached(left.as_slice(), &returned);
                return;
            }
        }
    }

    fn statement(&mut self, node: &Node) {
        let statement = Statement::new(self.file, node.span);
        let fate = if self.enter() {
            self.fate(node, statement)
        } else {
            Fate::Todo(TOO_MUCH.to_owned())
        };
        self.leave();
        self.ledger.note(statement, fate);
    }

    fn fate(&mut self, node: &Node, statement: Statement) -> Fate {
        match &node.kind {
            Kind::If(found) => self.branch(&found.condition, &found.yes, &found.no),
            Kind::And(condition, done) => self.branch(condition, slice::from_ref(done), &[]),
            Kind::Or(condition, done) => self.branch(condition, &[], slice::from_ref(done)),
            Kind::Case(case) => self.case(case),
            Kind::Rescued(body, handlers) => self.rescued(body, handlers),
            Kind::Sequence(body) if !body.is_empty() => {
                self.statements(body);
                Fate::Opened
            }
            Kind::Assign(name, value) => self.assign(name, value),
            Kind::AssignMany(..) => self.settled(node, "its values stand where they are used"),
            Kind::Change(change) => self.changed(change, statement),
            Kind::Method(name, block) => self.defined(name, block),
            Kind::Return(_) | Kind::Next(_) => self.settled(node, "it ends what is around it"),
            Kind::Call(call) => match (&call.receiver, &call.block) {
                (None, _) => self.bare(call, statement),
                (Some(list), Some(block)) if flow::goes_through(&call.name) => {
                    self.each(&call.name, list, block)
                }
                _ => self.other_call(node, call),
            },
            Kind::Other(what) => Fate::Todo(format!("{what} is not carried over")),
            _ => self.settled(node, "a value that nothing uses"),
        }
    }

    /// The fate of an expression: told of where it is not known.
    fn settled(&mut self, node: &Node, reason: &str) -> Fate {
        match self.value(node).first_unknown() {
            Some(unknown) => Fate::Todo(unknown.why.clone()),
            None => Fate::Neutral(reason.to_owned()),
        }
    }

    fn defined(&mut self, name: &str, block: &Arc<Block>) -> Fate {
        let method = Method {
            block: block.clone(),
            file: self.file,
        };
        self.methods.insert(name.to_owned(), method);
        Fate::Neutral("a method: it is worked out where something calls it".to_owned())
    }

    fn assign(&mut self, name: &str, value: &Node) -> Fate {
        let (value, outside) = self.watched(|this| this.value(value));
        let fate = match value.first_unknown() {
            // A variable of the environment is told of where the value is used.
            Some(unknown) if unknown.variable.is_none() => Fate::Todo(unknown.why.clone()),
            _ => Fate::Neutral("its value stands where it is used".to_owned()),
        };
        self.keep(name, value, &outside);
        fate
    }

    /// Does something with a block's parameters set; what they hid is there again afterwards.
    pub(crate) fn with_params<T>(
        &mut self,
        block: &Block,
        values: Vec<Value>,
        what: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let spread = block.params.len() > 1;
        let mut values = match values.as_slice() {
            [Value::List(items)] if spread => items.clone(),
            _ => values,
        }
        .into_iter();
        let mut hidden = Vec::new();
        let outside = self.outside.clone();
        for param in &block.params {
            let value = match &param.default {
                _ if param.rest => Value::List(values.by_ref().collect()),
                Some(default) => match values.next() {
                    Some(value) => value,
                    None => self.value(default),
                },
                None => values.next().unwrap_or(Value::Nil),
            };
            let name = param.name.clone();
            let kept = self.kept(value, &outside);
            hidden.push((name.clone(), self.locals.insert(name, kept)));
        }
        let answer = what(self);
        for (name, value) in hidden.into_iter().rev() {
            match value {
                Some(value) => self.locals.insert(name, value),
                None => self.locals.remove(&name),
            };
        }
        answer
    }

    fn bare(&mut self, call: &Call, statement: Statement) -> Fate {
        if let Some(fate) = self.called(&call.name, &call.args) {
            return fate;
        }
        match dsl::word_named(&call.name) {
            Some(word) => (word.act)(self, call, statement),
            None => Fate::Todo(dsl::unknown(&call.name)),
        }
    }

    /// A statement that calls a method of something.
    fn other_call(&mut self, node: &Node, call: &Call) -> Fate {
        let statement = Statement::new(self.file, node.span);
        let changed = self.pushed_onto_setting(call, statement);
        if let Some(fate) = changed.or_else(|| self.stored(call, statement)) {
            return fate;
        }
        match call.receiver.as_deref().map(|of| &of.kind) {
            Some(Kind::Constant(name)) if name == "Dotenv" && self.requires("dotenv") => {
                Fate::Neutral("comes with the line that requires dotenv".to_owned())
            }
            _ => self.settled(node, "it changes nothing"),
        }
    }
}
