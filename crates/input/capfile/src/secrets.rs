//! What looks as if it lets somebody in is not copied: neither into comments nor onto the screen.

/// Words beside which a secret stands.
const WORDS: &[&str] = &[
    "passw",
    "secret",
    "token",
    "api_key",
    "apikey",
    "credential",
    "passphrase",
];

/// Whether text looks as if it held a secret.
pub(crate) fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let url = lower.contains("://") && lower.contains('@');
    url || WORDS.iter().any(|word| lower.contains(word))
}

/// Whether a variable of this name is likely to hold a secret.
pub(crate) fn names_secret(variable: &str) -> bool {
    looks_secret(variable) || variable.to_ascii_lowercase().contains("key")
}

/// A line without its quoted words, where the statement looks as if one of them lets somebody in.
pub(crate) fn without_secrets(statement: &str, line: &str) -> String {
    if !looks_secret(statement) {
        return line.to_owned();
    }
    match line.find(['"', '\'', '%', '`', '<']) {
        Some(at) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}
