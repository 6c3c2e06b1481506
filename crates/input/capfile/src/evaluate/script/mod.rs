//! The body of a task as a script: `on`, `within`, `with`, `as`, `execute` and plain conditions become lines of shell.
//!
//! A body that does anything else is refused as a whole with the reason, so that no half of a task is ever carried over.
//! The lines mean what they meant: a command of one word is run in the directory and with the variables around it, and
//! text with a space in it is handed to the login's shell in the home directory, as `SSHKit` does.

mod around;
mod command;
mod condition;
pub(super) mod refusal;
mod said;
mod second;

use super::line::{Among, Script, Target};
use super::project::Task;
use super::{Evaluator, TOO_MUCH, flow};
use crate::outside::{Locals, Outside};
use crate::syntax::{Block, Call, Kind, Node};
use crate::value::Value;
use around::Around;
use command::{captures, text};
use second::is_logger;

/// Why a task is not carried over, and what to write instead.
type Refusal = String;

/// How the host that a command runs on is called in a script.
pub(super) const HOST: &str = "${DEPLOY_HOST}";
/// How deep tasks may call each other.
const TASKS: usize = 20;

impl Evaluator<'_> {
    /// The script of a task, or why there is none.
    pub(crate) fn script(&mut self, task: &Task) -> Result<Script, Refusal> {
        let mut script = Script::default();
        self.on_hosts = true;
        let done = self.lines_of(task, &mut Vec::new(), &mut script);
        self.on_hosts = false;
        done.map(|()| script)
    }

    /// The lines of a task, after those of the tasks that it needs. One that was there already is not done again.
    fn lines_of(
        &mut self,
        task: &Task,
        done: &mut Vec<String>,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        if done.contains(&task.name) {
            return Ok(());
        }
        if done.len() >= TASKS {
            return Err("it calls very many tasks".to_owned());
        }
        done.push(task.name.clone());
        for name in &task.needs {
            let needed = self.task_named(name, &task.namespace());
            let needed = needed.ok_or_else(|| {
                format!("it first needs `{name}`, which is no task of these files")
            })?;
            self.lines_of(&needed, done, script)?;
        }
        let Some(block) = &task.block else {
            return Ok(());
        };
        // A task may be given itself, and its arguments, of which there are none.
        if block.params.len() > 1 {
            return Err("it takes arguments".to_owned());
        }
        self.file = task.file;
        self.locals = Locals::clone(&task.locals);
        let invoked = std::mem::replace(&mut self.invoked, done.clone());
        let ended = self.lines_in(block, task, script);
        *done = std::mem::replace(&mut self.invoked, invoked);
        self.returned = None;
        ended
    }

    /// The lines of a body: by `on`, or all of them where the options of the task say.
    fn lines_in(&mut self, block: &Block, task: &Task, script: &mut Script) -> Result<(), Refusal> {
        let local = |node: &Node| {
            node.bare_call()
                .is_some_and(|call| call.name == "run_locally")
        };
        let around = match &task.target {
            Some(_) if !block.body.is_empty() && block.body.iter().all(local) => Around::default(),
            Some(target) => {
                Self::aim(target.clone(), script)?;
                Around {
                    on_hosts: true,
                    ..Around::default()
                }
            }
            None => Around::default(),
        };
        self.namespaced = task.namespace();
        self.body(&block.body, &around, script)
    }

    /// A task of the project by a name in a namespace.
    fn task_named(&self, name: &str, namespace: &[String]) -> Option<Task> {
        let full = self.qualified(name, namespace);
        let mut tasks = self.project.tasks.iter();
        tasks.find(|task| task.name == full).cloned()
    }

    fn body(&mut self, body: &[Node], around: &Around, script: &mut Script) -> Result<(), Refusal> {
        for node in body {
            if self.returned.is_some() {
                break;
            }
            let entered = self.enter();
            let done = if entered {
                self.apart(|this| this.line(node, around, script))
            } else {
                Err(TOO_MUCH.to_owned())
            };
            self.leave();
            done?;
        }
        Ok(())
    }

    fn line(&mut self, node: &Node, around: &Around, script: &mut Script) -> Result<(), Refusal> {
        match &node.kind {
            Kind::Call(call) if call.receiver.is_none() => self.word(node, call, around, script),
            Kind::Call(call) if flow::goes_through(&call.name) => {
                self.each_line(node, call, around, script)
            }
            Kind::Call(call) if self.second && is_logger(call) => Ok(()),
            Kind::Call(call) => match self.rake_task(call).or_else(|| self.path_of_task(call)) {
                Some(name) => self.invoked(node, &name, around, script),
                None => Err(format!("{} is more than a command", self.spot(node.span))),
            },
            Kind::Assign(name, value) => match captures(value) {
                Some(call) if around.on_hosts => self.captured(name, call, around, script),
                _ => self.settled_or(node),
            },
            Kind::AssignMany(..)
            | Kind::Change(_)
            | Kind::Return(_)
            | Kind::Next(_)
            | Kind::Backticks(_) => self.settled_or(node),
            Kind::If(found) => {
                let condition = &found.condition;
                let (test, outside) = self.watched(|this| this.tested(condition, around, script));
                let test = test?;
                self.same_for_all(node, &outside)?;
                self.done_if(test, (&found.yes, &found.no), around, script)
            }
            Kind::Case(case) => {
                let (chosen, outside) = self.watched(|this| this.chosen(case));
                let body = chosen.map_err(|unknown| unknown.why)?;
                self.same_for_all(node, &outside)?;
                self.body(body, around, script)
            }
            Kind::Sequence(body) => self.body(body, around, script),
            Kind::Nil | Kind::Text(_) | Kind::Symbol(_) | Kind::Bool(_) => Ok(()),
            Kind::Other(what) => Err(format!("{} has {what}", self.spot(node.span))),
            _ => Err(format!("{} is more than a command", self.spot(node.span))),
        }
    }

    /// A script does the same, whoever deploys.
    fn same_for_all(&self, node: &Node, outside: &Outside) -> Result<(), Refusal> {
        if outside.is_nothing() {
            return Ok(());
        }
        let spot = self.spot(node.span);
        Err(format!("{spot} depends on {outside}"))
    }

    /// An expression that only has to be known.
    fn settled_or(&mut self, node: &Node) -> Result<(), Refusal> {
        match self.value(node) {
            Value::Unknown(unknown) => Err(unknown.why),
            _ => Ok(()),
        }
    }

    fn word(
        &mut self,
        node: &Node,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        if let Some(method) = self.methods.get(&call.name).cloned() {
            return self.lines_of_method(&method, call, around, script);
        }
        match call.name.as_str() {
            _ if self.second && self.is_of_second(call, around) => {
                self.word_of_second(node, call, around, script)
            }
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
            "sleep" if around.on_hosts => self.plain_line("sleep", call, script),
            "exit" | "abort" | "raise" | "fail" if around.on_hosts => {
                self.ended(node, call, script)
            }
            "invoke" | "invoke!" => {
                let name = call
                    .args
                    .first()
                    .map_or(Value::Nil, |name| self.value(name));
                let name = text(&name)?;
                self.invoked(node, &name, around, script)
            }
            _ => Err(self.refused(node, call)),
        }
    }

    /// The lines of a method of the project, where it is called.
    fn lines_of_method(
        &mut self,
        method: &super::Method,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        if self.calls >= super::CALLS {
            return Err("its methods call each other without end".to_owned());
        }
        self.calls = self.calls.saturating_add(1);
        let args = self.values(&call.args);
        let outer = std::mem::take(&mut self.locals);
        let file = std::mem::replace(&mut self.file, method.file);
        let block = method.block.clone();
        let done = self.with_params(&block, args, |this| this.body(&block.body, around, script));
        self.returned = None;
        self.file = file;
        self.locals = outer;
        self.calls = self.calls.saturating_sub(1);
        done
    }

    /// Another task of the project, as a part of this one. Rake runs a task once.
    fn invoked(
        &mut self,
        node: &Node,
        name: &str,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let spot = self.spot(node.span);
        let namespace = self.namespaced.clone();
        let Some(task) = self.task_named(name, &namespace) else {
            return Err(format!(
                "{spot} invokes `{name}`, which is no task of these files; where it is a part of every deploy leave it out"
            ));
        };
        if around.on_hosts && !self.second {
            return Err(format!(
                "{spot} invokes `{name}` on a host; give both a place by `after`"
            ));
        }
        let (file, locals) = (self.file, std::mem::take(&mut self.locals));
        let mut done = std::mem::take(&mut self.invoked);
        let ended = self.lines_of(&task, &mut done, script);
        self.invoked = done;
        self.namespaced = namespace;
        (self.file, self.locals) = (file, locals);
        ended
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
        Self::aim(target, script)?;
        let Some(block) = &call.block else {
            return Err("there is no block of commands".to_owned());
        };
        let around = Around {
            on_hosts: true,
            ..Around::default()
        };
        let host = vec![Value::text(HOST)];
        let block = block.clone();
        let done = self.with_params(&block, host, |this| this.body(&block.body, &around, script));
        self.ends_block();
        done
    }

    /// All lines of a task go to the same hosts.
    fn aim(target: Target, script: &mut Script) -> Result<(), Refusal> {
        match &script.target {
            Some(other) if *other != target => Err(
                "it works on different hosts one after the other; make it several tasks".to_owned(),
            ),
            _ => {
                script.target = Some(target);
                Ok(())
            }
        }
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
            "roles" => {}
            "release_roles" => target.among = Among::Releases,
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

    fn each_line(
        &mut self,
        node: &Node,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let list = call
            .receiver
            .as_deref()
            .map_or(Value::Nil, |list| self.value(list));
        if let Some(unknown) = list.first_unknown() {
            return Err(unknown.why.clone());
        }
        let (Some(rounds), Some(block)) = (flow::rounds(&call.name, &list), call.block.clone())
        else {
            return Err("it goes through what is not known before it runs".to_owned());
        };
        if rounds.is_empty() {
            let outside = self.outside.clone();
            self.same_for_all(node, &outside)?;
        }
        for values in rounds {
            let done = self.with_params(&block, values, |this| {
                this.body(&block.body, around, script)
            });
            done?;
            if self.ends_block() {
                break;
            }
        }
        Ok(())
    }
}
