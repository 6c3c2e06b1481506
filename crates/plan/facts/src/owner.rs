//! Whose a deploy is: asking how it stands at a root, and becoming the owner of one that another controller began, or that
//! was lost to one.
//!
//! Whoever takes over raises the number of the deploy root first, so that what the old controller may still ask for is not
//! started. What it started before goes on: it is the new owner's to follow or to stop.

use crate::error::Error;
use crate::lease::Lease;
use crate::lock::Lock;
use crate::records::records;
use crate::script::{OURS, TOOLS};
use windlass_model::plan::LEASE;
use windlass_model::{DeployId, Script};

const TAKE_OVER: &str = include_str!("sh/take_over.sh");
const STAND: &str = include_str!("sh/stand.sh");

/// The wish to become a deploy's owner at a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeOver {
    /// The deploy root.
    pub root: String,
    /// The lock as it is to stand there from now on, for the same deploy.
    pub lock: Lock,
    /// Whether a controller that was heard of lately keeps it.
    pub patient: bool,
}

/// What came of the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The deploy has this number now.
    Over(u64),
    /// Its controller was heard of lately; nothing was changed.
    Held,
    /// The deploy holds no lock here, any more or at all; nothing was changed.
    Gone,
}

/// The script that takes over; its standard output is for [`read_take_over`]. Where it was tried and did not work it ends
/// with a status that is not 0, and says why on standard error. Said again it takes over again.
pub fn take_over(wish: &TakeOver) -> String {
    let text = [TOOLS, OURS, TAKE_OVER].concat();
    Script::new()
        .path("root", &wish.root)
        .var("deploy", wish.lock.deploy.as_str())
        .var("lock", &wish.lock.render())
        .var("lease", &LEASE.as_secs().to_string())
        .var("patient", if wish.patient { "1" } else { "" })
        .with(&text)
}

/// Reads what [`take_over`] wrote.
pub fn read_take_over(stdout: &[u8]) -> Result<Taken, Error> {
    let mut taken = None;
    for (name, value) in records(stdout)? {
        match (name.as_str(), value.as_str()) {
            ("taken", "held") => taken = Some(Taken::Held),
            ("taken", "gone") => taken = Some(Taken::Gone),
            ("taken", number) => taken = number.parse().ok().map(Taken::Over),
            _ => {}
        }
    }
    taken.ok_or_else(|| Error::Senseless {
        record: "taken".to_owned(),
        value: String::new(),
    })
}

/// How a deploy stands at a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// How it was decided; none = it is not over here.
    pub decision: Option<String>,
    /// What was decided for all hosts, as the engine left it; none where it left nothing here.
    pub decided: Option<String>,
    /// What is known of its controller.
    pub lease: Option<Lease>,
}

/// The script that asks how a deploy stands; its standard output is for [`read_stand`]. It changes nothing.
pub fn stand(root: &str, deploy: &DeployId) -> String {
    let text = [TOOLS, OURS, STAND].concat();
    Script::new()
        .path("root", root)
        .var("deploy", deploy.as_str())
        .with(&text)
}

/// Reads what [`stand`] wrote.
pub fn read_stand(stdout: &[u8]) -> Result<Stand, Error> {
    let mut stand = Stand::default();
    for (name, value) in records(stdout)? {
        match name.as_str() {
            "decision" => stand.decision = Some(value),
            "decided" => stand.decided = Some(value),
            "lease" => stand.lease = Lease::read(&value),
            _ => {}
        }
    }
    Ok(stand)
}
