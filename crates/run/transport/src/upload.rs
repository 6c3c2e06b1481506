//! A file to a host: atomic, checked by length and digest, and after a cut gone on with at the byte where it stopped.
//!
//! Needs only a POSIX shell on the host, and `sha256sum` or `openssl`.

use sha2::{Digest as _, Sha256};
use std::io;
use std::time::Duration;
use tokio::time::timeout;
use windlass_model::DisconnectKind;
use windlass_model::hex::hex;
use windlass_model::shell::quote;

use crate::channel::{Channel, ChannelMessage};
use crate::connection::{Connection, ExecOptions};
use crate::error::UploadError;
use crate::session::Session;

/// What is uploaded.
pub trait UploadSource: Send {
    /// Its length in bytes.
    fn len(&self) -> u64;
    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The SHA-256 of it all, in lower-case hexadecimal.
    fn sha256(&self) -> &str;
    /// Reads some bytes from an offset; less than asked only at the end.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// What is uploaded, in memory. It has no form for people: it may be a secret.
pub struct InMemory {
    bytes: Vec<u8>,
    sha256: String,
}

impl InMemory {
    /// Takes the bytes and their digest.
    pub fn new(bytes: Vec<u8>) -> Self {
        let sha256 = hex(&Sha256::digest(&bytes));
        Self { bytes, sha256 }
    }
}

impl UploadSource for &InMemory {
    fn len(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).ok();
        let mut rest = from.and_then(|from| self.bytes.get(from..)).unwrap_or(&[]);
        io::Read::read(&mut rest, buffer)
    }
}

/// A file on its way.
pub struct Upload<'a> {
    /// The path on the host; its directory exists.
    pub to: &'a str,
    /// The file's mode.
    pub mode: u32,
    /// What is sent.
    pub source: &'a mut dyn UploadSource,
}

/// What is read and sent at once.
const CHUNK: usize = 128 * 1024;
/// After an attempt that brought no answer; it grows with those in a row that were left without one.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a file that arrived damaged is sent again from the beginning.
const AGAIN: u32 = 2;
/// So many attempts in a row may end without an answer although the connection lived.
const UNANSWERED: u32 = 8;
/// So long nothing may move before the connection counts as dead; what cannot move is a chunk, or the digest of a file.
const STILL: Duration = Duration::from_secs(120);
/// Slower than any host makes a digest, in bytes a second.
const DIGEST: u64 = 4 * 1024 * 1024;

/// More of an answer is not kept; a profile may say much before it.
const ANSWER: usize = 64 * 1024;

/// What came of one attempt.
enum Outcome {
    /// The host said this.
    Answer(String),
    /// The connection went away.
    Gone,
    /// The channel ended without a word, and not because of the connection.
    Unanswered,
}

impl Session {
    /// Brings a file to the host. What arrived before a cut is kept beside it, as `<to>.part-…`, and gone on with.
    pub async fn upload(&self, upload: Upload<'_>) -> Result<(), UploadError> {
        let Upload { to, mode, source } = upload;
        let failed = |message: &str| UploadError::Host {
            path: to.to_owned(),
            message: message.to_owned(),
        };
        let (mut damaged, mut unanswered) = (0_u32, 0_u32);
        // Most often nothing is there yet, and it takes no question to begin; if that is wrong, the host says so.
        let mut from = Some(0);
        loop {
            let script = script(to, mode, from, source);
            let outcome = self.attempt(&script, from, source).await?;
            // How much is there now is asked again, unless the host says so.
            from = None;
            let answer = match outcome {
                Outcome::Answer(answer) => answer,
                Outcome::Unanswered if unanswered == UNANSWERED => {
                    return Err(failed("its shell gives no answer"));
                }
                nothing => {
                    let more = u32::from(matches!(nothing, Outcome::Unanswered));
                    unanswered = unanswered.saturating_add(more);
                    tokio::time::sleep(PAUSE.saturating_mul(unanswered.max(1))).await;
                    continue;
                }
            };
            unanswered = 0;
            match answer.split_once(' ').unwrap_or((&answer, "")) {
                ("done", _) => return Ok(()),
                ("have", size) => from = size.parse().ok(),
                ("nodigest", _) => return Err(UploadError::NoDigest),
                ("damaged", _) if damaged < AGAIN => damaged = damaged.saturating_add(1),
                ("damaged", _) => {
                    return Err(UploadError::Damaged {
                        path: to.to_owned(),
                    });
                }
                _ => return Err(failed(&answer)),
            }
        }
    }

    /// Sends what is missing from an offset on, or only asks where none is given.
    async fn attempt(
        &self,
        script: &str,
        from: Option<u64>,
        source: &mut dyn UploadSource,
    ) -> Result<Outcome, UploadError> {
        let Some((connection, mut channel)) = self.channel(script).await? else {
            return Ok(Outcome::Gone);
        };
        let length = source.len();
        let answer = match feed(&mut channel, from.unwrap_or(length), source).await? {
            // A host that does not want what is sent ends the channel; what it said before is worth reading.
            Fed::All | Fed::Refused => {
                let still = STILL.saturating_add(Duration::from_secs(length / DIGEST));
                timeout(still, collect(&mut channel)).await.ok()
            }
            Fed::Still => None,
        };
        match answer {
            Some(Some(answer)) => Ok(Outcome::Answer(answer)),
            Some(None) if connection.is_alive() => Ok(Outcome::Unanswered),
            Some(None) => Ok(Outcome::Gone),
            None => {
                self.beside(STILL).await?;
                Ok(Outcome::Gone)
            }
        }
    }

