//! Every piece of a tree, in no particular order.

use super::{Block, Call, Case, Kind, Node};

/// Shows every node below these, and these.
pub(crate) fn walk<'n>(body: &'n [Node], mut show: impl FnMut(&'n Node)) {
    let mut left: Vec<&Node> = body.iter().collect();
    while let Some(node) = left.pop() {
        show(node);
        children(node, &mut left);
    }
}

fn children<'n>(node: &'n Node, left: &mut Vec<&'n Node>) {
    match &node.kind {
        Kind::Joined(nodes, _)
        | Kind::List(nodes)
        | Kind::Sequence(nodes)
        | Kind::Regex(nodes, _)
        | Kind::Backticks(nodes) => left.extend(nodes),
        Kind::Splat(inner) | Kind::Assign(_, inner) | Kind::AssignMany(_, inner) => {
            left.push(inner);
        }
        Kind::Return(inner) | Kind::Next(inner) => left.extend(inner.as_deref()),
        Kind::And(one, two) | Kind::Or(one, two) | Kind::Range(one, two, _) => {
            left.extend([&**one, &**two]);
        }
        Kind::Hash(pairs) => {
            for (key, value) in pairs {
                left.extend(key);
                left.push(value);
            }
        }
        Kind::Call(call) => of_call(call, left),
        Kind::If(found) => {
            left.push(&found.condition);
            left.extend(found.yes.iter().chain(&found.no));
        }
        Kind::Rescued(body, handlers) => left.extend(body.iter().chain(handlers)),
        Kind::Lambda(block) | Kind::Method(_, block) => left.extend(inside(block)),
        Kind::Case(case) => of_case(case, left),
        Kind::Change(change) => left.extend([&change.target, &change.value]),
        Kind::Nil
        | Kind::Bool(_)
        | Kind::Int(_)
        | Kind::Text(_)
        | Kind::Symbol(_)
        | Kind::Local(_)
        | Kind::Constant(_)
        | Kind::Other(_) => {}
    }
}

fn of_call<'n>(call: &'n Call, left: &mut Vec<&'n Node>) {
    left.extend(call.receiver.as_deref());
    left.extend(&call.args);
    left.extend(call.block.iter().flat_map(|block| inside(block)));
}

fn of_case<'n>(case: &'n Case, left: &mut Vec<&'n Node>) {
    left.extend(&case.subject);
    for when in &case.whens {
        left.extend(when.patterns.iter().chain(&when.body));
    }
    left.extend(&case.otherwise);
}

fn inside(block: &Block) -> impl Iterator<Item = &Node> {
    let defaults = block
        .params
        .iter()
        .filter_map(|param| param.default.as_ref());
    block.body.iter().chain(defaults)
}
