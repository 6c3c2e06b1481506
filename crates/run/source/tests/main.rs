//! The source against real git repositories in temporary directories.

#[cfg(test)]
#[path = "main/repository.rs"]
mod repository;

#[cfg(test)]
#[path = "main/changes.rs"]
mod changes;
#[cfg(test)]
#[path = "main/mirror.rs"]
mod mirror;
#[cfg(test)]
#[path = "main/open.rs"]
mod open;
#[cfg(test)]
#[path = "main/pack.rs"]
mod pack;
#[cfg(test)]
#[path = "main/resolve.rs"]
mod resolve;
#[cfg(test)]
#[path = "main/submodule.rs"]
mod submodule;
#[cfg(test)]
#[path = "main/working_copy.rs"]
mod working_copy;