    /// A channel with a script in it, and the connection that must outlive it: one of its own where the server allows no
    /// second channel. None = the connection went away.
    async fn channel(&self, script: &str) -> Result<Option<(Connection, Channel)>, UploadError> {
        let command = shell(script);
        let connection = self.connection().await?;
        let opened = connection.exec(command.as_bytes(), ExecOptions::default());
        match opened.await {
            Ok(channel) => return Ok(Some((connection, channel))),
            Err(DisconnectKind::ChannelRefused) => {}
            Err(_) => return Ok(None),
        }
        let extra = self.extra().await?;
        let opened = extra.exec(command.as_bytes(), ExecOptions::default());
        Ok(opened.await.ok().map(|channel| (extra, channel)))
    }
}

/// How far sending came.
enum Fed {
    /// To the end.
    All,
    /// The channel or its connection ended.
    Refused,
    /// Nothing moves any more.
    Still,
}

/// Sends everything from an offset on.
async fn feed(
    channel: &mut Channel,
    from: u64,
    source: &mut dyn UploadSource,
) -> Result<Fed, UploadError> {
    let mut offset = from;
    let mut buffer = vec![0; CHUNK];
    while offset < source.len() {
        let read = source
            .read_at(offset, &mut buffer)
            .map_err(UploadError::Source)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Err(UploadError::Source(io::ErrorKind::UnexpectedEof.into()));
        }
        match timeout(STILL, channel.send(bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Ok(Fed::Refused),
            Err(_) => return Ok(Fed::Still),
        }
        offset = offset.saturating_add(u64::try_from(read).unwrap_or(0));
    }
    match timeout(STILL, channel.send_eof()).await {
        Ok(Ok(())) => Ok(Fed::All),
        Ok(Err(_)) => Ok(Fed::Refused),
        Err(_) => Ok(Fed::Still),
    }
}

/// The script for any login shell; marked, so that what profiles print before it is not taken for its answer.
fn shell(script: &str) -> String {
    format!(
        "exec sh -c {}",
        quote(&format!("echo {MARK}; {script}")).replace('\n', " ")
    )
}

const MARK: &str = "windlass-upload";

/// What the script answers, or where it has no answer, what is said of that; none = there was no end in good order.
async fn collect(channel: &mut Channel) -> Option<String> {
    let (mut out, mut err, mut ended) = (Vec::new(), Vec::new(), false);
    loop {
        match channel.next().await {
            ChannelMessage::Stdout(bytes) if out.len() < ANSWER => out.extend(bytes),
            ChannelMessage::Stderr(bytes) if err.len() < ANSWER => err.extend(bytes),
            ChannelMessage::ExitStatus(_) => ended = true,
            ChannelMessage::Closed(_) => break,
            _ => {}
        }
    }
    let out = String::from_utf8_lossy(&out).into_owned();
    let (_, answer) = out.split_once(&format!("{MARK}\n"))?;
    let answer = if answer.is_empty() {
        String::from_utf8_lossy(&err).trim().to_owned()
    } else {
        answer.trim().to_owned()
    };
    ended.then_some(answer)
}

/// Takes what is sent if as much is there as was thought, else says how much there is; once all is there, checks it and
/// puts it in its place. A sender that was thought dead may add something at any moment, so the size decides each time.
fn script(to: &str, mode: u32, from: Option<u64>, source: &dyn UploadSource) -> String {
    let (digest, length) = (source.sha256(), source.len());
    let part = format!("{to}.part-{}", digest.get(..16).unwrap_or(digest));
    let (part, to) = (quote(&part), quote(to));
    let from = from.map_or_else(|| "-".to_owned(), |from| from.to_string());
    format!(
        "umask 077; p={part}; \
         size() {{ s=0; [ ! -f \"$p\" ] || s=$(($(wc -c <\"$p\"))); [ \"$s\" -le {length} ] || {{ rm -f \"$p\"; s=0; }}; }}; \
         size; [ \"$s\" = {from} ] || {{ echo have $s; exit 0; }}; \
         cat >>\"$p\" || exit 0; \
         size; [ \"$s\" = {length} ] || {{ echo have $s; exit 0; }}; \
         d=$(sha256sum <\"$p\" 2>/dev/null || openssl dgst -sha256 -r <\"$p\" 2>/dev/null); \
         case ${{d%% *}} in '') echo nodigest;; {digest}) chmod {mode:o} \"$p\" && mv -f \"$p\" {to} && echo done;; *) rm -f \"$p\"; echo damaged;; esac"
    )
}
