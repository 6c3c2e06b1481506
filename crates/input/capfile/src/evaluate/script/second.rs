//! What the bodies of Capistrano 2's tasks have besides.

use super::command::text;
use super::{Around, Refusal};
use crate::evaluate::Evaluator;
use crate::evaluate::line::{Line, Script, Target};
use crate::syntax::{Call, Kind, Node};

impl Evaluator<'_> {
    /// Whether a word means something here that it does not mean in Capistrano 3.
    pub(super) fn is_of_second(&self, call: &Call, around: &Around) -> bool {
        match call.name.as_str() {
            "run_locally" => !around.on_hosts,
            "run" => around.on_hosts,
            "transaction" | "on_rollback" => true,
            name => call.args.is_empty() && self.is_task(name),
        }
    }

    pub(super) fn word_of_second(
        &mut self,
        node: &Node,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        match call.name.as_str() {
            "run_locally" => self.run_here(call, script),
            "run" => {
                let line = self.command(call, around)?;
                script.lines.push(line);
                Ok(())
            }
            "transaction" => match call.block.clone() {
                Some(block) => self.body(&block.body, around, script),
                None => Ok(()),
            },
            "on_rollback" => self.taken_back(call, around, script),
            name => self.invoked(node, name, around, script),
        }
    }

    /// `run_locally "command"`.
    fn run_here(&mut self, call: &Call, script: &mut Script) -> Result<(), Refusal> {
        let target = Target {
            local: true,
            ..Target::default()
        };
        Self::aim(target, script)?;
        let args = self.values(&call.args);
        let command = args.first().ok_or("it executes nothing")?;
        script.lines.push(Line::of(text(command)?));
        Ok(())
    }

    /// `on_rollback { .. }`: what takes the task back.
    fn taken_back(
        &mut self,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let Some(block) = call.block.clone() else {
            return Ok(());
        };
        let mut undo = Script::default();
        self.body(&block.body, around, &mut undo)?;
        // What was done last is taken back first.
        undo.lines.append(&mut script.undo);
        script.undo = undo.lines;
        Ok(())
    }

    /// Whether a word in a body is another task.
    fn is_task(&self, name: &str) -> bool {
        self.task_named(name, &self.namespaced).is_some()
    }

    /// `deploy.web.enable`: a task by the namespaces before it.
    pub(super) fn path_of_task(&self, call: &Call) -> Option<String> {
        if !self.second || !call.args.is_empty() {
            return None;
        }
        let mut parts = vec![call.name.clone()];
        let mut receiver = call.receiver.as_deref();
        while let Some(node) = receiver {
            let Kind::Call(outer) = &node.kind else {
                return None;
            };
            parts.push(outer.name.clone());
            receiver = outer.receiver.as_deref();
        }
        parts.reverse();
        let name = parts.join(":");
        let name = name.strip_prefix("top:").unwrap_or(&name);
        self.is_task(name).then(|| name.to_owned())
    }
}

/// Whether a call is only about the screen.
pub(super) fn is_logger(call: &Call) -> bool {
    let of = call.receiver.as_deref().and_then(|node| node.bare_call());
    of.is_some_and(|of| of.name == "logger")
}
