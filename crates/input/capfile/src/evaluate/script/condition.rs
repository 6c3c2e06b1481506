//! Conditions that a host decides become conditions of its shell.

use super::command::captures;
use super::{Around, Refusal};
use crate::evaluate::Evaluator;
use crate::evaluate::line::{CAPTURED, Line, Script, raw};
use crate::syntax::{Call, Kind, Node};
use crate::value::{Unknown, Value};

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Known before anything runs.
    Known(bool),
    /// By a command of the host.
    Shell(String),
}

impl Evaluator<'_> {
    /// What a condition is on a host.
    pub(super) fn tested(
        &mut self,
        condition: &Node,
        around: &Around,
        script: &mut Script,
    ) -> Result<Test, Refusal> {
        if !self.enter() {
            self.leave();
            return Err(super::TOO_MUCH.to_owned());
        }
        let test = self.test_of(condition, around, script);
        self.leave();
        test
    }

    fn test_of(
        &mut self,
        condition: &Node,
        around: &Around,
        script: &mut Script,
    ) -> Result<Test, Refusal> {
        match &condition.kind {
            Kind::Sequence(body) if body.len() == 1 => match body.first() {
                Some(inner) => self.tested(inner, around, script),
                None => Ok(Test::Known(false)),
            },
            Kind::And(left, right) => {
                let left = self.tested(left, around, script)?;
                match left {
                    Test::Known(false) => Ok(left),
                    Test::Known(true) => self.tested(right, around, script),
                    Test::Shell(left) => Ok(match self.tested(right, around, script)? {
                        Test::Known(true) => Test::Shell(left),
                        Test::Known(false) => Test::Known(false),
                        Test::Shell(right) => {
                            Test::Shell(format!("{} && {}", grouped(&left), grouped(&right)))
                        }
                    }),
                }
            }
            Kind::Or(left, right) => {
                let left = self.tested(left, around, script)?;
                match left {
                    Test::Known(true) => Ok(left),
                    Test::Known(false) => self.tested(right, around, script),
                    Test::Shell(left) => Ok(match self.tested(right, around, script)? {
                        Test::Known(false) => Test::Shell(left),
                        Test::Known(true) => Test::Known(true),
                        Test::Shell(right) => {
                            Test::Shell(format!("{} || {}", grouped(&left), grouped(&right)))
                        }
                    }),
                }
            }
            Kind::Call(call) => self.call_as_test(condition, call, around, script),
            _ => self.known(condition),
        }
    }

    fn call_as_test(
        &mut self,
        condition: &Node,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<Test, Refusal> {
        match (&call.receiver, call.name.as_str()) {
            (None, "test") if around.on_hosts => {
                Ok(Test::Shell(self.command(call, around)?.alone()))
            }
            (Some(inner), "!") => Ok(match self.tested(inner, around, script)? {
                Test::Known(truth) => Test::Known(!truth),
                Test::Shell(text) => Test::Shell(negated(&text)),
            }),
            (Some(of), name) if around.on_hosts => {
                let variable = match captures(of) {
                    Some(capture) => {
                        let command = self.command(capture, around)?.alone();
                        Some(format!("$({command})"))
                    }
                    None => match self.value(of) {
                        Value::Captured(name) => Some(format!("{CAPTURED}{name}}}")),
                        _ => None,
                    },
                };
                match variable {
                    Some(variable) => self.about(&variable, name, call),
                    None => self.known(condition),
                }
            }
            _ => self.known(condition),
        }
    }

    /// A question about what a command said.
    fn about(&mut self, variable: &str, name: &str, call: &Call) -> Result<Test, Refusal> {
        let args = self.values(&call.args);
        let word = match args.first() {
            Some(word) => Some(word.to_text().map_err(|unknown| unknown.why)?),
            None => None,
        };
        Ok(Test::Shell(match (name, word) {
            ("empty?" | "blank?", None) => format!("[ -z \"{variable}\" ]"),
            ("present?" | "any?", None) => format!("[ -n \"{variable}\" ]"),
            ("==" | "eql?", Some(word)) => format!("[ \"{variable}\" = {} ]", raw(&word)),
            ("!=", Some(word)) => format!("[ \"{variable}\" != {} ]", raw(&word)),
            ("include?", Some(word)) => {
                format!("printf '%s' \"{variable}\" | grep -qF -e {}", raw(&word))
            }
            _ => return Err(format!("it asks `{name}` of what a command said")),
        }))
    }

    fn known(&mut self, condition: &Node) -> Result<Test, Refusal> {
        let value = self.value(condition);
        match value.truth() {
            Ok(truth) => Ok(Test::Known(truth)),
            Err(unknown) => Err(unknown.why),
        }
    }

    /// Lines that are done where a condition holds, and those where it does not.
    pub(super) fn done_if(
        &mut self,
        test: Test,
        (yes, no): (&[Node], &[Node]),
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let test = match test {
            Test::Known(true) => return self.body(yes, around, script),
            Test::Known(false) => return self.body(no, around, script),
            Test::Shell(test) => test,
        };
        let locals = self.locals.clone();
        let then = self.inner(yes, around, script)?;
        let other = self.inner(no, around, script)?;
        // What either branch has assigned is the host's to decide.
        self.locals = locals;
        let unknown = Unknown::new("a host decides what it is");
        self.unsettle(yes.iter().chain(no), &unknown);
        self.returned = None;
        let mut lines = match (then.is_empty(), other.is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => format!("if {}; then\n{}", negated(&test), indented(&other)),
            (false, true) => format!("if {test}; then\n{}", indented(&then)),
            (false, false) => {
                let (then, other) = (indented(&then), indented(&other));
                format!("if {test}; then\n{then}else\n{other}")
            }
        };
        lines.push_str("fi");
        script.lines.push(Line::of(lines));
        Ok(())
    }

    /// The commands of a branch. Whatever it does beside them would hold for the whole task.
    fn inner(
        &mut self,
        body: &[Node],
        around: &Around,
        outer: &Script,
    ) -> Result<Vec<String>, Refusal> {
        let mut script = Script {
            target: outer.target.clone(),
            ..Script::default()
        };
        let done = self.invoked.len();
        self.body(body, around, &mut script)?;
        if self.returned.take().is_some() {
            return Err("it ends early where a host decides it".to_owned());
        }
        if self.invoked.len() != done {
            return Err("it calls another task where a host decides it".to_owned());
        }
        if script.target != outer.target || !script.undo.is_empty() {
            return Err("it chooses hosts, or is taken back, where a host decides it".to_owned());
        }
        Ok(script.lines.iter().map(Line::alone).collect())
    }
}

