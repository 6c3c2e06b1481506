//! The values that the files set for one host: the first one wins, but keys and certificates add up.
//!
//! Only what a session uses is kept. Values are kept as they stand and filled at the end, when host, port and login are
//! settled, each with its place, so that one that cannot be filled is named by its line.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::error::{ConfigError, Place, Why};
use super::line::Line;
use super::tokens::Tokens;
use super::{Asked, Here, KnownHosts, Said};

/// `ServerAliveCountMax`, where nothing is said of it.
const COUNT: u64 = 3;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) place: Place,
}

impl Value {
    fn is_none(&self) -> bool {
        self.text.eq_ignore_ascii_case("none")
    }
}

/// What was set so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gathered {
    pub(super) host_name: Option<Value>,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) ignored: Option<Value>,
    identities: Vec<Value>,
    certificates: Vec<Value>,
    identities_only: Option<bool>,
    agent: Option<Value>,
    host_key_alias: Option<Value>,
    own_known_hosts: Vec<Value>,
    global_known_hosts: Vec<Value>,
    jump: Option<Value>,
    proxy_command: Option<Value>,
    keepalive_interval: Option<u64>,
    keepalive_count: Option<u64>,
    canonicalize: Option<bool>,
    cnames: Option<bool>,
}

impl Gathered {
    /// Begins with what was decided before any file is read.
    pub(super) fn new(asked: &Asked) -> Self {
        Self {
            user: asked.user.clone(),
            port: asked.port,
            ..Self::default()
        }
    }

    /// Takes one line that is in force; what a session does not use is passed over.
    pub(super) fn take(&mut self, line: &Line<'_>, place: &Place) -> Result<(), Why> {
        let value = |text: &str| Value {
            text: text.to_owned(),
            place: place.clone(),
        };
        match line.keyword.as_str() {
            "hostname" => first(&mut self.host_name, value(line.word()?)),
            "user" => first(&mut self.user, user(line.word()?)?),
            "port" => first(&mut self.port, port(line.word()?)?),
            "ignoreunknown" => first(&mut self.ignored, value(line.word()?)),
            "identityfile" | "identityfile2" => add(&mut self.identities, value(line.word()?)),
            "certificatefile" => add(&mut self.certificates, value(line.word()?)),
            "identitiesonly" => first(&mut self.identities_only, truth(line)?),
            "identityagent" => first(&mut self.agent, value(line.word()?)),
            "hostkeyalias" => first(&mut self.host_key_alias, value(line.word()?)),
            "userknownhostsfile" => all(&mut self.own_known_hosts, line, value)?,
            "globalknownhostsfile" => all(&mut self.global_known_hosts, line, value)?,
            "proxyjump" if self.proxy_command.is_none() => {
                first(&mut self.jump, value(without_comment(raw(line))));
            }
            // As ssh does it: no jump host bars other jump hosts, but no command.
            "proxycommand" if self.jump.as_ref().is_none_or(Value::is_none) => {
                first(&mut self.proxy_command, value(raw(line)));
            }
            "serveraliveinterval" => {
                self.keepalive_interval = seconds(self.keepalive_interval, line)?;
            }
            "serveralivecountmax" => first(&mut self.keepalive_count, number(line)?),
            "canonicalizehostname" => first(&mut self.canonicalize, canonicalize(line)?),
            "canonicalizepermittedcnames" => first(&mut self.cnames, line.words != ["none"]),
            "refuseconnection" => {
                let what = format!("ssh_config refuses connections to this host: {}", raw(line));
                return Err(Why::Wrong(what));
            }
            _ => return Ok(()),
        }
        if self.canonicalize == Some(true) || self.cnames == Some(true) {
            let what = "the host's name is to be looked up and changed (CanonicalizeHostname)";
            return Err(Why::OnlySsh(what.to_owned()));
        }
        Ok(())
    }

    /// Makes them what a session is told.
    pub(super) fn finish(
        self,
        asked: &Asked,
        here: &Here,
        host: &str,
    ) -> Result<Said, ConfigError> {
        let user = self.user.as_ref().unwrap_or(&here.user);
        let port = self.port.unwrap_or(22);
        let alias = self.host_key_alias.as_ref();
        let alias = alias.map(|alias| alias.text.to_lowercase());
        let tokens = Tokens {
            asked,
            here,
            host,
            port,
            user,
            alias: alias.as_deref(),
        };
        let jump = self.jump.as_ref().map(|jump| jumps(&jump.text));
        let command = self.proxy_command.as_ref().filter(|one| !one.is_none());
        let (interval, count) = self.keepalive();
        Ok(Said {
            address: Some(host.to_owned()),
            user: Some(user.clone()),
            port: Some(port),
            identities: identities(&tokens, &self.identities)?,
            certificates: paths(&tokens, &self.certificates)?,
            identities_only: self.identities_only.unwrap_or(false),
            agent: agent(&tokens, self.agent.as_ref())?,
            known_hosts: Some(KnownHosts {
                own: own(&tokens, &self.own_known_hosts)?,
                global: global(&self.global_known_hosts),
            }),
            jump: jump.unwrap_or_default(),
            proxy_command: command.map(|command| tokens.proxy_command(&command.text)),
            keepalive_interval: interval,
            keepalive_count: count,
            host_key_alias: alias.clone(),
        })
    }

    fn keepalive(&self) -> (Option<Duration>, Option<NonZeroU32>) {
        let Some(seconds) = self.keepalive_interval.filter(|seconds| *seconds > 0) else {
            return (None, None);
        };
        let count = self.keepalive_count.unwrap_or(COUNT);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        (Some(Duration::from_secs(seconds)), NonZeroU32::new(count))
    }
}

