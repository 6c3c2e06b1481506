//! What pieces of Ruby are called, and blocks that are named only.

use super::{Block, Call, Kind, Node, Param, Span};
use lib_ruby_parser::{Node as Ast, nodes};
use std::sync::Arc;

/// `Net::SSH::Proxy` as a word.
pub(super) fn constant_name(constant: &nodes::Const) -> Option<String> {
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
pub(super) fn name_of(ast: &Ast) -> &'static str {
    match ast {
        Ast::Defs(_) => "a method of an object",
        Ast::Class(_) | Ast::Module(_) | Ast::SClass(_) => "a class or module of its own",
        Ast::CaseMatch(_) => "a case with patterns",
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
        Ast::Rescue(_) | Ast::Ensure(_) => "a rescue or ensure",
        Ast::Break(_) => "a break",
        Ast::File(_) => "the name of the file",
        _ => "Ruby that is not read here",
    }
}

/// `&:name`: a block that calls the method of what it is given.
pub(super) fn method_as_block(name: &str) -> Arc<Block> {
    const IT: &str = "it";
    let span = Span::default();
    let it = Node {
        span,
        kind: Kind::Local(IT.to_owned()),
    };
    let call = Call {
        receiver: Some(Box::new(it)),
        name: name.to_owned(),
        args: Vec::new(),
        block: None,
        safe: false,
    };
    Arc::new(Block {
        params: vec![Param {
            name: IT.to_owned(),
            default: None,
            rest: false,
        }],
        body: vec![Node {
            span,
            kind: Kind::Call(call),
        }],
    })
}
