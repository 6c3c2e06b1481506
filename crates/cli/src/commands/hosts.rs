//! `status` and `releases`: what the hosts say, changing nothing on them.

use crate::args::{Global, StageArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::prepare::{Intention, Look, look, resolve};
use crate::screen::{data, table};
use crate::world::World;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use windlass_facts::{Current, HostFacts};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::{ExitCode, HostName, ReleaseName, Revision};

/// What all hosts of the stage say.
pub(crate) async fn facts(
    world: &World,
    context: &Context,
) -> Result<BTreeMap<HostName, HostFacts>, Failure> {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::open(world, context, &sender).await?;
    let resolved = resolve(world, context, &Intention::Rollback { to: None }).await?;
    let prepared = look(world, context, &fleet, resolved, Look::default()).await?;
    fleet.close().await;
    Ok(prepared.facts)
}

/// `status`.
pub(crate) async fn status(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let facts = facts(world, &context).await?;
    if global.json {
        for (host, facts) in &facts {
            let live = facts.live.as_ref().map(ReleaseName::as_str);
            let revision = facts.live_revision.as_ref().map(Revision::as_str);
            let lock = facts.lock.as_ref().map(|lock| lock.deploy.as_str());
            let row = serde_json::json!({ "host": host, "live": live, "revision": revision, "lock": lock });
            data(&format!("{row}\n"))?;
        }
        return Ok(ExitCode::Done);
    }
    let mut rows = vec![
        ["", "live", "", "since", "state", "previous"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(facts.iter().map(|(host, facts)| status_row(host, facts)));
    data(&table(&rows))?;
    for line in standing(&facts) {
        data(&format!("{line}\n"))?;
    }
    Ok(ExitCode::Done)
}

fn status_row(host: &HostName, facts: &HostFacts) -> Vec<String> {
    let live = match (&facts.live, &facts.current) {
        (Some(release), _) => release.to_string(),
        (None, Current::Link { target, .. }) => format!("→ {target}"),
        (None, _) => "nothing".to_owned(),
    };
    let of_live = facts.live.as_ref().and_then(|name| facts.release(name));
    let state = of_live
        .map(|release| facts.state(release).as_str().to_owned())
        .unwrap_or_default();
    let since = of_live
        .and_then(|release| release.record.as_ref())
        .map(|record| ago(record.since));
    let previous = facts
        .good()
        .filter(|release| facts.live.as_ref().is_some_and(|live| &release.name < live))
        .map(|release| release.name.to_string())
        .max();
    vec![
        host.to_string(),
        live,
        facts
            .live_revision
            .as_ref()
            .map(|revision| revision.short().to_owned())
            .unwrap_or_default(),
        since.unwrap_or_default(),
        state,
        previous.unwrap_or_default(),
    ]
}

/// How long ago, in the largest fitting unit.
fn ago(moment: windlass_model::clock::Timestamp) -> String {
    let seconds = SystemClock.now().since(moment).as_secs();
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// The lines below the table: deploys in flight, the lock, what is kept.
fn standing(facts: &BTreeMap<HostName, HostFacts>) -> Vec<String> {
    let mut lines = Vec::new();
    let locks: Vec<String> = facts
        .iter()
        .filter_map(|(host, facts)| {
            let lock = facts.lock.as_ref()?;
            Some(format!(
                "locked on {host} by {} on {} for {} since {}",
                lock.owner,
                lock.machine,
                lock.deploy,
                ago(lock.since)
            ))
        })
        .collect();
    let kept = facts
        .values()
        .map(|facts| facts.releases.len())
        .max()
        .unwrap_or(0);
    let failed: Vec<String> = facts
        .values()
        .flat_map(|facts| &facts.failed)
        .map(ToString::to_string)
        .collect();
    let aside = match failed.first() {
        Some(name) => format!(", failed kept aside: {name}"),
        None => String::new(),
    };
    if locks.is_empty() {
        lines.push(format!(
            "no deploy in flight · lock free · {kept} releases kept{aside}"
        ));
    } else {
        lines.extend(locks);
        lines.push("windlass resume goes on with it, windlass cancel undoes it".to_owned());
    }
    lines
}

/// `releases`.
pub(crate) async fn releases(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let facts = facts(world, &context).await?;
    let mut rows = vec![
        ["host", "release", "revision", "state", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (host, facts) in &facts {
        let mut releases = facts.classified();
        releases.sort_by(|one, other| other.name.cmp(&one.name));
        for release in releases {
            let live = facts.live.as_ref() == Some(&release.name);
            if global.json {
                let row = serde_json::json!({ "host": host, "release": release.name, "revision": release.revision, "state": release.state, "live": live });
                data(&format!("{row}\n"))?;
                continue;
            }
            rows.push(vec![
                host.to_string(),
                release.name.to_string(),
                release
                    .revision
                    .as_ref()
                    .map(|revision| revision.short().to_owned())
                    .unwrap_or_default(),
                release.state.as_str().to_owned(),
                if live {
                    "live".to_owned()
                } else {
                    String::new()
                },
            ]);
        }
    }
    if !global.json {
        data(&table(&rows))?;
    }
    Ok(ExitCode::Done)
}