fn first<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}

fn add(values: &mut Vec<Value>, value: Value) {
    if !values.iter().any(|old| old.text == value.text) {
        values.push(value);
    }
}

/// One line with several values; a later line adds none.
fn all(values: &mut Vec<Value>, line: &Line<'_>, value: impl Fn(&str) -> Value) -> Result<(), Why> {
    let none = line
        .words
        .iter()
        .any(|word| word.eq_ignore_ascii_case("none"));
    if line.words.is_empty() || line.words.iter().any(String::is_empty) {
        return Err(Why::Wrong(format!("`{}` has an empty value", line.keyword)));
    }
    if none && line.words.len() > 1 {
        return Err(Why::Wrong(format!(
            "`none` of `{}` must stand alone",
            line.keyword
        )));
    }
    if values.is_empty() {
        values.extend(line.words.iter().map(|word| value(word)));
    }
    Ok(())
}

/// What follows, as it stands; a second `=` is passed over too.
fn raw<'a>(line: &Line<'a>) -> &'a str {
    line.rest.trim_start_matches([' ', '\t', '='])
}

fn without_comment(text: &str) -> &str {
    text.split('#').next().unwrap_or_default().trim_end()
}

/// Newer versions of OpenSSH fill a login, older ones take it as it stands.
fn user(text: &str) -> Result<String, Why> {
    if text.contains('%') || text.contains("${") {
        let what = format!("what the login `{text}` means depends on the version of ssh");
        return Err(Why::OnlySsh(what));
    }
    Ok(text.to_owned())
}

fn port(text: &str) -> Result<u16, Why> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| *port > 0 && digits);
    port.ok_or_else(|| Why::Wrong(format!("the port `{text}` is not a number from 1 to 65535")))
}

fn truth(line: &Line<'_>) -> Result<bool, Why> {
    match line.word()?.to_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        other => Err(Why::Wrong(format!(
            "`{}` is `{other}`, not yes or no",
            line.keyword
        ))),
    }
}

fn canonicalize(line: &Line<'_>) -> Result<bool, Why> {
    if line.word()?.eq_ignore_ascii_case("always") {
        return Ok(true);
    }
    truth(line)
}

fn number(line: &Line<'_>) -> Result<u64, Why> {
    let text = line.word()?;
    let wrong = || {
        Why::Wrong(format!(
            "`{}` is `{text}`, not a whole number",
            line.keyword
        ))
    };
    text.parse().map_err(|_| wrong())
}

/// A time: `30`, `90s`, `1h30m`. `none` leaves it to a later line, as in OpenSSH.
fn seconds(before: Option<u64>, line: &Line<'_>) -> Result<Option<u64>, Why> {
    let text = line.word()?;
    if text == "none" {
        return Ok(before);
    }
    let wrong = || {
        Why::Wrong(format!(
            "`{}` is `{text}`, not a time such as 30 or 1m",
            line.keyword
        ))
    };
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = rest.strip_suffix(after).unwrap_or_default();
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        let mut characters = after.chars();
        let unit = match characters.next().map(|unit| unit.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return Err(wrong()),
        };
        let part = count.checked_mul(unit).ok_or_else(wrong)?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = characters.as_str();
    }
    Ok(before.or(Some(total)))
}

/// The chain of jump hosts, the nearest first.
pub(super) fn jumps(text: &str) -> Vec<String> {
    if text.eq_ignore_ascii_case("none") {
        return Vec::new();
    }
    let plain = |jump: &str| {
        let jump = jump.trim();
        let jump = jump.strip_prefix("ssh://").unwrap_or(jump);
        jump.strip_suffix('/').unwrap_or(jump).to_owned()
    };
    text.split(',').map(plain).collect()
}

fn agent(tokens: &Tokens<'_>, agent: Option<&Value>) -> Result<Option<String>, ConfigError> {
    let socket = |agent: &Value| {
        tokens
            .agent(&agent.text)
            .map_err(|why| why.at(&agent.place))
    };
    agent.map(socket).transpose()
}

fn filled(tokens: &Tokens<'_>, value: &Value) -> Result<PathBuf, ConfigError> {
    tokens.path(&value.text).map_err(|why| why.at(&value.place))
}

fn paths(tokens: &Tokens<'_>, values: &[Value]) -> Result<Vec<PathBuf>, ConfigError> {
    let named = values.iter().filter(|value| !value.is_none());
    named.map(|value| filled(tokens, value)).collect()
}

/// None = nothing is said of them, and the usual ones are tried.
fn identities(tokens: &Tokens<'_>, values: &[Value]) -> Result<Option<Vec<PathBuf>>, ConfigError> {
    let said = !values.is_empty();
    Ok(said.then_some(paths(tokens, values)?))
}

fn own(tokens: &Tokens<'_>, values: &[Value]) -> Result<Vec<PathBuf>, ConfigError> {
    if values.is_empty() {
        let usual = ["known_hosts", "known_hosts2"];
        return Ok(usual
            .map(|name| tokens.here.home.join(".ssh").join(name))
            .to_vec());
    }
    paths(tokens, values)
}

/// The machine's files bear no tokens.
fn global(values: &[Value]) -> Vec<PathBuf> {
    if values.is_empty() {
        let usual = ["ssh_known_hosts", "ssh_known_hosts2"];
        return usual
            .map(|name| PathBuf::from("/etc/ssh").join(name))
            .to_vec();
    }
    let named = values.iter().filter(|value| !value.is_none());
    named.map(|value| PathBuf::from(&value.text)).collect()
}
