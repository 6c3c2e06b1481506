//! What our settings accept, as far as values of a Capistrano project meet it. The answer is the reason for a refusal.

use windlass_model::shell::is_variable_name;

type Verdict = Result<(), String>;

pub(super) fn line(text: &str) -> Verdict {
    if text.trim().is_empty() {
        return Err("the value is empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("the value holds a line break or control character".to_owned());
    }
    if text.contains("${DEPLOY_") {
        return Err("the value depends on the release, which settings cannot name".to_owned());
    }
    if text.contains(['{', '}']) {
        return Err("the value holds a brace, which stands for a placeholder here".to_owned());
    }
    Ok(())
}

pub(super) fn application(text: &str) -> Verdict {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if text.is_empty() || !text.chars().all(plain) || text.chars().all(|c| c == '.') {
        return Err("a name may have letters, digits, `.`, `-` and `_` only".to_owned());
    }
    Ok(())
}

pub(super) fn role(text: &str) -> Verdict {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if text.is_empty() || text == "all" || text.starts_with('-') || !text.chars().all(plain) {
        return Err(format!("`{text}` cannot be the name of a role here"));
    }
    Ok(())
}

pub(super) fn task(text: &str) -> Verdict {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    if text.is_empty() || text.starts_with('-') || !text.chars().all(plain) {
        return Err(format!("`{text}` cannot be the name of a task here"));
    }
    Ok(())
}

pub(super) fn repository(text: &str) -> Verdict {
    line(text)?;
    if text.starts_with('-') {
        return Err("the value begins with `-`".to_owned());
    }
    if holds_password(text) {
        return Err(
            "the URL holds a password or token; git's credential helper keeps it".to_owned(),
        );
    }
    Ok(())
}

/// Whether a URL lets somebody in.
pub(crate) fn holds_password(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((login, _)) => scheme.to_ascii_lowercase().contains("http") || login.contains(':'),
        None => false,
    }
}

pub(super) fn branch(text: &str) -> Verdict {
    line(text)?;
    if text.starts_with('-')
        || text.contains("..")
        || text.contains([' ', '~', '^', ':', '?', '*', '[', '\\'])
    {
        return Err("git allows no branch or tag of this name".to_owned());
    }
    Ok(())
}

pub(super) fn root(text: &str) -> Verdict {
    line(text)?;
    let below = text.strip_prefix("~/").or_else(|| text.strip_prefix('/'));
    match below {
        Some(below) if !below.trim_matches('/').is_empty() && !climbs(below) => Ok(()),
        _ => Err("the deploy root must be absolute or below `~/`".to_owned()),
    }
}

pub(super) fn relative(text: &str) -> Verdict {
    line(text)?;
    let text = text.trim_end_matches('/');
    let odd = |part: &str| part.is_empty() || part == "." || part == "..";
    if text.starts_with('/') || text.starts_with("~/") || text.split('/').any(odd) {
        return Err(format!("`{text}` is no path below the release"));
    }
    if ["REVISION", "REVISION_TIME"].contains(&text) {
        return Err(format!(
            "`{text}` is written by every deploy and cannot be shared"
        ));
    }
    Ok(())
}

pub(super) fn variable(name: &str) -> Verdict {
    if !is_variable_name(name) || name.starts_with("WINDLASS_") {
        return Err(format!("`{name}` cannot be the name of a variable here"));
    }
    Ok(())
}

pub(super) fn user(text: &str) -> Verdict {
    line(text)?;
    let odd = |c: char| c.is_whitespace() || "@:/'\"`$;&|<>()\\".contains(c);
    if text.starts_with('-') || text.contains(odd) {
        return Err(format!("`{text}` cannot be a login"));
    }
    Ok(())
}

pub(super) fn host(text: &str) -> Verdict {
    line(text)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]%".contains(c);
    let v6 = text.contains([':', '[', ']', '%']);
    let odd = text.starts_with(['-', '.']) || text.contains("..") || text.len() > 253;
    if odd || !text.chars().all(plain) || (v6 && address(text).is_none()) {
        return Err(format!("`{text}` is no address"));
    }
    Ok(())
}

/// A directory of the host.
pub(super) fn directory(text: &str) -> Verdict {
    line(text)?;
    let known = text.starts_with('/') || text.starts_with("~/");
    if !known || text.contains([':', '$']) {
        return Err("the directory must be absolute or below `~/`".to_owned());
    }
    Ok(())
}

pub(super) fn ruby_version(text: &str) -> Verdict {
    plain(text, ".-_@+", "a version of Ruby")?;
    if text.chars().all(|c| c == '.') {
        return Err(format!("`{text}` cannot be a version of Ruby here"));
    }
    Ok(())
}

pub(super) fn group(text: &str) -> Verdict {
    plain(text, "-_", "a group")
}

pub(super) fn rake_task(text: &str) -> Verdict {
    line(text)?;
    if text.starts_with('-') {
        return Err("the value begins with `-`".to_owned());
    }
    Ok(())
}

/// A pattern of file names.
pub(super) fn pattern(text: &str) -> Verdict {
    relative(text)?;
    plain(text, "*?[]!.-_/", "a pattern of names")
}

fn plain(text: &str, also: &str, what: &str) -> Verdict {
    let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    if text.is_empty() || text.starts_with('-') || !text.chars().all(fits) {
        return Err(format!("`{text}` cannot be {what} here"));
    }
    Ok(())
}

/// An IPv6 address in brackets.
pub(super) fn address(text: &str) -> Option<String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let parsed: std::net::Ipv6Addr = bare.parse().ok()?;
    Some(format!("[{parsed}]"))
}

fn climbs(text: &str) -> bool {
    text.split('/').any(|part| part == "..")
}
