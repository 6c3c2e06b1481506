//! One command of a task: `execute` and `capture`.

use super::{Around, Refusal};
use crate::evaluate::Evaluator;
use crate::evaluate::line::{CAPTURED, Line, MARKS, Script};
use crate::outside::Outside;
use crate::syntax::{Call, Kind, Node};
use crate::value::Value;

/// The `capture` whose answer this is, trimmed or not: `SSHKit` trims it anyway, and so does a shell.
pub(super) fn captures(node: &Node) -> Option<&Call> {
    let Kind::Call(call) = &node.kind else {
        return None;
    };
    let trims = ["strip", "chomp", "to_s"].contains(&call.name.as_str());
    match &call.receiver {
        None => (call.name == "capture").then_some(call),
        Some(inner) if trims && call.args.is_empty() => captures(inner),
        Some(_) => None,
    }
}

impl Evaluator<'_> {
    /// `name = capture(..)`: a variable of the script.
    pub(super) fn captured(
        &mut self,
        name: &str,
        call: &Call,
        around: &Around,
        script: &mut Script,
    ) -> Result<(), Refusal> {
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(format!("`{name}` is no name for a variable of the shell"));
        }
        let command = self.command(call, around)?.alone();
        let mark = CAPTURED.trim_start_matches("${");
        script
            .lines
            .push(Line::of(format!("{mark}{name}=$({command})")));
        let value = Value::Captured(name.to_owned());
        self.keep(name, value, &Outside::default());
        Ok(())
    }

    /// One `execute`.
    pub(super) fn command(&mut self, call: &Call, around: &Around) -> Result<Line, Refusal> {
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
                    return Err("it gives options to the command".to_owned());
                }
                _ => words.extend(words_of(&value)?),
            }
        }
        Ok((words, goes_on))
    }

    /// What `SSHKit`'s command map makes of a name.
    pub(crate) fn mapped_name(&mut self, name: &str) -> String {
        let bundled = ["rake", "rails", "gem"].contains(&name);
        if let Some(mapped) = self.project.command_map.get(name) {
            return mapped.clone();
        }
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

pub(super) fn text(value: &Value) -> Result<String, Refusal> {
    value.to_text().map_err(|unknown| unknown.why)
}

/// Whether what a host fills in stands where its shell fills nothing in.
fn in_single_quotes(word: &str) -> bool {
    MARKS.iter().any(|mark| {
        let mut places = word.match_indices(mark);
        places.any(|(at, _)| {
            let before = word.get(..at).unwrap_or_default();
            before.matches('\'').count() % 2 == 1
        })
    })
}

fn trimmed_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}
