//! Whole runs of the built binary against real daemons. Linux only, like the laboratory.

#![cfg(target_os = "linux")]

mod adhoc;
mod agent;
mod bad_input;
mod cap;
mod capistrano;
mod changed_since;
mod ci_action;
mod command_line;
mod completions;
mod elsewhere;
mod ends;
mod faults;
mod fleet;
mod health;
mod health_here;
mod in_the_way;
mod interrupts;
mod locks;
mod looking;
mod newcomer;
mod outputs;
mod plans;
mod rails;
mod reach;
mod revisions;
mod rollout;
mod secrets;
mod setup;
mod sharp_edges;
mod sources;
mod start;
mod support;
mod takeover;
mod terminal;
