//! What a task says, and what ends it.

use super::command::text;
use super::{Around, Refusal};
use crate::evaluate::Evaluator;
use crate::evaluate::line::{Line, Script, raw};
use crate::syntax::{Call, Node};
use crate::value::Value;

impl Evaluator<'_> {
    /// A message: where hosts are, the script says it; elsewhere it was for the screen alone.
    pub(super) fn said(&mut self, call: &Call, around: &Around, script: &mut Script) {
        let text = call.args.first().map(|text| self.value(text));
        let text = text.and_then(|text| text.to_text().ok());
        if let Some(text) = text.filter(|_| around.on_hosts) {
            let aside = ["warn", "error"].contains(&call.name.as_str());
            script.lines.push(Line {
                text: format!("echo {}{}", raw(&text), if aside { " >&2" } else { "" }),
                dir: around.dir.clone(),
                ..Line::default()
            });
        }
    }

    /// `exit 1`, `raise "why"`: what ends the script, and with it the deploy.
    pub(super) fn ended(
        &mut self,
        node: &Node,
        call: &Call,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let why = call.args.last().map(|why| self.value(why));
        let line = match (call.name.as_str(), why) {
            ("exit", Some(Value::Int(status))) if (1..=255).contains(&status) => {
                format!("exit {status}")
            }
            ("exit", Some(Value::Bool(false))) => "exit 1".to_owned(),
            ("exit", _) => {
                let spot = self.spot(node.span);
                return Err(format!("{spot} ends Capistrano as if all were well"));
            }
            (_, Some(Value::Unknown(_)) | None) => "exit 1".to_owned(),
            (_, Some(why)) => format!("echo {} >&2\nexit 1", raw(&text(&why)?)),
        };
        script.lines.push(Line::of(line));
        Ok(())
    }

    /// A command of the shell with the same name.
    pub(super) fn plain_line(
        &mut self,
        name: &str,
        call: &Call,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        let value = call.args.first().map_or(Value::Nil, |arg| self.value(arg));
        script
            .lines
            .push(Line::of(format!("{name} {}", raw(&text(&value)?))));
        Ok(())
    }
}
