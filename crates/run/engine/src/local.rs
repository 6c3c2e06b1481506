//! Commands on this machine: each in a process group of its own, its output told as it comes, stopped by TERM and KILL.
//!
//! Dropping the future of [`Locals::run`] ends the group. One whose engine was killed goes on; the next engine finds it by
//! its note and ends it, since nobody reads its output any more. Their script is a file of this user alone, so that
//! nothing of it stands in a list of processes.

use crate::backend::{BackendError, JobSink};
use crate::note::{self, Note, end_group};
use rustix::process::{Pid, Signal};
use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use windlass_job::{CancelEnd, CancelReport, JobEvent};
use windlass_model::{Command, CommandEnd, ExitStatus, JobKey, Secrets, Stream};

/// How long output is still waited for after the command has ended: what left-over daemons write later is none.
const REST: Duration = Duration::from_millis(100);

/// No limit: longer than any command runs.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The commands that run on this machine.
pub(crate) struct Locals {
    project: PathBuf,
    notes: PathBuf,
    secrets: Secrets,
    /// By which commands are stopped.
    switches: Mutex<HashMap<JobKey, watch::Sender<bool>>>,
}

impl Locals {
    /// Commands run in the project's directory and may see the secrets of the host on whose behalf they run, each where
    /// its command names it. The second
    /// directory, of this user's, holds the notes on what runs.
    pub(crate) fn new(project: PathBuf, notes: PathBuf, secrets: Secrets) -> Self {
        Self {
            project,
            notes,
            secrets,
            switches: Mutex::default(),
        }
    }

    /// Runs a command to its end, unless its `when` says that there is nothing to do.
    pub(crate) async fn run(
        &self,
        command: &Command,
        key: &JobKey,
        mut sink: JobSink,
    ) -> Result<CommandEnd, BackendError> {
        if let Some(when) = &command.when {
            let question = Command {
                script: when.clone(),
                when: None,
                ..command.clone()
            };
            if !self.carry_out(&question, key, &mut sink).await?.success() {
                sink(JobEvent::Skipped { index: 0 });
                return Ok(CommandEnd::Exited(ExitStatus(0)));
            }
        }
        self.carry_out(command, key, &mut sink).await
    }

    /// Stops the command of this key and returns when its group is gone, whether this engine runs it or one before it
    /// left it. One that has not begun yet never will.
    pub(crate) async fn stop(&self, key: &JobKey) -> Result<CancelReport, BackendError> {
        let stop = self.switch(key);
        let is_ours = stop.receiver_count() > 0;
        stop.send_replace(true);
        stop.closed().await;
        let end = if is_ours {
            CancelEnd::Cancelled
        } else {
            self.note(key).end().await?
        };
        Ok(CancelReport { end })
    }

    fn note(&self, key: &JobKey) -> Note {
        let name = format!("{}.{}.{}", key.deploy, key.step, key.attempt);
        let safe = name.chars().map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '@' => c,
            _ => '_',
        });
        let name: String = safe.collect();
        Note::at(self.notes.join(name + ".note"))
    }

    fn switch(&self, key: &JobKey) -> watch::Sender<bool> {
        let mut switches = self.lock();
        let switch = switches
            .entry(key.clone())
            .or_insert_with(|| watch::channel(false).0);
        switch.clone()
    }

    async fn carry_out(
        &self,
        command: &Command,
        key: &JobKey,
        sink: &mut JobSink,
    ) -> Result<CommandEnd, BackendError> {
        let stopped = self.switch(key).subscribe();
        if *stopped.borrow() {
            return Ok(CommandEnd::Cancelled);
        }
        let not_begun = |error: std::io::Error| BackendError::NotBegun {
            reason: format!("a command on this machine could not be started: {error}"),
        };
        let script = script_file(command).map_err(not_begun)?;
        std::fs::create_dir_all(&self.notes).map_err(not_begun)?;
        let note = self.note(key);
        let mut child = self
            .spawn(command, key, &note, script.path())
            .map_err(not_begun)?;
        let end = follow(&mut child, command, stopped, sink).await?;
        note.remove();
        Ok(end)
    }

    fn spawn(
        &self,
        command: &Command,
        key: &JobKey,
        note: &Note,
        script: &Path,
    ) -> std::io::Result<Child> {
        let [program, arguments @ ..] = note.words();
        let secrets = self
            .secrets
            .of(&key.host)
            .iter()
            .filter(|(name, _)| command.secrets.contains(name));
        tokio::process::Command::new(program)
            .args(arguments)
            .args(command.shell_words())
            .arg(script)
            .envs(secrets.map(|(name, secret)| (name, secret.reveal())))
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobKey, watch::Sender<bool>>> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn script_file(command: &Command) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("windlass-").tempfile()?;
    writeln!(file, "{}\n{}", command.prelude(), command.script)?;
    Ok(file)
}

