//! Sessions to hosts over SSH that survive lost connections
