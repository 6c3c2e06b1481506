//! Reads windlass.toml in layers; every value knows its origin
