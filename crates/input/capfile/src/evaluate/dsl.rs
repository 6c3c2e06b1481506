//! The words of Capistrano's language, each with what it does. A word that is not here is told of.

use super::Evaluator;
use super::{servers, settings, tasks};
use crate::ledger::{Fate, Statement};
use crate::syntax::Call;

/// A word.
pub(super) struct Word {
    name: &'static str,
    /// What it does, and what becomes of the statement.
    pub(super) act: fn(&mut Evaluator<'_>, &Call, Statement) -> Fate,
}

const fn word(name: &'static str, act: fn(&mut Evaluator<'_>, &Call, Statement) -> Fate) -> Word {
    Word { name, act }
}

static WORDS: &[Word] = &[
    word("set", settings::set),
    word("set_if_empty", settings::set_if_empty),
    word("append", settings::append),
    word("remove", settings::remove),
    word("delete", settings::delete),
    word("ask", settings::ask),
    word("server", servers::server),
    word("role", servers::role),
    word("namespace", tasks::namespace),
    word("task", tasks::task),
    word("before", tasks::before),
    word("after", tasks::after),
    word("require", plugin),
    word("load", plugin),
    word("install_plugin", installed),
    word("desc", |_, _, _| {
        neutral("a description; tasks show their script")
    }),
    word("lock", |_, _, _| neutral("the version of Capistrano")),
    word("import", |_, _, _| neutral("the task files are read")),
    word("puts", |_, _, _| neutral("said while loading")),
    word("private", |_, _, _| neutral("only about Ruby")),
];

/// Words that are no part of Capistrano itself, or cannot be carried over, with what they did and what does it here.
static OTHERS: &[(&str, &str)] = &[
    ("ec2_role", HOSTS),
    ("ec2_tagged", HOSTS),
    ("ec2_server", HOSTS),
    ("autoscale", HOSTS),
    ("autoscaling", HOSTS),
    (
        "invoke",
        "it runs a task while the files are read; give the task a place by `after` in [[tasks]]",
    ),
    (
        "on",
        "it runs commands while the files are read; write them as [[tasks]] with a place",
    ),
    (
        "run_locally",
        "it runs commands here while the files are read; write them as [[tasks]] with local = true",
    ),
    (
        "execute",
        "it runs a command while the files are read; write it as [[tasks]]",
    ),
    (
        "system",
        "it runs a command of this machine while the files are read; a local task before `starting` can",
    ),
    (
        "exec",
        "it runs a command of this machine while the files are read; a local task before `starting` can",
    ),
    (
        "exit",
        "it ends Capistrano; a local task before `starting` that fails ends a deploy",
    ),
    (
        "abort",
        "it ends Capistrano; a local task before `starting` that fails ends a deploy",
    ),
    (
        "raise",
        "it ends Capistrano; a local task before `starting` that fails ends a deploy",
    ),
    (
        "fail",
        "it ends Capistrano; a local task before `starting` that fails ends a deploy",
    ),
    (
        "require_relative",
        "the file is read only where it lies in lib/capistrano/tasks",
    ),
];

const HOSTS: &str =
    "it looked hosts up when deploying; write their addresses into `hosts` of the stage";

/// What is said of a word that is none of [`WORDS`].
pub(super) fn unknown(name: &str) -> String {
    match OTHERS.iter().find(|(known, _)| *known == name) {
        Some((_, what)) => (*what).to_owned(),
        None => format!("`{name}` is not known to the import; write what it does by hand"),
    }
}

fn neutral(reason: &str) -> Fate {
    Fate::Neutral(reason.to_owned())
}

/// The word of this name.
pub(super) fn word_named(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

/// `require`: what it brings is looked up when all is read.
fn plugin(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let Some(name) = call.args.first() else {
        return Fate::Todo("it names nothing".to_owned());
    };
    match this.value(name).to_text() {
        Ok(name) => {
            this.project.plugins.push((name, statement));
            Fate::Opened
        }
        Err(_) if call.name == "load" => neutral("the task files are read"),
        Err(unknown) => Fate::Todo(unknown.why),
    }
}

/// `install_plugin Capistrano::SCM::Git`: by the constant's name.
fn installed(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    use crate::syntax::Kind;
    match call.args.first().map(|arg| &arg.kind) {
        Some(Kind::Constant(name)) => {
            this.project.plugins.push((name.clone(), statement));
            Fate::Opened
        }
        _ => Fate::Todo("it names no plugin".to_owned()),
    }
}
