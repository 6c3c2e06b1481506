//! What has been done of a deploy, as its hosts show it.

use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use std::collections::BTreeSet;
use windlass_engine::deposit::{self, KEEPERS};
use windlass_engine::{Place, Recovered, Shown, recover};
use windlass_journal::{Decision, State, Subject};
use windlass_model::layout::Layout;
use windlass_model::{ExitCode, Plan};

/// What the journal lacks of what the hosts have done.
pub(super) async fn done(
    fleet: &Fleet,
    subject: &Subject,
    state: &State,
    plan: &Plan,
) -> Result<Recovered, Failure> {
    let places = plan.hosts.iter().map(|host| {
        let place = Place::Deploy {
            root: host.root.clone(),
            deploy: plan.deploy.clone(),
            boot_id: host.boot_id.clone(),
            root_id: host.root_id.clone(),
            fence: host.fence,
        };
        (host.target.name.clone(), place)
    });
    let mut jobs = fleet.jobs(places.collect()).await?;
    // Hosts that share a root have the same records.
    let mut seen = BTreeSet::new();
    jobs.retain(|job| seen.insert(job.key.to_string()));
    let decided = decisions(fleet, plan).await?;
    let shown = Shown { jobs, decided };
    recover(subject, state, &shown).or_fail(ExitCode::Internal)
}

/// What was decided for all hosts, by the first that has word of it.
async fn decisions(fleet: &Fleet, plan: &Plan) -> Result<Vec<Decision>, Failure> {
    for host in plan
        .hosts
        .iter()
        .filter(|host| host.unlock.is_some())
        .take(KEEPERS)
    {
        let path = Layout::new(&host.root).decided(&plan.deploy);
        if let Ok(bytes) = fleet.read(&host.target.name, &path).await {
            return deposit::read_decisions(&bytes).or_fail(ExitCode::Failed);
        }
    }
    Ok(Vec::new())
}
