//! From a preview, and what git says of it, to what a person is shown.

use crate::digest::digest;
use crate::plan::Note;
use crate::preview::Preview;
use crate::refusal::Refusal;
use windlass_model::changes::InTree;
use windlass_model::overview::{
    Brings, Change, Live, Overview, Remark, Replaced, Rollout, StepRow,
};
use windlass_model::{Action, DeployKind, HostName, Phase, Plan, Revision, Step, TaskName, Undo};

/// What git says of a preview, as far as it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What lies between each live revision and the one to be deployed.
    pub brings: Vec<(Revision, Brings)>,
    /// What stands at each path of [`Preview::links`]; none = the tree is not known.
    pub tree: Option<Vec<InTree>>,
}

/// What a person wants to know.
pub fn overview(preview: &Preview, told: &Told) -> Overview {
    let plan = &preview.planned.plan;
    let lives = preview.lives.iter();
    Overview {
        kind: plan.kind,
        application: plan.application.clone(),
        stage: plan.stage.clone(),
        release: (plan.kind == DeployKind::Rollback).then(|| plan.release.clone()),
        revision: plan.revision.clone(),
        branch: plan.branch.clone(),
        subject: plan.subject.clone(),
        digest: digest(plan),
        hosts: names(plan),
        begun: preview.begun,
        refused: everything_refused(preview, told),
        notes: preview.planned.notes.iter().map(noted).collect(),
        changes: lives
            .map(|(live, hosts)| Change {
                hosts: hosts.clone(),
                live: live.clone(),
                brings: brings(live, plan, told),
            })
            .collect(),
        linked: preview.linked.clone(),
        replaced: told.tree.as_ref().map(|tree| replaced(preview, tree)),
        removals: preview.removals.clone(),
        rollout: rollout(plan),
        steps: rows(preview),
    }
}

fn names(plan: &Plan) -> Vec<HostName> {
    let hosts = plan.hosts.iter();
    hosts.map(|host| host.target.name.clone()).collect()
}

fn rollout(plan: &Plan) -> Rollout {
    let batches = plan.hosts_in_batches();
    let in_batch = |batch| {
        let hosts = plan.hosts.iter().map(|host| &host.target.name);
        let own = hosts.filter(|host| batches.get(host) == Some(&batch));
        own.cloned().collect::<Vec<HostName>>()
    };
    let pauses = plan.steps.iter().find_map(|step| match step.action {
        Action::Pause { length } => Some(length),
        _ => None,
    });
    Rollout {
        batches: (0..plan.batches()).map(in_batch).collect(),
        pause: pauses.unwrap_or_default(),
        max_failures: plan.max_failures,
        on_failure: plan.on_failure,
    }
}

/// What speaks against it: on the hosts, and in the revision.
fn everything_refused(preview: &Preview, told: &Told) -> Vec<Remark> {
    let links = &preview.links;
    let files = links.paths.iter().take(links.files);
    let tree = told.tree.as_deref().unwrap_or_default();
    let on_hosts = preview.refusals.iter().map(refused);
    on_hosts.chain(in_the_way(files, tree)).collect()
}

/// Linked files in whose place a revision has a directory, by what stands in its tree at each of them: no release can be
/// made of it.
pub fn in_the_way<'a>(
    files: impl Iterator<Item = &'a String>,
    tree: &[InTree],
) -> impl Iterator<Item = Remark> {
    let found = files.zip(tree);
    let found = found.filter(|(_, what)| matches!(what, InTree::Bare | InTree::Directory));
    found.map(|(path, _)| Remark {
        host: None,
        message: format!(
            "{path} is a directory in the repository, so it cannot be a linked file: the release cannot be made"
        ),
        hint: Some(format!(
            "name {path} in `linked_dirs`, or take it out of the repository: git rm -r --cached {path}"
        )),
    })
}

fn refused(refusal: &Refusal) -> Remark {
    Remark {
        host: Some(refusal.host.clone()),
        message: refusal.reason.to_string(),
        hint: refusal.hint.clone(),
    }
}

fn noted(note: &Note) -> Remark {
    Remark {
        host: note.host.clone(),
        message: note.message.clone(),
        hint: note.hint.clone(),
    }
}

fn brings(live: &Live, plan: &Plan, told: &Told) -> Brings {
    let not_known = |reason: String| Brings::NotKnown { reason, hint: None };
    let revision = match live {
        Live::Nothing => return Brings::Everything,
        Live::Unmarked { target } => {
            return not_known(format!("{target}, which is live, has no REVISION"));
        }
        Live::Garbled { target, said } => {
            return not_known(format!(
                "the REVISION of {target}, which is live, is no commit id: {said:?}"
            ));
        }
        Live::Revision { revision } => revision,
    };
    let Some(to) = &plan.revision else {
        let release = &plan.release;
        return not_known(format!(
            "release {release} has no REVISION that all hosts agree on"
        ));
    };
    if to == revision {
        return Brings::Nothing;
    }
    let found = told.brings.iter().find(|(known, _)| known == revision);
    found.map_or_else(
        || not_known("git was not asked".to_owned()),
        |(_, brings)| brings.clone(),
    )
}

/// Linked paths that take the place of something. A link that the repository itself brings stays as it is.
fn replaced(preview: &Preview, tree: &[InTree]) -> Vec<Replaced> {
    let links = &preview.links;
    let found = links.paths.iter().zip(tree).enumerate();
    found
        .filter_map(|(index, (path, what))| {
            let file = index < links.files;
            let blocks = match what {
                InTree::Nothing | InTree::Link => return None,
                InTree::Bare if !file => return None,
                InTree::File => false,
                InTree::Bare | InTree::Directory => file,
            };
            Some(Replaced {
                path: path.clone(),
                blocks,
            })
        })
        .collect()
}

/// One row a task; hosts that do the same stand together.
fn rows(preview: &Preview) -> Vec<StepRow> {
    let plan = &preview.planned.plan;
    let mut rows = vec![lock_row(plan)];
    let mut rest: Vec<&Step> = plan.steps.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (same, others): (Vec<&Step>, Vec<&Step>) =
            rest.into_iter().partition(|step| alike(first, step));
        let (undo, no_undo) = undo(&first.undo);
        rows.push(StepRow {
            phase: first.phase,
            batch: first.batch,
            task: first.task.clone(),
            hosts: same.iter().map(|step| step.host.clone()).collect(),
            local: matches!(first.action, Action::Local { .. }),
            once: preview.planned.once.contains(&first.task),
            waits: first.barrier,
            advisory: first.advisory,
            command: first.show.clone(),
            undo,
            no_undo,
        });
        rest = others;
    }
    rows
}

fn alike(a: &Step, b: &Step) -> bool {
    a.task == b.task && a.batch == b.batch && a.show == b.show && undo(&a.undo) == undo(&b.undo)
}

/// The lock is taken by the question that begins a deploy, before there are steps.
fn lock_row(plan: &Plan) -> StepRow {
    StepRow {
        phase: Phase::Starting,
        batch: None,
        task: TaskName::new("lock"),
        hosts: names(plan),
        local: false,
        once: false,
        waits: false,
        advisory: false,
        command: "take the deploy lock".to_owned(),
        undo: Some("unlock".to_owned()),
        no_undo: None,
    }
}

fn undo(undo: &Undo) -> (Option<String>, Option<String>) {
    match undo {
        Undo::Commands { show, .. } | Undo::Local { show, .. } => (Some(show.clone()), None),
        Undo::None { reason } => (None, Some(reason.clone())),
    }
}
