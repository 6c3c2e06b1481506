//! Why nobody is logged in.

/// All ways to log in were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{endpoint}` refused to let us in: tried {}; it allows {}{}",
    list(tried, "nothing"),
    list(allowed, "what it does not say"),
    not_used(unusable)
)]
pub struct AuthError {
    /// The login, as `user@address:port`.
    pub endpoint: String,
    /// What was offered, in order, in a few words each.
    pub tried: Vec<String>,
    /// The methods that the server would take.
    pub allowed: Vec<String>,
    /// Keys that could not be offered, each with the reason.
    pub unusable: Vec<String>,
}

fn list(words: &[String], none: &str) -> String {
    if words.is_empty() {
        none.to_owned()
    } else {
        words.join(", ")
    }
}

fn not_used(unusable: &[String]) -> String {
    if unusable.is_empty() {
        return String::new();
    }
    format!("; could not use {}", unusable.join(", "))
}

/// Why nobody is logged in.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused all that we have.
    Refused(AuthError),
    /// The connection ended; what was tried before.
    Lost(AuthError),
}
