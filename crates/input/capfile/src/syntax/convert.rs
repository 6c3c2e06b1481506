//! The parser's tree into ours.
//!
//! Everything keeps its place in the text. Beyond the deepest level nothing is converted and `too_deep` says so.

use super::parse::DEEPEST;
use super::{Block, Call, If, Kind, Node, Span};
use lib_ruby_parser::{Loc, Node as Ast, nodes};
use std::sync::Arc;

/// The state of a conversion.
pub(super) struct Convert {
    /// Where each line begins.
    lines: Vec<usize>,
    depth: u32,
    /// Whether something was nested too deep.
    pub(super) too_deep: bool,
}

impl Convert {
    pub(super) fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate();
        let breaks =
            breaks.filter_map(|(at, byte)| (byte == b'\n').then_some(at.saturating_add(1)));
        Self {
            lines: std::iter::once(0).chain(breaks).collect(),
            depth: 0,
            too_deep: false,
        }
    }

    /// The statements that a body consists of.
    pub(super) fn statements(&mut self, ast: &Ast) -> Vec<Node> {
        match ast {
            Ast::Begin(begin) if begin.begin_l.is_none() => self.list(&begin.statements),
            other => vec![self.node(other)],
        }
    }

    fn body(&mut self, ast: Option<&Ast>) -> Vec<Node> {
        ast.map(|ast| self.statements(ast)).unwrap_or_default()
    }

    fn list(&mut self, asts: &[Ast]) -> Vec<Node> {
        asts.iter().map(|ast| self.node(ast)).collect()
    }

    fn boxed(&mut self, ast: &Ast) -> Box<Node> {
        Box::new(self.node(ast))
    }

    fn span(&self, loc: &Loc) -> Span {
        let line = self.lines.partition_point(|start| *start <= loc.begin);
        Span {
            start: loc.begin,
            end: loc.end,
            line: u32::try_from(line).unwrap_or(u32::MAX),
        }
    }

    fn node(&mut self, ast: &Ast) -> Node {
        let span = self.span(ast.expression());
        if self.depth >= DEEPEST {
            self.too_deep = true;
            return Node {
                span,
                kind: Kind::Other("something nested too deep"),
            };
        }
        self.depth = self.depth.saturating_add(1);
        let kind = self.literal(ast).unwrap_or_else(|| self.kind(ast));
        self.depth = self.depth.saturating_sub(1);
        Node { span, kind }
    }

    fn literal(&mut self, ast: &Ast) -> Option<Kind> {
        Some(match ast {
            Ast::Nil(_) => Kind::Nil,
            Ast::True(_) => Kind::Bool(true),
            Ast::False(_) => Kind::Bool(false),
            Ast::Int(int) => int
                .value
                .replace('_', "")
                .parse()
                .map_or(Kind::Other("a number of another kind"), Kind::Int),
            Ast::Str(text) => Kind::Text(text.value.to_string_lossy()),
            Ast::Sym(symbol) => Kind::Symbol(symbol.name.to_string_lossy()),
            Ast::Dstr(text) => Kind::Joined(self.list(&text.parts), false),
            Ast::Heredoc(text) => Kind::Joined(self.list(&text.parts), false),
            Ast::Dsym(symbol) => Kind::Joined(self.list(&symbol.parts), true),
            Ast::Array(array) => Kind::List(self.list(&array.elements)),
            Ast::Hash(hash) => self.hash(&hash.pairs),
            Ast::Kwargs(hash) => self.hash(&hash.pairs),
            Ast::Lvar(local) => Kind::Local(local.name.clone()),
            Ast::Const(constant) => {
                constant_name(constant).map_or(Kind::Other("a constant"), Kind::Constant)
            }
            _ => return None,
        })
    }

    fn kind(&mut self, ast: &Ast) -> Kind {
        match ast {
            Ast::Send(send) => self.send(send),
            Ast::Index(index) => self.call(Some(&index.recv), "[]", &index.indexes),
            Ast::Block(block) => self.block(block),
            Ast::Lvasgn(assign) => match &assign.value {
                Some(value) => Kind::Assign(assign.name.clone(), self.boxed(value)),
                None => Kind::Other("several assignments at once"),
            },
            Ast::And(and) => Kind::And(self.boxed(&and.lhs), self.boxed(&and.rhs)),
            Ast::Or(or) => Kind::Or(self.boxed(&or.lhs), self.boxed(&or.rhs)),
            Ast::If(found) => self.branches(
                &found.cond,
                found.if_true.as_deref(),
                found.if_false.as_deref(),
            ),
            Ast::IfMod(found) => self.branches(
                &found.cond,
                found.if_true.as_deref(),
                found.if_false.as_deref(),
            ),
            Ast::IfTernary(found) => {
                self.branches(&found.cond, Some(&found.if_true), Some(&found.if_false))
            }
            Ast::Splat(nodes::Splat {
                value: Some(list), ..
            }) => Kind::Splat(self.boxed(list)),
            Ast::Begin(begin) => Kind::Sequence(self.list(&begin.statements)),
            Ast::KwBegin(begin) => match begin.statements.as_slice() {
                [Ast::Rescue(_) | Ast::Ensure(_)] => Kind::Other("a block with rescue or ensure"),
                statements => Kind::Sequence(self.list(statements)),
            },
            other => Kind::Other(name_of(other)),
        }
    }

    fn hash(&mut self, pairs: &[Ast]) -> Kind {
        let pairs = pairs.iter().map(|pair| match pair {
            Ast::Pair(pair) => (Some(self.node(&pair.key)), self.node(&pair.value)),
            other => (None, self.node(other)),
        });
        Kind::Hash(pairs.collect())
    }

    fn branches(&mut self, condition: &Ast, yes: Option<&Ast>, no: Option<&Ast>) -> Kind {
        Kind::If(Box::new(If {
            condition: self.node(condition),
            yes: self.body(yes),
            no: self.body(no),
        }))
    }

    fn send(&mut self, send: &nodes::Send) -> Kind {
        self.call(send.recv.as_deref(), &send.method_name, &send.args)
    }

    fn call(&mut self, receiver: Option<&Ast>, name: &str, args: &[Ast]) -> Kind {
        Kind::Call(Call {
            receiver: receiver.map(|receiver| self.boxed(receiver)),
            name: name.to_owned(),
            args: self.list(args),
            block: None,
        })
    }

    fn block(&mut self, found: &nodes::Block) -> Kind {
        let Some(params) = params(found.args.as_deref()) else {
            return Kind::Other("a block with unusual parameters");
        };
        let block = Arc::new(Block {
            params,
            body: self.body(found.body.as_deref()),
        });
        let call = match &*found.call {
            Ast::Lambda(_) => return Kind::Lambda(block),
            Ast::Send(send) => self.send(send),
            _ => return Kind::Other("a block of an unusual call"),
        };
        match call {
            Kind::Call(call)
                if call.receiver.is_none() && ["lambda", "proc"].contains(&call.name.as_str()) =>
            {
                Kind::Lambda(block)
            }
            Kind::Call(call) => Kind::Call(Call {
                block: Some(block),
                ..call
            }),
            other => other,
        }
    }
}

