//! The grammars of values: what a name, a path or a branch may be. Whoever reads settings, from whatever file, asks here.
//!
//! Each function answers with the reason for a refusal, as it follows the key's name: `holds a slash`. Nothing is
//! refused for the sake of a shell, since no shell ever parses a value; a refusal protects paths, records and the eye.

use crate::address;
use crate::health::StatusRange;
use crate::shell::is_variable_name;

/// The name of an application.
pub fn application(text: &str) -> Result<(), String> {
    if text.contains('/') {
        return refuse(
            "holds a slash, which would make it a path; `deploy_to` is where directories are named",
        );
    }
    if text.chars().all(|c| c == '.') {
        return refuse("has no letter or digit");
    }
    plain(text, ".-_", "letters, digits, `.`, `-` and `_`")
}

/// Where a repository is; a password in it is [`without_password`]'s matter.
pub fn repository(text: &str) -> Result<(), String> {
    no_option(text)?;
    line(text)
}

/// A URL without what lets somebody in, where it carries that: a password, or over http any login, since a token often
/// stands alone in the user's place. None where it carries nothing of the kind.
pub fn without_password(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (login, host) = authority.rsplit_once('@')?;
    let is_http = scheme.to_ascii_lowercase().contains("http");
    let (user, password) = login
        .split_once(':')
        .map_or((login, None), |(user, password)| (user, Some(password)));
    if is_http || (password.is_some() && user.is_empty()) {
        return Some(format!("{scheme}://{host}{path}"));
    }
    password.map(|_| format!("{scheme}://{user}@{host}{path}"))
}

/// A branch, tag or commit.
pub fn branch(text: &str) -> Result<(), String> {
    no_option(text)?;
    line(text)?;
    match text.chars().find(|c| " ~^:?*[\\".contains(*c)) {
        Some(c) => Err(format!("holds `{c}`, which git allows in no branch or tag")),
        None if text.contains("..") => refuse("holds `..`, which git allows in no branch or tag"),
        None => Ok(()),
    }
}

/// A directory inside the repository.
pub fn inner_path(text: &str) -> Result<(), String> {
    relative(text.trim_end_matches('/'))
}

/// A path of a release that points into `shared`.
pub fn linked(text: &str) -> Result<(), String> {
    relative(text.trim_end_matches('/'))?;
    match text {
        "REVISION" | "REVISION_TIME" => refuse("is written by every deploy and cannot be shared"),
        _ => Ok(()),
    }
}

/// The deploy root.
pub fn root(text: &str) -> Result<(), String> {
    line(text)?;
    let below = text.strip_prefix("~/").or_else(|| text.strip_prefix('/'));
    let Some(below) = below else {
        return refuse("is neither absolute nor below `~/`, the login's home");
    };
    if below.trim_matches('/').is_empty() {
        return refuse("is a whole file system or home; a directory of its own is needed");
    }
    no_climbing(below)
}

/// A directory for PATH.
pub fn search_path(text: &str) -> Result<(), String> {
    line(text)?;
    if text.contains(':') {
        return refuse("holds `:`, which separates directories in PATH; write two values");
    }
    if text.starts_with('/') || text.starts_with("~/") {
        return Ok(());
    }
    if text.contains('$') {
        return refuse("is literal, so `$` means nothing in it; write `~/` for the login's home");
    }
    refuse("is neither absolute nor below `~/`, the login's home")
}

/// A directory for a task.
pub fn task_dir(text: &str) -> Result<(), String> {
    line(text)
}

/// A file on the controller.
pub fn file(text: &str) -> Result<(), String> {
    line(text)
}

/// Any text on one line.
pub fn line(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return refuse("is empty");
    }
    match text.chars().find(|c| c.is_control()) {
        Some('\n' | '\r') => refuse("holds a line break"),
        Some(c) => Err(format!(
            "holds the control character {}",
            c.escape_default()
        )),
        None => Ok(()),
    }
}

/// A script: anything but nothing.
pub fn script(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return refuse("is empty");
    }
    no_nul(text)
}

/// Any text that a process can be given.
pub fn no_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return refuse("holds a NUL byte, which no process can be given");
    }
    Ok(())
}

