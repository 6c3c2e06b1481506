//! `--host`, `--role` and `--exclude`: what narrows the inventory for one invocation.
//!
//! Values are names or globs with `*` and `?`, also several in one value with commas. Values of one option add up,
//! different options narrow each other. Each value must match something: a slip never means "nothing to do".

use crate::error::Error;
use windlass_model::HostTarget;

/// The filters of one invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these hosts.
    pub hosts: Vec<String>,
    /// Only hosts with one of these roles.
    pub roles: Vec<String>,
    /// Not these hosts.
    pub exclude: Vec<String>,
}

impl Filter {
    /// Whether it leaves everything as it is.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.roles.is_empty() && self.exclude.is_empty()
    }

    /// Which of the hosts stay, as a flag for each; `among` says in an error what they are the hosts of.
    pub fn keep(&self, among: &str, hosts: &[&HostTarget]) -> Result<Vec<bool>, Error> {
        let names: Vec<_> = hosts.iter().map(|host| host.name.as_str()).collect();
        let roles: Vec<_> = hosts
            .iter()
            .flat_map(|host| &host.roles)
            .map(String::as_str)
            .collect();
        matching("--host", "host", &self.hosts, (&names, among))?;
        matching("--role", "role", &self.roles, (&roles, among))?;
        matching("--exclude", "host", &self.exclude, (&names, among))?;
        let keep: Vec<_> = hosts.iter().map(|host| self.admits(host)).collect();
        if !hosts.is_empty() && !keep.contains(&true) {
            return Err(Error::NothingLeft {
                among: among.to_owned(),
                known: sentence(&names),
            });
        }
        Ok(keep)
    }

    /// Whether a host passes, whatever else there is.
    pub fn admits(&self, host: &HostTarget) -> bool {
        let name = host.name.as_str();
        let has_role = |pattern| host.roles.iter().any(|role| matches(pattern, role));
        (self.hosts.is_empty() || patterns(&self.hosts).any(|pattern| matches(pattern, name)))
            && (self.roles.is_empty() || patterns(&self.roles).any(has_role))
            && !patterns(&self.exclude).any(|pattern| matches(pattern, name))
    }
}

/// The single patterns of an option's values.
fn patterns(values: &[String]) -> impl Iterator<Item = &str> {
    values
        .iter()
        .flat_map(|value| value.split(',').map(str::trim))
}

/// Each pattern of an option must match one of the names.
fn matching(
    option: &'static str,
    what: &'static str,
    values: &[String],
    (names, among): (&[&str], &str),
) -> Result<(), Error> {
    let fits = |pattern: &&str| names.iter().any(|name| matches(pattern, name));
    match patterns(values).find(|pattern| !fits(pattern)) {
        Some(pattern) => Err(Error::NoMatch {
            option,
            pattern: pattern.escape_debug().to_string(),
            what,
            among: among.to_owned(),
            known: sentence(names),
        }),
        None => Ok(()),
    }
}

/// Names in a sentence, each once; of many only the first.
fn sentence(names: &[&str]) -> String {
    const MOST: usize = 12;
    let mut once: Vec<&str> = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name);
        }
    }
    let first: Vec<_> = once.iter().take(MOST).copied().collect();
    match once.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Whether a name matches a pattern in which `*` is any text and `?` any character. Takes no more than quadratic time.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = name.get(n) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == c => {
                p += 1;
                n += 1;
            }
            _ => match star {
                // The last star takes one more character.
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_shells_do() {
        for (pattern, name) in [
            ("web1", "web1"),
            ("web*", "web1.example.com"),
            ("*.example.com", "web1.example.com"),
            ("web?", "web1"),
            ("*a*b", "xaxxab"),
            ("*", ""),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("web1", "web10"),
            ("web?", "web"),
            ("*a", "ab"),
            ("", "web1"),
            ("a*b", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        let stars = "*a".repeat(200);
        assert!(!matches(&stars, &"a".repeat(150)));
    }
}