/// The plain names of a block's parameters; none where they are more than that.
fn params(ast: Option<&Ast>) -> Option<Vec<String>> {
    let args = match ast {
        None => return Some(Vec::new()),
        Some(Ast::Args(args)) => &args.args,
        Some(_) => return None,
    };
    let mut names = Vec::new();
    for arg in args {
        match arg {
            Ast::Arg(arg) => names.push(arg.name.clone()),
            Ast::Procarg0(inner) => {
                for arg in &inner.args {
                    let Ast::Arg(arg) = arg else { return None };
                    names.push(arg.name.clone());
                }
            }
            _ => return None,
        }
    }
    Some(names)
}

/// `Net::SSH::Proxy` as a word.
fn constant_name(constant: &nodes::Const) -> Option<String> {
    let mut names = vec![constant.name.as_str()];
    let mut scope = constant.scope.as_deref();
    while let Some(ast) = scope {
        match ast {
            Ast::Const(outer) => {
                names.push(&outer.name);
                scope = outer.scope.as_deref();
            }
            Ast::Cbase(_) => break,
            _ => return None,
        }
    }
    names.reverse();
    Some(names.join("::"))
}

/// What people call it.
fn name_of(ast: &Ast) -> &'static str {
    match ast {
        Ast::Xstr(_) | Ast::XHeredoc(_) => "a command run on this machine",
        Ast::Def(_) | Ast::Defs(_) => "a method of its own",
        Ast::Class(_) | Ast::Module(_) | Ast::SClass(_) => "a class or module of its own",
        Ast::Regexp(_) => "a regular expression",
        Ast::Case(_) => "a case",
        Ast::While(_) | Ast::Until(_) | Ast::For(_) => "a loop",
        Ast::BlockPass(_) => "a method passed as a block",
        Ast::Splat(_) | Ast::Kwsplat(_) => "a splat",
        Ast::Gvar(_) | Ast::Gvasgn(_) => "a global variable",
        Ast::Ivar(_) | Ast::Ivasgn(_) => "an instance variable",
        Ast::OrAsgn(_)
        | Ast::OpAsgn(_)
        | Ast::AndAsgn(_)
        | Ast::IndexAsgn(_)
        | Ast::Masgn(_)
        | Ast::Casgn(_) => "an assignment of this kind",
        Ast::CSend(_) => "a call with `&.`",
        Ast::Rescue(_) | Ast::Ensure(_) => "a rescue or ensure",
        Ast::File(_) => "the name of the file",
        _ => "Ruby that is not read here",
    }
}
