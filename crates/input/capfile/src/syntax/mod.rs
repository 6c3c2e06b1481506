//! Ruby as far as deploy files need it: a small tree made from the parser's large one.
//!
//! What has no place in it is kept as [`Kind::Other`] with its name, so that nothing is lost: it is told of, not
//! dropped. The tree is never deeper than [`parse::DEEPEST`], so that whoever walks it needs no guard of their own.

mod convert;
mod names;
pub(crate) mod parse;
mod walk;

use std::sync::Arc;
pub(crate) use walk::walk;

/// Where something stands in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) line: u32,
}

/// A piece of Ruby.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What it is.
#[derive(Debug)]
pub(crate) enum Kind {
    Nil,
    Bool(bool),
    Int(i64),
    Text(String),
    Symbol(String),
    /// Text with values in it; the flag says that it names a symbol.
    Joined(Vec<Node>, bool),
    List(Vec<Node>),
    /// `*list` among the items of a list or the arguments of a call.
    Splat(Box<Node>),
    /// Pairs; a `**splat` has no key.
    Hash(Vec<(Option<Node>, Node)>),
    Local(String),
    Constant(String),
    Assign(String, Box<Node>),
    Call(Call),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Box<If>),
    /// Statements in parentheses or between `begin` and `end`.
    Sequence(Vec<Node>),
    /// `begin`, and what is done where that fails.
    Rescued(Vec<Node>, Vec<Node>),
    Lambda(Arc<Block>),
    Case(Box<Case>),
    /// A regular expression, with its options.
    Regex(Vec<Node>, String),
    /// From, to, and whether the end belongs to it.
    Range(Box<Node>, Box<Node>, bool),
    /// A command of this machine. It is never run.
    Backticks(Vec<Node>),
    /// A method of the project.
    Method(String, Arc<Block>),
    /// `return`, which ends the method around it.
    Return(Option<Box<Node>>),
    /// `next`, which ends the block around it.
    Next(Option<Box<Node>>),
    /// `target op= value`.
    Change(Box<Change>),
    /// `a, b = list`.
    AssignMany(Vec<String>, Box<Node>),
    /// What this importer has no word for, by its name in Ruby's terms.
    Other(&'static str),
}

/// A call of a method.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) receiver: Option<Box<Node>>,
    pub(crate) name: String,
    pub(crate) args: Vec<Node>,
    pub(crate) block: Option<Arc<Block>>,
    /// Whether nil is left alone: `a&.b`.
    pub(crate) safe: bool,
}

/// `target op= value`, where the target is a variable or what a call gives.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) target: Node,
    /// `||`, `&&`, `+` and the like.
    pub(crate) operator: String,
    pub(crate) value: Node,
}

/// A `case`.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) subject: Option<Node>,
    pub(crate) whens: Vec<When>,
    pub(crate) otherwise: Vec<Node>,
}

/// One `when` of it.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) patterns: Vec<Node>,
    pub(crate) body: Vec<Node>,
}

/// A condition with its two branches, a ternary included.
#[derive(Debug)]
pub(crate) struct If {
    pub(crate) condition: Node,
    pub(crate) yes: Vec<Node>,
    pub(crate) no: Vec<Node>,
}

/// A block, a lambda or a method.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) params: Vec<Param>,
    pub(crate) body: Vec<Node>,
}

/// A parameter.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: String,
    /// What it is where nothing is given for it.
    pub(crate) default: Option<Node>,
    /// Whether it takes all that are left.
    pub(crate) rest: bool,
}

impl Node {
    /// The call that this is, where it is one without a receiver.
    pub(crate) fn bare_call(&self) -> Option<&Call> {
        match &self.kind {
            Kind::Call(call) if call.receiver.is_none() => Some(call),
            _ => None,
        }
    }
}
