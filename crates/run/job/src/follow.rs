//! What one job has told so far, over any number of connections. Pure: bytes in, events out.
//!
//! Standard output and standard error of a channel come in no fixed order to each other. A stream that has reached the
//! end of a command waits for the other one, so that there is one index and two offsets to go on from after a cut.

use crate::frames::{Frames, Piece};
use crate::request::From;
use crate::types::{CommandReport, CommandResult, JobEvent, JobReport, JobSpec};
use std::collections::VecDeque;
use std::time::Duration;
use windlass_model::{CommandEnd, ExitStatus, Pulse, Stream};

/// One stream of the request under way.
struct Track {
    frames: Frames,
    waiting: VecDeque<Piece>,
    offset: u64,
    /// It has reached the end of the present command.
    done: bool,
    /// The request's first line has come: what profiles print before it is noise.
    open: bool,
}

impl Track {
    fn new(offset: u64) -> Self {
        Self {
            frames: Frames::new("\n"),
            waiting: VecDeque::new(),
            offset,
            done: false,
            open: false,
        }
    }

    fn restart(&mut self, nonce: &str) {
        self.frames = Frames::new(nonce);
        self.waiting.clear();
        self.done = false;
        self.open = false;
    }
}

/// How a job stands.
pub(crate) struct Account<'a> {
    spec: &'a JobSpec,
    index: usize,
    stdout: Track,
    stderr: Track,
    /// The end of the present command, told but not yet reached by both streams.
    ending: Option<Ending>,
    results: Vec<CommandResult>,
    end: Option<CommandEnd>,
    over: bool,
    running: Option<usize>,
    headway: u64,
}

/// What the supervisor says of a command's end.
#[derive(Clone, Copy, Debug)]
struct Ending {
    result: Option<CommandEnd>,
    advisory: bool,
    stdout: u64,
    stderr: u64,
    duration: Duration,
}

impl<'a> Account<'a> {
    pub(crate) fn new(spec: &'a JobSpec, from: From) -> Self {
        Self {
            spec,
            index: from.index,
            stdout: Track::new(from.stdout),
            stderr: Track::new(from.stderr),
            ending: None,
            results: vec![CommandResult::NotReached; spec.commands.len()],
            end: None,
            over: false,
            running: None,
            headway: 0,
        }
    }

    /// A new request begins, on whichever channel: what was half heard is asked for again.
    pub(crate) fn restart(&mut self, nonce: &str) -> From {
        self.stdout.restart(nonce);
        self.stderr.restart(nonce);
        self.ending = None;
        From {
            index: self.index,
            stdout: self.stdout.offset,
            stderr: self.stderr.offset,
        }
    }

    /// Grows with everything that will not have to be heard again.
    pub(crate) fn headway(&self) -> u64 {
        self.headway
    }

    /// Whether the job is over, or will never be.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Takes bytes of a stream.
    pub(crate) fn take(
        &mut self,
        stream: Stream,
        bytes: &[u8],
        sink: &mut (dyn FnMut(JobEvent) + Send),
    ) {
        let track = self.track(stream);
        let pieces = track.frames.push(bytes);
        track.waiting.extend(pieces);
        while self.step(Stream::Stdout, sink) | self.step(Stream::Stderr, sink) {}
    }

    fn track(&mut self, stream: Stream) -> &mut Track {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    /// Handles the next piece of a stream; false = it has to wait.
    fn step(&mut self, stream: Stream, sink: &mut (dyn FnMut(JobEvent) + Send)) -> bool {
        let track = self.track(stream);
        if track.done || self.over {
            return false;
        }
        let Some(piece) = self.track(stream).waiting.pop_front() else {
            return false;
        };
        let was_open = self.track(stream).open;
        match (piece, stream) {
            (Piece::Bytes(_), _) if !was_open => {}
            (Piece::Line(line), _) if !was_open => {
                self.track(stream).open = true;
                if stream == Stream::Stdout {
                    self.line(&line, sink);
                }
            }
            (Piece::Bytes(bytes), _) => self.bytes(stream, bytes, sink),
            (Piece::Line(line), Stream::Stdout) => self.line(&line, sink),
            (Piece::Line(_), Stream::Stderr) => self.stderr.done = true,
        }
        self.next_command(sink);
        true
    }

    fn bytes(&mut self, stream: Stream, bytes: Vec<u8>, sink: &mut (dyn FnMut(JobEvent) + Send)) {
        let index = self.index;
        let track = self.track(stream);
        let offset = track.offset;
        track.offset = offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.headway = self.headway.saturating_add(1);
        sink(JobEvent::Output {
            index,
            stream,
            offset,
            bytes,
        });
    }

    fn line(&mut self, line: &str, sink: &mut (dyn FnMut(JobEvent) + Send)) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| {
            words
                .get(at)
                .and_then(|word| word.parse::<u64>().ok())
                .unwrap_or(0)
        };
        match words.first().copied() {
            Some("B") => self.begun(number(2), sink),
            Some("P") => sink(JobEvent::Pulse {
                index: self.index,
                pulse: pulse(number),
            }),
            Some("E") => {
                self.stdout.done = true;
                self.ending = Some(Ending {
                    result: words.get(2).and_then(|word| result(word)),
                    advisory: words.get(2).is_some_and(|word| word.starts_with("adv")),
                    stdout: number(3),
                    stderr: number(4),
                    duration: centiseconds(number(5)),
                });
            }
            Some("X") => {
                self.end = Some(never(words.get(1).copied().unwrap_or_default()));
                self.finish_present(sink);
                self.over = true;
            }
            Some("D") => self.over = true,
            _ => {}
        }
    }

