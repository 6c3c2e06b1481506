//! Addresses of hosts: `[user@]host[:port]`, IPv6 in brackets, and the patterns that stand for several hosts.
//!
//! The grammar is strict: what reaches a connection, an `ssh -G` or a record is a name, an IP address, a number and a
//! login, and nothing that could be an option, a second line or a piece of shell.

use std::net::Ipv6Addr;

/// No pattern may stand for more hosts.
const MOST_HOSTS: usize = 10_000;

/// An address as written, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The login, where it was said.
    pub user: Option<String>,
    /// The names or IP addresses it stands for, without brackets, in order. Never empty.
    pub names: Vec<String>,
    /// The port, where it was said.
    pub port: Option<u16>,
}

impl Address {
    /// Takes an address apart; the error is the reason, fit to follow a key's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (login, rest) = match text.rsplit_once('@') {
            Some((login, rest)) => (Some(login), rest),
            None => (None, text),
        };
        if let Some(login) = login {
            user(login)?;
        }
        let (names, port) = match bracketed(rest) {
            Some((inner, port)) => (vec![ipv6(inner)?], port),
            None => split_port(rest)?,
        };
        Ok(Self {
            user: login.map(str::to_owned),
            names,
            port: port.map(self::port).transpose()?,
        })
    }
}

/// The grammar of a login.
pub fn user(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    if text.is_empty() || text.starts_with('-') || !text.chars().all(allowed) {
        return Err(format!(
            "has the login {}, but a login is letters, digits, `.`, `_`, `-`, `+` and `@`, not beginning with `-`",
            crate::grammar::quoted(text)
        ));
    }
    Ok(())
}

/// `[inner]` or `[inner]:port` at the very beginning, where `inner` can only be an IPv6 address.
fn bracketed(text: &str) -> Option<(&str, Option<&str>)> {
    let (inner, after) = text.strip_prefix('[')?.split_once(']')?;
    let address = inner.split('%').next().unwrap_or(inner);
    let looks_like_ipv6 = address.matches(':').count() >= 2;
    match after.strip_prefix(':') {
        Some(port) if looks_like_ipv6 => Some((inner, Some(port))),
        None if looks_like_ipv6 && after.is_empty() => Some((inner, None)),
        _ => None,
    }
}

fn ipv6(text: &str) -> Result<String, String> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let plain_zone = |zone: &str| {
        !zone.is_empty()
            && zone
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if address.parse::<Ipv6Addr>().is_err() || !zone.is_none_or(plain_zone) {
        return Err(format!(
            "has `[{}]`, which is no IPv6 address",
            text.escape_debug()
        ));
    }
    Ok(text.to_owned())
}

fn split_port(text: &str) -> Result<(Vec<String>, Option<&str>), String> {
    // Colons inside the brackets of a pattern belong to it.
    let after_pattern = text.rfind(']').map_or(0, |at| at + 1);
    let tail = text.get(after_pattern..).unwrap_or_default();
    if after_pattern == 0 && tail.matches(':').count() >= 2 {
        return Err("holds several `:`; an IPv6 address is written in brackets".to_owned());
    }
    match tail.split_once(':') {
        Some((before, port)) => {
            let host = text.get(..after_pattern + before.len()).unwrap_or_default();
            Ok((names(host)?, Some(port)))
        }
        None => Ok((names(text)?, None)),
    }
}

fn port(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(format!(
            "has the port `{}`, but a port is a number from 1 to 65535",
            text.escape_debug()
        )),
    }
}

/// The names that a host pattern stands for.
fn names(pattern: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((inner, after)) = after.split_once(']') else {
            return Err("has a `[` without its `]`".to_owned());
        };
        let values = values(inner)?;
        if names.len().saturating_mul(values.len()) > MOST_HOSTS {
            return Err(format!("stands for more than {MOST_HOSTS} hosts"));
        }
        names = names
            .iter()
            .flat_map(|name| {
                values
                    .iter()
                    .map(move |value| format!("{name}{before}{value}"))
            })
            .collect();
        rest = after;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    names.iter().try_for_each(|name| host_name(name))?;
    Ok(names)
}

/// `01:20`, `1,3,5`, `a,b` or a mixture.
fn values(inner: &str) -> Result<Vec<String>, String> {
    let mut values = Vec::new();
    for piece in inner.split(',').map(str::trim) {
        match piece.split_once(':') {
            Some((first, last)) => values.extend(range(first, last)?),
            None if !piece.is_empty() => values.push(piece.to_owned()),
            None => {
                return Err(format!(
                    "has an empty place in `[{}]`",
                    inner.escape_debug()
                ));
            }
        }
        if values.len() > MOST_HOSTS {
            return Err(format!("stands for more than {MOST_HOSTS} hosts"));
        }
    }
    Ok(values)
}

