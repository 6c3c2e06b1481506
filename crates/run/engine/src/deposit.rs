//! The plan and what was decided on the way, as they lie on hosts: what another machine needs to go on with a deploy that it
//! did not begin.
//!
//! JSON, compressed, since the steps of many hosts say nearly the same. It holds the names of secrets and never their
//! values, and carries a number: a reader that does not know it says which version does.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::io::{self, Read as _, Write as _};
use thiserror::Error as ThisError;
use windlass_journal::Decision;
use windlass_model::clock::Timestamp;
use windlass_model::plan::PLAN_FORMAT;
use windlass_model::{Plan, PlanDigest};

/// On so many hosts, the first of the plan, it is left.
pub const KEEPERS: usize = 3;

/// A plan that is longer than this, in bytes, is not read: no deploy makes one.
const LONGEST: u64 = 1 << 30;

/// What was left on a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deposit {
    /// What the deploy does.
    pub plan: Plan,
    /// The digest of its plan.
    pub digest: PlanDigest,
    /// When it began, by the clock of the controller that began it.
    pub started: Timestamp,
}

/// What stands in every format, so that a newer one can be told.
#[derive(Deserialize)]
struct Head {
    written_by: String,
    plan: HeadPlan,
}

#[derive(Deserialize)]
struct HeadPlan {
    format: u32,
}

#[derive(Serialize)]
struct Text<'a> {
    written_by: &'a str,
    plan: &'a Plan,
    digest: &'a PlanDigest,
    started: Timestamp,
}

/// Why what a host keeps cannot be read.
#[derive(Debug, ThisError)]
pub enum DepositError {
    /// It is no plan, or not a whole one.
    #[error("plan cannot be read")]
    Broken(#[from] io::Error),
    /// It makes no sense.
    #[error("plan makes no sense")]
    Senseless(#[from] serde_json::Error),
    /// It was written by a newer Windlass.
    #[error("plan has format {found}: Windlass {needs} or newer is needed")]
    Newer {
        /// Its format.
        found: u32,
        /// The version that wrote it.
        needs: String,
    },
}

/// A plan as bytes.
pub(crate) fn pack(plan: &Plan, digest: &PlanDigest, started: Timestamp) -> io::Result<Vec<u8>> {
    let text = Text {
        written_by: env!("CARGO_PKG_VERSION"),
        plan,
        digest,
        started,
    };
    let text = serde_json::to_vec(&text)?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&text)?;
    packed.finish()
}

/// Decisions as bytes.
pub(crate) fn pack_decisions(decisions: &[Decision]) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(decisions)?)
}

/// Reads decisions that were left on a host. One that is not known here was made by a newer Windlass.
pub fn read_decisions(bytes: &[u8]) -> Result<Vec<Decision>, DepositError> {
    Ok(serde_json::from_slice(bytes)?)
}

/// The last of what several hosts have word of: they are told one after another, and not all may have heard the end.
pub fn last_decisions(left: Vec<Vec<Decision>>) -> Vec<Decision> {
    let is_undo = |decision: &Decision| matches!(decision, Decision::Undo { .. });
    let age = |decisions: &Vec<Decision>| (decisions.iter().any(is_undo), decisions.len());
    left.into_iter().max_by_key(age).unwrap_or_default()
}

/// Reads what a host kept.
pub fn read(bytes: &[u8]) -> Result<Deposit, DepositError> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(LONGEST).read_to_end(&mut text)?;
    let head: Head = serde_json::from_slice(&text)?;
    if head.plan.format > PLAN_FORMAT {
        return Err(DepositError::Newer {
            found: head.plan.format,
            needs: head.written_by,
        });
    }
    Ok(serde_json::from_slice(&text)?)
}
