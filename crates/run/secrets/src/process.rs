//! A program on the controller that gives a value.
//!
//! It reads what we would read where a person is there, else nothing, so that it fails rather than waits. It is stopped
//! when it takes too long or gives too much; so are its children, unless they share a terminal with us. A script ends with
//! this process too, however that ends, where no person is there: it is tied to it by a pipe.

use crate::Around;
use crate::error::Trouble;
use rustix::process::{Pid, Signal, kill_process_group};
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

/// A secret becomes a variable: Linux starts no program with a longer one (`MAX_ARG_STRLEN` is 128 KiB, its name included).
const LONGEST: usize = 120 << 10;

/// More than this is not read. A file may hold several secrets.
const MOST: u64 = 1 << 20;

/// Runs what follows, tied to whoever holds the other end of its standard input: a line that comes unties it, and where the
/// pipe is closed without one, all of the process group ends. Nothing runs when we are killed that could do it otherwise.
const TIED: &str = "exec 3<&0 </dev/null; { read -r line <&3 || kill -KILL 0; } >/dev/null 2>&1 & exec 3<&-; exec \"$@\"";

/// What a script prints, without one newline at its end.
pub(crate) async fn printed(script: &str, around: &Around<'_>) -> Result<String, Trouble> {
    let mut started = Started::script(script, around).map_err(Trouble::NotStarted)?;
    let (status, bytes) = started.end(around, async {}).await?;
    succeeded(status)?;
    text(bytes)
}

/// An error unless the program ended well.
pub(crate) fn succeeded(status: ExitStatus) -> Result<(), Trouble> {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(Trouble::Failed(format!("exit status {code}"))),
        (None, Some(signal)) => Err(Trouble::Failed(format!("signal {signal}"))),
        (None, None) => Err(Trouble::Failed(status.to_string())),
    }
}

/// The bytes as a value, without one newline at the end.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Trouble> {
    let text = String::from_utf8(bytes).map_err(|_| Trouble::NotText)?;
    fit(&text)
}

/// A value that a variable can hold, without one newline at its end.
pub(crate) fn fit(text: &str) -> Result<String, Trouble> {
    let end = text.strip_suffix("\r\n").or(text.strip_suffix('\n'));
    let text = end.unwrap_or(text);
    if text.is_empty() {
        return Err(Trouble::Empty);
    }
    if text.len() > LONGEST {
        return Err(Trouble::TooLarge);
    }
    if text.contains('\0') {
        return Err(Trouble::NotText);
    }
    Ok(text.to_owned())
}

/// A program under way; ended with this value.
pub(crate) struct Started {
    child: Child,
    /// Its process group, where that is its own.
    group: Option<Pid>,
    /// What ties it to us.
    tie: Option<ChildStdin>,
}

impl Started {
    /// Starts a script. Where it may read what a person types its input is theirs, and no tie to us.
    fn script(script: &str, around: &Around<'_>) -> std::io::Result<Self> {
        let mut command = Command::new("sh");
        if around.terminal || around.interactive {
            command.args(["-c", script]);
            return Self::of(&mut command, around);
        }
        command.args(["-c", TIED, "sh", "sh", "-c", script]);
        command.stdin(Stdio::piped());
        Self::begun(&mut command, around)
    }

    /// Starts it in the project's directory. Where there is a terminal it stays in our process group: only the one in the
    /// foreground may read from that.
    pub(crate) fn of(command: &mut Command, around: &Around<'_>) -> std::io::Result<Self> {
        command.stdin(if around.interactive {
            Stdio::inherit()
        } else {
            Stdio::null()
        });
        Self::begun(command, around)
    }

    fn begun(command: &mut Command, around: &Around<'_>) -> std::io::Result<Self> {
        command
            .current_dir(around.directory)
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if !around.terminal {
            command.process_group(0);
        }
        let mut child = command.spawn()?;
        let tie = child.stdin.take();
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        let group = number.and_then(Pid::from_raw);
        Ok(Self {
            child,
            group: group.filter(|_| !around.terminal),
            tie,
        })
    }

    /// What it says beside its output, where that was asked for.
    pub(crate) fn stderr(&mut self) -> Option<impl AsyncRead + Unpin + use<>> {
        self.child.stderr.take()
    }

    /// Waits for its end and gives all that it printed; does something else meanwhile.
    pub(crate) async fn end(
        &mut self,
        around: &Around<'_>,
        beside: impl Future<Output = ()>,
    ) -> Result<(ExitStatus, Vec<u8>), Trouble> {
        let mut bytes = Vec::new();
        let stdout = self.child.stdout.take();
        let read = async {
            let Some(stdout) = stdout else { return Ok(0) };
            let mut bounded = stdout.take(MOST.saturating_add(1));
            bounded.read_to_end(&mut bytes).await
        };
        let all = async {
            let (read, ()) = tokio::join!(read, beside);
            let read = read.map_err(Trouble::NotStarted)?;
            if u64::try_from(read).unwrap_or(u64::MAX) > MOST {
                return Err(Trouble::TooMuch);
            }
            self.child.wait().await.map_err(Trouble::NotStarted)
        };
        let status = timeout(around.limit, all)
            .await
            .map_err(|_| Trouble::TooLong(around.limit))??;
        // What it left in the background on purpose may go on.
        self.group = None;
        if let Some(mut tie) = self.tie.take() {
            // Whoever waits for it may have been ended by the script.
            tie.write_all(b"\n").await.ok();
        }
        Ok((status, bytes))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may be gone by now.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}
