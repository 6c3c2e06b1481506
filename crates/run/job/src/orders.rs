//! Orders that are not about following a job: stopping one, listing them, removing records, keeping hold of a deploy.

use crate::account;
use crate::answer::Answer;
use crate::error::Error;
use crate::host::Host;
use crate::layout;
use crate::request;
use crate::spec::{
    CancelEnd, CancelReport, CommandInfo, CommandState, Hold, JobInfo, JobState, Owned, Place,
};
use crate::tie::Tie;
use std::time::Duration;
use windlass_model::JobKey;

impl<T: Tie> Host<T> {
    /// Stops a job and sees its processes gone; claims the key of one that was not started, so that it never will be.
    ///
    /// It speaks on a channel of its own, since the supervisor reads no requests while it follows a job, or on a
    /// connection of its own where the server allows no second channel.
    pub async fn cancel(&self, key: &JobKey, place: &Place) -> Result<CancelReport, Error> {
        let answer = self
            .ask(&request::cancel(key, place, self.limits()))
            .await?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let end = match words.as_slice() {
            ["cancelled" | "absent" | "notstarted" | "nospace"] => CancelEnd::Cancelled,
            ["ended", status] => CancelEnd::AlreadyEnded(account::end_of(status)),
            ["stuck", pids @ ..] => {
                CancelEnd::Stuck(pids.iter().filter_map(|pid| pid.parse().ok()).collect())
            }
            _ => return Err(unclear(&answer)),
        };
        Ok(CancelReport { end })
    }

    /// The jobs of a place, with how they stand.
    pub async fn jobs(&self, place: &Place) -> Result<Vec<JobInfo>, Error> {
        let answer = self.ask(&request::jobs(place)).await?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        Ok(text.lines().filter_map(job_info).collect())
    }

    /// Says at a deploy root that the owner of the deploy is there, or rests; gives whose the deploy is. It goes on a channel
    /// of its own like [`Host::cancel`].
    pub async fn hold(&self, place: &Place, hold: Hold) -> Result<Owned, Error> {
        let Some(script) = request::hold(place, hold) else {
            return Ok(Owned::Ours);
        };
        let answer = self.ask(&script).await?;
        match String::from_utf8_lossy(&answer.stdout).trim() {
            "ours" => Ok(Owned::Ours),
            "lost" => Ok(Owned::Lost),
            "over" => Ok(Owned::Over),
            _ => Err(unclear(&answer)),
        }
    }

    /// Removes the records of a job, or of all jobs of a place, that are over. What they leave is enough to keep a
    /// request that comes late from starting anything.
    pub async fn sweep(&self, place: &Place, key: Option<&JobKey>) -> Result<(), Error> {
        self.ask(&request::sweep(place, key)).await.map(drop)
    }
}

fn unclear(answer: &Answer) -> Error {
    let said = [answer.stdout.as_slice(), answer.stderr.as_slice()].concat();
    Error::Answer(format!(
        "host's answer makes no sense: {}",
        String::from_utf8_lossy(&said).escape_debug()
    ))
}

/// Reads a line of the list of jobs.
fn job_info(line: &str) -> Option<JobInfo> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [key, pid, state, commands @ ..] = words.as_slice() else {
        return None;
    };
    let pid: u32 = pid.parse().ok()?;
    let state = match *state {
        _ if pid == 0 => JobState::NeverStarts,
        "running" => JobState::Running { pid },
        word => JobState::Ended(account::end_of(word)),
    };
    let mut commands = commands
        .iter()
        .map(|word| command_info(word))
        .collect::<Option<Vec<_>>>()?;
    close(&mut commands, state);
    Some(JobInfo {
        key: layout::read_key(key)?,
        state,
        commands,
    })
}

/// Reads what is said of one command.
fn command_info(word: &str) -> Option<CommandInfo> {
    let words: Vec<&str> = word.split(':').collect();
    let [attempt, step, status, hundredths] = words.as_slice() else {
        return None;
    };
    let (step, attempt) = layout::read_command(attempt, step)?;
    let state = match *status {
        "-" => CommandState::Open,
        status => account::command_state(status, hundredths),
    };
    Some(CommandInfo {
        step,
        attempt,
        state,
    })
}

/// Of a job that is over no command is open: the first that noted no end is the one that the job ended in, unless an end
/// that was noted ended it, and the rest were not reached.
fn close(commands: &mut [CommandInfo], state: JobState) {
    let JobState::Ended(whole) = state else {
        return;
    };
    let noted = |command: &CommandInfo| match command.state {
        CommandState::Ended { end, .. } => end == whole,
        CommandState::NotReached => true,
        CommandState::Open | CommandState::Skipped => false,
    };
    let mut is_noted = commands.iter().any(noted);
    for command in commands.iter_mut() {
        if command.state != CommandState::Open {
            continue;
        }
        command.state = if is_noted {
            CommandState::NotReached
        } else {
            let duration = Duration::ZERO;
            CommandState::Ended {
                end: whole,
                duration,
            }
        };
        is_noted = true;
    }
}
