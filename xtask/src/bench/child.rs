//! A program run to its end, with what it cost: wall time, processor time with its children's, peak memory.

use super::not_run;
use super::sample::median;
use crate::error::Error;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::fs;
use std::io::{Read as _, Seek as _};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at a program's memory. The kernel keeps the peak, so only a last growth can be missed.
const LOOK: Duration = Duration::from_millis(5);

/// What a run cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// From the start to the end, seen from outside.
    pub(super) wall: Duration,
    /// User and system time, of the program and of all it waited for.
    pub(super) cpu: Duration,
    /// The most memory the program itself had, in bytes.
    pub(super) peak: u64,
}

impl Cost {
    /// The medians of several runs, each by itself.
    pub(super) fn median(of: &[Self]) -> Self {
        let mut peaks: Vec<u64> = of.iter().map(|cost| cost.peak).collect();
        peaks.sort_unstable();
        Self {
            wall: median(of.iter().map(|cost| cost.wall).collect()),
            cpu: median(of.iter().map(|cost| cost.cpu).collect()),
            peak: peaks.get(peaks.len() / 2).copied().unwrap_or_default(),
        }
    }
}

/// Runs it without showing what it says, and wants success. One at a time: children are told apart by nothing else.
pub(super) fn run(command: &mut Command) -> Result<Cost, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut said = tempfile::tempfile().map_err(Error::measuring("making a file"))?;
    let stderr = said.try_clone();
    let stderr = stderr.map_err(Error::measuring("making a file"))?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr);
    let before = of_children()?;
    let begin = Instant::now();
    let mut child = command.spawn().map_err(not_run(program.clone()))?;
    let pid = child.id();
    let watch = thread::spawn(move || peak(pid));
    let status = child.wait().map_err(not_run(program.clone()))?;
    let wall = begin.elapsed();
    let cpu = of_children()?.saturating_sub(before);
    let peak = watch.join().unwrap_or_default();
    if status.success() {
        return Ok(Cost { wall, cpu, peak });
    }
    said.rewind().map_err(Error::measuring("reading a file"))?;
    Err(ended(&program, status, &mut said))
}

fn ended(program: &str, status: ExitStatus, said: &mut fs::File) -> Error {
    let mut text = Vec::new();
    // What cannot be read is not told.
    said.read_to_end(&mut text).ok();
    let text = String::from_utf8_lossy(&text);
    let last: Vec<&str> = text.lines().rev().take(12).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Error::Ended {
        program: program.to_owned(),
        status: format!("{status}: {}", last.join(" | ")),
    }
}

/// The peak memory of a process, looked at until it is gone.
fn peak(pid: u32) -> u64 {
    let mut peak = 0;
    while let Some(now) = status_line(&format!("/proc/{pid}/status"), "VmHWM:") {
        peak = now;
        thread::sleep(LOOK);
    }
    peak
}

/// What this process has in memory, in bytes.
pub(super) fn own_memory() -> u64 {
    status_line("/proc/self/status", "VmRSS:").unwrap_or_default()
}

fn status_line(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Processor time of all children that were waited for.
fn of_children() -> Result<Duration, Error> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN);
    let usage = usage.map_err(Error::measuring("reading processor times"))?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
    let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_costs_what_it_costs() {
        let script = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let cost = run(Command::new("sh").args(["-c", script])).unwrap();
        assert!(cost.peak > 20_000_000, "{cost:?}");
        assert!(cost.cpu > Duration::from_millis(20), "{cost:?}");
        assert!(cost.wall >= Duration::from_millis(20), "{cost:?}");
    }

    #[test]
    fn a_failing_run_says_why() {
        let failed = run(Command::new("sh").args(["-c", "echo because >&2; exit 3"]));
        let text = failed.unwrap_err().to_string();
        assert!(text.contains("exit status: 3: because"), "{text}");
    }
}
