//! What stands for something else in values: `~`, `%h` and the like, `${VARIABLE}`.

use std::convert::Infallible;
use std::path::PathBuf;

use super::error::Why;
use super::{Asked, Here};
use crate::percent;

/// What the tokens stand for, once host, port and login are settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    pub(super) asked: &'a Asked,
    pub(super) here: &'a Here,
    /// The name or address to connect to.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) user: &'a str,
    pub(super) alias: Option<&'a str>,
}

impl Tokens<'_> {
    /// A path with all of them filled.
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, Why> {
        self.text(text).map(PathBuf::from)
    }

    /// The same as text.
    pub(super) fn text(&self, text: &str) -> Result<String, Why> {
        let (mut filled, mut rest) = match text.strip_prefix('~') {
            None => (String::new(), text),
            Some(after) => {
                let rest = after.trim_start_matches(|c| c != '/');
                let name = after.strip_suffix(rest).unwrap_or(after);
                (self.here.home_of(name)?, rest)
            }
        };
        while let Some((before, after)) = rest.split_once('$') {
            filled.push_str(&percent::fill(before, |token| self.token(token))?);
            rest = self.variable(&mut filled, after)?;
        }
        filled.push_str(&percent::fill(rest, |token| self.token(token))?);
        Ok(filled)
    }

    /// Fills what follows a `$`; returns what comes after it.
    fn variable<'t>(&self, filled: &mut String, after: &'t str) -> Result<&'t str, Why> {
        let Some(after) = after.strip_prefix('{') else {
            filled.push('$');
            return Ok(after);
        };
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| Why::Wrong("`${` has no `}`".to_owned()))?;
        let value = self.here.env.get(name);
        filled.push_str(value.ok_or_else(|| {
            Why::Wrong(format!(
                "the variable `{name}` is not set in the environment"
            ))
        })?);
        Ok(after)
    }

    fn token(&self, token: Option<char>) -> Result<String, Why> {
        let here = self.here;
        Ok(match token {
            Some('%') => "%".to_owned(),
            Some('h') => self.host.to_owned(),
            Some('n') => self.asked.host.clone(),
            Some('p') => self.port.to_string(),
            Some('r') => self.user.to_owned(),
            Some('k') => self.alias.unwrap_or(&self.asked.host).to_owned(),
            Some('u') => here.user.clone(),
            Some('d') => here.home.to_string_lossy().into_owned(),
            Some('i') => here.uid.to_string(),
            Some('l') => here.machine.clone(),
            Some('L') => here
                .machine
                .split('.')
                .next()
                .unwrap_or_default()
                .to_owned(),
            Some(other @ ('C' | 'j')) => {
                return Err(Why::OnlySsh(format!("`%{other}` is a sum that ssh makes")));
            }
            Some(other) => return Err(Why::Wrong(format!("`%{other}` means nothing here"))),
            None => return Err(Why::Wrong("a `%` stands at the end".to_owned())),
        })
    }

    /// The `IdentityAgent` as a file has it.
    pub(super) fn agent(&self, text: &str) -> Result<String, Why> {
        let by_variable = text.starts_with('$') && !text.starts_with("${");
        if by_variable || matches!(text, "none" | "SSH_AUTH_SOCK") {
            return Ok(self.here.agent(text));
        }
        self.text(text)
    }

    /// A proxy command with what is known only here; host, port and login are filled where it is started.
    pub(super) fn proxy_command(&self, text: &str) -> String {
        let Ok(filled) = percent::fill(text, |token| {
            let name = match token {
                Some('n') => self.asked.host.as_str(),
                Some('k') => self.alias.unwrap_or(&self.asked.host),
                Some(other) => return Ok::<_, Infallible>(format!("%{other}")),
                None => return Ok("%".to_owned()),
            };
            Ok(name.replace('%', "%%"))
        });
        filled
    }
}

/// `HostName`, which knows `%h` and `%%` only.
pub(super) fn host_name(text: &str, host: &str) -> Result<String, Why> {
    percent::fill(text, |token| match token {
        Some('h') => Ok(host.to_owned()),
        Some('%') => Ok("%".to_owned()),
        _ => Err(Why::Wrong(
            "`HostName` may hold `%h` and `%%` and no other token".to_owned(),
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, Why> {
        let (asked, here) = (
            Asked {
                host: "web".to_owned(),
                ..Asked::default()
            },
            Here {
                home: PathBuf::from("/home/me"),
                user: "me".to_owned(),
                uid: 1000,
                machine: "desk.example.com".to_owned(),
                env: [("KEYS".to_owned(), "/srv/%h".to_owned())].into(),
            },
        );
        let tokens = Tokens {
            asked: &asked,
            here: &here,
            host: "web.internal",
            port: 2222,
            user: "deploy",
            alias: None,
        };
        tokens.text(text)
    }

    #[test]
    fn tokens_variables_and_homes_are_filled_once() {
        for (text, wanted) in [
            (
                "~/.ssh/%h-%n-%p-%r",
                "/home/me/.ssh/web.internal-web-2222-deploy",
            ),
            ("~me/%u%i%%%d", "/home/me/me1000%/home/me"),
            ("~", "/home/me"),
            ("%l %L %k", "desk.example.com desk web"),
            ("${KEYS}/%n/$x$", "/srv/%h/web/$x$"),
            ("/a~b", "/a~b"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_filled_is_refused() {
        for (text, only_ssh) in [
            ("%C", true),
            ("~other/key", true),
            ("%z", false),
            ("a%", false),
            ("${NOT_SET}", false),
            ("${KEYS", false),
        ] {
            let why = filled(text).expect_err(text);
            assert_eq!(matches!(why, Why::OnlySsh(_)), only_ssh, "{text}: {why:?}");
        }
    }

    #[test]
    fn a_host_name_may_hold_the_name_that_was_asked_for() {
        assert_eq!(host_name("%h.x%%", "web").as_deref(), Ok("web.x%"));
        assert!(host_name("%n", "web").is_err());
        assert!(host_name("web%", "web").is_err());
    }
}
