//! What a task does that no script can: what it was, and what to write instead.

use super::command::text;
use crate::evaluate::Evaluator;
use crate::secrets::looks_secret;
use crate::syntax::{Call, Kind, Node};
use crate::value::Value;

impl Evaluator<'_> {
    /// Why a word stands in the way.
    pub(super) fn refused(&mut self, node: &Node, call: &Call) -> String {
        let spot = self.spot(node.span);
        let args = self.values(&call.args);
        let words = args.iter().filter_map(|arg| text(arg).ok());
        let words: Vec<String> = words.filter(|word| !looks_secret(word)).collect();
        let about = words
            .first()
            .map_or(String::new(), |word| format!(" {word}"));
        let to = words
            .get(1)
            .map_or(String::new(), |word| format!(" to {word}"));
        let what = match call.name.as_str() {
            "upload!" => format!(
                "uploads{about}{to}; `windlass setup` brings linked files, and what is in the repository is there anyway"
            ),
            "download!" => {
                format!("copies{about} to this machine; `windlass exec HOST -- cat FILE` prints it")
            }
            "capture" => {
                "asks a host in the middle of a line; in a script that is $(...)".to_owned()
            }
            "test" => "asks a host and does nothing with the answer".to_owned(),
            "ask" => "asks the person at this machine; nobody is asked in a deploy".to_owned(),
            "system" | "exec" => {
                format!("runs{about} on this machine; a task with local = true does")
            }
            "on" | "run_locally" => {
                "works on other hosts from there; make it several tasks".to_owned()
            }
            "upload" | "put" | "download" | "get" => {
                format!("copies{about}{to}; `windlass setup` brings linked files")
            }
            name => format!("calls `{name}`"),
        };
        format!("{spot} {what}")
    }

    /// The task that `Rake::Task["name"].invoke` means.
    pub(super) fn rake_task(&mut self, call: &Call) -> Option<String> {
        if !["invoke", "execute", "reenable"].contains(&call.name.as_str()) {
            return None;
        }
        let Kind::Call(index) = &call.receiver.as_deref()?.kind else {
            return None;
        };
        let of = index.receiver.as_deref().map(|node| &node.kind);
        if !matches!(of, Some(Kind::Constant(name)) if name == "Rake::Task") {
            return None;
        }
        let name = self.value(index.args.first()?);
        name.word().map(str::to_owned)
    }
}

/// Why a task with arguments is not carried over.
pub(in crate::evaluate) fn arguments(names: &[Value]) -> String {
    let names: Vec<&str> = names.iter().filter_map(Value::word).collect();
    format!(
        "it takes {} from the command line, and tasks take no arguments here; write one in [[tasks]] for each value that is used, or `windlass exec` what is typed",
        names.join(", ")
    )
}
