//! The standard recipes, one file per technology
