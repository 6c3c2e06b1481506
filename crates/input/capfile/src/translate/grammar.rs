//! Whether our settings accept a value of a Capistrano project. The rules are the model's; what is said here besides is that
//! a value must be settled when it is written down. The answer is the reason for a refusal.

use crate::evaluate::expression::{HERE_HOME, VARIABLE};
use windlass_model::address::Address;
use windlass_model::grammar::{self, without_password};
pub(super) use windlass_model::grammar::{
    application, branch, group, inner_path, line, linked, pattern, rake_task, role, root,
    ruby_version, search_path, task, user, variable,
};

pub(super) type Verdict = Result<(), String>;

/// Whether a value is settled and keeps a rule.
pub(super) fn check(rule: fn(&str) -> Verdict, text: &str) -> Verdict {
    if text.contains(VARIABLE) {
        return Err("the value depends on the release, which settings cannot name".to_owned());
    }
    if text.contains(HERE_HOME) {
        return Err(
            "the value names the home of this machine; write the path on the host".to_owned(),
        );
    }
    if text.contains(['{', '}']) {
        return Err("the value holds a brace, which stands for a placeholder here".to_owned());
    }
    rule(text).map_err(|reason| format!("the value {reason}"))
}

/// Where a repository is.
pub(super) fn repository(text: &str) -> Verdict {
    if without_password(text).is_some() {
        return Err(
            "holds a password or token in its URL; git's credential helper keeps it".to_owned(),
        );
    }
    grammar::repository(text)
}

/// The address of a host, as ours are written, from what Capistrano has apart.
pub(super) fn address(host: &str, user: Option<&str>, port: Option<i64>) -> Result<String, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut text = match bare.parse::<std::net::Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    };
    let alone = Address::parse(&text);
    let is_one = |found: &Address| found.names.len() == 1 && found.user.is_none();
    if !alone.is_ok_and(|found| is_one(&found) && found.port.is_none()) {
        return Err(format!("`{host}` is no address"));
    }
    if let Some(user) = user {
        check(grammar::user, user)?;
        text = format!("{user}@{text}");
    }
    if let Some(port) = port {
        text = format!("{text}:{port}");
    }
    Ok(text)
}
