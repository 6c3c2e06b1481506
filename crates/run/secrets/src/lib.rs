//! The values of secrets, on the controller: from its environment, from commands, from files that `age` encrypted.
//!
//! Each place is asked once, however many names and hosts its value is for. What costs nothing is looked at first, so
//! that all that is missing is named at once; commands and decryptions, which may ask a person for something, follow one
//! by one, and the first that fails is the last. A value is in no argument, no file and no message of ours.
//!
//! Which host may see what is not decided here (the settings say it), nor how a value comes to a command (the job layer).

mod age;
mod dotenv;
mod error;
mod process;

pub use error::{Error, Trouble};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use windlass_model::settings::SecretReference;
use windlass_model::{HostName, Secret, Secrets};

/// Which secrets the commands on a host may see, and where their values come from.
pub type Wanted = (HostName, BTreeMap<String, SecretReference>);

/// What values are taken from.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The environment.
    pub environment: &'a BTreeMap<String, String>,
    /// The project's directory: commands run in it, and files lie below it.
    pub directory: &'a Path,
    /// What `~/` means.
    pub home: &'a Path,
    /// Files of identities for `age`.
    pub identities: &'a [String],
    /// Whether a person is at our standard input: what runs may then read there.
    pub interactive: bool,
    /// Whether there is a terminal at all: what runs may then open it to ask, wherever its streams lead.
    pub terminal: bool,
    /// How long a command may take, the person included.
    pub limit: Duration,
    /// Hears what `age` says while it works, a line at a time: that a key wants to be touched.
    pub tell: &'a (dyn Fn(&str) + Sync),
}

impl Around<'_> {
    /// A path as the settings write it.
    fn path(&self, written: &str) -> PathBuf {
        match written.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => self.directory.join(written),
        }
    }
}

/// The values of all secrets that are wanted, or why some cannot be had.
pub async fn resolve(wanted: &[Wanted], around: &Around<'_>) -> Result<Secrets, Vec<Error>> {
    let named = wanted.iter().flat_map(|(_, references)| references);
    let named: BTreeSet<(&String, &SecretReference)> = named.collect();
    let missing: Vec<Error> = named
        .iter()
        .filter_map(|(name, reference)| missing(name, reference, around).err())
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let mut found = Found::default();
    for (name, reference) in named {
        let taken = found.take(name, reference, around).await;
        taken.map_err(|error| vec![error])?;
    }
    let mut secrets = Secrets::default();
    for (host, references) in wanted {
        for (name, reference) in references {
            if let Some(value) = found.values.get(reference) {
                secrets.give(host.clone(), name, value.clone());
            }
        }
    }
    Ok(secrets)
}

/// What can be told without running anything.
fn missing(name: &str, reference: &SecretReference, around: &Around<'_>) -> Result<(), Error> {
    match reference {
        SecretReference::FromEnv(variable) if !around.environment.contains_key(variable) => {
            Err(Error::NotSet {
                secret: name.to_owned(),
                variable: variable.clone(),
            })
        }
        SecretReference::FromEnv(_) | SecretReference::Command(_) => Ok(()),
        SecretReference::Age { file, .. } => age::missing(name, file, around),
    }
}

/// What was found so far, by where it comes from.
#[derive(Default)]
struct Found {
    values: BTreeMap<SecretReference, Secret>,
    /// Files that were decrypted.
    texts: BTreeMap<String, Secret>,
}

impl Found {
    async fn take(
        &mut self,
        name: &str,
        reference: &SecretReference,
        around: &Around<'_>,
    ) -> Result<(), Error> {
        if self.values.contains_key(reference) {
            return Ok(());
        }
        let value = match reference {
            SecretReference::FromEnv(variable) => {
                let value = around.environment.get(variable);
                value.cloned().unwrap_or_default()
            }
            SecretReference::Command(script) => {
                let printed = process::printed(script, around).await;
                printed.map_err(|trouble| Error::Command {
                    secret: name.to_owned(),
                    command: script.clone(),
                    trouble,
                })?
            }
            SecretReference::Age { file, key } => {
                let text = self.text(name, file, around).await?;
                age::value(name, file, key.as_deref(), text)?
            }
        };
        self.values.insert(reference.clone(), Secret::new(value));
        Ok(())
    }

    /// What an encrypted file holds.
    async fn text(&mut self, name: &str, file: &str, around: &Around<'_>) -> Result<&str, Error> {
        if !self.texts.contains_key(file) {
            let text = age::decrypted(name, file, around).await?;
            self.texts.insert(file.to_owned(), Secret::new(text));
        }
        let text = self.texts.get(file);
        Ok(text.map(Secret::reveal).unwrap_or_default())
    }
}
