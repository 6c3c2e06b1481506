//! Why the value of a secret cannot be had. No message holds a value, or a piece of one.

use std::io;
use std::time::Duration;
use windlass_model::shell::quote;

/// What went wrong, by the name of a secret that needs it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment lacks it.
    #[error(
        "secret `{secret}` is to come from the environment variable {variable}, which is not set"
    )]
    NotSet {
        /// The secret.
        secret: String,
        /// The variable.
        variable: String,
    },
    /// Its command gave nothing that could be used.
    #[error("secret `{secret}`: its command `{}` {trouble}", first_line(command))]
    Command {
        /// The secret.
        secret: String,
        /// The command.
        command: String,
        /// What is the matter.
        trouble: Trouble,
    },
    /// The encrypted file cannot be read.
    #[error("secret `{secret}` is to come from {file}, which cannot be read")]
    NoFile {
        /// The secret.
        secret: String,
        /// The file, as the settings name it.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is none that age made.
    #[error("secret `{secret}`: {file} is no file that age encrypted, or its beginning is damaged")]
    NotEncrypted {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
    },
    /// Nobody said with what it is to be decrypted.
    #[error("secret `{secret}` is in {file}, and no identity is named that decrypts it")]
    NoIdentity {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
    },
    /// A file of identities cannot be read.
    #[error("secret `{secret}`: the identity {identity} for {file} cannot be read")]
    IdentityMissing {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
        /// The identity, as the settings name it.
        identity: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Neither age nor rage is here.
    #[error("secret `{secret}` is in {file}, and neither age nor rage is installed here")]
    NoProgram {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
    },
    /// No identity fits.
    #[error("secret `{secret}`: {file} is encrypted for others than the identities that are named")]
    OtherRecipients {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
    },
    /// Decrypting did not work.
    #[error(
        "secret `{secret}`: {file} could not be decrypted: {program} {trouble}{}",
        after(said)
    )]
    Undecrypted {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
        /// The program that was to do it.
        program: &'static str,
        /// What is the matter.
        trouble: Trouble,
        /// What it said last.
        said: String,
    },
    /// What was decrypted cannot be used.
    #[error("secret `{secret}`: what was decrypted from {file} {trouble}")]
    Unfit {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
        /// What is the matter.
        trouble: Trouble,
    },
    /// The file has no such name.
    #[error("secret `{secret}`: {file} has no line `{key}=…`")]
    NoKey {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
        /// The name.
        key: String,
    },
    /// A line of the file is not of the form that a name is looked for in; it is not shown.
    #[error(
        "secret `{secret}`: line {line} of what was decrypted from {file} is not of the form NAME=VALUE"
    )]
    NotALine {
        /// The secret.
        secret: String,
        /// The file.
        file: String,
        /// Its number.
        line: usize,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotSet { variable, .. } => format!("export {variable}, then the same again"),
            Self::Command { command, .. } => {
                format!("try it by hand, in the project's directory: {}", first_line(command))
            }
            Self::NoFile { file, source, .. } if source.kind() == io::ErrorKind::NotFound => {
                format!("age -r PUBLIC_KEY -o {} FILE makes it", quote(file))
            }
            Self::NoFile { file, .. } => format!("see that you may read {file}"),
            Self::NotEncrypted { file, .. } => encrypts(file),
            Self::NoIdentity { .. } => "name the file of your key: [age] identities = \
                [\"~/.config/age/keys.txt\"] in windlass.toml, or WINDLASS_AGE_IDENTITIES=FILE"
                .to_owned(),
            Self::IdentityMissing { identity, .. } => format!(
                "put your key there (age-keygen -o {identity} makes one), or name another in WINDLASS_AGE_IDENTITIES"
            ),
            Self::NoProgram { .. } => {
                "install age: apt-get install age, dnf install age or brew install age".to_owned()
            }
            Self::OtherRecipients { file, .. } => format!(
                "name the identity that it was made for, or have {file} encrypted for yours too (age-keygen -y IDENTITY shows its public key)"
            ),
            Self::Undecrypted {
                trouble: Trouble::TooLong(_),
                ..
            } => "it waited for a passphrase, or for a key to be touched; do that at a terminal"
                .to_owned(),
            Self::Undecrypted { file, .. } => {
                format!("try age -d -i IDENTITY {}; where that fails too the file is damaged", quote(file))
            }
            Self::Unfit { .. } => "a secret is text of at most 120 KiB that is not empty".to_owned(),
            Self::NoKey { key, file, .. } => {
                format!("add the line to {file}, or leave `key` out where the whole file is the value (now `{key}`)")
            }
            Self::NotALine { .. } => {
                "leave `key` out where the whole file is the value; a value of several lines stands in quotes".to_owned()
            }
        };
        Some(hint)
    }
}

/// What is the matter with what a program was to give, fit to follow its name.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The system did not start it.
    #[error("could not be started: {0}")]
    NotStarted(io::Error),
    /// It failed.
    #[error("ended with {0}")]
    Failed(String),
    /// It took too long and was stopped.
    #[error("did not end within {} s and was stopped", .0.as_secs_f64())]
    TooLong(Duration),
    /// It gave nothing.
    #[error("gave nothing")]
    Empty,
    /// It gave more than a secret can be.
    #[error("gave more than 1 MiB")]
    TooMuch,
    /// It is longer than a variable can be.
    #[error("gave more than 120 KiB, which is more than a variable can hold")]
    TooLarge,
    /// It gave what no variable can hold.
    #[error("gave something that is not text")]
    NotText,
}

/// What encrypts a file that is there, and leaves it.
fn encrypts(file: &str) -> String {
    let file = quote(file);
    format!("age -r PUBLIC_KEY -o {file}.age {file} encrypts it; name that file then")
}

fn first_line(command: &str) -> String {
    match command.trim().split_once('\n') {
        Some((first, _)) => format!("{} …", first.trim_end()),
        None => command.trim().to_owned(),
    }
}

fn after(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(" ({said})")
    }
}
