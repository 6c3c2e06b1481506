//! Reads windlass.toml in layers; every value knows where it came from.
//!
//! Defaults ← file ← stage ← role ← host ← `WINDLASS_*` ← command line. One table of keys drives what is known, of which
//! type it is, what it means and where it may stand. Whatever is not understood is a mistake with its place and a way
//! out; nothing is ever ignored. The crate reads the file it is told to read and nothing else: no environment, no
//! network, no terminal.
//!
//! ```
//! use windlass_config::{Config, Given, Source};
//!
//! let text = "application = \"shop\"\n[stages.production]\nhosts = [\"deploy@web1.example.com\"]\n";
//! let config = Config::load(&Source::file("windlass.toml", text), Given::default())?;
//! let stage = config.stage("production")?;
//! assert_eq!(stage.settings().deploy_to, "/var/www/shop");
//! # Ok::<(), windlass_config::Mistakes>(())
//! ```

mod check;
mod config;
mod cross;
mod error;
mod excerpt;
mod file;
mod given;
mod health;
mod hosts;
mod keys;
mod layer;
mod origin;
mod placeholder;
mod read;
mod recipes;
mod schema;
mod secret;
mod suggest;
mod typing;
mod value;

pub use check::COMMANDS;
pub use config::{Config, Effective, Given, Stage};
pub use error::{Error, Mistake, Mistakes};
pub use file::{FILE_NAME, find, read};
pub use given::{Argument, names};
pub use hosts::HostEntry;
pub use origin::{Origin, Place, Source};
pub use schema::{reference, schema};
pub use suggest::nearest;
pub use windlass_model::units::{duration, show_duration, show_size};
