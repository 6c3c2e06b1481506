//! What one job has told so far, over any number of connections. Pure: bytes in, events out.
//!
//! The supervisor sends everything on one stream, in order: a header names the output stream and the offset of the bytes
//! that follow it. So there is one index and there are two offsets to go on from after a cut, and every byte is told once.

use crate::frames::{Frames, Piece};
use crate::spec::{
    CommandReport, CommandResult, CommandState, JobEvent, JobReport, JobSpec, Offsets,
};
use std::time::Duration;
use windlass_model::{CommandEnd, ExitStatus, Pulse, Stream};

/// Where events go.
pub(crate) type Sink<'a> = &'a mut (dyn FnMut(JobEvent) + Send);

/// How a job stands.
pub(crate) struct Account<'a> {
    spec: &'a JobSpec,
    frames: Frames,
    /// What is known of the present command.
    at: Offsets,
    /// The stream of the bytes that follow, and the offset of the next one.
    target: Option<(Stream, u64)>,
    /// The process of the job, once it was told.
    process: Option<u32>,
    begun: Option<usize>,
    heard: bool,
    /// The supervisor ended its report though the job's end is not known.
    broken_off: bool,
    /// Output of the present command is missing, since the host no longer had it.
    gap: bool,
    results: Vec<CommandResult>,
    end: Option<CommandEnd>,
    verdict: Option<Verdict>,
    headway: u64,
}

/// What the last word on a job was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its end is known.
    Over,
    /// There is no such job on the host.
    Absent,
    /// The host has no way to detach a process.
    NoDetach,
}

impl<'a> Account<'a> {
    pub(crate) fn new(spec: &'a JobSpec) -> Self {
        Self {
            spec,
            frames: Frames::new("\n"),
            at: Offsets::default(),
            target: None,
            process: None,
            begun: None,
            heard: false,
            broken_off: false,
            gap: false,
            results: vec![CommandResult::NotReached; spec.commands.len()],
            end: None,
            verdict: None,
            headway: 0,
        }
    }

    /// A new request begins; tells from where.
    pub(crate) fn restart(&mut self, nonce: &str) -> Offsets {
        self.frames = Frames::new(nonce);
        self.target = None;
        self.heard = false;
        self.broken_off = false;
        self.at
    }

    /// Grows with everything that will not have to be heard again.
    pub(crate) fn headway(&self) -> u64 {
        self.headway
    }