fn range(first: &str, last: &str) -> Result<Vec<String>, String> {
    let wrong = || {
        let shown = format!("{first}:{last}");
        format!(
            "has the range `[{}]`, but a range is two numbers, the smaller first",
            shown.escape_debug()
        )
    };
    let number = |text: &str| -> Option<u32> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| digits && text.len() <= 9)
    };
    let (Some(from), Some(to)) = (number(first), number(last)) else {
        return Err(wrong());
    };
    if from > to {
        return Err(wrong());
    }
    if (to - from) as usize >= MOST_HOSTS {
        return Err(format!("stands for more than {MOST_HOSTS} hosts"));
    }
    // Leading zeros fix the width: [01:20] gives 01, 02, ... 20; [8:11] gives 8, 9, 10, 11.
    let width = if first.starts_with('0') {
        first.len()
    } else {
        0
    };
    Ok((from..=to).map(|n| format!("{n:0width$}")).collect())
}

fn host_name(name: &str) -> Result<(), String> {
    let shown = crate::grammar::quoted(name);
    if name.is_empty() {
        return Err("names no host".to_owned());
    }
    if name.starts_with('-') {
        return Err(format!(
            "has the host {shown}, which begins with `-` and could be taken for an option"
        ));
    }
    if !name.is_ascii() && !name.chars().any(char::is_control) {
        return Err(format!(
            "has the host {shown}; write international names in their `xn--` form"
        ));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.chars().all(allowed) {
        return Err(format!(
            "has the host {shown}, but a host is letters, digits, `.`, `-` and `_`"
        ));
    }
    if name.len() > 253 || name.starts_with('.') || name.contains("..") {
        return Err(format!("has the host {shown}, which is no name of a host"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> (Option<String>, Vec<String>, Option<u16>) {
        let address = Address::parse(text).expect(text);
        (address.user, address.names, address.port)
    }

    fn names_of(text: &str) -> String {
        parsed(text).1.join(" ")
    }

    #[test]
    fn the_parts_are_told_apart() {
        let deploy = || Some("deploy".to_owned());
        assert_eq!(parsed("web1"), (None, vec!["web1".to_owned()], None));
        assert_eq!(
            parsed("deploy@web1:2222"),
            (deploy(), vec!["web1".to_owned()], Some(2222))
        );
        assert_eq!(
            parsed("deploy@[::1]:22"),
            (deploy(), vec!["::1".to_owned()], Some(22))
        );
        assert_eq!(parsed("[fe80::1%eth0]").1, ["fe80::1%eth0"]);
        assert_eq!(parsed("a@corp@web1").0.as_deref(), Some("a@corp"));
    }

    #[test]
    fn patterns_stand_for_several_hosts() {
        assert_eq!(names_of("web[08:11].x"), "web08.x web09.x web10.x web11.x");
        assert_eq!(names_of("web[8:11]:22"), "web8 web9 web10 web11");
        assert_eq!(names_of("web[1,3,7:8]"), "web1 web3 web7 web8");
        assert_eq!(names_of("[a,b][1:2]"), "a1 a2 b1 b2");
        assert_eq!(names_of("[01:02].x"), "01.x 02.x");
    }

    #[test]
    fn nothing_dangerous_passes() {
        for wrong in [
            "",
            "-oProxyCommand=x",
            "web\n1",
            "$(reboot)",
            "web1;id",
            "a b",
            "web1:",
            "web1:0",
            "web1:99999",
            "web1:+22",
            "::1",
            "[::1",
            "[::g]",
            "[::1]x",
            "[::1]:x",
            "-x@web1",
            "a b@web1",
            "@web1",
            "web[",
            "web[]",
            "web[1:]",
            "web[2:1]",
            "web[1:99999]",
            "web[a:b]",
            "[1:100][1:101]",
            "user@-x",
            "wéb",
            ".web",
            "a..b",
            "web[-1:2]",
            "web]",
            "[:1:2]",
            "[fe80::1%]",
            "web[$(x)]",
            "web[+1:2]",
        ] {
            assert!(Address::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_is_plain(text in "[-a-z0-9@:%,.\\[\\]$(\n ]{0,24}") {
            if let Ok(address) = Address::parse(&text) {
                for name in address.names {
                    prop_assert!(!name.starts_with('-') && !name.is_empty());
                    prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:%".contains(&b)));
                }
            }
        }
    }
}
