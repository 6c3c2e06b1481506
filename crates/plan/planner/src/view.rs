//! What `plan` shows, as plain text.

use crate::digest::digest;
use crate::plan::Preview;
use std::fmt;
use windlass_model::{DeployKind, HostName, Plan, Step, Undo};

/// The widest that a command is shown.
const WIDEST_COMMAND: usize = 60;

/// A plan for people's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanView {
    /// `shop → production · would deploy main at 3f2c9ab`.
    pub title: String,
    /// Facts as a name and lines: `linked`, `removed`, …; callers may add their own before.
    pub facts: Vec<(String, Vec<String>)>,
    /// The table's rows: phase, task, hosts, command, undo.
    pub rows: Vec<[String; 5]>,
    /// The line at the end.
    pub end: String,
}

/// Makes the view of a preview.
pub fn view(preview: &Preview) -> PlanView {
    let plan = &preview.planned.plan;
    let mut facts = Vec::new();
    let refusals: Vec<String> = preview
        .refusals
        .iter()
        .map(|refusal| match &refusal.hint {
            Some(hint) => format!("✘ {refusal} → {hint}"),
            None => format!("✘ {refusal}"),
        })
        .collect();
    facts.push(("refused".to_owned(), refusals));
    let notes = preview.planned.notes.iter().map(|note| match &note.host {
        Some(host) => format!("{host}: {}", note.message),
        None => note.message.clone(),
    });
    facts.push(("note".to_owned(), notes.collect()));
    facts.push(("linked".to_owned(), preview.linked.clone()));
    let digest = digest(plan);
    let command = match plan.kind {
        DeployKind::Deploy => "deploy",
        DeployKind::Rollback => "rollback",
    };
    let short = digest.as_str().get(..6).unwrap_or_default();
    PlanView {
        title: title(plan),
        facts,
        rows: rows(plan),
        end: format!(
            "plan {short} · windlass {command} {} carries it out",
            plan.stage
        ),
    }
}

fn title(plan: &Plan) -> String {
    let what = match plan.kind {
        DeployKind::Deploy => {
            let short = plan.revision.as_ref().map_or("?", |id| id.short());
            match &plan.branch {
                Some(name) => format!("would deploy {name} at {short}"),
                None => format!("would deploy {short}"),
            }
        }
        DeployKind::Rollback => format!("would go back to release {}", plan.release),
    };
    format!(
        "{} → {} · {what} (nothing was changed on any host)",
        plan.application, plan.stage
    )
}

/// One row a task; hosts that do the same stand together.
fn rows(plan: &Plan) -> Vec<[String; 5]> {
    let mut rows = vec![lock_row(plan)];
    let mut rest: Vec<&Step> = plan.steps.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (same, others): (Vec<&Step>, Vec<&Step>) =
            rest.into_iter().partition(|step| alike(first, step));
        let hosts: Vec<&HostName> = same.iter().map(|step| &step.host).collect();
        rows.push([
            first.phase.as_str().to_owned(),
            first.task.to_string(),
            host_list(plan, &hosts),
            shortened(&first.show),
            undo(&first.undo),
        ]);
        rest = others;
    }
    rows
}

fn alike(a: &Step, b: &Step) -> bool {
    a.task == b.task && a.show == b.show && undo(&a.undo) == undo(&b.undo)
}

/// Cut where it would push the last column out of sight; the plan itself holds all of it.
fn shortened(show: &str) -> String {
    if show.chars().count() <= WIDEST_COMMAND {
        return show.to_owned();
    }
    let kept: String = show.chars().take(WIDEST_COMMAND - 1).collect();
    format!("{kept}…")
}

fn lock_row(plan: &Plan) -> [String; 5] {
    let hosts: Vec<&HostName> = plan.hosts.iter().map(|host| &host.target.name).collect();
    [
        "starting",
        "lock",
        &host_list(plan, &hosts),
        "take the deploy lock",
        "unlock",
    ]
    .map(str::to_owned)
}

fn host_list(plan: &Plan, hosts: &[&HostName]) -> String {
    if hosts.len() == plan.hosts.len() && hosts.len() > 1 {
        return "all".to_owned();
    }
    let names: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
    names.join(" ")
}

fn undo(undo: &Undo) -> String {
    match undo {
        Undo::Commands { show, .. } | Undo::Local { show, .. } => show.clone(),
        Undo::None { reason } => format!("–  ({reason})"),
    }
}

impl fmt::Display for PlanView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        for (name, lines) in self.facts.iter().filter(|(_, lines)| !lines.is_empty()) {
            let mut label = name.as_str();
            for line in lines {
                writeln!(f, "  {label:<12}  {line}")?;
                label = "";
            }
        }
        if self.facts.iter().any(|(_, lines)| !lines.is_empty()) {
            writeln!(f)?;
        }
        table(f, &self.rows)?;
        writeln!(f, "{}", self.end)
    }
}

fn table(f: &mut fmt::Formatter<'_>, rows: &[[String; 5]]) -> fmt::Result {
    let head = ["phase", "task", "hosts", "command", "undo"].map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let width = |column: usize| {
        all()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let [phases, tasks, hosts, commands] = [width(0), width(1), width(2), width(3)];
    for [phase, task, on, command, undo] in all() {
        let line = format!(
            "  {phase:<phases$}  {task:<tasks$}  {on:<hosts$}  {command:<commands$}  {undo}"
        );
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}
