//! Where the records of jobs lie on the host, and under which names.
//!
//! A job's files are `<name>.claim` and `<name>.<pid>.<tick>.<index>.<kind>`, where pid and tick are those of the
//! supervisor that wrote them: of several that start the same key at once only the one named in the claim counts. A
//! claim is one line: pid, tick and boot id of the wrapper, the beginning of the names of its files, the key; or `- - -`,
//! a word why nothing will ever be started, the key.
//!
//! The kinds, of fixed width where they are written over: `script`, `test` (what is run), `out`, `err`, `pid` (`-`, or pid,
//! tick, since when, the offsets at which the stored output begins or `~` while it is being cut, user), `rc` (`-`, `~` while
//! the end is being noted, or status, both lengths, hundredths of a second, whether output was cut, `more` or `last`).
//! While output is being cut, `out.end` and `err.end` hold what is kept of it.
//! Without an index: `steps`, for each command a line `<attempt>:<step>`; and only until the job runs `boot`, `pipe` (what a start through the user's manager is told).

use crate::spec::{JobCommand, Place};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use windlass_model::command::home_path;
use windlass_model::hex::hex;
use windlass_model::{DeployId, HostName, JobKey, StepId};

/// Longer names would not leave room for the kinds in what a file system allows.
const LONGEST: usize = 150;

/// The key as one plain word, from which it can be read back.
pub(crate) fn key_word(key: &JobKey) -> String {
    let parts = [
        key.deploy.as_str(),
        &key.step,
        key.host.as_str(),
        &key.attempt.to_string(),
    ];
    parts.map(plain).join(",")
}

/// What all names of a job's files begin with.
pub(crate) fn base(key: &JobKey) -> String {
    let word = key_word(key);
    if word.len() <= LONGEST {
        return word;
    }
    let mut name: String = word.chars().take(LONGEST / 2).collect();
    name.push('+');
    name.extend(hex(&Sha256::digest(word.as_bytes())).chars().take(32));
    name
}

/// Reads a key's word.
pub(crate) fn read_key(word: &str) -> Option<JobKey> {
    let parts: Vec<&str> = word.split(',').collect();
    let [deploy, step, host, attempt] = parts.as_slice() else {
        return None;
    };
    Some(JobKey {
        deploy: DeployId::new(unplain(deploy)?),
        step: unplain(step)?,
        host: HostName::new(unplain(host)?),
        attempt: attempt.parse().ok()?,
    })
}

/// The directory of the records as a word of sh, and what must be done before to know it.
pub(crate) fn directory(place: &Place, make: bool) -> (String, String) {
    match place {
        Place::Deploy { root, deploy, .. } => {
            let path = format!("{}/.windlass/deploys/{deploy}/jobs", trimmed(root));
            (String::new(), home_path(&path))
        }
        Place::Home => {
            let make = if make { "1" } else { "''" };
            (format!("w_lodge {make}; "), "\"$w_dir\"".to_owned())
        }
    }
}

/// A root without slashes at its end.
pub(crate) fn trimmed(root: &str) -> &str {
    root.trim_end_matches('/')
}

/// What a command carries out as one plain word, which [`read_command`] reads back.
pub(crate) fn command_word(command: &JobCommand) -> String {
    format!("{}:{}", command.attempt, plain(command.step.as_str()))
}

/// Reads a command's word: the step and which attempt of it.
pub(crate) fn read_command(attempt: &str, step: &str) -> Option<(StepId, u32)> {
    Some((StepId::new(unplain(step)?), attempt.parse().ok()?))
}

fn plain(part: &str) -> String {
    let mut name = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"._@-".contains(&byte) {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "={byte:02x}");
        }
    }
    name
}

fn unplain(word: &str) -> Option<String> {
    let mut pieces = word.split('=');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(piece.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(step: &str, host: &str) -> JobKey {
        JobKey {
            deploy: DeployId::new("d-7k3fq2"),
            step: step.into(),
            host: HostName::new(host),
            attempt: 2,
        }
    }

    #[test]
    fn long_keys_have_short_names_of_their_own() {
        let (one, other) = (key(&"x".repeat(300), "web1"), key(&"x".repeat(301), "web1"));
        assert!(base(&one).len() < 120);
        assert_ne!(base(&one), base(&other));
    }

    proptest! {
        #[test]
        fn a_key_is_read_back_from_its_word(step in ".{0,20}", host in ".{1,20}") {
            let key = key(&step, &host);
            let word = key_word(&key);
            prop_assert!(word.bytes().all(|byte| byte.is_ascii_graphic() && !b"'\"*?[]/~:".contains(&byte)));
            prop_assert_eq!(read_key(&word), Some(key));
        }
    }
}