    /// Whether the supervisor has spoken in this request.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard
    }

    /// Whether this request has said all that it will, and it was not enough.
    pub(crate) fn is_broken_off(&self) -> bool {
        self.broken_off
    }

    /// Whether the job is known to have been started.
    pub(crate) fn is_started(&self) -> bool {
        self.begun.is_some()
    }

    /// The last word on the job, once it was said.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Takes bytes of the channel.
    pub(crate) fn take(&mut self, bytes: &[u8], sink: Sink<'_>) {
        for piece in self.frames.push(bytes) {
            if self.verdict.is_some() {
                return;
            }
            match piece {
                Piece::Bytes(bytes) => self.output(bytes, sink),
                Piece::Line(line) => self.line(&line, sink),
            }
        }
    }

    fn output(&mut self, mut bytes: Vec<u8>, sink: Sink<'_>) {
        let Some((stream, offset)) = self.target else {
            return;
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let next = offset.saturating_add(length);
        self.target = Some((stream, next));
        let known = self.known(stream);
        let repeated = known.saturating_sub(offset).min(length);
        if repeated == length {
            return;
        }
        if offset > known {
            self.gap = true;
        }
        bytes.drain(
            ..usize::try_from(repeated)
                .unwrap_or(usize::MAX)
                .min(bytes.len()),
        );
        match stream {
            Stream::Stdout => self.at.stdout = next,
            Stream::Stderr => self.at.stderr = next,
        }
        self.headway = self.headway.saturating_add(1);
        self.started(sink);
        sink(JobEvent::Output {
            index: self.at.index,
            stream,
            offset: offset.saturating_add(repeated),
            bytes,
        });
    }

    fn known(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Stdout => self.at.stdout,
            Stream::Stderr => self.at.stderr,
        }
    }

    fn line(&mut self, line: &str, sink: Sink<'_>) {
        self.target = None;
        self.heard = true;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["O", "out", offset] => {
                self.target = offset.parse().ok().map(|at| (Stream::Stdout, at));
            }
            ["O", "err", offset] => {
                self.target = offset.parse().ok().map(|at| (Stream::Stderr, at));
            }
            ["B", index, pid] if self.is_present(index) => self.begun(number(pid), sink),
            ["P", index, rest @ ..] if self.is_present(index) => {
                if let Some(pulse) = pulse(rest) {
                    sink(JobEvent::Pulse {
                        index: self.at.index,
                        pulse,
                    });
                }
            }
            ["E", index, status, rest @ ..] if self.is_present(index) => {
                self.ended(status, rest, sink);
            }
            ["X", word] => self.never(word, sink),
            ["D"] if self.at.index >= self.spec.commands.len() => {
                self.verdict = Some(Verdict::Over);
            }
            // Every other end has set the verdict already. That no end was told is no sign of a good one.
            ["D"] => self.broken_off = true,
            _ => {}
        }
    }

    fn is_present(&self, index: &str) -> bool {
        index.parse() == Ok(self.at.index)
    }

    fn begun(&mut self, pid: u64, sink: Sink<'_>) {
        if self.process.is_none() {
            let pid = u32::try_from(pid).unwrap_or(0);
            self.process = Some(pid);
            sink(JobEvent::Running { pid });
        }
        self.started(sink);
    }

    /// The present command has begun: that was said, or it has written something. The supervisor looks for output before it
    /// looks for the process, and a command may begin in between.
    fn started(&mut self, sink: Sink<'_>) {
        if self.begun != Some(self.at.index) {
            self.begun = Some(self.at.index);
            self.headway = self.headway.saturating_add(1);
            sink(JobEvent::CommandStarted {
                index: self.at.index,
            });
        }
    }

    /// A command's end was told, after all of its output.
    fn ended(&mut self, status: &str, rest: &[&str], sink: Sink<'_>) {
        let index = self.at.index;
        let numbers: Vec<u64> = rest.iter().map(|word| number(word)).collect();
        let [stdout_len, stderr_len, took, cut] = numbers[..] else {
            self.broken_off = true;
            return;
        };
        let missing = self.at.stdout < stdout_len || self.at.stderr < stderr_len;
        let result = match read_status(status) {
            Status::Skipped => CommandResult::Skipped,
            Status::NotBegun(_) => CommandResult::NotReached,
            Status::Ended(end) => CommandResult::Ended {
                end,
                duration: hundredths(took),
                stdout_len,
                stderr_len,
                truncated: self.gap || missing || cut != 0,
            },
        };
        match result {
            CommandResult::Skipped => sink(JobEvent::Skipped { index }),
            CommandResult::NotReached => self.end = Some(end_of(status)),
            CommandResult::Ended { end, duration, .. } => {
                sink(JobEvent::CommandEnded {
                    index,
                    end,
                    duration,
                });
                let goes_on = end.success() || (self.is_advisory() && end != CommandEnd::Cancelled);
                self.end = (!goes_on).then_some(end);
            }
        }
        if let Some(slot) = self.results.get_mut(index) {
            *slot = result;
        }
        self.next_command();
    }

    fn next_command(&mut self) {
        let index = self.at.index.saturating_add(1);
        self.at = Offsets {
            index,
            ..Offsets::default()
        };
        self.gap = false;
        self.headway = self.headway.saturating_add(1);
        // The last word may be cut off, and nothing hangs on it.
        if self.end.is_some() || index >= self.spec.commands.len() {
            self.verdict = Some(Verdict::Over);
        }
    }

    fn is_advisory(&self) -> bool {
        self.spec
            .commands
            .get(self.at.index)
            .is_some_and(|command| command.advisory)
    }

    /// The job has no end to read, or was never started.
    fn never(&mut self, word: &str, sink: Sink<'_>) {
        self.verdict = Some(match word {
            "absent" => Verdict::Absent,
            "nodetach" => Verdict::NoDetach,
            _ => Verdict::Over,
        });
        let end = never(word);
        self.end = Some(end);
        let index = self.at.index;
        let cut_short = matches!(end, CommandEnd::Lost | CommandEnd::Rebooted);
        if cut_short && self.begun == Some(index) {
            sink(JobEvent::CommandEnded {
                index,
                end,
                duration: Duration::ZERO,
            });
        }
        if let Some(slot) = self.results.get_mut(index).filter(|_| cut_short) {
            *slot = CommandResult::Ended {
                end,
                duration: Duration::ZERO,
                stdout_len: self.at.stdout,
                stderr_len: self.at.stderr,
                truncated: self.gap,
            };
        }
    }

    pub(crate) fn report(self) -> JobReport {
        let steps = self
            .spec
            .commands
            .iter()
            .map(|command| command.step.clone());
        let commands = steps.zip(self.results);
        JobReport {
            commands: commands
                .map(|(step, result)| CommandReport { step, result })
                .collect(),
            end: self.end.unwrap_or(CommandEnd::Exited(ExitStatus(0))),
        }
    }
}

