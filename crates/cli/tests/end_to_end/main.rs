//! Whole runs of the built binary against real daemons. Linux only, like the laboratory.

#![cfg(target_os = "linux")]

mod adhoc;
mod agent;
mod bad_input;
mod capistrano;
mod command_line;
mod ends;
mod faults;
mod fleet;
mod interrupts;
mod outputs;
mod plans;
mod rails;
mod reach;
mod revisions;
mod setup;
mod sources;
mod start;
mod support;
mod terminal;
