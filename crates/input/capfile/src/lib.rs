//! Reads a Capistrano project and writes the windlass.toml that deploys it.
//!
//! Capfile, deploy.rb, the stages and the task files are parsed as Ruby and evaluated as far as that is possible without
//! running anything: no file, command, environment or network is asked. Every statement of the source is accounted for:
//! it is carried over, needs nothing here, or is a TODO with its place and the reason. It does not run Capistrano, and
//! it does not guess: what is not understood is told of.
//!
//! ```
//! use windlass_capfile::{SourceFile, Surroundings, import};
//!
//! let files = [
//!     SourceFile::new("config/deploy.rb", "set :application, 'shop'\nset :mood, `uptime`\n"),
//!     SourceFile::new("config/deploy/production.rb", "server 'web1.example.com', roles: %w[app]\n"),
//! ];
//! let around = Surroundings { reserved: &[], application: "folder" };
//! let imported = import(&files, around)?;
//! assert!(imported.text.contains("application = \"shop\""));
//! assert_eq!(imported.todos[0].line, 2);
//! # Ok::<(), windlass_capfile::Error>(())
//! ```

#[cfg(test)]
mod accounted;
mod comment;
mod error;
mod evaluate;
mod files;
mod import;
mod ledger;
mod output;
mod outside;
mod pattern;
mod secrets;
mod syntax;
mod toml;
mod translate;
mod value;

pub use error::Error;
pub use files::SourceFile;
pub use import::{Account, Imported, Surroundings, Todo, import};
pub use ledger::Fate;
