//! `ssh_options`, of the project and of one server.

use super::{Sheet, grammar, neutral};
use crate::evaluate::expression::HERE_HOME;
use crate::evaluate::servers::parts;
use crate::ledger::Fate;
use crate::toml::Item;
use crate::value::Value;

/// The options of the project.
pub(super) fn options(sheet: &mut Sheet, value: &Value) -> Result<Fate, String> {
    let (keys, reasons) = keys(value)?;
    let none = keys.is_empty();
    for (key, item) in keys {
        sheet.put("ssh", key, item);
    }
    if !reasons.is_empty() {
        return Err(reasons.join("; "));
    }
    if none {
        return Ok(neutral("what it asks for is how Windlass connects anyway"));
    }
    Ok(Fate::Carried)
}

/// Our keys with their values.
type Keys = Vec<(&'static str, Item)>;

/// The options of `Net::SSH` by our keys, and why some of them have none.
pub(super) fn keys(value: &Value) -> Result<(Keys, Vec<String>), String> {
    let Value::Hash(pairs) = value else {
        return Err(format!("{} stands where options are meant", value.kind()));
    };
    let (mut found, mut reasons) = (Vec::new(), Vec::new());
    for (name, value) in pairs {
        let answer = match (name.word(), value.first_unknown()) {
            (None, _) => Err("an option of ssh_options has no plain name".to_owned()),
            (Some(name), Some(unknown)) => Err(format!("{name}: {}", unknown.why)),
            (Some(name), None) => option(name, value),
        };
        match answer {
            Ok(key) => found.extend(key),
            Err(reason) => reasons.push(reason),
        }
    }
    Ok((found, reasons))
}

fn option(name: &str, value: &Value) -> Result<Option<(&'static str, Item)>, String> {
    if without_need(name, value) {
        return Ok(None);
    }
    Ok(Some(match (name, value) {
        ("user", user) => {
            let user = user.to_text().map_err(|unknown| unknown.why)?;
            grammar::check(grammar::user, &user)?;
            ("user", Item::text(user))
        }
        ("port", port) => ("port", Item::Int(port_of(port)?)),
        ("keys", files) => ("identities", files_of(files)?),
        ("user_known_hosts_file", files) => ("known_hosts", files_of(files)?),
        ("forward_agent", _) => ("forward_agent", Item::Bool(true)),
        ("proxy", Value::Proxy(command)) => {
            grammar::check(grammar::line, command)?;
            ("proxy_command", Item::text(command))
        }
        ("proxy", Value::Jump(hosts)) => ("jump", jump(hosts)?),
        ("config", Value::Bool(false)) => ("config", Item::text("none")),
        ("timeout", Value::Int(seconds)) if (1..=3600).contains(seconds) => {
            ("connect_for", Item::text(format!("{seconds}s")))
        }
        ("verify_host_key", Value::Symbol(way)) if way == "accept_new" => {
            ("host_keys", Item::text("accept-new"))
        }
        (name, _) => return Err(refusal(name)),
    }))
}

/// Whether an option asks for what is so here anyway.
fn without_need(name: &str, value: &Value) -> bool {
    match name {
        "forward_agent" => value.truth() == Ok(false),
        "config" => matches!(value, Value::Bool(true)),
        "verify_host_key" => value.word() == Some("always"),
        "auth_methods" => {
            let methods = value.items();
            methods.is_empty() || methods.iter().any(|way| way.word() == Some("publickey"))
        }
        "keepalive" | "keepalive_interval" | "keepalive_maxcount" | "compression" | "verbose"
        | "keys_only" => true,
        _ => false,
    }
}

fn refusal(name: &str) -> String {
    match name {
        "verify_host_key" | "paranoid" => {
            "a host key is always checked here; add the host to known_hosts".to_owned()
        }
        "password" | "passphrase" => {
            "passwords are no settings; use a key and the ssh-agent".to_owned()
        }
        "auth_methods" => "only keys and the ssh-agent are used here".to_owned(),
        name => format!("`{name}` of ssh_options is not known here, or not with this value"),
    }
}

pub(super) fn port_of(value: &Value) -> Result<i64, String> {
    let port = match value {
        Value::Int(port) => Some(*port),
        other => other.word().and_then(|text| text.parse().ok()),
    };
    port.filter(|port| (1..=65_535).contains(port))
        .ok_or_else(|| "the port is no number from 1 to 65535".to_owned())
}

/// Jump hosts, as `ProxyJump` has them: the one nearest to this machine first.
pub(super) fn jump(hosts: &str) -> Result<Item, String> {
    let mut jumps = Vec::new();
    for host in hosts.split(',') {
        let (user, host, port) = parts(host.trim());
        jumps.push(grammar::address(host, user, port)?);
    }
    Ok(Item::texts(jumps))
}

fn files_of(value: &Value) -> Result<Item, String> {
    let mut files = Vec::new();
    for file in value.items() {
        let file = file.to_text().map_err(|unknown| unknown.why)?;
        // Files of this machine may lie in its home.
        let file = match file.strip_prefix(HERE_HOME) {
            Some(below) => format!("~{below}"),
            None => file,
        };
        grammar::check(grammar::line, &file)?;
        files.push(file);
    }
    Ok(Item::texts(files))
}
