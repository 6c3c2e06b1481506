//! `history` and `show`: what this machine did, from its journal and records.

use crate::args::{Global, HistoryArgs, ShowArgs};
use crate::carry_out::journal;
use crate::commands::resume::find;
use crate::detach::replay;
use crate::error::{Failure, OrFail as _};
use crate::screen::{data, table};
use crate::telling::Telling;
use crate::world::World;
use windlass_journal::{Filter, Subject, Summary};
use windlass_model::ExitCode;

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
    if global.json {
        for entry in &listed {
            let row = serde_json::json!({
                "id": entry.subject.id(), "stage": entry.subject.stage(), "what": what(&entry.subject),
                "started": entry.started, "standing": entry.standing.as_str(),
            });
            data(&format!("{row}\n"))?;
        }
        return Ok(ExitCode::Done);
    }
    let mut rows = vec![
        ["id", "started (UTC)", "stage", "what", "end"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(listed.iter().map(row));
    data(&table(&rows))?;
    Ok(ExitCode::Done)
}

fn row(entry: &Summary) -> Vec<String> {
    let started = i64::try_from(entry.started.seconds())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map(|moment| moment.strftime("%Y-%m-%d %H:%M:%S").to_string());
    vec![
        entry.subject.id().to_string(),
        started.unwrap_or_default(),
        entry.subject.stage().to_owned(),
        what(&entry.subject),
        entry.standing.as_str().to_owned(),
    ]
}

fn what(subject: &Subject) -> String {
    match subject.plan() {
        Some(plan) => {
            let revision = plan
                .revision
                .as_ref()
                .map(|revision| format!(" ({})", revision.short()))
                .unwrap_or_default();
            let kind = match plan.kind {
                windlass_model::DeployKind::Deploy => "deploy",
                windlass_model::DeployKind::Rollback => "rollback",
            };
            let reason = plan
                .reason
                .as_ref()
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default();
            format!("{kind} {}{revision}{reason}", plan.release)
        }
        None => match subject {
            Subject::AdHoc { run } => run.show.clone(),
            Subject::Deploy { .. } => String::new(),
        },
    }
}

/// `show`.
pub(crate) fn show(world: &World, global: &Global, args: &ShowArgs) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let deploy = match &args.target {
        Some(word) => find(&journal, word)?,
        None => {
            let listed = journal
                .list(&Filter {
                    limit: Some(1),
                    ..Filter::default()
                })
                .or_fail(ExitCode::Internal)?;
            let newest = listed.first().map(|entry| entry.subject.id().clone());
            newest.ok_or_else(|| {
                Failure::new(ExitCode::Failed, "this machine has done nothing yet")
            })?
        }
    };
    let everything = Global {
        verbose: true,
        ..global.clone()
    };
    replay(world, &everything, &journal, &deploy, &Telling::default())?;
    Ok(ExitCode::Done)
}