/// The process group of a command; ended where nobody has seen its end.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Self(number.and_then(Pid::from_raw))
    }

    /// TERM, then KILL; returns when nobody of the group is left, or will not go.
    async fn end(&self, child: &mut Child) -> bool {
        match self.0 {
            // The leader stays a zombie, and so its group there, until it is waited for.
            Some(pid) => end_group(pid, || drop(child.try_wait())).await,
            None => true,
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            note::signal(pid, Signal::TERM);
        }
    }
}

async fn follow(
    child: &mut Child,
    command: &Command,
    mut stopped: watch::Receiver<bool>,
    sink: &mut JobSink,
) -> Result<CommandEnd, BackendError> {
    let mut group = Group::of(child);
    sink(JobEvent::Running {
        pid: child.id().unwrap_or_default(),
    });
    let mut output = Output::of(child);
    let idle = command.idle_timeout.unwrap_or(FOREVER);
    let deadline = Instant::now() + command.timeout.unwrap_or(FOREVER);
    let mut silent_until = Instant::now() + idle;
    let cut = loop {
        tokio::select! {
            Some((stream, bytes)) = output.chunks.recv() => {
                silent_until = Instant::now() + idle;
                output.tell(stream, bytes, sink);
            }
            status = child.wait() => {
                output.rest(sink).await;
                // Daemons that it leaves behind are its own business.
                group.0 = None;
                return status.map(ended).map_err(|error| BackendError::Broken {
                    reason: format!("a command on this machine cannot be waited for: {error}"),
                });
            }
            () = wanted(&mut stopped) => break CommandEnd::Cancelled,
            () = sleep_until(deadline) => break CommandEnd::TimedOut,
            () = sleep_until(silent_until) => break CommandEnd::IdleTimedOut,
        }
    };
    if !group.end(child).await {
        return Err(BackendError::Broken {
            reason: "a command on this machine does not end, not even killed".to_owned(),
        });
    }
    group.0 = None;
    output.rest(sink).await;
    Ok(cut)
}

/// Resolves when the command is to be stopped.
async fn wanted(stopped: &mut watch::Receiver<bool>) {
    stopped.wait_for(|stop| *stop).await.map(drop).ok();
}

fn ended(status: std::process::ExitStatus) -> CommandEnd {
    let signal = status.signal().map(|signal| signal.saturating_add(128));
    let number = status.code().or(signal).unwrap_or(255);
    CommandEnd::Exited(ExitStatus(u8::try_from(number).unwrap_or(255)))
}

/// Both output streams of a command, in the order in which they are read.
struct Output {
    chunks: mpsc::Receiver<(Stream, Vec<u8>)>,
    told: [u64; 2],
}

impl Output {
    fn of(child: &mut Child) -> Self {
        let (sender, chunks) = mpsc::channel(16);
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read(stdout, Stream::Stdout, sender.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(read(stderr, Stream::Stderr, sender));
        }
        Self {
            chunks,
            told: [0, 0],
        }
    }

    fn tell(&mut self, stream: Stream, bytes: Vec<u8>, sink: &mut JobSink) {
        let [stdout, stderr] = &mut self.told;
        let told = match stream {
            Stream::Stdout => stdout,
            Stream::Stderr => stderr,
        };
        let offset = *told;
        *told = told.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        sink(JobEvent::Output {
            index: 0,
            stream,
            offset,
            bytes,
        });
    }

    /// What is in the pipes when the command has ended.
    async fn rest(&mut self, sink: &mut JobSink) {
        let over = Instant::now() + REST;
        while let Ok(Some((stream, bytes))) =
            tokio::time::timeout_at(over, self.chunks.recv()).await
        {
            self.tell(stream, bytes, sink);
        }
    }
}

async fn read(
    mut from: impl AsyncRead + Unpin,
    stream: Stream,
    to: mpsc::Sender<(Stream, Vec<u8>)>,
) {
    let mut buffer = vec![0; 16 * 1024];
    // A pipe that cannot be read is at its end.
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = buffer.get(..count).unwrap_or_default().to_vec();
        if to.send((stream, bytes)).await.is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests;
