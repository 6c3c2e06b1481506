//! The full log: every event and every line of output, for later.
//!
//! A line is `TIME HOST KIND TEXT`, time in UTC, `-` for no host. Output has the kinds `out` and `err` and its bytes
//! exactly as the host wrote them (after masking); `out+` and `err+` are pieces of a line that goes on in the next one.
//! Lines of Windlass itself hold no colour and no control character. It is text for people and may be deleted; the
//! journal is the truth.

use crate::Error;
use crate::console::outcome;
use crate::split::Piece;
use crate::visible;
use crate::words::{duration, moment, plural, size};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeploySummary, EndSummary};
use windlass_model::{Event, EventBody, HostName, Stream};

/// An open log.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: BufWriter<File>,
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
        })
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
        let Some((host, kind, text)) = words(&event.body) else {
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

/// Host, kind and text of an event; nothing for what has lines of its own.
fn words(body: &EventBody) -> Option<(Option<&HostName>, &'static str, String)> {
    let told = match body {
        EventBody::Output { .. } => return None,
        EventBody::DeployStarted { summary, resumed } => {
            (None, "deploy", started(summary, *resumed))
        }
        EventBody::TaskStarted { task, show } => (None, "task", format!("{task}: {show}")),
        EventBody::StepStarted {
            task,
            host,
            attempt,
            show,
            ..
        } => (
            Some(host),
            "step",
            format!("{task} begins (attempt {attempt}): {show}"),
        ),
        EventBody::StepPulse { step, host, pulse } => {
            let text = format!(
                "{step} works: pid {}, age {}, cpu {}, memory {}, silent for {}",
                pulse.pid,
                duration::prose(pulse.age),
                duration::prose(pulse.cpu),
                size::size(pulse.memory),
                duration::prose(pulse.silent)
            );
            (Some(host), "pulse", text)
        }
        EventBody::StepEnded {
            task,
            host,
            outcome,
            duration: took,
            note,
            advisory,
            ..
        } => {
            let note = note
                .as_ref()
                .map(|note| format!(" · {note}"))
                .unwrap_or_default();
            let only = if *advisory && !outcome.is_fine() {
                " (only a warning)"
            } else {
                ""
            };
            let text = format!("{task} {}{only}{note}", outcome::sentence(outcome, *took));
            (Some(host), "step", text)
        }
        EventBody::StepRetried {
            step,
            host,
            attempt,
        } => (
            Some(host),
            "step",
            format!("{step} is tried again (attempt {attempt})"),
        ),
        EventBody::UnwindStarted { reason } => (None, "unwind", reason.clone()),
        EventBody::UndoStarted { step, host, show } => {
            (Some(host), "undo", format!("{step} begins: {show}"))
        }
        EventBody::UndoEnded {
            step,
            host,
            outcome,
            duration: took,
        } => (
            Some(host),
            "undo",
            format!("{step} {}", outcome::sentence(outcome, *took)),
        ),
        EventBody::Warning {
            host,
            message,
            hint,
        } => {
            let hint = hint
                .as_ref()
                .map(|hint| format!(" · {hint}"))
                .unwrap_or_default();
            (host.as_ref(), "warning", format!("{message}{hint}"))
        }
        EventBody::DeployEnded { summary } => (None, "deploy", ended(summary)),
        _ => return connection(body),
    };
    Some(told)
}

fn connection(body: &EventBody) -> Option<(Option<&HostName>, &'static str, String)> {
    let (host, text) = match body {
        EventBody::ConnectionLost { host, kind, pid } => {
            let pid = pid
                .map(|pid| format!(", pid {pid} goes on"))
                .unwrap_or_default();
            (host, format!("lost ({kind}){pid}"))
        }
        EventBody::ConnectionSilent { host, silent } => (
            host,
            format!(
                "silent for {}, dialling a second one",
                duration::prose(*silent)
            ),
        ),
        EventBody::StillReconnecting {
            host, gone, kind, ..
        } => (
            host,
            format!("gone for {} ({kind})", duration::prose(*gone)),
        ),
        EventBody::ConnectionBack { host, gone } => {
            (host, format!("back after {}", duration::prose(*gone)))
        }
        _ => return None,
    };
    Some((Some(host), "connection", text))
}

fn started(summary: &DeploySummary, resumed: bool) -> String {
    format!(
        "{} {} of {} to {} as {}, revision {}, plan {}, {} on {}",
        if resumed { "goes on:" } else { "begins:" },
        match summary.kind {
            windlass_model::DeployKind::Deploy => "deploy",
            windlass_model::DeployKind::Rollback => "rollback",
        },
        summary.application,
        summary.stage,
        summary.release,
        summary
            .revision
            .as_ref()
            .map_or("unknown", |revision| revision.as_str()),
        summary.digest,
        plural::count(summary.steps, "step"),
        plural::count(summary.hosts.len(), "host"),
    )
}

fn ended(summary: &EndSummary) -> String {
    let mut text = format!(
        "{} after {}",
        outcome::end_word(summary.end),
        duration::prose(summary.duration)
    );
    for (host, live) in &summary.live {
        text.push_str(&format!(
            " · {host} live {}",
            live.as_deref().unwrap_or("unknown")
        ));
    }
    for (host, doubt) in &summary.in_doubt {
        text.push_str(&format!(" · {host} in doubt: {doubt}"));
    }
    text
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
