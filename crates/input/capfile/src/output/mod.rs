//! The sheets of all stages as one windlass.toml.

mod layout;
mod merge;

pub(crate) use layout::write;
pub(crate) use merge::merge;
