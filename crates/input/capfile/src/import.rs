//! The whole way: files in, text and accounts out.

use crate::comment::plain;
use crate::error::Error;
use crate::evaluate::legacy::is_second;
use crate::evaluate::{Evaluator, Parsed, fetched_names};
use crate::files::{Role, SourceFile, in_load_order};
use crate::ledger::{Fate, Ledger, Statement};
use crate::output::{merge, write};
use crate::secrets::without_secrets;
use crate::syntax::parse::parse;
use crate::translate::translate;
use std::fmt;

/// Room for what is nested as deep as it may be: measured, with several times that to spare. Only what is used of it is
/// ever taken.
const STACK: usize = 256 << 20;
/// The longest line of the source that is shown beside a TODO.
const SHOWN: usize = 100;

/// A project as windlass.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The text of windlass.toml.
    pub text: String,
    /// What a person has to look at, in the order of the files.
    pub todos: Vec<Todo>,
    /// Every statement of the source with its fate.
    pub ledger: Vec<Account>,
    /// Whether it is a project of Capistrano 2, which says much in another way.
    pub second: bool,
    /// How many files were read.
    pub files: usize,
}

impl Imported {
    /// How many statements are in the file.
    pub fn carried(&self) -> usize {
        let carried = self.ledger.iter();
        carried
            .filter(|account| account.fate == Fate::Carried)
            .count()
    }
}

/// What became of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The file.
    pub file: String,
    /// The line it begins in.
    pub line: u32,
    /// Where it begins and ends in the file, in bytes.
    pub span: (usize, usize),
    /// What became of it.
    pub fate: Fate,
}

/// A statement that was not carried over, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    /// The file.
    pub file: String,
    /// The line it begins in.
    pub line: u32,
    /// Its first line, without what looks secret.
    pub source: String,
    /// Why.
    pub why: String,
}

impl Todo {
    /// The stage whose file it stands in.
    pub(crate) fn stage(&self) -> Option<&str> {
        let rest = self.file.strip_prefix("config/deploy/")?;
        rest.strip_suffix(".rb")
    }

    /// Whether it is about tasks.
    pub(crate) fn is_of_tasks(&self) -> bool {
        let starts = ["task ", "task(", "after ", "after(", "before ", "before("];
        let starts = starts.iter().any(|start| self.source.starts_with(start));
        starts || self.file.starts_with("lib/")
    }
}

impl fmt::Display for Todo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.rsplit('/').next().unwrap_or_default();
        let (file, why) = (plain(file), plain(&self.why));
        write!(f, "{file}:{} {} ({why})", self.line, self.source)
    }
}

/// What the import cannot read from the project.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Names that no stage may bear. One that does gets another name, and that is said.
    pub reserved: &'a [&'a str],
    /// The name of the application, where the project does not say it.
    pub application: &'a str,
}

/// Imports a project.
pub fn import(files: &[SourceFile], around: Surroundings<'_>) -> Result<Imported, Error> {
    let ordered = in_load_order(files)?;
    let mut parsed = Vec::new();
    for file in &ordered {
        parsed.push(Parsed {
            name: file.name.clone(),
            text: file.text.clone(),
            body: parse(file)?,
        });
    }
    let roles: Vec<Role> = ordered.iter().map(|file| file.role()).collect();
    // What is worked out may be nested deeper than the stack of any thread of the caller's goes.
    let done = std::thread::scope(|scope| {
        let work = std::thread::Builder::new()
            .name("import".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || worked_out(&parsed, &roles, around))?;
        Ok(work.join())
    });
    let done = done.map_err(|error: std::io::Error| Error::NoThread {
        file: "the deploy files".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(done.unwrap_or_else(|broken| std::panic::resume_unwind(broken)))
}

fn worked_out(parsed: &[Parsed], roles: &[Role], around: Surroundings<'_>) -> Imported {
    let fetched = fetched_names(parsed);
    let second = is_second(parsed.iter().map(|file| file.body.as_slice()));
    let mut ledger = Ledger::default();
    let mut sheets = Vec::new();
    for stage in stages(roles) {
        let mut evaluator = Evaluator::new(parsed, &fetched, &stage);
        evaluator.second = second;
        for (number, role) in roles.iter().enumerate() {
            if !matches!(role, Role::Stage(other) if *other != stage) {
                evaluator.file(number);
            }
        }
        let sheet = translate(&mut evaluator);
        ledger.absorb(evaluator.ledger);
        let mut name = stage_name(&stage, around.reserved);
        while sheets.iter().any(|(_, other, _)| *other == name) {
            name.push('-');
        }
        sheets.push((stage, name, sheet));
    }
    ledger.settle();
    let mut merged = merge(sheets);
    merged.name(around.application);
    let todos = todos(parsed, &ledger);
    Imported {
        text: write(&merged, &todos, second),
        second,
        todos,
        ledger: accounts(parsed, &ledger),
        files: parsed.len(),
    }
}

/// The name of a stage in windlass.toml, which has letters, digits, `.`, `-` and `_` and is no reserved word.
fn stage_name(stage: &str, reserved: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let name: String = stage
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    let dots = name.chars().all(|c| c == '.');
    if dots || name.starts_with('-') || reserved.contains(&name.as_str()) {
        return format!("stage-{}", name.trim_start_matches(['-', '.']));
    }
    name
}

/// The stages that have a file; `production` where none has.
fn stages(roles: &[Role]) -> Vec<String> {
    let stages = roles.iter().filter_map(|role| match role {
        Role::Stage(name) => Some(name.clone()),
        _ => None,
    });
    let stages: Vec<String> = stages.collect();
    if stages.is_empty() {
        vec!["production".to_owned()]
    } else {
        stages
    }
}

fn accounts(parsed: &[Parsed], ledger: &Ledger) -> Vec<Account> {
    let entries = ledger.entries();
    entries
        .map(|(statement, fate)| Account {
            file: name(parsed, statement),
            line: statement.line,
            span: (statement.start, statement.end),
            fate: fate.clone(),
        })
        .collect()
}

fn todos(parsed: &[Parsed], ledger: &Ledger) -> Vec<Todo> {
    let entries = ledger.entries();
    let todos = entries.filter_map(|(statement, fate)| match fate {
        Fate::Todo(why) => Some(Todo {
            file: name(parsed, statement),
            line: statement.line,
            source: source(parsed, statement),
            why: why.clone(),
        }),
        _ => None,
    });
    todos.collect()
}

fn name(parsed: &[Parsed], statement: &Statement) -> String {
    parsed
        .get(statement.file)
        .map_or_else(String::new, |file| file.name.clone())
}

/// The first line of a statement.
fn source(parsed: &[Parsed], statement: &Statement) -> String {
    let whole = parsed.get(statement.file).map_or("", |file| &file.text);
    let (mut start, mut end) = (statement.start, statement.end);
    if statement.part {
        // A part says little by itself: its lines are shown.
        let (before, after) = whole.split_at_checked(start).unwrap_or_default();
        start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let line = after.find('\n').unwrap_or(after.len());
        end = end.max(before.len().saturating_add(line));
    }
    let text = whole.get(start..end).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().trim();
    let line = plain(&without_secrets(text, line));
    if line.chars().count() <= SHOWN {
        return line;
    }
    let start: String = line.chars().take(SHOWN).collect();
    format!("{start}…")
}
