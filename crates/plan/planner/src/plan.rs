//! The immutable result: tasks of recipes and settings, in their order, on their hosts.

use crate::batches::batches;
use crate::error::Error;
use crate::hooks::{nearest, resolve};
use crate::order::{Company, steps};
use crate::precheck::precheck;
use crate::recipe::{Barrier, Place, TaskSpec};
use crate::request::{Request, Run};
use crate::rollback::rollback_target;
use crate::scope::{Scope, ScopeHost};
use crate::user_task::{Base, add_steps, drafts, hosts, user_tasks};
use std::collections::BTreeSet;
use std::time::Duration;
use windlass_facts::{Begun, HostFacts};
use windlass_model::inventory::LeftOut;
use windlass_model::plan::{PLAN_FORMAT, Phase, PlanHost};
use windlass_model::{Command, DeployKind, HostName, Plan, Step, TaskName};

/// A plan, and what a person should know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What is worth knowing and stops nothing.
    pub notes: Vec<Note>,
    /// The tasks that run on one host for all.
    pub once: BTreeSet<TaskName>,
}

/// Something worth knowing that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The host, where it is about one.
    pub host: Option<HostName>,
    /// What is true.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Makes the plan of a deploy or rollback, or says with all reasons at once why there is none.
pub fn plan(request: &Request<'_>) -> Result<Planned, Error> {
    let refusals = precheck(request);
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
    make(request)
}

/// The steps of one task of the settings, run on demand in what is live.
pub fn task(request: &Request<'_>, name: &str) -> Result<Vec<Step>, Error> {
    let scope = Scope::on_demand(request)?;
    let tasks = &request.inventory.settings.tasks;
    let Some(task) = tasks.iter().find(|task| task.name.as_str() == name) else {
        let names = tasks.iter().map(|task| task.name.as_str());
        return Err(Error::NoSuchTask {
            task: TaskName::new(name),
            suggestion: nearest(name, names),
        });
    };
    let spec = TaskSpec {
        name: task.name.clone(),
        place: Place::Nowhere,
        barrier: Barrier::Never,
        gate: false,
        once: task.once,
        drafts: drafts(&scope, task, Base::Release),
    };
    let names: Vec<HostName> = scope.hosts.iter().map(|host| host.name().clone()).collect();
    let company = Company {
        hosts: &names,
        batches: &[],
        pause: Duration::ZERO,
        share_a_root: false,
    };
    Ok(steps(&[(Phase::Started, spec)], company))
}

pub(crate) fn make(request: &Request<'_>) -> Result<Planned, Error> {
    let scope = Scope::new(request)?;
    if scope.kind() == DeployKind::Deploy && scope.revision.is_none() {
        return Err(Error::NoRevision);
    }
    let order = order(&scope)?;
    let mut notes = notes(&scope);
    notes.extend(moved(&scope, &order));
    let once = order.iter().filter(|(_, spec)| spec.once);
    let once = once.map(|(_, spec)| spec.name.clone()).collect();
    let settings = &request.inventory.settings;
    let unlock = |host: &ScopeHost<'_>| unlock_after_undo(&scope, host);
    let plan = Plan {
        format: PLAN_FORMAT,
        deploy: request.deploy.clone(),
        kind: scope.kind(),
        application: settings.application.clone(),
        stage: request.inventory.stage.clone(),
        release: scope.release.clone(),
        revision: scope.revision.clone(),
        branch: branch(&scope).map(str::to_owned),
        subject: scope.subject.clone(),
        reason: request.reason.clone(),
        hosts: scope
            .hosts
            .iter()
            .map(|host| plan_host(host, unlock(host)))
            .collect(),
        left_out: left_out(request),
        steps: in_line(&scope, &order),
        max_failures: settings.rollout.max_failures,
        on_failure: settings.rollout.on_failure,
        limits: settings.limits.clone(),
    };
    Ok(Planned { plan, notes, once })
}

/// All tasks in their order, those of recipes and those of settings.
fn order(scope: &Scope<'_>) -> Result<Vec<(Phase, TaskSpec)>, Error> {
    let recipes = scope.request.recipes.iter();
    let mut specs: Vec<TaskSpec> = recipes.flat_map(|recipe| recipe.tasks(scope)).collect();
    specs.extend(user_tasks(scope));
    let mut order = resolve(scope.kind(), specs)?;
    add_steps(scope, &mut order);
    Ok(order)
}

fn left_out(request: &Request<'_>) -> Vec<HostName> {
    let left_out = request.inventory.left_out.iter();
    left_out.map(|left| left.host.clone()).collect()
}

/// The steps of all tasks on all hosts.
fn in_line(scope: &Scope<'_>, order: &[(Phase, TaskSpec)]) -> Vec<Step> {
    let names: Vec<HostName> = scope.hosts.iter().map(|host| host.name().clone()).collect();
    let company = Company {
        hosts: &names,
        batches: &batches(scope, order),
        pause: scope.request.inventory.settings.rollout.pause,
        share_a_root: scope.hosts.iter().any(|host| host.shares_root),
    };
    steps(order, company)
}

