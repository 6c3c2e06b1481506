//! Recipes, hooks, inventory and facts in, an immutable plan out.
//!
//! Same input, same plan: nothing in here reads a file, the network, a clock or chance. Every step of a plan has its
//! undo or says in writing why it has none. The planner orders and judges; what a task does on a host is written in
//! the recipes, which come in through [`Recipe`].

mod batches;
mod digest;
mod environment;
mod error;
mod hooks;
mod order;
mod overview;
mod phases;
mod plan;
mod precheck;
mod preview;
mod recipe;
mod refusal;
mod release_name;
mod request;
mod rollback;
mod root;
mod scope;
mod user_task;

pub use digest::digest;
pub use environment::deploy_variables;
pub use error::Error;
pub use overview::{Told, in_the_way, overview};
pub use plan::{Note, Planned, plan, task};
pub use precheck::precheck;
pub use preview::{Links, Preview, preview};
pub use recipe::{Barrier, Draft, Lack, Place, Recipe, Surroundings, TaskSpec};
pub use refusal::{Reason, Refusal};
pub use release_name::next_release;
pub use request::{Request, Run, Wanted};
pub use rollback::{RollbackTarget, rollback_target};
pub use root::unwritable;
pub use scope::{Scope, ScopeHost};
pub use user_task::one_line;
