//! What the language of Capistrano 2 has besides: settings by their bare names, tasks with roles as options, `run`, `on_rollback`.

use super::Evaluator;
use super::expression::RELEASE;
use super::line::{Among, Target};
use crate::syntax::{Kind, Node, walk};
use crate::value::Value;

/// The release that was live before.
const PREVIOUS: &str = "${DEPLOY_PREVIOUS_PATH}";

/// Settings that are changed by their bare names.
pub(super) const HASHES: &[&str] = &["ssh_options", "default_environment", "default_run_options"];

/// Whether files are of a Capistrano 2 project: what no Capistrano 3 project says.
pub(crate) fn is_second<'n>(bodies: impl Iterator<Item = &'n [Node]>) -> bool {
    let (mut second, mut third, mut repository) = (false, false, false);
    for body in bodies {
        walk(body, |node| {
            let Some(call) = node.bare_call() else {
                return;
            };
            let word = match call.args.first().map(|arg| &arg.kind) {
                Some(Kind::Text(word) | Kind::Symbol(word)) => word.as_str(),
                _ => return,
            };
            match (call.name.as_str(), word) {
                ("load", "deploy") | ("require", "capistrano/ext/multistage") => second = true,
                ("require", "capistrano/setup" | "capistrano/deploy") | ("set", "repo_url") => {
                    third = true;
                }
                ("set", "repository") => repository = true,
                _ => {}
            }
        });
    }
    !third && (second || repository)
}

impl Evaluator<'_> {
    /// A bare name that is a setting.
    pub(super) fn by_bare_name(&mut self, name: &str) -> Option<Value> {
        if !self.second {
            return None;
        }
        let at_run = match name {
            "latest_release" | "current_release" => Some(RELEASE),
            "previous_release" => Some(PREVIOUS),
            _ => None,
        };
        if let Some(path) = at_run {
            return Some(Value::text(path));
        }
        match name {
            "sudo" => return Some(Value::text("sudo")),
            "try_sudo" => {
                let sudo = self.setting("use_sudo");
                return Some(match sudo.map(|sudo| sudo.truth()) {
                    Some(Ok(false)) => Value::text(""),
                    Some(Err(unknown)) => Value::Unknown(unknown),
                    _ => Value::text("sudo"),
                });
            }
            _ => {}
        }
        if self.project.settings.contains_key(name) {
            return self.setting(name);
        }
        match name {
            "shared_children" => Some(shared_children()),
            "rake" => Some(Value::text("rake")),
            "rails_env" => Some(Value::text("production")),
            name if HASHES.contains(&name) => Some(Value::Hash(Vec::new())),
            _ => None,
        }
    }

    /// Whether `exists?(:name)` holds.
    pub(super) fn is_set(&mut self, name: &Node) -> Value {
        match self.value(name).to_text() {
            Ok(name) => Value::Bool(self.project.settings.contains_key(&name)),
            Err(unknown) => Value::Unknown(unknown),
        }
    }
}

/// What is shared where a project says nothing else.
pub(crate) fn shared_children() -> Value {
    let dirs = ["public/system", "log", "tmp/pids"];
    Value::List(dirs.iter().map(|dir| Value::text(*dir)).collect())
}

/// Where a task goes by its options, or why that cannot be said here.
pub(super) fn target(options: &Value) -> Result<Target, String> {
    let Value::Hash(pairs) = options else {
        return Err("its options have no plain names".to_owned());
    };
    let mut target = Target::default();
    for (name, value) in pairs {
        match name.word() {
            Some("roles") => {
                for role in value.items() {
                    let role = role.to_text().map_err(|unknown| unknown.why)?;
                    target.roles.push(role);
                }
            }
            Some("only") if holds(value, "primary") => target.once = true,
            Some("except") if holds(value, "no_release") => target.among = Among::Releases,
            Some("desc") => {}
            Some("max_hosts") => target.in_turn = true,
            name => {
                return Err(format!(
                    "its option `{}` has no counterpart; write it as [[tasks]]",
                    name.unwrap_or("?")
                ));
            }
        }
    }
    Ok(target)
}

fn holds(value: &Value, name: &str) -> bool {
    let Value::Hash(pairs) = value else {
        return false;
    };
    matches!(pairs.as_slice(), [(key, Value::Bool(true))] if key.word() == Some(name))
}