/// The words of a shell.
pub fn shell(text: &str) -> Result<(), String> {
    line(text)?;
    match text.chars().find(|c| "'\"\\$`".contains(*c)) {
        Some(c) => Err(format!(
            "holds `{c}`, but its words are only parted at spaces; put the rest into the script"
        )),
        None => no_option(text),
    }
}

/// A umask.
pub fn mask(text: &str) -> Result<(), String> {
    let octal = text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let value = u32::from_str_radix(text, 8).unwrap_or(u32::MAX);
    if octal && (3..=4).contains(&text.len()) && value <= 0o777 {
        return Ok(());
    }
    refuse("is not a mask of three or four octal digits such as \"022\"")
}

/// The name of a variable.
pub fn variable(text: &str) -> Result<(), String> {
    if !is_variable_name(text) {
        return refuse(
            "is no name of a variable: letters, digits and `_`, not beginning with a digit",
        );
    }
    if text.starts_with("WINDLASS_") {
        return refuse("begins with WINDLASS_, which is kept for Windlass itself");
    }
    Ok(())
}

/// The name of a role.
pub fn role(text: &str) -> Result<(), String> {
    if text == "all" {
        return refuse("would mean every host; leave the roles out for that");
    }
    no_option(text)?;
    plain(text, "-_", "letters, digits, `-` and `_`")
}

/// The name of a task.
pub fn task(text: &str) -> Result<(), String> {
    no_option(text)?;
    plain(text, ".-_:", "letters, digits, `:`, `.`, `-` and `_`")
}

/// A URL that is asked: `http` or `https`, a host, no login, no fragment.
pub fn url(text: &str) -> Result<(), String> {
    line(text)?;
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else {
        return refuse("begins with neither `http://` nor `https://`");
    };
    if let Some(c) = text
        .chars()
        .find(|c| !c.is_ascii_graphic() || "\"<>\\^`{|}#".contains(*c))
    {
        return Err(format!(
            "holds `{c}`, which no URL that is asked can hold as it is"
        ));
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return refuse("holds a login, which would be written down on hosts and in logs");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0);
    if host.is_empty() || !port.is_none_or(is_port) {
        return refuse("has no host, or no port where one should be");
    }
    Ok(())
}

/// The name of a header.
pub fn header(text: &str) -> Result<(), String> {
    plain(text, "-_", "letters, digits, `-` and `_`")
}

/// Status codes of HTTP: one, or a range.
pub fn status(text: &str) -> Result<(), String> {
    if StatusRange::parse(text).is_some() {
        return Ok(());
    }
    refuse("is no status code such as \"200\", and no range such as \"200-299\"")
}

/// The name of a unit of systemd.
pub fn unit(text: &str) -> Result<(), String> {
    no_option(text)?;
    plain(
        text,
        ".-_:@\\",
        "letters, digits, `.`, `-`, `_`, `:`, `@` and `\\`",
    )
}

/// A login.
pub fn user(text: &str) -> Result<(), String> {
    address::user(text)
}

/// The address of a host, or a pattern of several.
pub fn address(text: &str) -> Result<(), String> {
    address::Address::parse(text).map(drop)
}

/// The address of a jump host.
pub fn jump(text: &str) -> Result<(), String> {
    match address::Address::parse(text)?.names.len() {
        1 => Ok(()),
        _ => refuse("stands for several hosts; a jump host is one"),
    }
}

/// A version of Ruby, as version managers write it.
pub fn ruby_version(text: &str) -> Result<(), String> {
    no_option(text)?;
    if text.chars().all(|c| c == '.') {
        return refuse("has no letter or digit");
    }
    plain(text, ".-_@+", "letters, digits, `.`, `-`, `_`, `+` and `@`")
}

/// A group of a Gemfile.
pub fn group(text: &str) -> Result<(), String> {
    no_option(text)?;
    plain(text, "-_", "letters, digits, `-` and `_`")
}

/// A rake task, with arguments in brackets where it takes some.
pub fn rake_task(text: &str) -> Result<(), String> {
    no_option(text)?;
    line(text)
}

/// A pattern of file names.
pub fn pattern(text: &str) -> Result<(), String> {
    relative(text)?;
    plain(
        text,
        "*?[]!.-_/",
        "letters, digits, `.`, `-`, `_`, `/` and `*`, `?`, `[…]`",
    )
}

