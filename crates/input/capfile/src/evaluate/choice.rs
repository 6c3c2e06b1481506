//! Expressions that choose between others: `&&`, `||`, `if` and `case` where their value counts.

use super::Evaluator;
use super::flow::left_by;
use crate::syntax::{Case, If, Kind, Node};
use crate::value::Value;
use std::slice;

impl Evaluator<'_> {
    pub(super) fn choice(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::And(left, right) => {
                let (left, outside) = self.watched(|this| this.value(left));
                match left.decided() {
                    Ok(true) => self.value(right),
                    Ok(false) if left.first_unknown().is_none() => {
                        self.left_out_part(slice::from_ref(right), &outside);
                        left
                    }
                    Ok(false) | Err(_) => left,
                }
            }
            Kind::Or(left, right) => {
                let left = self.value(left);
                self.or(left, right)
            }
            Kind::If(found) => self.one_of(found),
            Kind::Case(case) => self.one_of_case(case),
            _ => Value::Nil,
        }
    }

    fn one_of(&mut self, found: &If) -> Value {
        let (truth, outside) = self.watched(|this| this.holds(&found.condition));
        let (taken, left) = match truth {
            Ok(true) => (&found.yes, &found.no),
            Ok(false) => (&found.no, &found.yes),
            Err(unknown) => {
                self.unsettle(found.yes.iter().chain(&found.no), &unknown);
                return Value::unknown(unknown.why);
            }
        };
        self.left_out_part(left, &outside);
        self.because_of(&outside, |this| this.last(taken))
    }

    fn one_of_case(&mut self, case: &Case) -> Value {
        let (chosen, outside) = self.watched(|this| this.chosen(case));
        match chosen {
            Ok(chosen) => {
                for body in left_by(case, chosen) {
                    self.left_out_part(body, &outside);
                }
                self.because_of(&outside, |this| this.last(chosen))
            }
            Err(unknown) => {
                let bodies = case.whens.iter().flat_map(|when| &when.body);
                self.unsettle(bodies.chain(&case.otherwise), &unknown);
                Value::unknown(unknown.why)
            }
        }
    }

    /// `left || right`. The environment of whoever runs the import is not asked: the default in the source counts.
    pub(super) fn or(&mut self, left: Value, right: &Node) -> Value {
        match left.decided() {
            Ok(false) => self.value(right),
            Ok(true) | Err(_) => left,
        }
    }

    /// `ask` where its answer is used at once: its default counts.
    pub(super) fn asked_for(&mut self, name: &Node, default: &Node) -> Value {
        if let Ok(name) = self.value(name).to_text() {
            self.touch_answer(&name);
        }
        self.value(default)
    }
}
