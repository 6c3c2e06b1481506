//! Health checks: after the restart, on every host that they are about, it is asked whether the release is well. One that
//! is not fails the deploy, which is then undone like after any other step.
//!
//! A check is one command on the host, with the waiting in it: so it goes on without a connection, and is stopped like
//! any other. One that the controller asks is a command there. It changes nothing, hence has no undo, and may be repeated.
//! After an undo's restart nothing is asked: what was live before is put back whether it is well or not.

mod asks;
mod fetch;

use asks::{action, show};
use fetch::lacking;
use windlass_facts::HostFacts;
use windlass_model::health::HealthCheck;
use windlass_model::inventory::Host;
use windlass_model::plan::Phase;
use windlass_model::{Command, Undo};
use windlass_planner::{Barrier, Draft, Lack, Note, Recipe, Scope, ScopeHost, TaskSpec};

/// Asks whether the release is well.
pub(crate) struct Health;

impl Recipe for Health {
    fn name(&self) -> &'static str {
        "health"
    }

    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec> {
        let checks = &scope.request.inventory.settings.health;
        let mut tasks: Vec<TaskSpec> = Vec::new();
        for (place, check) in checks.iter().enumerate() {
            let mut task = TaskSpec::new(&format!("health:{}", check.name), Phase::Publishing);
            task.drafts = drafts(scope, place, check);
            // A host may be well only when the others are restarted, but need not wait for the checks of others.
            let is_first = tasks.iter().all(|task| task.drafts.is_empty());
            task.barrier = if is_first {
                Barrier::Always
            } else {
                Barrier::WhereHostsDiffer
            };
            tasks.push(task);
        }
        let mut last = tasks.iter_mut().rev();
        if let Some(last) = last.find(|task| !task.drafts.is_empty()) {
            last.gate = true;
        }
        tasks
    }

    fn lacks(&self, host: &Host, facts: &HostFacts) -> Vec<Lack> {
        let checks = host.settings.health.iter();
        let mut lacks = Vec::new();
        for check in checks.filter(|check| check.is_for(&host.target)) {
            for lack in lacking(check, facts) {
                if !lacks.contains(&lack) {
                    lacks.push(lack);
                }
            }
        }
        lacks
    }

    fn notes(&self, scope: &Scope<'_>) -> Vec<Note> {
        let checks = scope.request.inventory.settings.health.iter();
        let nowhere = checks.filter(|check| {
            let mut hosts = scope.hosts.iter();
            !hosts.any(|host| check.is_for(&host.host.target))
        });
        let note = |check: &HealthCheck| Note {
            host: None,
            message: format!(
                "health check `{}` runs nowhere: none of its hosts is part of this run",
                check.name
            ),
            hint: None,
        };
        nowhere.map(note).collect()
    }
}

fn drafts(scope: &Scope<'_>, place: usize, check: &HealthCheck) -> Vec<Draft> {
    let hosts = scope.hosts.iter().enumerate();
    let hosts = hosts.filter(|(_, host)| check.is_for(&host.host.target));
    // What is not about a host by itself is asked once, on behalf of the first.
    let number = if check.is_about_all() { 1 } else { usize::MAX };
    let draft = |(number, host): (usize, &ScopeHost<'_>)| {
        // Hosts may share the directory in which the script keeps what it was answered.
        let files = format!("health-{place}-{number}");
        Draft {
            action: action(scope, host, check, &files),
            ..Draft::command(host.name(), Command::default(), undo(), show(host, check))
                .repeatable()
        }
    };
    hosts.take(number).map(draft).collect()
}

fn undo() -> Undo {
    Undo::None {
        reason: "it changes nothing".to_owned(),
    }
}
