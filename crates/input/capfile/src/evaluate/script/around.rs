//! `within`, `with` and `as`: what is around a command.

use super::Refusal;
use super::command::text;
use crate::evaluate::Evaluator;
use crate::evaluate::line::Script;
use crate::syntax::Call;
use crate::value::Value;

/// What is around a command.
#[derive(Clone, Default)]
pub(super) struct Around {
    pub(super) on_hosts: bool,
    pub(super) dir: Option<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) user: Option<String>,
}

impl Evaluator<'_> {
    pub(super) fn surrounded(
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
        let done = self.body(&block.body, &inner, script);
        self.ends_block();
        done
    }
}

/// `within` in another one: a relative directory is below it.
fn directory(outer: Option<&str>, dir: &str) -> String {
    match outer {
        Some(outer) if !dir.starts_with(['/', '$', '~']) => format!("{outer}/{dir}"),
        _ => dir.to_owned(),
    }
}
