//! The SSH server's own settings, as far as they matter to a connection's life.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings by their lower-case name; the first value of each counts, as the server reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshdSettings {
    /// Whether they are those in force (`sshd -T`), or only what the files say.
    pub in_force: bool,
    /// The settings.
    pub settings: BTreeMap<String, String>,
}

impl SshdSettings {
    /// Reads `name value` lines, `=` or blanks between, comments and everything below `Match` left out.
    pub fn parse(in_force: bool, text: &str) -> Self {
        let mut settings = BTreeMap::new();
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
        {
            let Some((name, value)) = line.split_once(|c: char| c.is_whitespace() || c == '=')
            else {
                continue;
            };
            let name = name.to_ascii_lowercase();
            if name == "match" {
                break;
            }
            let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
            settings.entry(name).or_insert_with(|| value.to_owned());
        }
        Self { in_force, settings }
    }

    /// A setting by its name in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.settings
            .get(&name.to_ascii_lowercase())
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_counts_and_what_stands_below_match_does_not() {
        let text = "# x\nClientAliveInterval 120\nclientaliveinterval=5\nMaxSessions=1\nMatch user a\nTCPKeepAlive no\n";
        let settings = SshdSettings::parse(false, text);
        assert_eq!(settings.get("ClientAliveInterval"), Some("120"));
        assert_eq!(settings.get("maxsessions"), Some("1"));
        assert_eq!(settings.get("TCPKeepAlive"), None);
    }
}