/// The name by which the revision was asked for; a commit that was asked for by its id has no other name.
fn branch<'a>(scope: &Scope<'a>) -> Option<&'a str> {
    let name = scope.name()?;
    let id = scope.revision.as_ref().map_or("", |id| id.as_str());
    let is_id = name.len() >= 4 && id.starts_with(name);
    (!is_id).then_some(name)
}

fn unlock_after_undo(scope: &Scope<'_>, host: &ScopeHost<'_>) -> Option<Command> {
    let mut recipes = scope.request.recipes.iter();
    recipes.find_map(|recipe| recipe.unlock_after_undo(scope, host))
}

fn plan_host(host: &ScopeHost<'_>, unlock: Option<Command>) -> PlanHost {
    let facts = host.facts;
    PlanHost {
        target: host.host.target.clone(),
        root: host.layout.root().to_owned(),
        root_id: facts.root_id.clone().unwrap_or_default(),
        boot_id: facts.boot_id.clone(),
        user_manager: facts.logout == windlass_facts::Logout::UserManager,
        fence: host.fence(),
        previous_target: host.previous_target().map(str::to_owned),
        previous: facts.live.clone(),
        previous_revision: facts.live_revision.clone(),
        unlock,
    }
}

fn notes(scope: &Scope<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for left in &scope.request.inventory.left_out {
        absent(left, &scope.request.inventory.stage, &mut notes);
    }
    for host in scope.hosts.iter().filter(|host| host.files) {
        host_notes(host, &mut notes);
    }
    for task in &scope.request.inventory.settings.tasks {
        let wanted = task.hook.is_some() && task.on.contains(&scope.kind());
        if wanted && hosts(scope, task).is_empty() {
            notes.push(Note {
                host: None,
                message: format!(
                    "task `{}` runs nowhere: none of its hosts is part of this run",
                    task.name
                ),
                hint: None,
            });
        }
    }
    let recipes = scope.request.recipes.iter();
    notes.extend(recipes.flat_map(|recipe| recipe.notes(scope)));
    if let Run::Rollback { to } = &scope.request.run {
        passed_over(scope, to.as_ref(), &mut notes);
    }
    notes
}

/// An optional host that was not reached, and what moves from it.
fn absent(left: &LeftOut, stage: &str, notes: &mut Vec<Note>) {
    notes.push(Note {
        host: Some(left.host.clone()),
        message: format!(
            "not reached, optional: it is left out and stays behind ({})",
            left.reason
        ),
        hint: Some(format!(
            "windlass deploy {stage} --host {} when it is back",
            left.host
        )),
    });
}

/// That once-only tasks run in another place than usual.
fn moved(scope: &Scope<'_>, order: &[(Phase, TaskSpec)]) -> Vec<Note> {
    let once = order.iter().filter(|(_, spec)| spec.once);
    let busy: BTreeSet<&HostName> = once
        .flat_map(|(_, spec)| spec.drafts.iter().map(|draft| &draft.host))
        .collect();
    let mut notes = Vec::new();
    for left in &scope.request.inventory.left_out {
        let next = left.primary_of.iter().filter_map(|(_, next)| next.as_ref());
        let next: BTreeSet<&HostName> = next.filter(|host| busy.contains(host)).collect();
        notes.extend(next.into_iter().map(|host| Note {
            host: Some(host.clone()),
            message: format!("once-only tasks run here, in place of {}", left.host),
            hint: None,
        }));
    }
    notes
}

fn host_notes(host: &ScopeHost<'_>, notes: &mut Vec<Note>) {
    let facts: &HostFacts = host.facts;
    let mut note = |message: String, hint: Option<String>| {
        notes.push(Note {
            host: Some(host.name().clone()),
            message,
            hint,
        });
    };
    if let Some(target) = &facts.stale_link {
        note(
            format!(
                "releases/current, left by a broken-off deploy of Capistrano's and pointing at {target}, will be removed"
            ),
            None,
        );
    }
    if !facts.strays.is_empty() {
        note(
            format!("left alone in releases: {}", facts.strays.join(", ")),
            None,
        );
    }
    if let Some(error) = facts
        .repository
        .as_ref()
        .and_then(|repository| repository.error.as_ref())
    {
        note(
            format!("the repository mirror cannot be read: {error}"),
            None,
        );
    }
    if facts.begun == Begun::NotAsked && host.previous_target().is_some() && facts.live.is_none() {
        let target = host.previous_target().unwrap_or_default();
        note(
            format!("current points at {target}, which is no release"),
            None,
        );
    }
}

fn passed_over(scope: &Scope<'_>, to: Option<&windlass_model::ReleaseName>, notes: &mut Vec<Note>) {
    let Ok(target) = rollback_target(&scope.hosts, to) else {
        return;
    };
    for (release, lacking) in target.passed_over {
        notes.push(Note {
            host: None,
            message: format!(
                "release {release} is newer, but {} lacks it",
                crate::error::list(&lacking)
            ),
            hint: Some("leave the hosts that lack it out with --exclude".to_owned()),
        });
    }
}
