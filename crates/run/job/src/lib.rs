//! Commands that outlive their connection
