//! A fake backend that fails, repeats and crashes every step, and the proofs made with it.
//!
//! [`World`] stands for the hosts: it keeps job records as they do, goes on when the controller dies, and notes every
//! violation of what Windlass promises, such as an undo that runs beside what it undoes. [`every_step`] lets each step
//! of a plan fail in turn, [`every_crash`] stops the controller before and after every journal record and resumes it.
//! Any plan will do: what a command does is known by its step, not by its script.
//!
//! Time is tokio's and is meant to be paused; nothing here depends on how fast anything is.

mod crash;
mod failures;
mod fake;
mod machine;
mod plans;
mod proof;
mod script;
mod simulation;
mod world;

pub use crash::{Crash, CrashingStore};
pub use failures::{every_failure, every_retry, every_spared_host};
pub use fake::FakeBackend;
pub use machine::Machine;
pub use plans::{PlanMaker, host_name};
pub use proof::{Bench, Ending, every_crash, every_second_crash, every_step};
pub use script::{Deed, Script};
pub use simulation::{Story, simulate};
pub use world::{Start, World};
