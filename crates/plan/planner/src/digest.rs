//! The digest of a plan: what the journal refers to.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use windlass_model::{DeployKind, Plan, PlanDigest};

/// The SHA-256 of the plan's JSON form. Fields stand in the order of their declaration and maps are sorted, so that one
/// plan has one form.
///
/// # Panics
///
/// Never: the only thing without a JSON form is a map whose keys are no text, and a plan has none.
pub fn digest(plan: &Plan) -> PlanDigest {
    hash(&json(plan))
}

/// The same of all that does not differ from one run to the next: two plans with one likeness do the same, although each
/// deploy has its own id, number and release name.
///
/// # Panics
///
/// Never, as [`digest`].
pub fn likeness(plan: &Plan) -> PlanDigest {
    let mut plan = plan.clone();
    for host in &mut plan.hosts {
        host.fence = 0;
        host.root_id.clear();
    }
    let mut text = json(&plan).replace(plan.deploy.as_str(), "DEPLOY");
    if plan.kind == DeployKind::Deploy {
        text = text.replace(plan.release.as_str(), "RELEASE");
    }
    hash(&text)
}

fn json(plan: &Plan) -> String {
    serde_json::to_string(plan).expect("all maps of a plan have text for keys")
}

fn hash(text: &str) -> PlanDigest {
    let mut hex = String::new();
    for byte in Sha256::digest(text) {
        write!(hex, "{byte:02x}").expect("a string takes everything");
    }
    PlanDigest::new(hex)
}
