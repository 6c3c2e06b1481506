//! Numbers as people read them. Each concept has one module, so that a duration looks the same on every screen.

pub mod duration;
pub mod moment;
pub mod plural;
pub mod size;
