//! `namespace`, `task`, `before` and `after`. Bodies are looked at later: [`super::script`].

use super::project::{Hook, Task};
use super::script::refusal::arguments;
use super::{Evaluator, legacy};
use crate::ledger::{Fate, Statement};
use crate::syntax::Call;
use crate::value::Value;

/// No project has more tasks, or hooks.
const MOST: usize = 1000;
/// Tasks that Capistrano brings along.
const BUILT_IN: &[&str] = &[
    "deploy",
    "deploy:starting",
    "deploy:started",
    "deploy:updating",
    "deploy:updated",
    "deploy:reverting",
    "deploy:reverted",
    "deploy:publishing",
    "deploy:published",
    "deploy:finishing",
    "deploy:finishing_rollback",
    "deploy:finished",
    "deploy:failed",
    "deploy:rollback",
    "deploy:check",
    "deploy:cleanup",
    "deploy:restart",
    "deploy:log_revision",
    "deploy:symlink:release",
    "deploy:symlink:shared",
    "deploy:migrate",
    "deploy:assets:precompile",
    "deploy:compile_assets",
    "deploy:normalize_assets",
];

pub(super) fn namespace(this: &mut Evaluator<'_>, call: &Call, _: Statement) -> Fate {
    let name = call.args.first().map(|name| this.value(name));
    let Some(name) = name.as_ref().and_then(Value::word) else {
        return Fate::Todo("the namespace has no plain name".to_owned());
    };
    let Some(block) = call.block.clone() else {
        return Fate::Neutral("the namespace is empty".to_owned());
    };
    this.namespace.push(name.to_owned());
    this.statements(&block.body);
    this.namespace.pop();
    if block.body.is_empty() {
        return Fate::Neutral("the namespace is empty".to_owned());
    }
    Fate::Opened
}

pub(super) fn task(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let mut aimed = None;
    if let Some(names) = call.args.get(1) {
        let options = this.value(names);
        if this.second {
            match legacy::target(&options) {
                Ok(target) => aimed = Some(target),
                Err(why) => return Fate::Todo(why),
            }
        }
        let names = match options {
            _ if aimed.is_some() => Vec::new(),
            Value::Hash(pairs) => pairs.into_iter().map(|(names, _)| names).collect(),
            names => vec![names],
        };
        let names: Vec<Value> = names.iter().flat_map(Value::items).collect();
        if aimed.is_none() {
            return Fate::Todo(arguments(&names));
        }
    }
    let head = call
        .args
        .first()
        .map_or(Value::Nil, |head| this.value(head));
    let (name, needs) = match &head {
        Value::Hash(pairs) => match pairs.as_slice() {
            [(name, needs)] => (name.clone(), needs.items()),
            _ => return Fate::Todo("the task has no plain name".to_owned()),
        },
        name => (name.clone(), Vec::new()),
    };
    let Some(name) = name.word() else {
        return Fate::Todo("the task has no plain name".to_owned());
    };
    let name = this.inside(name);
    this.aimed = aimed;
    let needs = needs.iter().filter_map(Value::word).map(str::to_owned);
    let needs = needs.collect();
    define(this, name, needs, call, statement)
}

fn define(
    this: &mut Evaluator<'_>,
    name: String,
    needs: Vec<String>,
    call: &Call,
    statement: Statement,
) -> Fate {
    if this.project.tasks.len() >= MOST {
        return Fate::Todo(format!("there are more than {MOST} tasks"));
    }
    let locals = this.captured_locals();
    this.project.tasks.push(Task {
        name,
        needs,
        block: call.block.clone(),
        locals,
        file: this.file,
        made_by: statement,
        target: this.second.then(|| this.aimed.take().unwrap_or_default()),
    });
    Fate::Opened
}

pub(super) fn before(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    hook(this, call, statement, true)
}

pub(super) fn after(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    hook(this, call, statement, false)
}

fn hook(this: &mut Evaluator<'_>, call: &Call, statement: Statement, before: bool) -> Fate {
    let args = this.values(&call.args);
    if let Some(unknown) = args.iter().find_map(Value::first_unknown) {
        return Fate::Todo(unknown.why.clone());
    }
    let words: Vec<&str> = args.iter().filter_map(Value::word).collect();
    let (target, task) = match (words.as_slice(), &call.block) {
        ([target, task], None) => (*target, (*task).to_owned()),
        ([target, task], Some(_)) => {
            let name = this.inside(task);
            define(this, name.clone(), Vec::new(), call, statement);
            (*target, name)
        }
        ([target], Some(_)) => {
            let side = if before { "before" } else { "after" };
            let name = format!("{side}-{}", target.replace(':', "-"));
            let name = unused(this, &name);
            define(this, name.clone(), Vec::new(), call, statement);
            (*target, name)
        }
        _ => return Fate::Todo("it does not name one task and what it belongs to".to_owned()),
    };
    if this.project.hooks.len() >= MOST {
        return Fate::Todo(format!("there are more than {MOST} hooks"));
    }
    this.project.hooks.push(Hook {
        before,
        target: target.to_owned(),
        task,
        namespace: this.namespace.clone(),
        made_by: statement,
    });
    Fate::Opened
}

fn unused(this: &Evaluator<'_>, name: &str) -> String {
    let taken = |name: &str| this.project.tasks.iter().any(|task| task.name == name);
    if !taken(name) {
        return name.to_owned();
    }
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    numbered
        .take(10_000)
        .find(|name| !taken(name))
        .unwrap_or_else(|| name.to_owned())
}

impl Evaluator<'_> {
    /// A name with the namespaces around it.
    fn inside(&self, name: &str) -> String {
        let mut parts = self.namespace.clone();
        parts.push(name.to_owned());
        parts.join(":")
    }

    /// The full name of a task that is named in a namespace: the innermost that there is.
    pub(crate) fn qualified(&self, name: &str, namespace: &[String]) -> String {
        let there = |full: &str| {
            BUILT_IN.contains(&full) || self.project.tasks.iter().any(|task| task.name == full)
        };
        for depth in (0..=namespace.len()).rev() {
            let mut parts: Vec<&str> = namespace.iter().take(depth).map(String::as_str).collect();
            parts.push(name);
            let full = parts.join(":");
            if there(&full) {
                return full;
            }
        }
        name.trim_start_matches('^').to_owned()
    }
}
