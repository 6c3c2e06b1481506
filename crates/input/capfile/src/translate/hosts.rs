//! Servers into the hosts of a stage.

use super::{Sheet, grammar, note, ssh, todo};
use crate::evaluate::Evaluator;
use crate::evaluate::project::Server;
use crate::ledger::Fate;
use crate::toml::Item;
use crate::value::Value;

pub(super) fn translate(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    let servers = evaluator.project.servers.clone();
    let mut seen = Vec::new();
    for server in servers {
        let fate = match host(&server) {
            Ok(_) if seen.contains(&(server.host.to_ascii_lowercase(), server.port)) => {
                todo("the same host is there already")
            }
            Ok((item, None)) => {
                sheet.hosts.push(item);
                Fate::Carried
            }
            Ok((item, Some(rest))) => {
                sheet.hosts.push(item);
                todo(rest)
            }
            Err(reason) => todo(reason),
        };
        seen.push((server.host.to_ascii_lowercase(), server.port));
        note(evaluator, &server.made_by, &fate);
    }
}

/// The host, and what of it could not be said.
fn host(server: &Server) -> Result<(Item, Option<String>), String> {
    let port = server.port.map(|port| ssh::port_of(&Value::Int(port)));
    let address = grammar::address(&server.host, server.user.as_deref(), port.transpose()?)?;
    let mut roles: Vec<&String> = server.roles.iter().collect();
    roles.retain(|role| *role != "all");
    roles
        .iter()
        .try_for_each(|role| grammar::check(grammar::role, role))?;
    let mut pairs = vec![
        ("address".to_owned(), Item::text(address)),
        ("roles".to_owned(), Item::texts(roles.into_iter().cloned())),
    ];
    let rest = properties(server, &mut pairs);
    Ok((Item::Table(pairs), rest))
}

fn properties(server: &Server, pairs: &mut Vec<(String, Item)>) -> Option<String> {
    let mut rest = Vec::new();
    for (name, value) in &server.properties {
        match (name.as_str(), value) {
            ("primary", Value::Bool(true)) => pairs.push(("primary".to_owned(), Item::Bool(true))),
            ("no_release", Value::Bool(true)) => {
                pairs.push(("release".to_owned(), Item::Bool(false)));
            }
            ("primary" | "no_release", Value::Bool(false) | Value::Nil) => {}
            ("ssh_options", options) => match ssh::keys(options) {
                Ok((keys, reasons)) => {
                    of_ssh(server, keys, pairs);
                    rest.extend(reasons);
                }
                Err(reason) => rest.push(reason),
            },
            (name, _) => rest.push(format!("the host is there, its property `{name}` is not")),
        }
    }
    (!rest.is_empty()).then(|| rest.join("; "))
}

/// What the address says already is not said again.
fn of_ssh(server: &Server, keys: Vec<(&'static str, Item)>, pairs: &mut Vec<(String, Item)>) {
    let said = |key: &str| {
        (key == "user" && server.user.is_some()) || (key == "port" && server.port.is_some())
    };
    let keys: Vec<_> = keys
        .into_iter()
        .filter(|(key, _)| !said(key))
        .map(|(key, item)| (key.to_owned(), item))
        .collect();
    if !keys.is_empty() {
        pairs.push(("ssh".to_owned(), Item::Table(keys)));
    }
}
