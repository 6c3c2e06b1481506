//! What decides which statements count: conditions, cases, loops, methods of the project.
//!
//! A condition that only a variable of the environment decides is taken as if the variable were not set, and what would
//! be done otherwise is told of. One that cannot be known is told of as a whole, and what it may have assigned is not known
//! from there on.

use super::methods::SEARCH;
use super::{Evaluator, TOO_MUCH, expression};
use crate::ledger::{Fate, Statement};
use crate::outside::Outside;
use crate::syntax::{Block, Case, Kind, Node, When, walk};
use crate::value::{Unknown, Value};
use std::sync::Arc;

impl Evaluator<'_> {
    pub(super) fn branch(&mut self, condition: &Node, yes: &[Node], no: &[Node]) -> Fate {
        if yes.is_empty() && no.is_empty() {
            return Fate::Neutral("nothing depends on it".to_owned());
        }
        let (truth, outside) = self.watched(|this| this.holds(condition));
        match truth {
            Ok(truth) => {
                let (taken, left) = if truth { (yes, no) } else { (no, yes) };
                self.because_of(&outside, |this| this.statements(taken));
                self.left_out(left, &outside);
                Fate::Opened
            }
            Err(unknown) => {
                self.unsettle(yes.iter().chain(no), &unknown);
                Fate::Todo(unknown.why)
            }
        }
    }

    /// Whether a condition holds.
    pub(super) fn holds(&mut self, condition: &Node) -> Result<bool, Unknown> {
        let holds = if self.enter() {
            self.holds_within(condition)
        } else {
            Err(Unknown::new(TOO_MUCH))
        };
        self.leave();
        holds
    }

    fn holds_within(&mut self, condition: &Node) -> Result<bool, Unknown> {
        match &condition.kind {
            Kind::And(left, right) => Ok(self.holds(left)? && self.holds(right)?),
            Kind::Or(left, right) => Ok(self.holds(left)? || self.holds(right)?),
            Kind::Call(call) if call.name == "!" => match &call.receiver {
                Some(inner) => self.holds(inner).map(|holds| !holds),
                None => self.value(condition).decided(),
            },
            Kind::Sequence(body) => match body.as_slice() {
                [inner] => self.holds(inner),
                _ => self.value(condition).decided(),
            },
            _ => self.value(condition).decided(),
        }
    }

    pub(super) fn case(&mut self, case: &Case) -> Fate {
        let bodies = || case.whens.iter().map(|when| &when.body);
        if bodies().all(Vec::is_empty) && case.otherwise.is_empty() {
            return Fate::Neutral("nothing depends on it".to_owned());
        }
        let (chosen, outside) = self.watched(|this| this.chosen(case));
        match chosen {
            Ok(chosen) => {
                self.because_of(&outside, |this| this.statements(chosen));
                for body in left_by(case, chosen) {
                    self.left_out(body, &outside);
                }
                Fate::Opened
            }
            Err(unknown) => {
                self.unsettle(bodies().flatten().chain(&case.otherwise), &unknown);
                Fate::Todo(unknown.why)
            }
        }
    }

    /// The body of the `when` that holds.
    pub(super) fn chosen<'c>(&mut self, case: &'c Case) -> Result<&'c [Node], Unknown> {
        let subject = case.subject.as_ref().map(|subject| self.value(subject));
        let subject = match subject {
            Some(Value::Unknown(unknown)) => match unknown.unset().cloned() {
                Some(unset) => Some(unset),
                None => return Err(unknown),
            },
            subject => subject,
        };
        for When { patterns, body } in &case.whens {
            for pattern in self.values(patterns) {
                let holds = match &subject {
                    Some(subject) => self.case_equal(&pattern, subject)?,
                    None => pattern.decided()?,
                };
                if holds {
                    return Ok(body);
                }
            }
        }
        Ok(&case.otherwise)
    }

    /// `pattern === value`.
    fn case_equal(&mut self, pattern: &Value, value: &Value) -> Result<bool, Unknown> {
        match (pattern, value) {
            (Value::Regex(regex), Value::Text(text) | Value::Symbol(text)) => {
                self.charge(SEARCH);
                let found = regex.find(text, 0).map(|found| found.is_some());
                found.map_err(|_| Unknown::new("a regular expression takes too long"))
            }
            (Value::Regex(_), _) => Ok(false),
            (Value::Range(from, to), Value::Int(number)) => Ok((*from..*to).contains(number)),
            (Value::Lambda(closure), value) => {
                let answer = self.invoke(closure, vec![value.clone()]);
                answer.truth()
            }
            _ => pattern.same(value),
        }
    }

    /// What statements may have assigned is not known after them.
    pub(super) fn unsettle<'n>(&mut self, body: impl Iterator<Item = &'n Node>, why: &Unknown) {
        let mut left: Vec<&Node> = body.collect();
        while let Some(node) = left.pop() {
            for name in assigned(node) {
                let value = Value::unknown(&why.why);
                self.keep(name, value, &Outside::default());
            }
            match &node.kind {
                // What follows depends on whether it is done.
                Kind::Return(_) => self.may_return(&why.why, false),
                Kind::Next(_) => self.may_return(&why.why, true),
                Kind::If(found) => left.extend(found.yes.iter().chain(&found.no)),
                Kind::Sequence(body) => left.extend(body),
                Kind::Rescued(body, handlers) => left.extend(body.iter().chain(handlers)),
                Kind::Case(case) => {
                    let bodies = case.whens.iter().flat_map(|when| &when.body);
                    left.extend(bodies.chain(&case.otherwise));
                }
                _ => {}
            }
        }
    }

    /// `begin` with `rescue`: the lines count, and what is done where they fail does not.
    pub(super) fn rescued(&mut self, body: &[Node], handlers: &[Node]) -> Fate {
        if body.is_empty() && handlers.is_empty() {
            return Fate::Neutral("it does nothing".to_owned());
        }
        self.statements(body);
        for node in handlers {
            let reason = Fate::Neutral("only where the lines before it fail".to_owned());
            self.ledger
                .note(Statement::new(self.file, node.span), reason);
        }
        Fate::Opened
    }

    /// `each` and its kin as statements.
    pub(super) fn each(&mut self, name: &str, list: &Node, block: &Arc<Block>) -> Fate {
        let list = self.value(list);
        if matches!(&list, Value::Unknown(unknown) if unknown.why == expression::TASK_FILES) {
            return Fate::Neutral("the task files are read".to_owned());
        }
        if let Value::Unknown(unknown) = list {
            self.unsettle(block.body.iter(), &unknown);
            let mut hosts = false;
            walk(&block.body, |node| {
                let call = node.bare_call();
                hosts |= call.is_some_and(|call| ["server", "role"].contains(&call.name.as_str()));
            });
            let hint = if hosts {
                "; write the hosts into `hosts` of the stage"
            } else {
                ""
            };
            return Fate::Todo(format!("{}{hint}", unknown.why));
        }
        let Some(rounds) = rounds(name, &list) else {
            return Fate::Todo(format!("`{name}` of {} is gone through", list.kind()));
        };
        if rounds.is_empty() && !block.body.is_empty() && !self.outside.is_nothing() {
            let outside = self.outside.clone();
            self.left_out(&block.body, &outside);
            return Fate::Opened;
        }
        if rounds.is_empty() || block.body.is_empty() {
            return Fate::Neutral("there is nothing to go through".to_owned());
        }
        for values in rounds {
            self.with_params(block, values, |this| this.statements(&block.body));
            if self.ends_block() {
                break;
            }
            if self.is_spent() {
                return Fate::Todo(TOO_MUCH.to_owned());
            }
        }
        Fate::Opened
    }

    /// A call of a method of the project as a statement; none where it has no such method.
    pub(super) fn called(&mut self, name: &str, args: &[Node]) -> Option<Fate> {
        let method = self.methods.get(name)?.clone();
        let args = self.values(args);
        if self.calls >= super::CALLS {
            return Some(Fate::Todo(
                "its methods call each other without end".to_owned(),
            ));
        }
        self.calls = self.calls.saturating_add(1);
        let outer = std::mem::take(&mut self.locals);
        let file = std::mem::replace(&mut self.file, method.file);
        self.with_params(&method.block, args, |this| {
            this.statements(&method.block.body);
        });
        self.returned = None;
        self.file = file;
        self.locals = outer;
        self.calls = self.calls.saturating_sub(1);
        Some(Fate::Neutral("its lines count where they stand".to_owned()))
    }
}

