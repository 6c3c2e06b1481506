//! How a release goes out: batch by batch, and what a failure does to what is out already.
//!
//! These are the settings and their grammar. Which hosts stand in which batch is the planner's to say, what a failure
//! comes to the engine's.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What `[rollout]` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutSettings {
    /// How far each batch reaches, counted from the first host; empty = all hosts at once.
    pub batches: Vec<Reach>,
    /// How long is waited between two batches.
    pub pause: Duration,
    /// How many hosts may fail from publishing on before the deploy does.
    pub max_failures: u32,
    /// What a failure does.
    pub on_failure: OnFailure,
}

/// How many hosts have the release when a batch is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// So many.
    Hosts(u32),
    /// So many of a hundred.
    Percent(u32),
}

impl Reach {
    /// Reads `3` or `10%`; the reason why it is neither, fit to follow the key's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (digits, percent) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let plain = digits.chars().all(|c| c.is_ascii_digit());
        match (digits.parse(), percent) {
            (Ok(percent @ 1..=100), true) if plain => Ok(Self::Percent(percent)),
            (Ok(count @ 1..), false) if plain => Ok(Self::Hosts(count)),
            (_, true) => Err("is no percentage between \"1%\" and \"100%\"".to_owned()),
            (_, false) => Err("is no number of hosts, from 1, and no percentage".to_owned()),
        }
    }

    /// Whether a batch that reaches this far may come after one that reaches as far as `before`, as far as that can be told
    /// without knowing how many hosts there are.
    pub fn may_follow(self, before: Self) -> bool {
        match (before, self) {
            (Self::Percent(100), _) => false,
            (Self::Percent(before), Self::Percent(after))
            | (Self::Hosts(before), Self::Hosts(after)) => after > before,
            (Self::Percent(_), Self::Hosts(_)) | (Self::Hosts(_), Self::Percent(_)) => true,
        }
    }

    /// How many of `all` hosts that is, rounded down.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Hosts(count) => usize::try_from(count).unwrap_or(usize::MAX).min(all),
            Self::Percent(percent) => {
                let percent = usize::try_from(percent).unwrap_or(usize::MAX);
                all.saturating_mul(percent) / 100
            }
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosts(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// What a failure does to a deploy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Everything is undone on every host.
    #[default]
    UndoAll,
    /// The hosts of finished batches keep the new release; the others are undone.
    Stop,
    /// Nothing is undone and nothing more is begun, until a person says how to go on.
    Pause,
}

impl OnFailure {
    /// Every value, as settings and the command line write it.
    pub const WORDS: &[&str] = &["undo_all", "stop", "pause"];

    /// The value of a word of [`OnFailure::WORDS`].
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "undo_all" => Some(Self::UndoAll),
            "stop" => Some(Self::Stop),
            "pause" => Some(Self::Pause),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_understood() {
        for word in OnFailure::WORDS {
            assert!(OnFailure::parse(word).is_some(), "{word}");
        }
        assert_eq!(OnFailure::parse("undo"), None);
    }

    #[test]
    fn numbers_and_percentages_are_read_as_written() {
        assert_eq!(Reach::parse("10%"), Ok(Reach::Percent(10)));
        assert_eq!(Reach::parse("100%"), Ok(Reach::Percent(100)));
        assert_eq!(Reach::parse("3"), Ok(Reach::Hosts(3)));
        for wrong in [
            "",
            "%",
            "0",
            "0%",
            "101%",
            "+5",
            "+5%",
            "-5%",
            "1.5%",
            "10 %",
            "99999999999",
        ] {
            assert!(Reach::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_batch_reaches_farther_than_the_one_before() {
        let (one, tenth, all) = (Reach::Hosts(1), Reach::Percent(10), Reach::Percent(100));
        assert!(tenth.may_follow(one) && all.may_follow(tenth) && one.may_follow(tenth));
        assert!(!one.may_follow(one) && !tenth.may_follow(all) && !one.may_follow(all));
    }

    #[test]
    fn a_reach_never_goes_beyond_all_hosts() {
        assert_eq!(Reach::Hosts(5).of(3), 3);
        assert_eq!(Reach::Percent(10).of(25), 2);
        assert_eq!(Reach::Percent(100).of(7), 7);
        assert_eq!(Reach::Percent(1).of(7), 0);
    }
}
