//! Orders that are not about following a job: stopping one, listing them, removing records.

use crate::account;
use crate::answer::Answer;
use crate::error::Error;
use crate::host::Host;
use crate::layout;
use crate::request;
use crate::spec::{CancelEnd, CancelReport, JobInfo, JobState, Place};
use crate::tie::Tie;
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
    let [key, pid, state] = words.as_slice() else {
        return None;
    };
    let pid: u32 = pid.parse().ok()?;
    let state = match *state {
        _ if pid == 0 => JobState::NeverStarts,
        "running" => JobState::Running { pid },
        word => JobState::Ended(account::end_of(word)),
    };
    Some(JobInfo {
        key: layout::read_key(key)?,
        state,
    })
}
