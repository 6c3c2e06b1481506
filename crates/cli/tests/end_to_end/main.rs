//! Whole runs of the built binary against real daemons. Linux only, like the laboratory.

#![cfg(target_os = "linux")]

mod bad_input;
mod ends;
mod faults;
mod fleet;
mod interrupts;
mod outputs;
mod reach;
mod sources;
mod start;
mod support;
mod terminal;
