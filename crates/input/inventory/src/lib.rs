//! Config and filters in, hosts with their roles out
