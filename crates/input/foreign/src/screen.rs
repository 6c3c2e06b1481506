//! Lines of Capistrano's and Airbrussh's, and where a person finds the same here.

/// A line, shortened to what is always in it, and what stands here instead.
pub(crate) type Line = (&'static str, &'static str);

/// One line of another tool a line: `"line" => "here";`.
macro_rules! lines {
    ($($line:literal => $here:literal;)+) => { &[$(($line, $here),)+] };
}

pub(crate) static LINES: &[Line] = lines! {
    "00:00 git:wrapper" => "`00:00 01 push`: minutes and seconds since the start, the number of the task in the plan, and its name";
    "01 mkdir -p /tmp" => "what the task does stands behind its name, and the number before it: the same in the log and on the screen of a failure; with `-v` the output of its commands comes below it, each line with its host";
    "✔ 01 deploy@web1 0.259s" => "`✔ web1 0.3s`: the host and its seconds, all hosts on one line";
    "✘ 01 deploy@web2 1.002s" => "`✘ web2`, and a screen that tells the end of the output, what was undone, what is live, and what to do next";
    "log/capistrano.log" => "one file a deploy; the last line of a run names it, `windlass show STAGE` shows it";
    "INFO [1a2b3c4d] Running … as user@host" => "`step 03 … begins` in the log, with host and attempt";
    "INFO [1a2b3c4d] Finished in 0.259 seconds with exit status 0" => "`step 03 … succeeded` in the log";
    "DEBUG [1a2b3c4d] Command: …" => "the commands stand in `windlass plan STAGE`";
    "** Invoke …, ** Execute …" => "`windlass plan STAGE`: phase, task, hosts, command, undo";
    "** DEPLOY FAILED" => "`✘ 03 TASK on HOST failed`";
    "cap aborted!, (Backtrace restricted to imported tasks)" => "a sentence and the next command to type; never a stack trace";
    "The deploy has failed with an error" => "`undone` on the same screen: a failed deploy is undone by itself";
    "Stage not set, please call something such as …" => "the stages are listed; with one stage its name may be left out";
    "linked file … does not exist on …" => "`windlass check STAGE` and every deploy say so before anything is changed";
    "The repository mirror is at …" => "nothing; the mirror is where Capistrano had it";
    "Keeping K of N deployed releases on …" => "the task `cleanup` tells which releases went";
    "Skipping cleanup of invalid releases on …" => "what is no release is left alone";
    "Current release was marked for being removed" => "nothing; what is live is never removed";
    "There are no older releases to rollback to" => "the same, as a refusal with nothing changed";
    "Cannot rollback because release … does not exist" => "the same, as a refusal with nothing changed";
    "Skipping task `…'." => "nothing; a task is once in a plan";
    "rbenv: … is not installed or not found" => "the version that is missing is named, and nothing is changed";
    "Branch … (at …) deployed as release … by …" => "the same line in the same revisions.log";
    "… rolled back to release …" => "the same line in the same revisions.log";
};
