//! The parser's tree into ours.
//!
//! Everything keeps its place in the text. Beyond the deepest level nothing is converted and `too_deep` says so.

use super::names::{constant_name, method_as_block, name_of};
use super::parse::DEEPEST;
use super::{Block, Call, Case, Change, If, Kind, Node, Param, Span, When};
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
        let kind = self.literal(ast).or_else(|| self.assignment(ast));
        let kind = kind.unwrap_or_else(|| self.kind(ast));
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
            Ast::Regexp(regex) => {
                let options = match regex.options.as_deref() {
                    Some(Ast::RegOpt(options)) => options.options.clone().unwrap_or_default(),
                    _ => String::new(),
                };
                Kind::Regex(self.list(&regex.parts), options)
            }
            Ast::Xstr(command) => Kind::Backticks(self.list(&command.parts)),
            Ast::XHeredoc(command) => Kind::Backticks(self.list(&command.parts)),
            Ast::Irange(range) => self.range(range.left.as_deref(), range.right.as_deref(), true),
            Ast::Erange(range) => self.range(range.left.as_deref(), range.right.as_deref(), false),
            Ast::Lvar(local) => Kind::Local(local.name.clone()),
            Ast::Const(constant) => {
                constant_name(constant).map_or(Kind::Other("a constant"), Kind::Constant)
            }
            _ => return None,
        })
    }

    fn kind(&mut self, ast: &Ast) -> Kind {
        match ast {
            Ast::Send(_) | Ast::CSend(_) | Ast::Index(_) | Ast::MatchWithLvasgn(_) => {
                self.any_call(ast)
            }
            Ast::Block(block) => self.block(block),
            Ast::Case(case) => self.case(case),
            Ast::Def(method) => self.method(method),
            Ast::Return(back) => self.back(&back.args, Kind::Return),
            Ast::Next(back) => self.back(&back.args, Kind::Next),
            Ast::Rescue(rescue) => self.rescued(rescue),
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
                [Ast::Rescue(rescue)] => self.rescued(rescue),
                [Ast::Ensure(_)] => Kind::Other("a block with ensure"),
                statements => Kind::Sequence(self.list(statements)),
            },
            other => Kind::Other(name_of(other)),
        }
    }

    /// Calls of all kinds.
    fn any_call(&mut self, ast: &Ast) -> Kind {
        match ast {
            Ast::Send(send) => self.send(send),
            Ast::CSend(send) => match self.call(Some(&send.recv), &send.method_name, &send.args) {
                Kind::Call(call) => Kind::Call(Call { safe: true, ..call }),
                other => other,
            },
            Ast::Index(index) => self.call(Some(&index.recv), "[]", &index.indexes),
            Ast::MatchWithLvasgn(found) => {
                let value = std::slice::from_ref(&*found.value);
                self.call(Some(&found.re), "=~", value)
            }
            other => Kind::Other(name_of(other)),
        }
    }

    fn method(&mut self, method: &nodes::Def) -> Kind {
        match self.params(method.args.as_deref()) {
            Some(params) => {
                let body = self.body(method.body.as_deref());
                Kind::Method(method.name.clone(), Arc::new(Block { params, body }))
            }
            None => Kind::Other("a method of its own with unusual parameters"),
        }
    }

    /// Assignments of all kinds.
    fn assignment(&mut self, ast: &Ast) -> Option<Kind> {
        Some(match ast {
            Ast::Lvasgn(assign) => match &assign.value {
                Some(value) => Kind::Assign(assign.name.clone(), self.boxed(value)),
                None => Kind::Other("several assignments at once"),
            },
            Ast::IndexAsgn(assign) => {
                let value = assign.value.as_deref()?;
                let Kind::Call(mut call) = self.call(Some(&assign.recv), "[]=", &assign.indexes)
                else {
                    return None;
                };
                call.args.push(self.node(value));
                Kind::Call(call)
            }
            Ast::OrAsgn(change) => self.change(&change.recv, "||", &change.value)?,
            Ast::AndAsgn(change) => self.change(&change.recv, "&&", &change.value)?,
            Ast::OpAsgn(change) => self.change(&change.recv, &change.operator, &change.value)?,
            Ast::Masgn(many) => {
                let Ast::Mlhs(names) = &*many.lhs else {
                    return None;
                };
                let names = names.items.iter().map(|item| match item {
                    Ast::Lvasgn(local) => Some(local.name.clone()),
                    _ => None,
                });
                Kind::AssignMany(names.collect::<Option<_>>()?, self.boxed(&many.rhs))
            }
            _ => return None,
        })
    }

    fn change(&mut self, target: &Ast, operator: &str, value: &Ast) -> Option<Kind> {
        let span = self.span(target.expression());
        let kind = match target {
            Ast::Lvasgn(local) => Kind::Local(local.name.clone()),
            Ast::Index(index) => self.call(Some(&index.recv), "[]", &index.indexes),
            Ast::IndexAsgn(index) => self.call(Some(&index.recv), "[]", &index.indexes),
            _ => return None,
        };
        Some(Kind::Change(Box::new(Change {
            target: Node { span, kind },
            operator: operator.trim_end_matches('=').to_owned(),
            value: self.node(value),
        })))
    }

    fn range(&mut self, from: Option<&Ast>, to: Option<&Ast>, closed: bool) -> Kind {
        match (from, to) {
            (Some(from), Some(to)) => Kind::Range(self.boxed(from), self.boxed(to), closed),
            _ => Kind::Other("a range without an end"),
        }
    }

    fn back(&mut self, values: &[Ast], kind: fn(Option<Box<Node>>) -> Kind) -> Kind {
        match values {
            [] => kind(None),
            [value] => kind(Some(self.boxed(value))),
            _ => Kind::Other("several values given back"),
        }
    }

    fn rescued(&mut self, rescue: &nodes::Rescue) -> Kind {
        let mut handlers = self.body(rescue.else_.as_deref());
        for handler in &rescue.rescue_bodies {
            if let Ast::RescueBody(handler) = handler {
                handlers.extend(self.body(handler.body.as_deref()));
            }
        }
        Kind::Rescued(self.body(rescue.body.as_deref()), handlers)
    }

    fn case(&mut self, case: &nodes::Case) -> Kind {
        let mut whens = Vec::new();
        for when in &case.when_bodies {
            let Ast::When(when) = when else {
                return Kind::Other("a case with patterns");
            };
            whens.push(When {
                patterns: self.list(&when.patterns),
                body: self.body(when.body.as_deref()),
            });
        }
        Kind::Case(Box::new(Case {
            subject: case.expr.as_deref().map(|subject| self.node(subject)),
            whens,
            otherwise: self.body(case.else_body.as_deref()),
        }))
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
        let (args, passed) = match args {
            [args @ .., Ast::BlockPass(passed)] => (args, passed.value.as_deref()),
            args => (args, None),
        };
        let block = match passed {
            Some(Ast::Sym(method)) => Some(method_as_block(&method.name.to_string_lossy())),
            Some(_) => return Kind::Other("a block passed by its name"),
            None => None,
        };
        Kind::Call(Call {
            receiver: receiver.map(|receiver| self.boxed(receiver)),
            name: name.to_owned(),
            args: self.list(args),
            block,
            safe: false,
        })
    }

    fn block(&mut self, found: &nodes::Block) -> Kind {
        let Some(params) = self.params(found.args.as_deref()) else {
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

    /// The parameters of a block or method; none where they are of an unusual kind.
    fn params(&mut self, ast: Option<&Ast>) -> Option<Vec<Param>> {
        let args = match ast {
            None => return Some(Vec::new()),
            Some(Ast::Args(args)) => &args.args,
            Some(_) => return None,
        };
        let mut params = Vec::new();
        for arg in args {
            match arg {
                Ast::Procarg0(inner) => {
                    for arg in &inner.args {
                        params.push(self.param(arg)?);
                    }
                }
                arg => params.push(self.param(arg)?),
            }
        }
        Some(params)
    }

    fn param(&mut self, ast: &Ast) -> Option<Param> {
        let (name, default, rest) = match ast {
            Ast::Arg(arg) => (arg.name.clone(), None, false),
            Ast::Optarg(arg) => (arg.name.clone(), Some(self.node(&arg.default)), false),
            Ast::Restarg(arg) => (arg.name.clone().unwrap_or_default(), None, true),
            _ => return None,
        };
        Some(Param {
            name,
            default,
            rest,
        })
    }
}
