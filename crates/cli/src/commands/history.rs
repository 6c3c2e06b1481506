//! `history` and `show`: what this machine did, from its journal and records.

use crate::adhoc::mode;
use crate::args::{Global, HistoryArgs, ShowArgs};
use crate::carry_out::{journal, report_failure};
use crate::commands::resume::{find, newest};
use crate::context::filter;
use crate::detach::replay;
use crate::error::{Failure, OrFail as _, diagnostic};
use crate::screen::show as show_view;
use crate::world::World;
use std::fs::File;
use std::io::BufReader;
use windlass_journal::{AdHoc, Filter, Journal, Standing, Store as _, Subject, Summary};
use windlass_model::event::DeployEnd;
use windlass_model::{DeployId, ExitCode, HostName, HostTarget, Plan};
use windlass_reporter::view::{CommandRow, History, HistoryEntry, HistoryRow};
use windlass_reporter::{Mode, Options, Output, Reporter};

/// `history`.
pub(crate) fn history(
    world: &World,
    global: &Global,
    args: &HistoryArgs,
) -> Result<ExitCode, Failure> {
    let listed = listed(world, global, args)?;
    let rows = listed.iter().map(entry).collect();
    show_view(world, global, &History { rows })?;
    Ok(ExitCode::Done)
}

/// The newest entries; where there are filters, those that touched a host that they name.
fn listed(world: &World, global: &Global, args: &HistoryArgs) -> Result<Vec<Summary>, Failure> {
    let hosts = filter(global);
    let limit = u32::try_from(args.last).unwrap_or(u32::MAX);
    let wanted = Filter {
        stage: args.stage.clone(),
        limit: hosts.is_empty().then_some(limit),
        ..Filter::default()
    };
    let mut listed = journal(world)?.list(&wanted).or_fail(ExitCode::Internal)?;
    if !hosts.is_empty() {
        listed.retain(|entry| {
            targets(&entry.subject)
                .into_iter()
                .any(|target| hosts.admits(target))
        });
        listed.truncate(args.last);
        if listed.is_empty() {
            let text = "the filters leave nothing of what this machine did";
            return Err(Failure::new(ExitCode::NoHost, text));
        }
    }
    Ok(listed)
}

fn entry(entry: &Summary) -> HistoryEntry {
    match &entry.subject {
        Subject::Deploy { plan } => HistoryEntry::Deploy(deploy_row(entry, plan)),
        Subject::AdHoc { run } => HistoryEntry::Command(command_row(entry, run)),
    }
}

fn deploy_row(entry: &Summary, plan: &Plan) -> HistoryRow {
    let end = end(entry.standing);
    HistoryRow {
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
    }
}

fn end(standing: Standing) -> Option<DeployEnd> {
    match standing {
        Standing::Open => None,
        Standing::Parked => Some(DeployEnd::Parked),
        Standing::Deployed => Some(DeployEnd::Deployed),
        Standing::Undone => Some(DeployEnd::Undone),
        Standing::Cancelled => Some(DeployEnd::CancelledUndone),
        Standing::Stopped => Some(DeployEnd::Stopped),
        Standing::Stuck => Some(DeployEnd::Stuck),
        Standing::Fenced => Some(DeployEnd::Fenced),
        Standing::GivenUp => Some(DeployEnd::GivenUp),
    }
}

fn command_row(entry: &Summary, run: &AdHoc) -> CommandRow {
    let end = match entry.standing {
        Standing::Deployed => "done",
        Standing::Undone => "failed",
        standing => standing.as_str(),
    };
    let is_over = end != Standing::Open.as_str();
    CommandRow {
        at: entry.started,
        id: run.id.clone(),
        stage: run.stage.clone(),
        task: run.task.clone(),
        command: run.show.clone(),
        end,
        duration: is_over.then(|| entry.changed.since(entry.started)),
    }
}

/// `show`: all of it is data, so that a pager gets the whole.
pub(crate) fn show(world: &World, global: &Global, args: &ShowArgs) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let deploy = match &args.target {
        Some(target) => find(&journal, target)?,
        None => newest(&journal, &Filter::default(), "show")?,
    };
    let subject = journal.load(&deploy).or_fail(ExitCode::Failed)?.subject;
    let hosts = chosen(world, global, &subject)?;
    if !hosts.is_empty() && !global.json {
        show_lines(&journal, &deploy, &hosts)?;
        return Ok(ExitCode::Done);
    }
    let mut reporter = on_stdout(world, global, &subject)?;
    replay(world, &journal, &deploy, &mut reporter, &hosts)?;
    Ok(ExitCode::Done)
}

/// Tells everything on standard output.
fn on_stdout(world: &World, global: &Global, subject: &Subject) -> Result<Reporter, Failure> {
    let output = Output {
        stdout: Box::new(std::io::stdout()),
        // With `--json` standard output has events and nothing else.
        stderr: if global.json {
            Box::new(std::io::stderr())
        } else {
            Box::new(std::io::stdout())
        },
        terminal: false,
        width: world.width,
        color: world.data_color && !global.no_color,
        json: global.json,
    };
    let options = Options {
        mode: match subject {
            Subject::Deploy { .. } => Mode::Deploy,
            Subject::AdHoc { run } => mode(run),
        },
        verbose: true,
        ..Options::default()
    };
    Reporter::new(output, options).or_fail(ExitCode::Internal)
}

/// The hosts that the filters name; none where there is no filter.
fn chosen(world: &World, global: &Global, subject: &Subject) -> Result<Vec<HostName>, Failure> {
    let filter = filter(global);
    if filter.is_empty() {
        return Ok(Vec::new());
    }
    let targets = targets(subject);
    let keep = filter
        .keep(&format!("`{}`", subject.id()), &targets)
        .map_err(|error| diagnostic(world, error.exit_code(), &error))?;
    let kept = targets.iter().zip(keep).filter(|(_, keep)| *keep);
    Ok(kept.map(|(target, _)| target.name.clone()).collect())
}

fn targets(subject: &Subject) -> Vec<&HostTarget> {
    match subject {
        Subject::Deploy { plan } => plan.hosts.iter().map(|host| &host.target).collect(),
        Subject::AdHoc { run } => run.hosts.iter().map(|host| &host.target).collect(),
    }
}

/// What the log has about some hosts.
fn show_lines(journal: &Journal, deploy: &DeployId, hosts: &[HostName]) -> Result<(), Failure> {
    let path = journal.log_path(deploy).or_fail(ExitCode::Internal)?;
    let file = File::open(&path).map_err(|error| {
        let text = format!("there is no log of {deploy}: {}: {error}", path.display());
        Failure::new(ExitCode::Failed, text)
    })?;
    let mut stdout = std::io::stdout().lock();
    windlass_reporter::copy_host_lines(&mut BufReader::new(file), hosts, &mut stdout)
        .map_err(|error| report_failure(&error))
}
