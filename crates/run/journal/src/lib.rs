//! The crash-safe record of deploys on the controller
