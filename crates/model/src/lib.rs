//! The vocabulary of Windlass as plain types.
//!
//! Every word that two crates share is defined here once: hosts, jobs, steps, plans, events, exit codes. The crate
//! guarantees that its values can be sent, stored and compared; it never reads a file, the network, the environment
//! or a terminal, and it knows the time only through [`clock::Clock`].

pub mod address;
pub mod changes;
pub mod clock;
pub mod command;
pub mod disconnect;
pub mod event;
pub mod exit_code;
pub mod grammar;
pub mod health;
pub mod hex;
pub mod host;
pub mod id;
pub mod inventory;
pub mod job;
pub mod layout;
pub mod outcome;
pub mod overview;
pub mod plan;
pub mod release;
pub mod rollout;
pub mod script;
pub mod secret;
pub mod settings;
pub mod shell;
pub mod step;
pub mod technology;
pub mod text;
pub mod units;

pub use changes::Changes;
pub use command::{Command, Environment};
pub use disconnect::DisconnectKind;
pub use event::{Event, EventBody};
pub use exit_code::ExitCode;
pub use host::HostTarget;
pub use id::{DeployId, HostName, PlanDigest, ReleaseName, Revision, StepId, TaskName};
pub use inventory::Inventory;
pub use job::{JobKey, Pulse, Stream};
pub use outcome::{CommandEnd, ExitStatus, StepOutcome};
pub use overview::Overview;
pub use plan::{DeployKind, Phase, Plan};
pub use script::Script;
pub use secret::{Secret, Secrets};
pub use settings::Settings;
pub use step::{Action, Step, Undo};
