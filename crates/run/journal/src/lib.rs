//! The crash-safe record of what this machine's engines did: intent before act, outcome before it is shown.
//!
//! One SQLite file (WAL, synchronous FULL) holds every deploy and ad hoc run: its subject (the plan, or the commands of
//! an `exec`) and its records in order. [`Store::append`] returns when the records are on disk; several records given to
//! it at once cost one sync, which is how an engine with many hosts keeps up. A record that does not fit what came before
//! it is refused, so that what is read back is always a state that an engine can go on from.
//!
//! The journal does not decide anything, knows no recipe, and is not the truth about the hosts: their own records are.

mod error;
mod list;
mod owner;
mod record;
mod replay;
mod schema;
mod sqlite;
mod store;
mod subject;

pub use error::{Error, Illegal};
pub use list::{Filter, Standing, Summary};
pub use owner::Owner;
pub use record::{Decision, Record};
pub use replay::{Attempt, Progress, State};
pub use schema::FORMAT;
pub use sqlite::Journal;
pub use store::{Store, Stored};
pub use subject::{AdHoc, AdHocHost, Subject};