/// What a block is given in each round; none where nothing can be gone through.
pub(super) fn rounds(name: &str, list: &Value) -> Option<Vec<Vec<Value>>> {
    let count = |from: i64, to: i64| {
        let few = to.saturating_sub(from) <= super::ROUNDS;
        let rounds = (from..to).map(|number| vec![Value::Int(number)]);
        few.then(|| rounds.collect())
    };
    Some(match (name, list) {
        ("times", Value::Int(number)) => count(0, *number)?,
        ("each", Value::Range(from, to)) => count(*from, *to)?,
        ("each", Value::List(items)) => items.iter().map(|item| vec![item.clone()]).collect(),
        ("each_with_index", Value::List(items)) => (0..)
            .zip(items)
            .map(|(at, item)| vec![item.clone(), Value::Int(at)])
            .collect(),
        ("each" | "each_pair", Value::Hash(pairs)) => pairs
            .iter()
            .map(|(key, value)| vec![key.clone(), value.clone()])
            .collect(),
        _ => return None,
    })
}

/// Whether a call with a block goes through something.
pub(super) fn goes_through(name: &str) -> bool {
    ["each", "each_pair", "each_with_index", "times"].contains(&name)
}

/// The local variables that a node gives values.
pub(super) fn assigned(node: &Node) -> Vec<&str> {
    match &node.kind {
        Kind::Assign(name, _) => vec![name],
        Kind::AssignMany(names, _) => names.iter().map(String::as_str).collect(),
        Kind::Change(change) => match &change.target.kind {
            Kind::Local(name) => vec![name],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The bodies of a `case` other than the one that counts.
pub(super) fn left_by<'c>(case: &'c Case, chosen: &'c [Node]) -> impl Iterator<Item = &'c [Node]> {
    let bodies = case.whens.iter().map(|when| &when.body);
    let bodies = bodies.chain([&case.otherwise]).map(Vec::as_slice);
    bodies.filter(move |body| !std::ptr::eq(*body, chosen))
}
