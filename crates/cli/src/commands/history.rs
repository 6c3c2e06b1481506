//! `history` and `show`: what this machine did, from its journal and records.

use crate::args::{Global, HistoryArgs, ShowArgs};
use crate::carry_out::journal;
use crate::commands::resume::{find, newest};
use crate::detach::replay;
use crate::error::{Failure, OrFail as _};
use crate::screen::{data, show as show_view};
use crate::world::World;
use windlass_inventory::matches;
use windlass_journal::{AdHoc, Filter, Standing, Store as _, Subject, Summary};
use windlass_model::event::DeployEnd;
use windlass_model::{ExitCode, HostName, HostTarget};
use windlass_reporter::view::{History, HistoryRow, ROW_FORMAT};
use windlass_reporter::visible_text;
use windlass_reporter::words::moment;

/// `history`.
pub(crate) fn history(
    world: &World,
    global: &Global,
    args: &HistoryArgs,
) -> Result<ExitCode, Failure> {
    let limit = Some(u32::try_from(args.last).unwrap_or(u32::MAX));
    let filter = Filter {
        stage: args.stage.clone(),
        limit,
        ..Filter::default()
    };
    let listed = journal(world)?.list(&filter).or_fail(ExitCode::Internal)?;
    let rows = listed.iter().filter_map(deploy_row).collect();
    show_view(world, global, &History { rows })?;
    for entry in &listed {
        if let Subject::AdHoc { run } = &entry.subject {
            data(&command_line(global, entry, run))?;
        }
    }
    Ok(ExitCode::Done)
}

fn deploy_row(entry: &Summary) -> Option<HistoryRow> {
    let plan = entry.subject.plan()?;
    let end = end(entry.standing);
    Some(HistoryRow {
        at: entry.started,
        deploy: plan.deploy.clone(),
        stage: plan.stage.clone(),
        kind: plan.kind,
        release: plan.release.clone(),
        revision: plan.revision.clone(),
        who: None,
        end,
        duration: end.map(|_| entry.changed.since(entry.started)),
        reason: plan.reason.clone(),
    })
}

fn end(standing: Standing) -> Option<DeployEnd> {
    match standing {
        Standing::Open => None,
        Standing::Parked => Some(DeployEnd::Parked),
        Standing::Deployed => Some(DeployEnd::Deployed),
        Standing::Undone => Some(DeployEnd::Undone),
        Standing::Cancelled => Some(DeployEnd::CancelledUndone),
        Standing::Stuck => Some(DeployEnd::Stuck),
        Standing::Fenced => Some(DeployEnd::Fenced),
    }
}

/// A command outside of any deploy, below the deploys.
fn command_line(global: &Global, entry: &Summary, run: &AdHoc) -> String {
    let end = match entry.standing {
        Standing::Deployed => "done",
        Standing::Undone => "failed",
        standing => standing.as_str(),
    };
    if global.json {
        let row = serde_json::json!({
            "format": ROW_FORMAT, "at": entry.started, "id": run.id, "stage": run.stage,
            "task": run.task, "command": run.show, "end": end,
        });
        return format!("{row}\n");
    }
    let at = moment::local(entry.started, &moment::Zone::system());
    let show = visible_text(&run.show);
    format!("{at}  {}  {} {end}: {show}\n", run.id, run.task)
}

/// `show`.
pub(crate) fn show(world: &World, global: &Global, args: &ShowArgs) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let deploy = match &args.target {
        Some(target) => find(&journal, target)?,
        None => newest(&journal, &Filter::default(), "show")?,
    };
    let everything = Global {
        verbose: true,
        ..global.clone()
    };
    let subject = journal.load(&deploy).or_fail(ExitCode::Failed)?.subject;
    let hosts = chosen(&global.host, &subject)?;
    replay(world, &everything, &journal, &deploy, &hosts)?;
    Ok(ExitCode::Done)
}

/// The hosts of a past run that `--host` names; none where it was not given.
fn chosen(wanted: &[String], subject: &Subject) -> Result<Vec<HostName>, Failure> {
    let targets: Vec<&HostTarget> = match subject {
        Subject::Deploy { plan } => plan.hosts.iter().map(|host| &host.target).collect(),
        Subject::AdHoc { run } => run.hosts.iter().map(|host| &host.target).collect(),
    };
    let mut chosen = Vec::new();
    for pattern in wanted.iter().flat_map(|value| value.split(',')) {
        let pattern = pattern.trim();
        let before = chosen.len();
        let names = targets.iter().map(|target| &target.name);
        chosen.extend(
            names
                .filter(|name| matches(pattern, name.as_str()))
                .cloned(),
        );
        if chosen.len() == before {
            let text = format!("`--host {pattern}` matches no host of {}", subject.id());
            return Err(Failure::new(ExitCode::NoHost, text));
        }
    }
    Ok(chosen)
}
