//! The digest of a plan: by it `plan`, `deploy` and the journal tell whether they mean the same.
//!
//! Two plans with one digest do the same. What differs from one run to the next without changing what is done has no part
//! in it: the deploy's id, the name of the release that it makes, the number and id of a deploy root (beginning a deploy
//! gives them), when a host was booted, and the reason given with `-m`. It is no proof against forgery of a plan.

use sha2::{Digest as _, Sha256};
use windlass_model::hex::hex;
use windlass_model::{DeployKind, Plan, PlanDigest};

/// The SHA-256 of the plan's JSON form without what differs from run to run. Fields stand in the order of their declaration
/// and maps are sorted, so that one plan has one form.
///
/// # Panics
///
/// Never: the only thing without a JSON form is a map whose keys are no text, and a plan has none.
pub fn digest(plan: &Plan) -> PlanDigest {
    let mut plan = plan.clone();
    plan.reason = None;
    for host in &mut plan.hosts {
        host.fence = 0;
        host.root_id.clear();
        host.boot_id.clear();
    }
    let text = serde_json::to_string(&plan).expect("all maps of a plan have text for keys");
    // Scripts and paths bear both names.
    let mut text = text.replace(plan.deploy.as_str(), "DEPLOY");
    if plan.kind == DeployKind::Deploy {
        text = text.replace(plan.release.as_str(), "RELEASE");
    }
    PlanDigest::new(hex(&Sha256::digest(text)))
}
