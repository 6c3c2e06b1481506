//! What runs on this machine, written down: so an engine can find and end what one before it left when it was killed.
//!
//! The shell that becomes the command writes the note itself, before, and does not go on where there is one already. So
//! there is no moment at which a command runs without its note, and whoever puts a note there first keeps the command
//! from beginning.

use crate::backend::BackendError;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use windlass_job::CancelEnd;

/// From TERM to KILL.
const GRACE: Duration = Duration::from_secs(10);

/// What is still there so long after KILL will not go.
const STUCK: Duration = Duration::from_secs(30);

/// How often a stopped group is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// Names the process $1: number, boot, start. A number alone may be another's by the time it is read.
const NAME: &str = r#"name() {
  boot=- start=-
  read -r boot </proc/sys/kernel/random/boot_id || boot=$(sysctl -n kern.bootsessionuuid)
  if read -r x <"/proc/$1/stat"; then
    pid=$1
    set -- ${x##*) }
    start=${20}
    set -- "$pid"
  else
    start=$(ps -o lstart= -p "$1" | tr ' ' _)
  fi
  echo "$1 ${boot:--} ${start:-gone}"
} 2>/dev/null
"#;

/// Becomes the command, after the note $1 was written.
const BEGIN: &str = r#"note=$1
shift
(umask 077; name $$ >"$note.new") && ln "$note.new" "$note" && rm -f "$note.new" || exit 126
unset note x boot start pid
exec "$@"
"#;

/// The note of one command.
pub(crate) struct Note(PathBuf);

impl Note {
    /// At this path, in a directory of this user's.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The words that write the note and then become a command; the command's own words follow.
    pub(crate) fn words(&self) -> [OsString; 5] {
        [
            "sh".into(),
            "-c".into(),
            format!("{NAME}{BEGIN}").into(),
            "windlass-local".into(),
            self.0.clone().into(),
        ]
    }

    /// The command is over.
    pub(crate) fn remove(&self) {
        // A command that was ended before it began leaves what was to become its note.
        let mut new = self.0.clone().into_os_string();
        new.push(".new");
        for path in [&self.0, &PathBuf::from(new)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::debug!(%error, path = %path.display(), "note was not removed");
                }
                _ => {}
            }
        }
    }

    /// Ends what an earlier engine began under this note, and keeps it from beginning if it has not yet.
    pub(crate) async fn end(&self) -> Result<CancelEnd, BackendError> {
        match self.forestall() {
            Ok(()) => return Ok(CancelEnd::Cancelled),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(broken(&self.0, &error)),
        }
        let noted = fs::read_to_string(&self.0).map_err(|error| broken(&self.0, &error))?;
        let Some(pid) = number(&noted) else {
            return Ok(CancelEnd::Cancelled);
        };
        if is_still(pid, &noted).await? && !end_group(pid, || {}).await {
            let pid = u32::try_from(pid.as_raw_nonzero().get()).unwrap_or_default();
            return Ok(CancelEnd::Stuck(vec![pid]));
        }
        self.remove();
        Ok(CancelEnd::Cancelled)
    }

    /// Puts an empty note there, unless there is one.
    fn forestall(&self) -> std::io::Result<()> {
        if let Some(directory) = self.0.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(&self.0).map(drop)
    }
}

fn number(noted: &str) -> Option<Pid> {
    let word = noted.split_whitespace().next()?;
    Pid::from_raw(word.parse().ok()?)
}

/// Whether a group of this number is the one that was noted. Where its first process is gone, the number is nobody
/// else's as long as there is a group of it.
async fn is_still(pid: Pid, noted: &str) -> Result<bool, BackendError> {
    if test_kill_process_group(pid).is_err() {
        return Ok(false);
    }
    let asked = tokio::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{NAME}name \"$1\""))
        .args(["sh", &pid.as_raw_nonzero().to_string()])
        .output()
        .await
        .map_err(|error| broken(Path::new("sh"), &error))?;
    let now = String::from_utf8_lossy(&asked.stdout).into_owned();
    let [mut now, mut then] = [now.split_whitespace(), noted.split_whitespace()];
    let same = now.next() == then.next() && now.next() == then.next();
    let start = now.next().unwrap_or("gone");
    Ok(same && (start == "gone" || Some(start) == then.next()))
}

/// TERM, then KILL. Says whether nobody of the group is left in the end.
pub(crate) async fn end_group(group: Pid, mut reap: impl FnMut()) -> bool {
    let begun = Instant::now();
    signal(group, Signal::TERM);
    signal(group, Signal::CONT);
    while test_kill_process_group(group).is_ok() {
        reap();
        if begun.elapsed() > GRACE {
            signal(group, Signal::KILL);
        }
        if begun.elapsed() > GRACE.saturating_add(STUCK) {
            return false;
        }
        sleep(LOOK).await;
    }
    true
}

/// A group that is gone already needs no signal.
pub(crate) fn signal(group: Pid, signal: Signal) {
    if let Err(error) = kill_process_group(group, signal) {
        tracing::trace!(%error, "no group to signal");
    }
}

fn broken(path: &Path, error: &std::io::Error) -> BackendError {
    BackendError::Broken {
        reason: format!(
            "what runs on this machine cannot be found out: {}: {error}",
            path.display()
        ),
    }
}