fn relative(text: &str) -> Result<(), String> {
    if text.starts_with('/') {
        return refuse("is absolute; it is meant below the release");
    }
    if text.starts_with("~/") {
        return refuse("begins with `~/`; it is meant below the release");
    }
    line(text)?;
    no_climbing(text)?;
    if text.split('/').any(|part| part.is_empty() || part == ".") {
        return refuse("has an empty part or `.` in it");
    }
    Ok(())
}

fn no_climbing(text: &str) -> Result<(), String> {
    if text.split('/').any(|part| part == "..") {
        return refuse("climbs out with `..`");
    }
    Ok(())
}

/// Whether a value could be taken for an option.
pub fn no_option(text: &str) -> Result<(), String> {
    if text.starts_with('-') {
        return refuse("begins with `-`, which would make it an option");
    }
    Ok(())
}

/// Whether all letters of a name are letters, digits or among `also`; `allowed` is how a person is told.
pub fn plain(text: &str, also: &str, allowed: &str) -> Result<(), String> {
    if text.is_empty() {
        return refuse("is empty");
    }
    let strange = |c: &char| !(c.is_ascii_alphanumeric() || also.contains(*c));
    match text.chars().find(strange) {
        Some(c) => Err(format!(
            "holds `{}`; allowed are {allowed}",
            c.escape_debug()
        )),
        None => Ok(()),
    }
}

/// Text between quotation marks, on one line.
pub fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => shown.extend(['\\', c]),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown.push('"');
    shown
}

fn refuse(reason: &str) -> Result<(), String> {
    Err(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_their_place_are_refused() {
        for wrong in [
            "", "/etc", "../up", "a/../b", "a//b", "./a", "a\nb", "~/x", "REVISION",
        ] {
            assert!(linked(wrong).is_err(), "{wrong:?}");
        }
        for right in ["log", "log/", "tmp/pids", "a b/ü'$`\"", "..a", "-x"] {
            assert_eq!(linked(right), Ok(()), "{right:?}");
        }
        for wrong in ["", "var/www", "/", "~", "~/", "//", "/a/../b", "/a\nb"] {
            assert!(root(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(root("~/apps/it's"), Ok(()));
    }

    #[test]
    fn a_password_in_a_url_is_seen() {
        for wrong in [
            "https://token@github.com/acme/shop.git",
            "HTTPS://bot:s3cret@git.example.com/shop.git",
            "http://bot:p@ss@h/a",
            "ssh://git:s3cret@h/a",
            "https://token@h",
        ] {
            assert!(without_password(wrong).is_some(), "{wrong}");
        }
        for right in [
            "git@git.example.com:acme/shop.git",
            "ssh://git@h:22/a",
            "https://h/a@b:c/d",
            "https://h:443/a",
            "/srv/a:b@c",
            "file:///srv/a@b",
        ] {
            assert!(without_password(right).is_none(), "{right}");
        }
    }

    #[test]
    fn a_url_that_is_asked_has_a_host_and_nothing_to_hide() {
        for right in [
            "http://127.0.0.1:3000/up",
            "https://shop.example.com",
            "http://[::1]:8080/a?b=c&d=[e]",
            "http://[::1]/",
        ] {
            assert_eq!(url(right), Ok(()), "{right}");
        }
        for wrong in [
            "",
            "ftp://a",
            "a/up",
            "http://",
            "http:///up",
            "http://a:b/",
            "http://a:/",
            "http://a:0/",
            "http://bot:pw@a/",
            "http://a/ b",
            "http://a/{x}",
            "http://a/#b",
            "http://a/\n",
            "http://a/ü",
        ] {
            assert!(url(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn strange_letters_pass_where_they_do_no_harm() {
        assert_eq!(branch("feature/grüße-'$HOME`\""), Ok(()));
        assert!(branch("--upload-pack=x").is_err());
        assert!(branch("a b").is_err());
        assert_eq!(script("echo 'a'\necho \"$b\""), Ok(()));
        assert_eq!(mask("0027"), Ok(()));
        assert!(mask("8").is_err() && mask("1777").is_err() && mask("+22").is_err());
    }
}
