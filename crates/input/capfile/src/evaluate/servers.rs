//! `server` and `role`. The same address again adds to the server that is there.

use super::Evaluator;
use super::project::Server;
use crate::ledger::{Fate, Statement};
use crate::syntax::Call;
use crate::value::Value;

/// No stage has more servers.
const MOST: usize = 1000;

pub(super) fn server(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let args = this.values(&call.args);
    let Some((address, properties)) = args.split_first() else {
        return Fate::Todo("it names no address".to_owned());
    };
    // Capistrano 2 has the roles one after the other.
    let (hashes, roles): (Vec<_>, Vec<_>) = properties
        .iter()
        .cloned()
        .partition(|it| !matches!(it, Value::Symbol(_)));
    let roles: Vec<String> = roles
        .iter()
        .filter_map(Value::word)
        .map(str::to_owned)
        .collect();
    let properties = hashes.first().cloned().unwrap_or(Value::Hash(Vec::new()));
    match add(this, address, &roles, &properties, statement) {
        Ok(()) => Fate::Opened,
        Err(reason) => by_hand(&reason),
    }
}

pub(super) fn role(this: &mut Evaluator<'_>, call: &Call, statement: Statement) -> Fate {
    let args = this.values(&call.args);
    let (role, rest) = match args.split_first() {
        Some((role, rest)) if role.word().is_some() => (role, rest),
        _ => return Fate::Todo("it names no role".to_owned()),
    };
    let mut properties = Value::Hash(Vec::new());
    let mut addresses = Vec::new();
    for arg in rest {
        match arg {
            Value::Hash(_) => properties = arg.clone(),
            other => addresses.extend(other.items()),
        }
    }
    if addresses.is_empty() {
        return Fate::Neutral("the role has no server".to_owned());
    }
    let role = [role.word().unwrap_or_default().to_owned()];
    for address in &addresses {
        if let Err(reason) = add(this, address, &role, &properties, statement) {
            return by_hand(&reason);
        }
    }
    Fate::Opened
}

fn by_hand(reason: &str) -> Fate {
    Fate::Todo(format!(
        "{reason}; write the host into `hosts` of the stage"
    ))
}

fn add(
    this: &mut Evaluator<'_>,
    address: &Value,
    roles: &[String],
    properties: &Value,
    statement: Statement,
) -> Result<(), String> {
    let address = this.resolve(address.clone());
    let address = address.to_text().map_err(|unknown| unknown.why)?;
    let (user, host, port) = parts(address.trim());
    if host.is_empty() {
        return Err("it names no address".to_owned());
    }
    let given = match properties {
        Value::Hash(pairs) => pairs.clone(),
        other => return Err(format!("its properties are {}", other.kind())),
    };
    if this.project.servers.len() >= MOST {
        return Err(format!("there are more than {MOST} servers"));
    }
    let server = place(this, host, port);
    server.made_by.push(statement);
    server.user = user.map(str::to_owned).or(server.user.take());
    server.roles.extend_from_slice(roles);
    for (name, value) in given {
        let Some(name) = name.word().map(str::to_owned) else {
            return Err("a property has no plain name".to_owned());
        };
        property(server, name, value)?;
    }
    let mut seen = Vec::new();
    server.roles.retain(|role| {
        let new = !seen.contains(role);
        seen.push(role.clone());
        new
    });
    Ok(())
}

fn property(server: &mut Server, name: String, value: Value) -> Result<(), String> {
    match (name.as_str(), &value) {
        ("roles" | "role", roles) => {
            for role in roles.items() {
                server
                    .roles
                    .push(role.to_text().map_err(|unknown| unknown.why)?);
            }
        }
        ("user", user) => server.user = Some(user.to_text().map_err(|unknown| unknown.why)?),
        ("port", Value::Int(port)) => server.port = Some(*port),
        _ => {
            server.properties.retain(|(known, _)| *known != name);
            server.properties.push((name, value));
        }
    }
    Ok(())
}

/// The server of this address, a new one where there was none.
fn place<'e>(this: &'e mut Evaluator<'_>, host: &str, port: Option<i64>) -> &'e mut Server {
    let servers = &mut this.project.servers;
    let found = servers
        .iter()
        .position(|server| server.host == host && (port.is_none() || server.port == port));
    let at = found.unwrap_or(servers.len());
    if found.is_none() {
        servers.push(Server {
            host: host.to_owned(),
            port,
            ..Server::default()
        });
    }
    let last = servers.len().saturating_sub(1);
    #[expect(
        clippy::indexing_slicing,
        reason = "the list has just got its last element"
    )]
    &mut servers[at.min(last)]
}

/// `user@host:port`.
pub(crate) fn parts(address: &str) -> (Option<&str>, &str, Option<i64>) {
    let (user, rest) = match address.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, address),
    };
    match rest.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (user, host, Some(port)),
            Err(_) => (user, rest, None),
        },
        _ => (user, rest, None),
    }
}