fn negated(test: &str) -> String {
    match test.strip_prefix("! ") {
        Some(plain) if plain == grouped(plain) => plain.to_owned(),
        _ => format!("! {}", grouped(test)),
    }
}

/// One command, whatever it is made of.
fn grouped(test: &str) -> String {
    let made_of_several = ["&&", "|", ";", "\n"].iter().any(|it| test.contains(it));
    if made_of_several {
        return format!("{{ {test}; }}");
    }
    test.to_owned()
}

/// Commands, each line indented that begins outside of quotes. Where there may be a here-document no line is touched.
fn indented(commands: &[String]) -> String {
    let mut text = String::new();
    for command in commands {
        if command.contains("<<") {
            text.extend([command, "\n"]);
            continue;
        }
        text.push_str("  ");
        let (mut quote, mut escaped) = (None, false);
        for letter in command.chars() {
            text.push(letter);
            match (letter, quote) {
                _ if escaped => escaped = false,
                ('\\', None | Some('"')) => escaped = true,
                ('\'' | '"', None) => quote = Some(letter),
                (_, Some(open)) if open == letter => quote = None,
                ('\n', None) => text.push_str("  "),
                _ => {}
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_is_a_part_of_is_not_changed() {
        let indented = |command: &str| indented(&[command.to_owned()]);
        assert_eq!(
            indented("if a; then\n  b\nfi"),
            "  if a; then\n    b\n  fi\n"
        );
        assert_eq!(indented("cat <<E\nx\nE"), "cat <<E\nx\nE\n");
        assert_eq!(
            indented("echo \"it's\" 'a\nb'\nc"),
            "  echo \"it's\" 'a\nb'\n  c\n"
        );
    }
}
