//! Commands on this machine: each in a process group of its own, its output told as it comes, stopped by TERM and KILL.

use crate::backend::{BackendError, JobSink};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt as _;
use tokio::process::Child;
use windlass_job::JobEvent;
use windlass_model::{Command, CommandEnd, ExitStatus, JobKey, Secret, Stream};

/// From TERM to KILL.
const GRACE: Duration = Duration::from_secs(10);

/// The commands that run on this machine.
pub(crate) struct Locals {
    project: PathBuf,
    secrets: Vec<(String, Secret)>,
    running: Mutex<BTreeMap<String, rustix::process::Pid>>,
    stopped: Mutex<Vec<String>>,
}

impl Locals {
    pub(crate) fn new(project: PathBuf, secrets: Vec<(String, Secret)>) -> Self {
        Self {
            project,
            secrets,
            running: Mutex::default(),
            stopped: Mutex::default(),
        }
    }

    /// Runs a command to its end.
    pub(crate) async fn run(
        &self,
        command: &Command,
        key: &JobKey,
        mut sink: JobSink,
    ) -> Result<CommandEnd, BackendError> {
        let name = key.to_string();
        let started = Instant::now();
        let mut child = self
            .spawn(command)
            .map_err(|error| BackendError::NotBegun {
                reason: error.to_string(),
            })?;
        let pid = child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            self.running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(name.clone(), pid);
        }
        sink(JobEvent::Running {
            pid: child.id().unwrap_or(0),
        });
        sink(JobEvent::CommandStarted { index: 0 });
        let end = self.follow(&mut child, command, &mut sink).await;
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&name);
        let was_stopped = self
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&name);
        let end = if was_stopped {
            CommandEnd::Cancelled
        } else {
            end?
        };
        sink(JobEvent::CommandEnded {
            index: 0,
            end,
            duration: started.elapsed(),
        });
        Ok(end)
    }

    fn spawn(&self, command: &Command) -> std::io::Result<Child> {
        let script = format!("{}\n{}\n", command.prelude(), command.script);
        let words = command.shell_words();
        let (program, arguments) = words
            .split_first()
            .ok_or(std::io::ErrorKind::InvalidInput)?;
        let secrets = self
            .secrets
            .iter()
            .filter(|(name, _)| command.secrets.contains(name));
        tokio::process::Command::new(program)
            .args(arguments)
            .arg("-c")
            .arg(script)
            .envs(secrets.map(|(name, secret)| (name, secret.reveal())))
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }

    async fn follow(
        &self,
        child: &mut Child,
        command: &Command,
        sink: &mut JobSink,
    ) -> Result<CommandEnd, BackendError> {
        let (Some(mut out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(BackendError::Broken {
                reason: "the command's output cannot be read".to_owned(),
            });
        };
        let (mut out_buffer, mut err_buffer) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        let (mut out_offset, mut err_offset) = (0, 0);
        let (mut out_open, mut err_open) = (true, true);
        let limit = command.timeout.unwrap_or(Duration::MAX);
        let deadline = tokio::time::sleep(limit.min(Duration::from_secs(365 * 24 * 3600)));
        tokio::pin!(deadline);
        let mut ended = None;
        loop {
            tokio::select! {
                read = out.read(&mut out_buffer), if out_open => {
                    out_open = told(read, &out_buffer, Stream::Stdout, &mut out_offset, sink);
                }
                read = err.read(&mut err_buffer), if err_open => {
                    err_open = told(read, &err_buffer, Stream::Stderr, &mut err_offset, sink);
                }
                status = child.wait(), if ended.is_none() => {
                    ended = Some(status.map_err(|error| BackendError::Broken { reason: error.to_string() })?);
                }
                // What left-over daemons write later is not output: a moment for what is in the pipe, and no more.
                () = tokio::time::sleep(Duration::from_millis(100)), if ended.is_some() => break,
                () = &mut deadline, if ended.is_none() => {
                    self.strike(child).await;
                    return Ok(CommandEnd::TimedOut);
                }
            }
            if ended.is_some() && !out_open && !err_open {
                break;
            }
        }
        let status = ended.map_or(0, |status| {
            status
                .code()
                .or_else(|| status.signal().map(|signal| signal.saturating_add(128)))
                .unwrap_or(255)
        });
        Ok(CommandEnd::Exited(ExitStatus(
            u8::try_from(status).unwrap_or(255),
        )))
    }

    async fn strike(&self, child: &mut Child) {
        let Some(pid) = child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(rustix::process::Pid::from_raw)
        else {
            return;
        };
        signal(pid, rustix::process::Signal::TERM);
        if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
            signal(pid, rustix::process::Signal::KILL);
            if let Err(error) = child.wait().await {
                tracing::debug!(%error, "a local command could not be waited for");
            }
        }
    }

    /// Stops the command of this key, and returns when it is gone.
    pub(crate) async fn stop(&self, key: &JobKey) {
        let name = key.to_string();
        let pid = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
            .copied();
        let Some(pid) = pid else { return };
        self.stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name.clone());
        signal(pid, rustix::process::Signal::TERM);
        let began = Instant::now();
        while self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(&name)
        {
            if began.elapsed() > GRACE {
                signal(pid, rustix::process::Signal::KILL);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// To the whole group; one that is gone already needs none.
fn signal(pid: rustix::process::Pid, signal: rustix::process::Signal) {
    if let Err(error) = rustix::process::kill_process_group(pid, signal) {
        tracing::debug!(%error, "a local command was gone already");
    }
}

/// Tells what was read; false = the stream is at its end.
fn told(
    read: std::io::Result<usize>,
    buffer: &[u8],
    stream: Stream,
    offset: &mut u64,
    sink: &mut JobSink,
) -> bool {
    let Ok(count @ 1..) = read else { return false };
    let bytes = buffer.get(..count).unwrap_or_default().to_vec();
    sink(JobEvent::Output {
        index: 0,
        stream,
        offset: *offset,
        bytes,
    });
    *offset = offset.saturating_add(u64::try_from(count).unwrap_or(0));
    true
}
