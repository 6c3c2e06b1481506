//! A file to a host: atomic, checked by length and digest, and after a cut gone on with at the byte where it stopped.
//!
//! Needs only a POSIX shell on the host, and `sha256sum` or `openssl`.

use std::io;
use std::time::Duration;
use windlass_model::DisconnectKind;
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
/// Before a connection that is just ending is asked for again.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a file that arrived damaged is sent again from the beginning.
const AGAIN: u32 = 2;

impl Session {
    /// Brings a file to the host. What arrived before a cut is kept in `<to>.part` and gone on with.
    pub async fn upload(&self, upload: Upload<'_>) -> Result<(), UploadError> {
        let Upload { to, mode, source } = upload;
        let digest = source.sha256().to_owned();
        let part = format!("{to}.part-{}", digest.get(..16).unwrap_or(&digest));
        let mut damaged = 0_u32;
        loop {
            let Some(have) = self.size_of(&part).await? else {
                continue;
            };
            if have > source.len() {
                self.run(&format!("rm -f {}", quote(&part))).await?;
                continue;
            }
            if have < source.len() && !self.send(&part, have, source).await? {
                continue;
            }
            let Some(answer) = self.answer(&finish(&part, to, mode, &digest)).await? else {
                continue;
            };
            match answer.as_str() {
                "done" => return Ok(()),
                "nodigest" => return Err(UploadError::NoDigest),
                "short" => {}
                "damaged" if damaged < AGAIN => damaged = damaged.saturating_add(1),
                "damaged" => {
                    return Err(UploadError::Damaged {
                        path: to.to_owned(),
                    });
                }
                message => {
                    return Err(UploadError::Host {
                        path: to.to_owned(),
                        message: message.to_owned(),
                    });
                }
            }
        }
    }

    /// How much has arrived; none = the connection went away.
    async fn size_of(&self, part: &str) -> Result<Option<u64>, UploadError> {
        let path = quote(part);
        let answer = self
            .answer(&format!("[ ! -f {path} ] && echo 0 || wc -c <{path}"))
            .await?;
        Ok(answer.and_then(|answer| answer.trim().parse().ok()))
    }

    async fn run(&self, script: &str) -> Result<(), UploadError> {
        self.answer(script).await.map(drop)
    }

    /// Sends from an offset to the end; false = the connection went away.
    async fn send(
        &self,
        part: &str,
        from: u64,
        source: &mut dyn UploadSource,
    ) -> Result<bool, UploadError> {
        let path = quote(part);
        // The size is looked at again on the host: a sender that was thought dead may still have added something.
        let script = format!(
            "umask 077; s=0; [ ! -f {path} ] || s=$(wc -c <{path}); [ \"$s\" -eq {from} ] || {{ echo moved; exit 0; }}; cat >>{path} && echo sent || echo full"
        );
        let Some((_connection, mut channel)) = self.channel(&script).await? else {
            return Ok(false);
        };
        if !feed(&mut channel, from, source).await? {
            return Ok(false);
        }
        match collect(&mut channel).await {
            Some((out, _)) if out.trim_end() == "sent" => Ok(true),
            Some((out, err)) if out.trim_end() == "full" => Err(UploadError::Host {
                path: part.to_owned(),
                message: err.trim().to_owned(),
            }),
            _ => Ok(false),
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
            Err(_) => {
                tokio::time::sleep(PAUSE).await;
                return Ok(None);
            }
        }
        let extra = self.extra().await?;
        let opened = extra.exec(command.as_bytes(), ExecOptions::default());
        Ok(opened.await.ok().map(|channel| (extra, channel)))
    }

    /// What a short script writes; none = the connection went away.
    async fn answer(&self, script: &str) -> Result<Option<String>, UploadError> {
        let Some((_connection, mut channel)) = self.channel(script).await? else {
            return Ok(None);
        };
        Ok(collect(&mut channel).await.map(|(out, err)| {
            if out.is_empty() {
                err
            } else {
                out.trim().to_owned()
            }
        }))
    }
}

/// Sends everything from an offset on; false = the connection went away.
async fn feed(
    channel: &mut Channel,
    from: u64,
    source: &mut dyn UploadSource,
) -> Result<bool, UploadError> {
    let mut offset = from;
    let mut buffer = vec![0; CHUNK];
    while offset < source.len() {
        let read = source
            .read_at(offset, &mut buffer)
            .map_err(UploadError::Source)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        if channel.send(bytes).await.is_err() {
            return Ok(false);
        }
        offset = offset.saturating_add(u64::try_from(read).unwrap_or(0));
    }
    Ok(channel.send_eof().await.is_ok())
}

/// The script for any login shell; marked, so that what profiles print before it is not taken for its answer.
fn shell(script: &str) -> String {
    format!(
        "exec sh -c {}",
        quote(&format!("echo {MARK}; {script}")).replace('\n', " ")
    )
}

const MARK: &str = "windlass-upload";

/// Everything a channel says until its end; none = there was no end in good order.
async fn collect(channel: &mut Channel) -> Option<(String, String)> {
    let (mut out, mut err, mut ended) = (Vec::new(), Vec::new(), false);
    loop {
        match channel.next().await {
            ChannelMessage::Stdout(bytes) => out.extend(bytes),
            ChannelMessage::Stderr(bytes) => err.extend(bytes),
            ChannelMessage::ExitStatus(_) => ended = true,
            ChannelMessage::ExitSignal(_) | ChannelMessage::Eof => {}
            ChannelMessage::Closed(_) => break,
        }
    }
    let out = String::from_utf8_lossy(&out).into_owned();
    let (_, answer) = out.split_once(&format!("{MARK}\n"))?;
    ended.then(|| {
        (
            answer.to_owned(),
            String::from_utf8_lossy(&err).into_owned(),
        )
    })
}

/// Checks what arrived and puts it in its place.
fn finish(part: &str, to: &str, mode: u32, digest: &str) -> String {
    let (part, to) = (quote(part), quote(to));
    format!(
        "umask 077; [ -f {part} ] || : >{part}; d=$(sha256sum <{part} 2>/dev/null || openssl dgst -sha256 -r <{part} 2>/dev/null); d=${{d%% *}}; \
         case $d in '') echo nodigest;; {digest}) chmod {mode:o} {part} && mv -f {part} {to} && echo done;; *) rm -f {part}; echo damaged;; esac"
    )
}
