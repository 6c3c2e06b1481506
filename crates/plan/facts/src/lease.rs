//! Whether the controller that holds a lock was heard of lately, judged on the host by its own uptime and boot.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is known of the controller that holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "lease")]
pub enum Lease {
    /// It was heard of within the time that it has.
    Held {
        /// So long ago.
        silent: Duration,
    },
    /// Its time is out: it is cut off, or gone.
    Out {
        /// So long ago it was heard of; none = in an earlier boot of the host.
        silent: Option<Duration>,
    },
    /// It has parked the deploy: whoever wants to may go on with it.
    Rests,
}

impl Lease {
    /// Whether somebody else may go on with the deploy without asking anybody.
    pub fn is_free(self) -> bool {
        !matches!(self, Self::Held { .. })
    }

    /// Of what two hosts say of one controller, the word of the one that heard of it last.
    #[must_use]
    pub fn heard_last(self, other: Self) -> Self {
        match (self, other) {
            (Self::Held { silent: a }, Self::Held { silent: b }) => Self::Held { silent: a.min(b) },
            (held @ Self::Held { .. }, _) | (_, held @ Self::Held { .. }) => held,
            (Self::Rests, _) | (_, Self::Rests) => Self::Rests,
            (Self::Out { silent: Some(a) }, Self::Out { silent: Some(b) }) => Self::Out {
                silent: Some(a.min(b)),
            },
            (Self::Out { silent: one }, Self::Out { silent: other }) => Self::Out {
                silent: one.or(other),
            },
        }
    }

    /// Reads `<boot now> <uptime now> <boot> <uptime> <seconds> <word>`; none where that makes no sense.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let words: Vec<&str> = value.split_ascii_whitespace().collect();
        let [boot_now, now, boot, at, seconds, word] = words.as_slice() else {
            return None;
        };
        if *word == "rests" {
            return Some(Self::Rests);
        }
        if boot != boot_now {
            return Some(Self::Out { silent: None });
        }
        let number = |word: &str| word.parse::<u64>().ok();
        let silent = Duration::from_secs(number(now)?.saturating_sub(number(at)?));
        let is_held = silent < Duration::from_secs(number(seconds)?);
        Some(if is_held {
            Self::Held { silent }
        } else {
            Self::Out {
                silent: Some(silent),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_judged_by_the_uptime_of_one_boot() {
        let seconds = Duration::from_secs;
        let held = Lease::Held {
            silent: seconds(40),
        };
        assert_eq!(Lease::read("a 140 a 100 300 held"), Some(held));
        let out = Lease::Out {
            silent: Some(seconds(300)),
        };
        assert_eq!(Lease::read("a 400 a 100 300 held"), Some(out));
        let earlier = Lease::Out { silent: None };
        assert_eq!(Lease::read("b 10 a 100 300 held"), Some(earlier));
        assert_eq!(Lease::read("a 140 a 100 300 rests"), Some(Lease::Rests));
        assert_eq!(out.heard_last(held), held);
        assert_eq!(Lease::Rests.heard_last(out), Lease::Rests);
        assert_eq!(earlier.heard_last(out), out);
        for senseless in ["", "a b", "a x a 100 300 held", "a 1 a 2 3"] {
            assert_eq!(Lease::read(senseless), None, "{senseless}");
        }
    }
}
