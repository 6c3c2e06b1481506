//! The hosts of a stage as the file has them: address, roles, and the layer of settings that each one is.

use crate::config::table;
use crate::error::{Error, Mistake, Mistakes};
use crate::layer;
use crate::origin::Origin;
use crate::value::{Data, Entry, Table, Value};
use windlass_model::address::Address;

/// The roles of a host that names none.
pub(crate) const DEFAULT_ROLES: [&str; 3] = ["app", "web", "db"];

/// A host or a pattern of hosts, as the file has it.
#[derive(Clone, Debug)]
pub struct HostEntry {
    /// Its address, taken apart.
    pub address: Address,
    /// Its roles, in the order of the file.
    pub roles: Vec<String>,
    /// The roles it is said to be the primary host of.
    pub primary: Vec<String>,
    /// Whether releases are made there.
    pub release: bool,
    /// Whether it may be missing.
    pub optional: bool,
    /// Where it stands.
    pub origin: Origin,
    /// Its own settings, laid over everything but the environment and the command line.
    pub(crate) layer: Table,
}

/// The hosts of a stage, their placeholders filled.
pub(crate) fn host_entries(
    hosts: &Value,
    application: &str,
    stage: &str,
) -> Result<Vec<HostEntry>, Mistakes> {
    let Data::List(values) = &hosts.data else {
        return Ok(Vec::new());
    };
    let entries = values.iter().filter_map(|value| {
        let mut value = value.clone();
        layer::fill_value(&mut value, application, stage);
        host_entry(&value).transpose()
    });
    entries.collect()
}

fn host_entry(value: &Value) -> Result<Option<HostEntry>, Mistakes> {
    let Data::Table(keys) = &value.data else {
        return Ok(None);
    };
    let Some(written) = keys.get("address") else {
        return Ok(None);
    };
    let text = match &written.value.data {
        Data::Text(text) => text.as_str(),
        _ => "",
    };
    let address = Address::parse(text).map_err(|reason| {
        let key = "address".to_owned();
        let mistake = Mistake::new(Error::Refused { key, reason });
        Mistakes::from(match written.value.place() {
            Some(place) => mistake.at(place),
            None => mistake,
        })
    })?;
    let roles = match names(keys, "roles") {
        Some(roles) => roles,
        None => DEFAULT_ROLES.map(str::to_owned).to_vec(),
    };
    let primary = match keys.get("primary").map(|entry| &entry.value.data) {
        Some(Data::Boolean(true)) => roles.clone(),
        _ => names(keys, "primary").unwrap_or_default(),
    };
    let said = |name: &str| keys.get(name).map(|entry| &entry.value.data);
    Ok(Some(HostEntry {
        layer: host_layer(keys, &address, &written.value),
        address,
        roles,
        primary,
        release: said("release") != Some(&Data::Boolean(false)),
        optional: said("optional") == Some(&Data::Boolean(true)),
        origin: value.origin(),
    }))
}

/// The host's settings, with `user` and `port` where `[ssh]` has them.
fn host_layer(keys: &Table, address: &Address, written: &Value) -> Table {
    let mut layer = layer::settings_of(keys);
    if let Some(added) = keys.get("add") {
        // Kept as it is: it can only be appended to what lies below.
        layer.insert("add".to_owned(), added.clone());
    }
    let spoken = |data: Data| Value::new(data, written.origin());
    let user = address.user.clone().map(|user| spoken(Data::Text(user)));
    let port = address.port.map(|port| spoken(Data::Integer(port.into())));
    let said = |name: &str| keys.get(name).map(|entry| entry.value.clone());
    let mut ssh = table(&layer, "ssh").cloned().unwrap_or_default();
    for (name, value) in [
        ("user", user.or_else(|| said("user"))),
        ("port", port.or_else(|| said("port"))),
    ] {
        if let Some(value) = value {
            let key = value.origin();
            ssh.insert(name.to_owned(), Entry { key, value });
        }
    }
    if !ssh.is_empty() {
        let value = spoken(Data::Table(ssh));
        let key = value.origin();
        layer.insert("ssh".to_owned(), Entry { key, value });
    }
    layer
}

fn names(table: &Table, name: &str) -> Option<Vec<String>> {
    let Data::List(values) = &table.get(name)?.value.data else {
        return None;
    };
    let words = values.iter().filter_map(|value| match &value.data {
        Data::Text(word) | Data::Verbatim(word) => Some(word.clone()),
        _ => None,
    });
    Some(words.collect())
}
