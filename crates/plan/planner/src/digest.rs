//! The digest of a plan: what the journal refers to.

use sha2::{Digest as _, Sha256};
use windlass_model::{Plan, PlanDigest};

/// The SHA-256 of the plan's JSON form. Fields stand in the order of their declaration and maps are sorted, so that one
/// plan has one form.
pub fn digest(plan: &Plan) -> PlanDigest {
    let json = serde_json::to_vec(plan).expect("all maps of a plan have text for keys");
    let hex: String = Sha256::digest(&json)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    PlanDigest::new(hex)
}
