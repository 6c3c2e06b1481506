//! The commands, one file each or one for a family; each reads like a sentence.

pub(crate) mod attach;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod exec;
pub(crate) mod history;
pub(crate) mod hosts;
pub(crate) mod init;
pub(crate) mod lock;
pub(crate) mod resume;
pub(crate) mod settings;
pub(crate) mod setup;
