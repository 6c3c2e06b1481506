//! Secrets: references become values only when a command needs them, from an environment that is passed in.

use crate::error::{Error, Mistake, Mistakes};
use std::collections::BTreeMap;
use windlass_model::Secret;
use windlass_model::settings::SecretReference;

/// The values of secrets, by the variable that carries them to the command. All that are missing are named.
pub fn resolve(
    references: &BTreeMap<String, SecretReference>,
    environment: &[(String, String)],
) -> Result<Vec<(String, Secret)>, Mistakes> {
    let mut secrets = Vec::with_capacity(references.len());
    let mut mistakes = Vec::new();
    for (name, SecretReference::FromEnv(variable)) in references {
        let found = environment.iter().find(|(other, _)| other == variable);
        match found {
            Some((_, value)) => secrets.push((name.clone(), Secret::new(value))),
            None => mistakes.push(not_set(name, variable)),
        }
    }
    Mistakes::unless(mistakes, secrets)
}

fn not_set(secret: &str, variable: &str) -> Mistake {
    Mistake::new(Error::SecretNotSet {
        secret: secret.to_owned(),
        variable: variable.to_owned(),
    })
}