/// What the status word of a record says.
enum Status {
    Skipped,
    NotBegun(CommandEnd),
    Ended(CommandEnd),
}

fn read_status(word: &str) -> Status {
    Status::Ended(match word {
        "skip" => return Status::Skipped,
        "rebooted" => return Status::NotBegun(CommandEnd::Rebooted),
        "fenced" => return Status::NotBegun(CommandEnd::Fenced),
        "other" => return Status::NotBegun(CommandEnd::OtherHost),
        "unbegun" => return Status::NotBegun(CommandEnd::Cancelled),
        "timeout" => CommandEnd::TimedOut,
        "idle" => CommandEnd::IdleTimedOut,
        "cancelled" => CommandEnd::Cancelled,
        word => match word.parse() {
            Ok(status) => CommandEnd::Exited(ExitStatus(status)),
            Err(_) => CommandEnd::Lost,
        },
    })
}

/// The end of a job that the status word of a record stands for.
pub(crate) fn end_of(word: &str) -> CommandEnd {
    match read_status(word) {
        Status::Skipped => CommandEnd::Exited(ExitStatus(0)),
        Status::NotBegun(end) | Status::Ended(end) => end,
    }
}

/// How a command stands that a status word and hundredths of a second were noted of.
pub(crate) fn command_state(status: &str, took: &str) -> CommandState {
    match read_status(status) {
        Status::Skipped => CommandState::Skipped,
        Status::NotBegun(_) => CommandState::NotReached,
        Status::Ended(end) => CommandState::Ended {
            end,
            duration: hundredths(number(took)),
        },
    }
}

/// Why a job has no end to read.
fn never(word: &str) -> CommandEnd {
    match word {
        "cancelled" => CommandEnd::Cancelled,
        "lost" => CommandEnd::Lost,
        "rebooted" => CommandEnd::Rebooted,
        "nospace" => CommandEnd::NoSpace,
        _ => CommandEnd::NotStarted,
    }
}

fn number(word: &str) -> u64 {
    word.parse().unwrap_or(0)
}

fn hundredths(count: u64) -> Duration {
    Duration::from_millis(count.saturating_mul(10))
}

fn pulse(words: &[&str]) -> Option<Pulse> {
    let [pid, age, cpu, memory, silent] = words else {
        return None;
    };
    Some(Pulse {
        pid: pid.parse().unwrap_or(0),
        age: hundredths(number(age)),
        cpu: hundredths(number(cpu)),
        memory: number(memory),
        silent: hundredths(number(silent)),
    })
}

#[cfg(test)]
mod tests;
