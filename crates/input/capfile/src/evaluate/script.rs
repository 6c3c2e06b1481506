//! The body of a task as a script: `on`, `within`, `with`, `as`, `execute` and plain conditions become lines of shell.
//!
//! A body that does anything else is refused as a whole with the reason, so that no half of a task is ever carried over.
//! The lines mean what they meant: a command of one word is run in the directory and with the variables around it, and
//! text with a space in it is handed to the login's shell in the home directory, as `SSHKit` does.

use super::Evaluator;
use super::expression::VARIABLE;
use super::line::{Line, Script, Target};
use super::project::Task;
use crate::syntax::{Block, Call, Kind, Node};
use crate::value::Value;

/// What is around a command.
#[derive(Clone, Default)]
struct Around {
    on_hosts: bool,
    dir: Option<String>,
    env: Vec<(String, String)>,
    user: Option<String>,
}

type Refusal = String;

impl Evaluator<'_> {
    /// The script of a task, or why there is none.
    pub(crate) fn script(&mut self, task: &Task) -> Result<Script, Refusal> {
        let mut script = Script::default();
        let Some(block) = &task.block else {
            return Ok(script);
        };
        if !block.params.is_empty() {
            return Err("it takes arguments".to_owned());
        }
        self.file = task.file;
        self.locals = task.locals.clone();
        self.on_hosts = true;
        let done = self.body(&block.body, &Around::default(), &mut script);
        self.on_hosts = false;
        done.map(|()| script)
    }

    fn body(&mut self, body: &[Node], around: &Around, script: &mut Script) -> Result<(), Refusal> {
        for node in body {
            self.line(node, around, script)?;
        }
        Ok(())
    }

    fn line(&mut self, node: &Node, around: &Around, script: &mut Script) -> Result<(), Refusal> {
        if !self.step() {
            return Err("the files ask for more work than an import does".to_owned());
        }
        match &node.kind {
            Kind::Call(call) if call.receiver.is_none() => self.word(node, call, around, script),
            Kind::Call(call) if call.name == "each" => self.each_line(call, around, script),
            Kind::Assign(..) => match self.value(node) {
                Value::Unknown(unknown) => Err(unknown.why),
                _ => Ok(()),
            },
            Kind::If(found) => match self.tested(&found.condition, around)? {
                Some(test) => self.shell_if(&test, (&found.yes, &found.no), around, script),
                None => match self.value(&found.condition).truth() {
                    Ok(true) => self.body(&found.yes, around, script),
                    Ok(false) => self.body(&found.no, around, script),
                    Err(unknown) => Err(unknown.why),
                },
            },
            Kind::Sequence(body) => self.body(body, around, script),
            Kind::Nil => Ok(()),
            Kind::Other(what) => Err(format!("{} has {what}", self.spot(node.span))),
            _ => Err(format!("{} is more than a command", self.spot(node.span))),
        }
    }

    fn word(
        &mut self,
        node: &Node,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        match call.name.as_str() {
            "on" | "run_locally" if !around.on_hosts => self.on(call, script),
            "within" | "with" | "as" if around.on_hosts => self.surrounded(call, around, script),
            "execute" | "sudo" if around.on_hosts => {
                let line = self.command(call, around)?;
                script.lines.push(line);
                Ok(())
            }
            "info" | "puts" | "warn" | "debug" | "error" => {
                self.said(call, around, script);
                Ok(())
            }
            name => Err(format!("{} calls `{name}`", self.spot(node.span))),
        }
    }

    /// A message: where hosts are, the script says it; elsewhere it was for the screen alone.
    fn said(&mut self, call: &Call, around: &Around, script: &mut Script) {
        let text = call.args.first().map(|text| self.value(text));
        let text = text.and_then(|text| text.to_text().ok());
        if let Some(text) = text.filter(|text| around.on_hosts && !text.contains(VARIABLE)) {
            script.lines.push(Line {
                text: format!("echo {}", windlass_model::shell::quote(&text)),
                dir: around.dir.clone(),
                env: Vec::new(),
                user: None,
            });
        }
    }

    fn on(&mut self, call: &Call, script: &mut Script) -> Result<(), Refusal> {
        let target = if call.name == "run_locally" {
            Target {
                local: true,
                ..Target::default()
            }
        } else {
            self.target(call)?
        };
        match &script.target {
            Some(other) if *other != target => {
                return Err(
                    "it works on different hosts one after the other; make it several tasks"
                        .to_owned(),
                );
            }
            _ => script.target = Some(target),
        }
        let Some(block) = &call.block else {
            return Err("there is no block of commands".to_owned());
        };
        let around = Around {
            on_hosts: true,
            ..Around::default()
        };
        let host = vec![Value::unknown("it asks for the host it runs on")];
        let block = block.clone();
        self.with_params(&block, host, |this| this.body(&block.body, &around, script))
    }

    fn target(&mut self, call: &Call) -> Result<Target, Refusal> {
        let mut target = Target::default();
        let Some(hosts) = call.args.first() else {
            return Err("it names no hosts".to_owned());
        };
        let Some(hosts) = hosts.bare_call() else {
            return Err("its hosts are not named by role".to_owned());
        };
        match hosts.name.as_str() {
            "roles" | "release_roles" => {}
            "primary" => target.once = true,
            name => return Err(format!("its hosts come from `{name}`")),
        }
        for arg in &hosts.args {
            for role in self.value(arg).items() {
                match role {
                    Value::Hash(_) => return Err("its hosts are chosen by a property".to_owned()),
                    role => target
                        .roles
                        .push(role.to_text().map_err(|unknown| unknown.why)?),
                }
            }
        }
        if target.roles.iter().any(|role| role == "all") {
            target.roles.clear();
        }
        for option in call.args.iter().skip(1) {
            let option = self.value(option);
            let way = option.entry("in").and_then(Value::word);
            target.in_turn |= way.is_some_and(|way| way != "parallel");
        }
        Ok(target)
    }

    fn surrounded(
        &mut self,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let mut inner = around.clone();
        let value = call.args.first().map_or(Value::Nil, |arg| self.value(arg));
        if let Some(unknown) = value.first_unknown() {
            return Err(unknown.why.clone());
        }
        match call.name.as_str() {
            "within" => inner.dir = Some(directory(around.dir.as_deref(), &text(&value)?)),
            "as" => inner.user = Some(text(&value)?),
            _ => {
                let Value::Hash(pairs) = value else {
                    return Err("its variables have no plain names".to_owned());
                };
                for (name, value) in pairs {
                    let value = text(&self.resolve(value))?;
                    let name = match name {
                        Value::Symbol(name) => name.to_uppercase(),
                        name => text(&name)?,
                    };
                    inner.env.retain(|(known, _)| *known != name);
                    inner.env.push((name, value));
                }
            }
        }
        let Some(block) = call.block.clone() else {
            return Err("there is no block of commands".to_owned());
        };
        self.body(&block.body, &inner, script)
    }

    /// `if test "[ -f x ]"`: the command of the test.
    fn tested(&mut self, condition: &Node, around: &Around) -> Result<Option<Line>, Refusal> {
        match condition.bare_call() {
            Some(call) if call.name == "test" && around.on_hosts => {
                self.command(call, around).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn shell_if(
        &mut self,
        condition: &Line,
        (yes, no): (&[Node], &[Node]),
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let (mut then, mut other) = (Script::default(), Script::default());
        self.body(yes, around, &mut then)?;
        self.body(no, around, &mut other)?;
        let lines = |script: &Script| script.lines.iter().map(Line::alone).collect::<Vec<_>>();
        let (then, other) = (lines(&then), lines(&other));
        let mut text = format!("if {}; then\n", condition.alone());
        text.push_str(&indented(&then));
        if !other.is_empty() {
            text.push_str("else\n");
            text.push_str(&indented(&other));
        }
        text.push_str("fi");
        script.lines.push(Line {
            text,
            dir: None,
            env: Vec::new(),
            user: None,
        });
        Ok(())
    }

    fn each_line(
        &mut self,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let list = call.receiver.as_deref().map(|list| self.value(list));
        let (Some(Value::List(items)), Some(block)) = (list, call.block.clone()) else {
            return Err("it goes through what is not known before it runs".to_owned());
        };
        for item in items {
            let block: &Block = &block;
            self.with_params(block, vec![item], |this| {
                this.body(&block.body, around, script)
            })?;
        }
        Ok(())
    }

    /// One `execute`.
    fn command(&mut self, call: &Call, around: &Around) -> Result<Line, Refusal> {
        let (words, goes_on) = self.words(call)?;
        let Some((first, rest)) = words.split_first() else {
            return Err("it executes nothing".to_owned());
        };
        if words.iter().any(|word| in_single_quotes(word)) {
            return Err("it quotes the path of the release for the shell".to_owned());
        }
        let verbatim = first.contains(char::is_whitespace);
        if verbatim && !rest.is_empty() {
            return Err("SSHKit drops the words after a command with spaces".to_owned());
        }
        let mut line = if verbatim {
            Line {
                text: trimmed_lines(first),
                ..Line::default()
            }
        } else {
            Line {
                text: self.mapped_name(first),
                dir: around.dir.clone(),
                env: around.env.clone(),
                user: around.user.clone(),
            }
        };
        for word in rest {
            line.text.push(' ');
            line.text.push_str(word);
        }
        if call.name == "sudo" {
            line.text = format!("sudo {}", line.text);
        }
        if goes_on {
            line.text.push_str(" || true");
        }
        Ok(line)
    }

    /// The words of an `execute`, and whether a failure of it is no failure.
    fn words(&mut self, call: &Call) -> Result<(Vec<String>, bool), Refusal> {
        let mut words = Vec::new();
        let mut goes_on = false;
        for value in self.values(&call.args) {
            let value = self.resolve(value);
            match value.entry("raise_on_non_zero_exit") {
                Some(Value::Bool(false)) => goes_on = true,
                _ if matches!(value, Value::Hash(_)) => {
                    return Err("it gives options to SSHKit".to_owned());
                }
                _ => words.extend(words_of(&value)?),
            }
        }
        Ok((words, goes_on))
    }

    /// What `SSHKit`'s command map makes of a name.
    fn mapped_name(&mut self, name: &str) -> String {
        let bundled = ["rake", "rails", "gem"].contains(&name);
        let has = |plugin: &str| self.project.plugins.iter().any(|(name, _)| name == plugin);
        if bundled && (has("capistrano/bundler") || has("capistrano/rails")) {
            return format!("bundle exec {name}");
        }
        name.to_owned()
    }
}

fn words_of(value: &Value) -> Result<Vec<String>, Refusal> {
    value.items().iter().map(text).collect()
}

fn text(value: &Value) -> Result<String, Refusal> {
    value.to_text().map_err(|unknown| unknown.why)
}

/// `within` in another one: a relative directory is below it.
fn directory(outer: Option<&str>, dir: &str) -> String {
    match outer {
        Some(outer) if !dir.starts_with(['/', '$', '~']) => format!("{outer}/{dir}"),
        _ => dir.to_owned(),
    }
}

/// Whether the path of the release stands where a shell fills nothing in.
fn in_single_quotes(word: &str) -> bool {
    match word.split_once(VARIABLE) {
        Some((before, _)) => before.matches('\'').count() % 2 == 1,
        None => false,
    }
}

fn trimmed_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

fn indented(lines: &[String]) -> String {
    if lines.is_empty() {
        return "  :\n".to_owned();
    }
    let lines: Vec<String> = lines
        .iter()
        .flat_map(|text| text.lines())
        .map(|line| format!("  {line}\n"))
        .collect();
    lines.concat()
}
