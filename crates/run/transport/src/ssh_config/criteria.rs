//! Which blocks are in force: `Host` and `Match`.

use super::error::Why;
use super::line::{Line, piece};
use super::tokens::host_name;
use crate::pattern;

/// What blocks are asked about.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    /// The host as it was asked for.
    pub(super) original: &'a str,
    /// What `Host` looks at: the same, and the name to connect to in the last pass.
    pub(super) host: &'a str,
    /// The `HostName` so far.
    pub(super) host_name: Option<&'a str>,
    /// The login so far.
    pub(super) user: &'a str,
    /// The login of the person here.
    pub(super) local_user: &'a str,
    /// Whether the files are read the second time.
    pub(super) last: bool,
}

/// Whether a block is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// It is, if this holds, which only `ssh` can find out.
    If(String),
}

/// What a `Match` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matched {
    pub(super) answer: Answer,
    /// Whether the files are to be read once more.
    pub(super) wants_last: bool,
}

/// Whether a `Host` block is in force.
pub(super) fn host(line: &Line<'_>, subject: &Subject<'_>) -> Result<Answer, Why> {
    if line.words.is_empty() || line.words.iter().any(String::is_empty) {
        return Err(Why::Wrong("`Host` has an empty pattern".to_owned()));
    }
    let patterns = line.words.iter().map(String::as_str);
    Ok(answer(pattern::list_matches(patterns, subject.host)))
}

/// Whether a `Match` block is in force.
pub(super) fn match_line(line: &Line<'_>, subject: &Subject<'_>) -> Result<Matched, Why> {
    let mut rest = line.rest;
    let mut matched = Matched {
        answer: Answer::Yes,
        wants_last: false,
    };
    let (mut count, mut holds, mut open) = (0_u32, true, None);
    while let Some(criterion) = next(&mut rest) {
        let (negated, name) = match criterion.strip_prefix('!') {
            Some(name) => (true, name.to_lowercase()),
            None => (false, criterion.to_lowercase()),
        };
        count = count.saturating_add(1);
        let fits = match name.as_str() {
            "all" => {
                if count > 2 || next(&mut rest).is_some() {
                    return Err(Why::Wrong("`all` of `Match` must stand alone".to_owned()));
                }
                Some(true)
            }
            "final" | "canonical" => {
                matched.wants_last |= name == "final";
                Some(subject.last)
            }
            _ => valued(&name, next(&mut rest), subject)?,
        };
        match fits {
            Some(fits) => holds &= fits != negated,
            None => open = open.or(Some(format!("`Match {name}`"))),
        }
    }
    if count == 0 {
        return Err(Why::Wrong("`Match` has no criterion".to_owned()));
    }
    matched.answer = match open {
        Some(open) if holds => Answer::If(open),
        _ => answer(holds),
    };
    Ok(matched)
}

/// A criterion with a value; none = only `ssh` can tell.
fn valued(name: &str, value: Option<String>, subject: &Subject<'_>) -> Result<Option<bool>, Why> {
    let only_ssh = [
        "exec",
        "localnetwork",
        "tagged",
        "command",
        "sessiontype",
        "version",
    ];
    let known = ["host", "originalhost", "user", "localuser"];
    if !known.contains(&name) && !only_ssh.contains(&name) {
        return Err(Why::Wrong(format!("`Match` knows no `{name}`")));
    }
    let value = value.ok_or_else(|| Why::Wrong(format!("`{name}` of `Match` has no value")))?;
    // Names of hosts are the same in upper and lower case, logins are not.
    let host = |text: &str| fits(&value.to_lowercase(), &text.to_lowercase());
    Ok(match name {
        "host" => Some(host(&current(subject)?)),
        "originalhost" => Some(host(subject.original)),
        "user" => Some(fits(&value, subject.user)),
        "localuser" => Some(fits(&value, subject.local_user)),
        _ => None,
    })
}

/// The name to connect to, as far as it is known.
fn current(subject: &Subject<'_>) -> Result<String, Why> {
    match subject.host_name {
        Some(name) if !subject.last => host_name(name, subject.original),
        Some(name) => Ok(name.to_owned()),
        None => Ok(subject.original.to_owned()),
    }
}

fn next(rest: &mut &str) -> Option<String> {
    let piece = piece(rest).filter(|piece| !piece.is_empty() && !piece.starts_with('#'));
    if piece.is_none() {
        *rest = "";
    }
    piece
}

fn fits(list: &str, text: &str) -> bool {
    pattern::list_matches(list.split(','), text)
}

fn answer(holds: bool) -> Answer {
    if holds { Answer::Yes } else { Answer::No }
}
