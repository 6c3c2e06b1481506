//! What a project says, before it is translated.

use super::line::Target;
use crate::ledger::Statement;
use crate::outside::Locals;
use crate::syntax::Block;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A project as one stage sees it.
#[derive(Debug, Default)]
pub(crate) struct Project {
    pub(crate) settings: BTreeMap<String, Setting>,
    pub(crate) servers: Vec<Server>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) plugins: Vec<(String, Statement)>,
    /// What `SSHKit` makes of the names of commands.
    pub(crate) command_map: BTreeMap<String, String>,
}

/// A setting and the statements that made it.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) made_by: Vec<Statement>,
    /// Whether something fetched it.
    pub(crate) used: bool,
}

/// A server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server {
    pub(crate) user: Option<String>,
    pub(crate) host: String,
    pub(crate) port: Option<i64>,
    pub(crate) roles: Vec<String>,
    pub(crate) properties: Vec<(String, Value)>,
    pub(crate) made_by: Vec<Statement>,
}

/// A task. Its body is looked at when all settings are there.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
    pub(crate) block: Option<Arc<Block>>,
    pub(crate) locals: Arc<Locals>,
    pub(crate) file: usize,
    pub(crate) made_by: Statement,
    /// Where it goes by its options, which only Capistrano 2 has.
    pub(crate) target: Option<Target>,
}

/// A task that is to run before or after another.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) before: bool,
    pub(crate) target: String,
    pub(crate) task: String,
    /// The namespace in which both are looked up.
    pub(crate) namespace: Vec<String>,
    pub(crate) made_by: Statement,
}

impl Server {
    /// Whether releases are made on it.
    pub(crate) fn makes_releases(&self) -> bool {
        let no = |(name, value): &(String, Value)| {
            name == "no_release" && matches!(value, Value::Bool(true))
        };
        !self.properties.iter().any(no)
    }
}

impl Task {
    /// The namespaces it stands in.
    pub(crate) fn namespace(&self) -> Vec<String> {
        let mut parts: Vec<String> = self.name.split(':').map(str::to_owned).collect();
        parts.pop();
        parts
    }
}
