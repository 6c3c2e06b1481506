//! Health checks: what must be true of a published release before its deploy counts, and how long it is waited for.
//!
//! A check is asked again and again until its answer is the right one or its time is over. What is asked, and by whom, is
//! fixed when the plan is made. Nothing in here asks anything.

use crate::command::Environment;
use crate::host::HostTarget;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A check of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Its name, unique in a stage.
    pub name: String,
    /// What is asked.
    pub question: Question,
    /// About hosts of these roles; empty = all.
    pub roles: Vec<String>,
    /// How often and how long.
    pub pace: Pace,
}

impl HealthCheck {
    /// Whether it is about this host, as its roles say.
    pub fn is_for(&self, host: &HostTarget) -> bool {
        self.roles.is_empty() || host.roles.iter().any(|role| self.roles.contains(role))
    }

    /// Whether the controller asks it.
    pub fn is_asked_here(&self) -> bool {
        matches!(&self.question, Question::Url(asked) if asked.from == AskedFrom::Controller)
    }

    /// Whether one answer is about all of its hosts.
    pub fn is_about_all(&self) -> bool {
        let names_host = matches!(&self.question, Question::Url(asked) if asked.url.contains(HOST));
        self.is_asked_here() && !names_host
    }
}

/// What a check asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Whether a URL answers as it should.
    Url(UrlQuestion),
    /// Whether this script ends with status 0.
    Command(String),
    /// Whether a unit of systemd is active and stays so.
    Unit {
        /// Its name.
        unit: String,
        /// Whether it is one of the system's, not of the login's own manager.
        system: bool,
        /// For how long it must have been active without a start in between.
        stays: Duration,
    },
}

/// What stands in a URL for the address of the host that a check is about.
pub const HOST: &str = "{host}";

/// Who asks a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedFrom {
    /// The host that the check is about.
    Host,
    /// The controller; once for each host where the URL names it by [`HOST`], else once.
    Controller,
}

/// A URL and the answer that is wanted of it. A redirect is an answer like any other: it is not followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlQuestion {
    /// The URL, `http` or `https`.
    pub url: String,
    /// Who asks.
    pub from: AskedFrom,
    /// Headers that go with the request.
    pub headers: Environment,
    /// Whether a certificate that cannot be verified is good enough.
    pub insecure: bool,
    /// The codes that are wanted; never empty.
    pub status: Vec<StatusRange>,
    /// A text that must be part of the answer's body.
    pub body: Option<String>,
}

/// How often a check is asked, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// The time before the first try.
    pub start_delay: Duration,
    /// The time between the end of a try and the next one.
    pub interval: Duration,
    /// The longest from the beginning of the first try; no try begins after it.
    pub within: Duration,
    /// The longest that one try may take.
    pub timeout: Duration,
}

/// Status codes from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StatusRange {
    /// The first.
    pub first: u16,
    /// The last; not less than the first.
    pub last: u16,
}

impl StatusRange {
    /// What is wanted where nothing else is said.
    pub const SUCCESS: Self = Self {
        first: 200,
        last: 299,
    };

    /// Reads `200` or `200-299`.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (code(first)?, code(last)?);
        (first <= last).then_some(Self { first, last })
    }

    /// Whether this code is one of them.
    pub fn holds(self, code: u16) -> bool {
        (self.first..=self.last).contains(&code)
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}-{}", self.first, self.last)
    }
}

fn code(text: &str) -> Option<u16> {
    let is_plain = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    let code = is_plain.then(|| text.parse().ok()).flatten()?;
    (200..=599).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_ranges_are_read_as_written() {
        for text in ["200", "200-299", "200-599"] {
            let range = StatusRange::parse(text).map(|range| range.to_string());
            assert_eq!(range.as_deref(), Some(text));
        }
        for wrong in [
            "", "2xx", "20", "199", "600", "299-200", "200-", "-299", "+20", "200..299",
        ] {
            assert_eq!(StatusRange::parse(wrong), None, "{wrong}");
        }
        assert!(StatusRange::SUCCESS.holds(204) && !StatusRange::SUCCESS.holds(300));
    }
}
