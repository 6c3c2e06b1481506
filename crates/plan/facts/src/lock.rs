//! The content of the deploy lock: who holds it, from where, for which deploy, since when.
//!
//! One `name value` a line, so that a person reads it with `cat`. A value cannot break out of its line.

use serde::{Deserialize, Serialize};
use windlass_model::DeployId;
use windlass_model::clock::Timestamp;

/// The first line of a lock.
const FORMAT: &str = "windlass-lock 1";

/// The deploy lock of a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The deploy it is held for.
    pub deploy: DeployId,
    /// The person or account that took it.
    pub owner: String,
    /// The machine from which it was taken.
    pub machine: String,
    /// Where the run can be watched: the page of a CI job.
    pub link: Option<String>,
    /// Since when, by the controller's clock.
    pub since: Timestamp,
    /// The reason given with `-m`.
    pub reason: Option<String>,
}

impl Lock {
    /// The lock as the text of its file.
    pub fn render(&self) -> String {
        let mut text = format!("{FORMAT}\n");
        let since = self.since.seconds().to_string();
        let lines = [
            ("deploy", Some(self.deploy.as_str())),
            ("owner", Some(self.owner.as_str())),
            ("machine", Some(self.machine.as_str())),
            ("link", self.link.as_deref()),
            ("since", Some(since.as_str())),
            ("reason", self.reason.as_deref()),
        ];
        for (name, value) in lines {
            if let Some(value) = value {
                text.extend([name, " ", &one_line(value), "\n"]);
            }
        }
        text
    }

    /// Reads the text of a lock's file; none where it is no lock of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != FORMAT {
            return None;
        }
        let mut lock = Self {
            deploy: DeployId::new(""),
            owner: String::new(),
            machine: String::new(),
            link: None,
            since: Timestamp(0),
            reason: None,
        };
        for line in lines {
            let (name, value) = line.split_once(' ')?;
            match name {
                "deploy" => lock.deploy = DeployId::new(value),
                "owner" => value.clone_into(&mut lock.owner),
                "machine" => value.clone_into(&mut lock.machine),
                "link" => lock.link = Some(value.to_owned()),
                "since" => lock.since = Timestamp(value.parse::<u64>().ok()?.saturating_mul(1000)),
                "reason" => lock.reason = Some(value.to_owned()),
                // A newer Windlass may say more; it is still a lock.
                _ => {}
            }
        }
        (!lock.deploy.as_str().is_empty()).then_some(lock)
    }
}

fn one_line(value: &str) -> String {
    value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_back_and_no_value_breaks_out_of_its_line() {
        let lock = Lock {
            deploy: DeployId::new("d-7k3fq2"),
            owner: "alice\ndeploy d-other".to_owned(),
            machine: "it's a laptop".to_owned(),
            link: Some("https://ci.example.com/1".to_owned()),
            since: Timestamp(1_700_000_000_000),
            reason: None,
        };
        let read = Lock::parse(&lock.render()).expect("a lock");
        assert_eq!(read.owner, "alice deploy d-other");
        assert_eq!(
            Lock {
                owner: lock.owner.clone(),
                ..read
            },
            lock
        );
        assert_eq!(Lock::parse("locked\n"), None);
        assert_eq!(Lock::parse(""), None);
    }
}
