//! What `ssh -G` printed: one `name value` a line.
//!
//! Most of it is evaluated to the end. Keys, certificates and the proxy command are not: their tokens are filled here.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::error::Why;
use super::gathered::jumps;
use super::tokens::Tokens;
use super::{Asked, Here, KnownHosts, Said};

/// Reads it.
pub(super) fn read(text: &str, asked: &Asked, here: &Here) -> Result<Said, Why> {
    let (mut said, raw) = settled(text, here);
    let (host, user, alias) = (
        said.address.clone(),
        said.user.clone(),
        said.host_key_alias.clone(),
    );
    let tokens = Tokens {
        asked,
        here,
        host: host.as_deref().unwrap_or(&asked.host),
        port: said.port.unwrap_or(22),
        user: user.as_deref().unwrap_or(&here.user),
        alias: alias.as_deref(),
    };
    let paths = |values: &[&str]| {
        let named = values
            .iter()
            .filter(|value| !value.eq_ignore_ascii_case("none"));
        named
            .map(|value| tokens.path(value))
            .collect::<Result<Vec<_>, _>>()
    };
    if !raw.identities.is_empty() {
        said.identities = Some(paths(&raw.identities)?);
    }
    said.certificates = paths(&raw.certificates)?;
    said.proxy_command = raw
        .proxy_command
        .map(|command| tokens.proxy_command(command));
    Ok(said)
}

/// What still holds tokens.
#[derive(Default)]
struct Raw<'a> {
    identities: Vec<&'a str>,
    certificates: Vec<&'a str>,
    proxy_command: Option<&'a str>,
}

fn settled<'a>(text: &'a str, here: &Here) -> (Said, Raw<'a>) {
    let (mut said, mut raw) = <(Said, Raw<'_>)>::default();
    let mut interval = 0;
    let mut count = None;
    for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
        match name {
            "hostname" => said.address = Some(value.to_owned()),
            "user" => said.user = Some(value.to_owned()),
            "port" => said.port = value.parse().ok(),
            "identityfile" => raw.identities.push(value),
            "certificatefile" => raw.certificates.push(value),
            "identitiesonly" => said.identities_only = value == "yes",
            "identityagent" => said.agent = Some(here.agent(value)),
            "hostkeyalias" => said.host_key_alias = Some(value.to_owned()),
            "userknownhostsfile" => known_hosts(&mut said).own = paths(value, here),
            "globalknownhostsfile" => known_hosts(&mut said).global = paths(value, here),
            "proxyjump" => said.jump = jumps(value),
            "proxycommand" if value != "none" => raw.proxy_command = Some(value),
            "serveraliveinterval" => interval = value.parse().unwrap_or(0),
            "serveralivecountmax" => count = value.parse().ok(),
            _ => {}
        }
    }
    if interval > 0 {
        said.keepalive_interval = Some(Duration::from_secs(interval));
        said.keepalive_count = count.and_then(NonZeroU32::new);
    }
    (said, raw)
}

fn known_hosts(said: &mut Said) -> &mut KnownHosts {
    said.known_hosts.get_or_insert_default()
}

fn paths(value: &str, here: &Here) -> Vec<PathBuf> {
    let words = value.split_whitespace().filter(|word| *word != "none");
    let path = |word: &str| match word.strip_prefix("~/") {
        Some(rest) => here.home.join(rest),
        None => PathBuf::from(word),
    };
    words.map(path).collect()
}
