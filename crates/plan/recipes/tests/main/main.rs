//! Plans of the standard recipes: as text, and carried out. Linux only, like the hosts.

#![cfg(target_os = "linux")]
#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]

mod begun;
mod case;
mod deploys;
mod health;
mod health_plans;
mod managers;
mod placing;
mod plans;
mod rails;
mod sources;
mod support;
mod tasks;
mod undone;
mod upkeep;
