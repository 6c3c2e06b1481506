//! How long tasks took the last time, from this machine's journal.

use windlass_journal::{Error, Filter, Journal, Record, Standing, Store as _};
use windlass_model::Plan;
use windlass_reporter::Earlier;

/// So many entries of the stage are looked through for one that was good.
const LOOKED_AT: u32 = 20;

/// How long each task of a plan took in the last deploy of the same kind that was good. Nothing where there is none; that
/// it cannot be read must not hold a deploy up either.
pub(crate) fn earlier(journal: &Journal, plan: &Plan) -> Earlier {
    read(journal, plan).unwrap_or_else(|error| {
        tracing::debug!(%error, "how long tasks took the last time is not known");
        Earlier::new()
    })
}

fn read(journal: &Journal, plan: &Plan) -> Result<Earlier, Error> {
    let filter = Filter {
        stage: Some(plan.stage.clone()),
        deploys_only: true,
        limit: Some(LOOKED_AT),
        ..Filter::default()
    };
    let listed = journal.list(&filter)?;
    let last = listed
        .iter()
        .filter(|entry| entry.standing == Standing::Deployed)
        .filter_map(|entry| entry.subject.plan())
        .find(|last| last.application == plan.application && last.kind == plan.kind);
    let Some(last) = last else {
        return Ok(Earlier::new());
    };
    let records = journal.load(&last.deploy)?.records;
    let durations = records.iter().filter_map(|(_, record)| match record {
        Record::Outcome { step, duration, .. } => {
            let step = last.step(step)?;
            Some(((step.task.clone(), step.host.clone()), *duration))
        }
        _ => None,
    });
    // Of several attempts the last one counts.
    Ok(durations.collect())
}
