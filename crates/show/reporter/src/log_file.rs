//! The full log: every event and every line of output, for later.
//!
//! A line is `TIME HOST KIND TEXT`, time in UTC, `-` for no host. Output has the kinds `out` and `err` and its bytes
//! exactly as the host wrote them (after masking); `out+` and `err+` are pieces of a line that goes on in the next one.
//! Lines of Windlass itself hold no colour and no control character. It is text for people and may be deleted; the
//! journal is the truth.

use crate::Error;
use crate::log_words::{Entry, words};
use crate::numbers::Numbers;
use crate::split::Piece;
use crate::visible;
use crate::words::moment;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use windlass_model::clock::Timestamp;
use windlass_model::{Event, HostName, Plan, Stream};

/// An open log.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: BufWriter<File>,
    numbers: Numbers,
}

impl LogFile {
    /// Makes the file with mode 0600, never through a link and never over another's. A log of this user that lies
    /// there already belongs to an earlier part of the same deploy and is gone on with.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::OpenLog {
            path: path.to_owned(),
            source,
        };
        let made = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let file = open_existing(path).map_err(failed)?;
                check_owner(path, &file)?;
                file
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(64 * 1024, file),
            numbers: Numbers::default(),
        })
    }

    /// Tells which tasks there are, so that they have their numbers.
    pub(crate) fn expect(&mut self, plan: &Plan) {
        self.numbers = Numbers::of(plan);
    }

    /// One line of output.
    pub(crate) fn output(&mut self, source: Source<'_>, piece: Piece<'_>) -> Result<(), Error> {
        let kind = match source.stream {
            Stream::Stdout => "out",
            Stream::Stderr => "err",
        };
        let more = if piece.ends { "" } else { "+" };
        let head = format!("{} {} {kind}{more} ", moment::utc(source.at), source.host);
        self.write(&[head.as_bytes(), piece.bytes, b"\n"])
    }

    /// One event other than output.
    pub(crate) fn event(&mut self, event: &Event) -> Result<(), Error> {
        let Some(Entry { host, kind, text }) = words(&event.body, &self.numbers) else {
            return Ok(());
        };
        let host = host.map_or("-", HostName::as_str);
        let line = format!("{} {host} {kind} {text}", moment::utc(event.at));
        self.write(&[visible::plain(&line).as_bytes(), b"\n"])?;
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.file.flush().map_err(|source| self.failed(source))
    }

    fn write(&mut self, parts: &[&[u8]]) -> Result<(), Error> {
        parts
            .iter()
            .try_for_each(|part| self.file.write_all(part))
            .map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::WriteLog {
            path: self.path.clone(),
            source,
        }
    }
}

/// Where a line of output comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) at: Timestamp,
    pub(crate) host: &'a HostName,
    pub(crate) stream: Stream,
}

fn open_existing(path: &Path) -> io::Result<File> {
    let no_follow = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(no_follow.bits()).map_err(io::Error::other)?;
    OpenOptions::new()
        .append(true)
        .custom_flags(flags)
        .open(path)
}

fn check_owner(path: &Path, file: &File) -> Result<(), Error> {
    let metadata = file.metadata().map_err(|source| Error::OpenLog {
        path: path.to_owned(),
        source,
    })?;
    let found = if !metadata.is_file() {
        "no regular file"
    } else if metadata.uid() != rustix::process::geteuid().as_raw() {
        "it belongs to another user"
    } else if metadata.mode() & 0o077 != 0 {
        "others may read or write it"
    } else {
        return Ok(());
    };
    Err(Error::ForeignLog {
        path: path.to_owned(),
        found,
    })
}

/// Copies the lines of these hosts, all where none is named, from a log to `out`, made safe for a screen.
pub fn copy_host_lines(
    log: &mut dyn BufRead,
    hosts: &[HostName],
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.read_until(b'\n', &mut line).map_err(Error::ReadLog)? == 0 {
            return Ok(());
        }
        let host = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        if hosts.is_empty()
            || hosts
                .iter()
                .any(|wanted| wanted.as_str().as_bytes() == host)
        {
            let text = visible::screen(line.strip_suffix(b"\n").unwrap_or(&line), false);
            writeln!(out, "{text}").map_err(Error::stdout)?;
        }
    }
}
