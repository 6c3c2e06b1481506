//! A word and what becomes of it.

use std::fmt;

/// A word of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written there.
    pub name: &'static str,
    /// Whose it is.
    pub tool: Tool,
    /// What becomes of it.
    pub meaning: Meaning,
}

/// What becomes of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is the same here, or nearly: in this way.
    Same(&'static str),
    /// It has a name here; follows "here it is".
    Ours(&'static str),
    /// On the command line: this command of ours, or this option without a value.
    Command(&'static str),
    /// On the command line: this option of ours, with the same value.
    Option(&'static str),
    /// It has no counterpart; follows a semicolon.
    Reason(&'static str),
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Capistrano, with its plugins and net-ssh.
    Capistrano,
    /// Deployer.
    Deployer,
    /// Mina.
    Mina,
    /// Kamal.
    Kamal,
    /// OpenSSH's client, in `ssh_config`.
    SshConfig,
    /// Several of them.
    Several,
}

impl Word {
    /// What to say to somebody who wrote the word, here as it was written.
    pub fn answer(&self, written: &str) -> String {
        let start = format!("`{written}` is {} word; ", self.tool);
        match self.meaning {
            Meaning::Same(how) => format!("{start}it is the same here: {how}"),
            Meaning::Ours(ours) => format!("{start}here it is {ours}"),
            Meaning::Command(command) => format!("{start}here it is `windlass {command}`"),
            Meaning::Option(option) => format!("{start}here it is `{option}`"),
            Meaning::Reason(reason) => format!("{start}{reason}"),
        }
    }

    /// The last column of a table for people.
    pub(crate) fn cell(&self) -> String {
        match self.meaning {
            Meaning::Same("") => "the same".to_owned(),
            Meaning::Same(how) => format!("the same; {how}"),
            Meaning::Ours(ours) => ours.to_owned(),
            Meaning::Command(option) if option.starts_with('-') => format!("`{option}`"),
            Meaning::Command(command) => format!("`windlass {command}`"),
            Meaning::Option(option) => format!("`{option}`"),
            Meaning::Reason(reason) => format!("nothing: {reason}"),
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capistrano => "Capistrano's",
            Self::Deployer => "Deployer's",
            Self::Mina => "Mina's",
            Self::Kamal => "Kamal's",
            Self::SshConfig => "ssh_config's",
            Self::Several => "another tool's",
        })
    }
}

/// The word of this name.
pub(crate) fn find(words: &'static [Word], name: &str) -> Option<&'static Word> {
    words.iter().find(|word| word.name == name)
}

/// A table of words, one a line: `"word" => Meaning(..);`. Of one tool, or with `@ Tool` before the words of each.
macro_rules! words {
    ($(@ $tool:ident $($name:literal => $meaning:expr;)+)+) => {
        &[$($($crate::meaning::Word {
            name: $name,
            tool: $crate::meaning::Tool::$tool,
            meaning: $meaning,
        },)+)+]
    };
}
pub(crate) use words;
