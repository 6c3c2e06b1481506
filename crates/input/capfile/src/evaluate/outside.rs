//! What is left out because of something that only whoever deploys knows, which is told of statement by statement.

use super::Evaluator;
use super::flow::assigned;
use crate::ledger::{Fate, Statement};
use crate::outside::{Kept, Outside, Source};
use crate::syntax::{Kind, Node, walk};
use crate::value::Value;

/// How an enclosing block, method or file was ended early.
#[derive(Clone)]
pub(super) struct Returned {
    pub(super) value: Value,
    /// What decided that it was.
    pub(super) outside: Outside,
    /// Why it is not known whether it was.
    doubt: Option<String>,
    /// Whether it was the block alone.
    block: bool,
}

impl Evaluator<'_> {
    /// Does something, and says what from outside it depended on.
    pub(super) fn watched<T>(&mut self, what: impl FnOnce(&mut Self) -> T) -> (T, Outside) {
        let before = std::mem::take(&mut self.outside);
        let done = what(self);
        let seen = std::mem::replace(&mut self.outside, before);
        self.outside.add(&seen);
        (done, seen)
    }

    /// Does something of which nothing else depends on what it depended on.
    pub(super) fn apart<T>(&mut self, what: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::take(&mut self.outside);
        let done = what(self);
        self.outside = before;
        done
    }

    /// Does something that is done only because of what a condition depended on.
    pub(super) fn because_of<T>(
        &mut self,
        outside: &Outside,
        what: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.because.clone();
        self.because.add(outside);
        let done = what(self);
        self.because = before;
        done
    }

    /// Notes that a value comes from a variable of whoever deploys.
    pub(super) fn touch_variable(&mut self, name: &str) {
        self.outside.touch(Source::Variable(name.to_owned()));
    }

    /// Notes that a value is the answer to a question.
    pub(super) fn touch_answer(&mut self, name: &str) {
        self.outside.touch(Source::Answer(name.to_owned()));
    }

    /// A value with what it depended on, and what it is done because of.
    pub(super) fn kept(&self, value: Value, outside: &Outside) -> Kept {
        let mut outside = outside.clone();
        outside.add(&self.because);
        Kept { value, outside }
    }

    /// Gives a local variable a value.
    pub(super) fn keep(&mut self, name: &str, value: Value, outside: &Outside) {
        let kept = self.kept(value, outside);
        self.locals.insert(name.to_owned(), kept);
    }

    /// The value of a local variable.
    pub(super) fn local(&mut self, name: &str) -> Value {
        match self.locals.get(name) {
            Some(kept) => {
                self.outside.add(&kept.outside);
                kept.value.clone()
            }
            None => Value::Nil,
        }
    }

    /// What a setting depends on: on what it did before too, where it is not set anew for certain.
    pub(super) fn setting_owes(&mut self, name: &str, anew: bool) {
        let mut outside = self.outside.clone();
        outside.add(&self.because);
        let owed = self.owed.entry(name.to_owned()).or_default();
        if anew && self.because.is_nothing() {
            *owed = outside;
        } else {
            owed.add(&outside);
        }
    }

    /// Ends what is around it.
    pub(super) fn returns(&mut self, value: Value, block: bool) {
        self.returned = Some(Returned {
            value,
            outside: self.because.clone(),
            doubt: None,
            block,
        });
    }

    /// Ends what is around it, where that is not known for certain.
    pub(super) fn may_return(&mut self, why: &str, block: bool) {
        self.returned.get_or_insert_with(|| Returned {
            value: Value::unknown(why),
            outside: Outside::default(),
            doubt: Some(why.to_owned()),
            block,
        });
    }

    /// A block is over, and with it what `next` ended. Whether a `return` in it ends what is around it too.
    pub(super) fn ends_block(&mut self) -> bool {
        self.returned = self.returned.take().filter(|returned| !returned.block);
        self.returned.is_some()
    }

    /// Statements after one that ended what is around them.
    pub(super) fn not_reached(&mut self, body: &[Node], by: &Returned) {
        self.charge(body.len());
        for node in body {
            let fate = match &by.doubt {
                Some(why) => Fate::Todo(why.clone()),
                None if by.outside.is_nothing() => {
                    Fate::Neutral("not reached: a line before it ends this".to_owned())
                }
                None => because_of(node, &by.outside),
            };
            self.ledger.note(Statement::new(self.file, node.span), fate);
        }
        self.may_have_assigned(body, &by.outside);
    }

    /// Statements that are not done here, or only where whoever deploys says so.
    pub(super) fn left_out(&mut self, body: &[Node], outside: &Outside) {
        self.charge(body.len());
        for node in body {
            let fate = if outside.is_nothing() {
                Fate::Neutral(format!("not reached in stage {}", self.stage))
            } else {
                because_of(node, outside)
            };
            self.ledger.note(Statement::new(self.file, node.span), fate);
        }
        self.may_have_assigned(body, outside);
    }

    /// The same of a part of an expression, which its statement speaks for but where it depends on whoever deploys.
    pub(super) fn left_out_part(&mut self, body: &[Node], outside: &Outside) {
        if outside.is_nothing() {
            return;
        }
        self.charge(body.len());
        for node in body.iter().filter(|node| !is_nothing(node)) {
            let part = Statement::part(self.file, node.span);
            self.ledger.note(part, because_of(node, outside));
        }
        self.may_have_assigned(body, outside);
    }

    /// What statements that are left out would have assigned depends on what left them out.
    fn may_have_assigned(&mut self, body: &[Node], outside: &Outside) {
        if outside.is_nothing() {
            return;
        }
        let mut seen = 0_usize;
        walk(body, |node| {
            seen = seen.saturating_add(1);
            for name in assigned(node) {
                let kept = self.locals.entry(name.to_owned()).or_insert(Kept {
                    value: Value::Nil,
                    outside: Outside::default(),
                });
                kept.outside.add(outside);
            }
            if let Some(name) = set_by(node) {
                self.owed.entry(name.to_owned()).or_default().add(outside);
            }
        });
        self.charge(seen);
    }
}

fn because_of(node: &Node, outside: &Outside) -> Fate {
    if set_by(node) == Some("branch") {
        return Fate::Neutral("--branch names another branch on the command line".to_owned());
    }
    Fate::Todo(format!(
        "it depends on {outside}; a stage of its own or --set does it"
    ))
}

fn is_nothing(node: &Node) -> bool {
    matches!(node.kind, Kind::Nil)
}

/// The setting that a statement sets.
fn set_by(node: &Node) -> Option<&str> {
    let call = node.bare_call()?;
    let sets = ["set", "set_if_empty", "append", "remove", "ask", "delete"];
    if !sets.contains(&call.name.as_str()) {
        return None;
    }
    match &call.args.first()?.kind {
        Kind::Symbol(name) | Kind::Text(name) => Some(name),
        _ => None,
    }
}