    fn begun(&mut self, pid: u64, sink: &mut (dyn FnMut(JobEvent) + Send)) {
        if self.running == Some(self.index) {
            return;
        }
        if self.running.is_none() {
            sink(JobEvent::Running {
                pid: u32::try_from(pid).unwrap_or(0),
            });
        }
        self.running = Some(self.index);
        self.headway = self.headway.saturating_add(1);
        sink(JobEvent::CommandStarted { index: self.index });
    }

    /// A job that ended without a status: the command it was at ended the same way.
    fn finish_present(&mut self, sink: &mut (dyn FnMut(JobEvent) + Send)) {
        let (Some(end), Some(_)) = (self.end, self.running) else {
            return;
        };
        if matches!(
            end,
            CommandEnd::Lost | CommandEnd::Rebooted | CommandEnd::Cancelled
        ) {
            self.set(end, Duration::ZERO);
            sink(JobEvent::CommandEnded {
                index: self.index,
                end,
                duration: Duration::ZERO,
            });
        }
    }

    fn set(&mut self, end: CommandEnd, duration: Duration) {
        let (stdout_len, stderr_len) = (self.stdout.offset, self.stderr.offset);
        if let Some(slot) = self.results.get_mut(self.index) {
            *slot = CommandResult::Ended {
                end,
                duration,
                stdout_len,
                stderr_len,
                truncated: false,
            };
        }
    }

    /// Both streams have reached the end of a command: on to the next.
    fn next_command(&mut self, sink: &mut (dyn FnMut(JobEvent) + Send)) {
        let (Some(ending), true, true) = (self.ending, self.stdout.done, self.stderr.done) else {
            return;
        };
        match ending.result {
            None => {
                if let Some(slot) = self.results.get_mut(self.index) {
                    *slot = CommandResult::Skipped;
                }
                sink(JobEvent::Skipped { index: self.index });
            }
            Some(end) => {
                self.set(end, ending.duration);
                if !end.success() && !ending.advisory {
                    self.end = Some(end);
                }
                sink(JobEvent::CommandEnded {
                    index: self.index,
                    end,
                    duration: ending.duration,
                });
            }
        }
        let _ = (ending.stdout, ending.stderr);
        self.ending = None;
        self.index = self.index.saturating_add(1);
        self.headway = self.headway.saturating_add(1);
        for track in [&mut self.stdout, &mut self.stderr] {
            track.done = false;
            track.offset = 0;
        }
        if self.end.is_some() || self.index >= self.spec.commands.len() {
            // The last line of the request may be lost; nothing hangs on it.
            self.over = self.end.is_some() || self.over;
        }
    }

    pub(crate) fn report(self) -> JobReport {
        let commands = self.spec.commands.iter().zip(self.results);
        let end = self.end.unwrap_or(CommandEnd::Exited(ExitStatus(0)));
        JobReport {
            commands: commands
                .map(|(command, result)| CommandReport {
                    step: command.step.clone(),
                    result,
                })
                .collect(),
            end,
        }
    }
}

fn centiseconds(count: u64) -> Duration {
    Duration::from_millis(count.saturating_mul(10))
}

fn pulse(number: impl Fn(usize) -> u64) -> Pulse {
    Pulse {
        pid: u32::try_from(number(2)).unwrap_or(0),
        age: centiseconds(number(3)),
        cpu: centiseconds(number(4)),
        memory: number(5).saturating_mul(4096),
        silent: centiseconds(number(6)),
    }
}

/// The end that a status word stands for; none = skipped.
fn result(word: &str) -> Option<CommandEnd> {
    Some(match word {
        "skip" => return None,
        "timeout" => CommandEnd::TimedOut,
        "idle" => CommandEnd::IdleTimedOut,
        "cancelled" => CommandEnd::Cancelled,
        "rebooted" => CommandEnd::Rebooted,
        "fenced" => CommandEnd::Fenced,
        "other" => CommandEnd::OtherHost,
        word => match word.trim_start_matches("adv").parse() {
            Ok(status) => CommandEnd::Exited(ExitStatus(status)),
            Err(_) => CommandEnd::Lost,
        },
    })
}

/// The end that a status word of a record stands for.
pub(crate) fn ended(word: &str) -> CommandEnd {
    result(word).unwrap_or(CommandEnd::Exited(ExitStatus(0)))
}

/// Why a job has no end to read.
fn never(word: &str) -> CommandEnd {
    match word {
        "cancelled" => CommandEnd::Cancelled,
        "lost" | "damaged" => CommandEnd::Lost,
        "rebooted" => CommandEnd::Rebooted,
        "nospace" => CommandEnd::NoSpace,
        _ => CommandEnd::NotStarted,
    }
}
