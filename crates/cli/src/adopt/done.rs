//! What has been done of a deploy, as its hosts show it, and what of that stands against going on.

use super::Wish;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use windlass_engine::deposit::{self, KEEPERS};
use windlass_engine::{Recovered, Shown, recover};
use windlass_journal::{Decision, Record, State, Subject};
use windlass_model::layout::Layout;
use windlass_model::{DeployId, ExitCode, Plan};

/// What the journal lacks of what the hosts have done.
pub(super) async fn done(
    fleet: &Fleet,
    subject: &Subject,
    state: &State,
    plan: &Plan,
) -> Result<Recovered, Failure> {
    let jobs = fleet.jobs_of(plan).await?;
    let decided = decisions(fleet, plan).await?;
    let shown = Shown { jobs, decided };
    recover(subject, state, &shown).or_fail(ExitCode::Internal)
}

/// What was decided for all hosts, as the keepers have word of it.
async fn decisions(fleet: &Fleet, plan: &Plan) -> Result<Vec<Decision>, Failure> {
    let mut left = Vec::new();
    for host in plan.root_keepers().take(KEEPERS) {
        let path = Layout::new(&host.root).decided(&plan.deploy);
        if let Ok(bytes) = fleet.read(&host.target.name, &path).await {
            left.push(deposit::read_decisions(&bytes).or_fail(ExitCode::Failed)?);
        }
    }
    Ok(deposit::last_decisions(left))
}

/// What a deploy that failed and was left to a person needs, or one that is being undone: known before anything is taken.
pub(super) fn refused(plan: &Plan, wish: Wish, so_far: &Recovered) -> Result<(), Failure> {
    for record in &so_far.records {
        match (wish, record) {
            (Wish::GoOn, Record::Decision(Decision::Pause { reason, .. })) => {
                return Err(paused(&plan.stage, &plan.deploy, reason).unchanged());
            }
            (Wish::Retry, Record::Decision(Decision::Undo { .. })) => {
                return Err(undoing(&plan.stage, &plan.deploy).unchanged());
            }
            _ => {}
        }
    }
    Ok(())
}

/// A deploy waits for a person. It is called by `name`.
pub(crate) fn paused(name: &str, deploy: &DeployId, reason: &str) -> Failure {
    let text = format!("{deploy} is paused after a failure: {reason}");
    Failure::new(ExitCode::Parked, text)
        .hint(format!("windlass resume --retry {name} tries it again"))
        .hint(format!("windlass cancel {name} undoes what was done"))
}

/// A deploy is being undone, so that nothing is tried again.
pub(crate) fn undoing(name: &str, deploy: &DeployId) -> Failure {
    let text = format!("{deploy} is being undone, so that nothing is tried again");
    Failure::new(ExitCode::Failed, text).hint(format!("windlass resume {name} goes on with that"))
}
