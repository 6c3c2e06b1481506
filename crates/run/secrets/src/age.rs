//! Files that `age` encrypted, decrypted by the program `age` or `rage` of this machine.
//!
//! The program rather than a library: it knows passphrases, plugins and hardware keys, which a library does not, and the
//! person has it anyway to make such files. It is given paths only, and gives the text through a pipe.

use crate::Around;
use crate::dotenv::{self, NotALine};
use crate::error::{Error, Trouble};
use crate::process::{Started, fit, succeeded};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;

/// The programs that do it, the usual one first.
const PROGRAMS: [&str; 2] = ["age", "rage"];

/// How such files begin: the plain form and the one that is text.
const BEGINNINGS: [&[u8]; 2] = [
    b"age-encryption.org/v1\n",
    b"-----BEGIN AGE ENCRYPTED FILE-----",
];

/// What the programs say where no identity fits.
const OTHERS: [&str; 2] = ["no identity matched", "No matching keys found"];

/// What can be told of a file without decrypting it.
pub(crate) fn missing(secret: &str, file: &str, around: &Around<'_>) -> Result<(), Error> {
    let (secret, file) = (secret.to_owned(), file.to_owned());
    let begins = match beginning(&around.path(&file)) {
        Ok(begins) => begins,
        Err(source) => {
            return Err(Error::NoFile {
                secret,
                file,
                source,
            });
        }
    };
    if !BEGINNINGS.iter().any(|form| begins.starts_with(form)) {
        return Err(Error::NotEncrypted { secret, file });
    }
    if around.identities.is_empty() {
        return Err(Error::NoIdentity { secret, file });
    }
    for identity in around.identities {
        if let Err(source) = readable(&around.path(identity)) {
            return Err(Error::IdentityMissing {
                secret,
                file,
                identity: identity.clone(),
                source,
            });
        }
    }
    Ok(())
}

/// Whether an identity is there and may be read. It may be a pipe, of which nothing must be taken away.
fn readable(path: &Path) -> io::Result<()> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if kind.is_file() {
        drop(File::open(path)?);
    }
    Ok(())
}

/// The first bytes of a file, which shows that it can be read.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file.
pub(crate) async fn decrypted(
    secret: &str,
    file: &str,
    around: &Around<'_>,
) -> Result<String, Error> {
    let (program, mut started) = start(secret, file, around)?;
    let mut said = String::new();
    let stderr = started.stderr();
    let ended = started.end(around, hear(stderr, &mut said, around)).await;
    let decrypted = ended.and_then(|(status, bytes)| {
        succeeded(status)?;
        Ok(bytes)
    });
    let (secret, file) = (secret.to_owned(), file.to_owned());
    match decrypted {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| Error::Unfit {
            secret,
            file,
            trouble: Trouble::NotText,
        }),
        Err(_) if OTHERS.iter().any(|words| said.contains(words)) => {
            Err(Error::OtherRecipients { secret, file })
        }
        Err(trouble) => Err(Error::Undecrypted {
            secret,
            file,
            program,
            trouble,
            said,
        }),
    }
}

/// Starts the first program that is there.
fn start(secret: &str, file: &str, around: &Around<'_>) -> Result<(&'static str, Started), Error> {
    for program in PROGRAMS {
        let mut command = Command::new(program);
        command.arg("-d").stderr(Stdio::piped());
        for identity in around.identities {
            command.arg("-i").arg(around.path(identity));
        }
        command.arg(around.path(file));
        match Started::of(&mut command, around) {
            Ok(started) => return Ok((program, started)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::Undecrypted {
                    secret: secret.to_owned(),
                    file: file.to_owned(),
                    program,
                    trouble: Trouble::NotStarted(error),
                    said: String::new(),
                });
            }
        }
    }
    Err(Error::NoProgram {
        secret: secret.to_owned(),
        file: file.to_owned(),
    })
}

/// Passes on what the program says to the person who is there, and keeps its first complaint.
async fn hear(stderr: Option<impl AsyncRead + Unpin>, said: &mut String, around: &Around<'_>) {
    let Some(stderr) = stderr else { return };
    let mut lines = BufReader::new(stderr).lines();
    // What cannot be read as text is not worth keeping; the exit status tells the rest.
    while let Ok(Some(line)) = lines.next_line().await {
        if around.interactive || around.terminal {
            (around.tell)(&line);
        }
        let complaint = line.split_once("error: ").map(|(_, what)| what);
        if let Some(what) = complaint.filter(|_| said.is_empty()) {
            what.trim().clone_into(said);
        }
    }
}

/// The value in a text: the whole of it, or what stands in the line of a name.
pub(crate) fn value(
    secret: &str,
    file: &str,
    key: Option<&str>,
    text: &str,
) -> Result<String, Error> {
    let (secret, file) = (secret.to_owned(), file.to_owned());
    let found = match key {
        None => text.to_owned(),
        Some(key) => match dotenv::value(text, key) {
            Ok(Some(value)) => value,
            Ok(None) => {
                let key = key.to_owned();
                return Err(Error::NoKey { secret, file, key });
            }
            Err(NotALine(line)) => return Err(Error::NotALine { secret, file, line }),
        },
    };
    fit(&found).map_err(|trouble| Error::Unfit {
        secret,
        file,
        trouble,
    })
}
